"""The kernels around the network: by their NumPy twin, by their text on a processor, and on a GPU by themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from murai.networks.canvas import FOLD, MARGIN_PX, canvas_size, draw_canvas
from murai.networks.folded import FoldedStyle, Folding, interleave
from murai.networks.style import InstanceAffine, StyleNetwork, StyleNetworkSpec
from murai.stylize import cuda_painting
from murai.stylize.cuda_painting import KernelPainter
from murai.stylize.torchscript import compile_painter
from tests.stylize import kernels_by_hand
from tests.stylize.kernels_by_hand import CompiledKernels, TwinKernels

SPEC = StyleNetworkSpec(width=0.5, blocks=2)
SIZES = [(32, 48), (33, 47), (45, 62), (1, 3)]


def style_in(dtype: torch.dtype, device: str = "cpu") -> FoldedStyle:
    random = torch.Generator().manual_seed(3)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        network = StyleNetwork(SPEC, InstanceAffine).requires_grad_(False)
    network.out.weight.mul_(8.0)
    scale, shift = (torch.randn(SPEC.vector_length, generator=random) for _ in range(2))
    return Folding(network.to(device), dtype).fold(1.0 + 0.3 * scale.to(device), 0.3 * shift.to(device))


def drawn(height: int, width: int, channels: int = 3) -> Tensor:
    """(3, H, W) uint8 noise, as a view of interleaved memory."""
    random = torch.Generator().manual_seed(width)
    noise = torch.randint(0, 256, (height, width, channels), generator=random, dtype=torch.uint8)
    return noise[:, :, :3].permute(2, 0, 1)


def painted_by(painter: object, rgb: Tensor, dtype: torch.dtype) -> Tensor:
    style = style_in(dtype, rgb.device.type)
    ground = style.ground(draw_canvas(*canvas_size(rgb.shape[1], rgb.shape[2])).to(rgb.device))
    painting: Tensor = painter(rgb, ground, style.kernels, style.biases)  # type: ignore[operator]
    return painting


def furthest(one: Tensor, other: Tensor) -> int:
    return int((one.int() - other.int()).abs().max())


@pytest.mark.parametrize(("dtype", "within"), [(torch.float32, 0), (torch.float16, 3)])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_with_kernels_it_paints_like_torchscript(
    monkeypatch: pytest.MonkeyPatch, height: int, width: int, dtype: torch.dtype, within: int
) -> None:
    monkeypatch.setattr(cuda_painting, "CudaKernels", TwinKernels)
    rgb = drawn(height, width)
    expected = painted_by(compile_painter(dtype), rgb, dtype)
    painting = painted_by(KernelPainter(dtype), rgb, dtype)
    assert float(expected.float().std()) > 20.0
    assert painting.stride() == (1, 4 * width, 4)
    # One step where a share lies on the very edge between two.
    assert furthest(painting, expected) <= within + 1
    assert float((painting.float() - expected.float()).abs().mean()) < 0.4


@pytest.mark.parametrize("channels", [3, 4])
def test_pictures_may_lie_in_any_order(monkeypatch: pytest.MonkeyPatch, channels: int) -> None:
    monkeypatch.setattr(cuda_painting, "CudaKernels", TwinKernels)
    rgb = drawn(21, 34, channels)
    painter = KernelPainter(torch.float32)
    expected = painted_by(painter, rgb, torch.float32)
    assert torch.equal(painted_by(painter, rgb.contiguous(), torch.float32), expected)
    upside_down = rgb.flip(1)  # copied by torch; a part of a larger picture isn't
    assert not torch.equal(painted_by(painter, upside_down, torch.float32), expected)
    framed = torch.zeros((3, 30, 40), dtype=torch.uint8)
    framed[:, 5:26, 2:36] = rgb
    assert torch.equal(painted_by(painter, framed[:, 5:26, 2:36], torch.float32), expected)


def test_every_pixel_has_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_painting, "CudaKernels", TwinKernels)
    painter = KernelPainter(torch.float32)
    painted_by(painter, drawn(45, 62), torch.float32)
    (fold, fold_threads), (write, write_threads) = painter._kernels.launched  # type: ignore[attr-defined]
    rows, columns = canvas_size(45, 62)
    assert (fold, write) == ("fold_picture", "write_rgbx")
    assert rows * columns * 3 * FOLD <= fold_threads < rows * columns * 3 * FOLD + 256
    assert 45 * 62 <= write_threads < 45 * 62 + 256


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_the_way_out_is_rounded_like_torchs(dtype: torch.dtype) -> None:
    side = (32 + 2 * MARGIN_PX) // 2
    wide = torch.linspace(-12.0, 12.0, 16 * side * side).reshape(side, side, 16).to(dtype)
    laid = wide.permute(2, 0, 1)[None].contiguous(memory_format=torch.channels_last)
    shown = slice(MARGIN_PX, MARGIN_PX + 32)
    expected = interleave((torch.sigmoid(laid.float()) * 255.0).round().to(torch.uint8))[shown, shown, :3]
    found = kernels_by_hand.rgbx(wide.numpy(), 32, 32)
    assert furthest(torch.from_numpy(found[:, :, :3]), expected) <= 1
    assert float((torch.from_numpy(found[:, :, :3]) != expected).float().mean()) < 0.001
    assert (found[:, :, 3] == 255).all()


def test_white_and_black_stay_so_however_sure_the_network_is() -> None:
    sure = np.tile(np.array([60000.0, -60000.0, 0.0, 0.0], np.float16), 4).reshape(1, 1, 16).repeat(20, 0).repeat(20, 1)
    assert (kernels_by_hand.rgbx(sure, 8, 8) == [255, 0, 128, 255]).all()


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_kernels_text_computes_what_its_twin_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, height: int, width: int
) -> None:
    if kernels_by_hand.compiler() is None:
        pytest.skip("there is no C++ compiler here")
    rgb = drawn(height, width, 4)
    monkeypatch.setattr(cuda_painting, "CudaKernels", TwinKernels)
    by_twin = painted_by(KernelPainter(torch.float32), rgb, torch.float32)
    monkeypatch.setattr(cuda_painting, "CudaKernels", lambda *asked: CompiledKernels(tmp_path))
    by_text = painted_by(KernelPainter(torch.float32), rgb, torch.float32)
    assert furthest(by_text, by_twin) <= 1  # libm's exp and NumPy's differ in the last bit
    assert float((by_text != by_twin).float().mean()) < 0.001


@pytest.mark.gpu
@pytest.mark.parametrize(("dtype", "within"), [(torch.float32, 2), (torch.float16, 8)])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_on_a_gpu_it_paints_like_torchscript_on_a_cpu(height: int, width: int, dtype: torch.dtype, within: int) -> None:
    pytest.importorskip("cupy")
    rgb = drawn(height, width, 4)
    expected = painted_by(compile_painter(torch.float32), rgb, torch.float32)
    painting = painted_by(KernelPainter(dtype), rgb.cuda(), dtype).cpu()
    assert furthest(painting, expected) <= within
    assert float((painting.float() - expected.float()).abs().mean()) <= 2.0
