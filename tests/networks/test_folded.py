"""The folded painter against the style network that it stands for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.folded import FoldedPainter, Folding
from murai.networks.style import FixedAffine, StyleNetwork, StyleNetworkSpec

SPEC = StyleNetworkSpec(width=0.5, blocks=2)


def drawn(height: int, width: int) -> Tensor:
    """(3, H, W) uint8: noise over a slope, in planar memory."""
    random = torch.Generator().manual_seed(height)
    slope = torch.linspace(0.0, 120.0, width).expand(3, height, width)
    return (slope + torch.rand((3, height, width), generator=random) * 135.0).to(torch.uint8)


def network(spec: StyleNetworkSpec) -> tuple[StyleNetwork, Tensor, Tensor]:
    """A network that uses the full range of colours, and one style's scale and shift (V,)."""
    torch.manual_seed(spec.blocks)
    made = StyleNetwork(spec, FixedAffine).requires_grad_(False)
    made.out.weight.mul_(12.0)
    return made, 1.0 + 0.4 * torch.randn(spec.vector_length), 0.4 * torch.randn(spec.vector_length)


def canvas_of(rgb: Tensor) -> Tensor:
    return draw_canvas(*canvas_size(rgb.shape[1], rgb.shape[2]))


def plain(made: StyleNetwork, rgb: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """What the style network paints, in (3, H, W) float from 0 to 255."""
    return made(rgb[None].float() / 255.0, canvas_of(rgb), scale[None], shift[None])[0] * 255.0


def folded(made: StyleNetwork, rgb: Tensor, scale: Tensor, shift: Tensor, dtype: torch.dtype) -> Tensor:
    style = Folding(made, dtype).fold(scale, shift)
    with torch.inference_mode():
        painted: Tensor = FoldedPainter(dtype)(rgb, style.ground(canvas_of(rgb)), style.kernels, style.biases)
        return painted


@pytest.mark.parametrize("size", [(40, 64), (41, 63), (35, 50), (8, 9), (1, 1)])
@pytest.mark.parametrize("spec", [SPEC, StyleNetworkSpec(0.25, 0), StyleNetworkSpec(1.0, 1), StyleNetworkSpec(1.25, 5)])
def test_it_paints_what_the_style_network_paints(spec: StyleNetworkSpec, size: tuple[int, int]) -> None:
    made, scale, shift = network(spec)
    rgb = drawn(*size)
    expected = plain(made, rgb, scale, shift)
    found = folded(made, rgb, scale, shift, torch.float32)
    assert found.dtype == torch.uint8
    assert found.shape == rgb.shape
    assert float((found.float() - expected).abs().max()) <= 0.51
    assert size == (1, 1) or float(expected.std()) > 5.0


def test_bfloat16_stays_within_a_few_steps() -> None:
    made, scale, shift = network(StyleNetworkSpec())
    rgb = drawn(61, 90)
    difference = (folded(made, rgb, scale, shift, torch.bfloat16).float() - plain(made, rgb, scale, shift)).abs()
    assert float(difference.mean()) < 2.0
    assert float(difference.max()) < 16.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_black_and_white_are_reached_and_not_passed(dtype: torch.dtype) -> None:
    made, scale, shift = network(SPEC)
    made.out.weight.mul_(100.0)
    expected = plain(made, drawn(41, 62), scale, shift)
    found = folded(made, drawn(41, 62), scale, shift, dtype)
    for end in (0.0, 255.0):
        reached = (expected - end).abs() < 0.01
        assert float(reached.float().mean()) > 0.1
        assert set(found[reached].tolist()) <= {int(end), abs(int(end) - 1)}


def test_two_styles_are_told_apart() -> None:
    made, scale, shift = network(SPEC)
    one = folded(made, drawn(24, 24), scale, shift, torch.float32)
    other = folded(made, drawn(24, 24), scale.flip(0), shift.flip(0), torch.float32)
    assert float((one.float() - other.float()).abs().mean()) > 2.0


def interleaved(rgb: Tensor) -> Tensor:
    return rgb.permute(1, 2, 0).contiguous().permute(2, 0, 1)


def cut_out(rgb: Tensor) -> Tensor:
    """The same picture as a part of a larger one."""
    larger = torch.zeros((3, rgb.shape[1] + 9, rgb.shape[2] + 5), dtype=torch.uint8)
    larger[:, 4:-5, 2:-3] = rgb
    return larger[:, 4:-5, 2:-3]


@pytest.mark.parametrize("stored", [interleaved, cut_out])
def test_how_the_picture_lies_in_memory_makes_no_difference(stored: Callable[[Tensor], Tensor]) -> None:
    made, scale, shift = network(SPEC)
    rgb = drawn(33, 46)
    assert not stored(rgb).is_contiguous()
    expected = folded(made, rgb, scale, shift, torch.float32)
    assert torch.equal(folded(made, stored(rgb), scale, shift, torch.float32), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_the_painting_is_rgbx_and_the_picture_is_left_alone(dtype: torch.dtype) -> None:
    made, scale, shift = network(SPEC)
    rgb = drawn(20, 23)
    before = rgb.clone()
    painted = folded(made, rgb, scale, shift, dtype)
    height, width = 20, 23
    assert painted.stride() == (1, 4 * width, 4)
    fourth = painted.as_strided((height, width), (4 * width, 4), painted.storage_offset() + 3)
    assert bool((fourth == 255).all())
    assert torch.equal(rgb, before)


def test_folding_leaves_the_network_as_it_was() -> None:
    made, scale, shift = network(SPEC)
    before = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    Folding(made, torch.bfloat16).fold(scale, shift)
    assert all(torch.equal(tensor, before[name]) for name, tensor in made.state_dict().items())
