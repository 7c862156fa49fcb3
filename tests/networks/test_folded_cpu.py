"""The fused painter against the folded one, whose picture it paints."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.folded import FoldedPainter, FoldedStyle, Folding
from murai.networks.folded_cpu import FusedPainter, can_fuse, fused_kernels
from murai.networks.style import FixedAffine, StyleNetwork, StyleNetworkSpec

SPEC = StyleNetworkSpec(width=0.5, blocks=2)
needs_fused = pytest.mark.skipif(not can_fuse(torch.float32), reason="this torch has no oneDNN")
needs_bfloat16 = pytest.mark.skipif(not can_fuse(torch.bfloat16), reason="oneDNN has no bfloat16 on this CPU")


def drawn(height: int, width: int) -> Tensor:
    """(3, H, W) uint8: noise over a slope, in interleaved memory, as decoders give it."""
    random = torch.Generator().manual_seed(height)
    slope = torch.linspace(0.0, 120.0, width)[:, None].expand(height, width, 3)
    return (slope + torch.rand((height, width, 3), generator=random) * 135.0).to(torch.uint8).permute(2, 0, 1)


def folded(spec: StyleNetworkSpec, dtype: torch.dtype, contrast: float = 12.0) -> FoldedStyle:
    """One style in a network that uses the full range of colours."""
    torch.manual_seed(spec.blocks)
    made = StyleNetwork(spec, FixedAffine).requires_grad_(False)
    made.out.weight.mul_(contrast)
    scale, shift = 1.0 + 0.4 * torch.randn(spec.vector_length), 0.4 * torch.randn(spec.vector_length)
    return Folding(made, dtype).fold(scale, shift)


def painted_by_both(rgb: Tensor, style: FoldedStyle) -> tuple[Tensor, Tensor]:
    """By the fused painter, and by the folded one in the same number type."""
    dtype = style.weave.dtype
    with torch.inference_mode():
        ground = style.ground(draw_canvas(*canvas_size(rgb.shape[1], rgb.shape[2])))
        fused = FusedPainter(dtype)(rgb, ground, fused_kernels(style.kernels), style.biases)
        return fused, FoldedPainter(dtype)(rgb, ground, style.kernels, style.biases)


@needs_fused
@pytest.mark.parametrize("size", [(40, 64), (41, 63), (35, 50), (8, 9), (1, 1)])
@pytest.mark.parametrize("spec", [SPEC, StyleNetworkSpec(0.25, 0), StyleNetworkSpec(1.0, 1), StyleNetworkSpec(1.5, 4)])
def test_it_paints_what_the_folded_painter_paints(spec: StyleNetworkSpec, size: tuple[int, int]) -> None:
    fused, expected = painted_by_both(drawn(*size), folded(spec, torch.float32))
    assert fused.shape == expected.shape
    assert fused.dtype == torch.uint8
    # Sums in another order may fall on the other side of a half.
    assert int((fused.int() - expected.int()).abs().max()) <= 1
    assert float((fused.float() - expected.float()).abs().mean()) < 0.01
    assert size == (1, 1) or float(expected.float().std()) > 5.0


@needs_bfloat16
def test_bfloat16_stays_as_near_as_the_folded_painter_does() -> None:
    spec, rgb = StyleNetworkSpec(1.5, 4), drawn(61, 90)
    exact = painted_by_both(rgb, folded(spec, torch.float32))[1].float()
    fused, plain = (float((each - exact).abs().mean()) for each in painted_by_both(rgb, folded(spec, torch.bfloat16)))
    assert fused < 2.0
    assert fused < 1.5 * plain


@needs_fused
@pytest.mark.parametrize("dtype", [torch.float32, pytest.param(torch.bfloat16, marks=needs_bfloat16)])
def test_black_and_white_are_reached_and_not_passed(dtype: torch.dtype) -> None:
    rgb = drawn(41, 62)
    expected = painted_by_both(rgb, folded(SPEC, torch.float32, contrast=1200.0))[1]
    found = painted_by_both(rgb, folded(SPEC, dtype, contrast=1200.0))[0]
    for end in (0, 255):
        reached = expected == end
        assert float(reached.float().mean()) > 0.1
        # In bfloat16 what was just inside may come out anywhere; next to none of it does.
        assert float(((found[reached].int() - end).abs() <= 1).float().mean()) > 0.97


@needs_fused
def test_how_the_picture_lies_in_memory_makes_no_difference() -> None:
    style, rgb = folded(SPEC, torch.float32), drawn(33, 46)
    larger = torch.zeros((3, 42, 51), dtype=torch.uint8)
    larger[:, 4:-5, 2:-3] = rgb
    expected = painted_by_both(rgb, style)[0]
    for stored in (rgb.contiguous(), larger[:, 4:-5, 2:-3]):
        assert stored.stride() != rgb.stride()
        assert torch.equal(painted_by_both(stored, style)[0], expected)


@needs_fused
def test_the_painting_is_rgbx_and_what_it_is_made_of_is_left_alone() -> None:
    style, rgb = folded(SPEC, torch.float32), drawn(20, 23)
    before = [each.clone() for each in (rgb, *style.kernels, *style.biases)]
    painted = painted_by_both(rgb, style)[0]
    height, width = 20, 23
    assert painted.stride() == (1, 4 * width, 4)
    fourth = painted.as_strided((height, width), (4 * width, 4), painted.storage_offset() + 3)
    assert bool((fourth == 255).all())
    assert all(torch.equal(each, kept) for each, kept in zip((rgb, *style.kernels, *style.biases), before, strict=True))


def test_types_without_fused_convolutions_are_told() -> None:
    assert not can_fuse(torch.float64)
    assert not can_fuse(torch.float16)
