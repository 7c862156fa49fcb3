"""The painter for CPUs: which it is, and that it keeps to the style it is given."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.folded import FoldedStyle, Folding
from murai.networks.folded_cpu import can_fuse
from murai.networks.style import FixedAffine, StyleNetwork, StyleNetworkSpec
from murai.stylize import cpu_painting
from murai.stylize.cpu_painting import FusedCpuPainter, open_cpu_painter
from murai.stylize.painters import Painter
from murai.stylize.torchscript import compile_painter

SPEC = StyleNetworkSpec(width=0.5, blocks=1)
needs_fused = pytest.mark.skipif(not can_fuse(torch.float32), reason="this torch has no oneDNN")


def folding() -> Folding:
    torch.manual_seed(1)
    made = StyleNetwork(SPEC, FixedAffine).requires_grad_(False)
    made.out.weight.mul_(12.0)
    return Folding(made, torch.float32)


def style(made: Folding, seed: int) -> FoldedStyle:
    random = torch.Generator().manual_seed(seed)
    return made.fold(
        1.0 + 0.4 * torch.randn(SPEC.vector_length, generator=random),
        0.4 * torch.randn(SPEC.vector_length, generator=random),
    )


def noise(height: int, width: int) -> Tensor:
    random = torch.Generator().manual_seed(width)
    return torch.randint(0, 256, (height, width, 3), generator=random, dtype=torch.uint8).permute(2, 0, 1)


def paint(painter: Painter, rgb: Tensor, of: FoldedStyle) -> Tensor:
    with torch.inference_mode():
        return painter(rgb, of.ground(draw_canvas(*canvas_size(rgb.shape[1], rgb.shape[2]))), of.kernels, of.biases)


@needs_fused
def test_styles_and_sizes_change_at_once_and_back() -> None:
    made = folding()
    painter, plain = open_cpu_painter(torch.float32), compile_painter(torch.float32)
    assert isinstance(painter, FusedCpuPainter)
    styles = [style(made, seed) for seed in (1, 2)]
    seen = []
    for number, size in ((0, (24, 32)), (1, (24, 32)), (1, (37, 30)), (0, (24, 32)), (0, (24, 32))):
        painted, expected = (paint(each, noise(*size), styles[number]) for each in (painter, plain))
        assert int((painted.int() - expected.int()).abs().max()) <= 1
        seen.append(painted)
    assert torch.equal(seen[0], seen[3])
    assert torch.equal(seen[0], seen[4])
    assert float((seen[0].float() - seen[1].float()).abs().mean()) > 2.0


@needs_fused
def test_a_painting_is_never_written_to_again() -> None:
    made = folding()
    painter = open_cpu_painter(torch.float32)
    first = paint(painter, noise(24, 32), style(made, 1))
    kept = first.clone()
    for seed in range(2, 6):
        paint(painter, noise(24, 32), style(made, seed))
    assert torch.equal(first, kept)


def test_without_fused_convolutions_the_plain_painter_is_taken_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cpu_painting, "can_fuse", lambda dtype: False)
    with caplog.at_level("INFO", logger="murai"):
        painter = open_cpu_painter(torch.float32)
    assert "fused convolutions" in caplog.text
    rgb, of = noise(24, 32), style(folding(), 1)
    assert torch.equal(paint(painter, rgb, of), paint(compile_painter(torch.float32), rgb, of))
