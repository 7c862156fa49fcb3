"""The folded painter against the style network that it stands for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from murai.networks.folded import FoldedPainter, fold_style
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


def plain(made: StyleNetwork, rgb: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """What the style network paints, in (3, H, W) float from 0 to 255."""
    return made(rgb[None].float() / 255.0, scale[None], shift[None])[0] * 255.0


def folded(made: StyleNetwork, rgb: Tensor, scale: Tensor, shift: Tensor, dtype: torch.dtype) -> Tensor:
    style = fold_style(made, scale, shift, dtype)
    with torch.inference_mode():
        return FoldedPainter(dtype)(rgb, style.kernels, style.biases).clone()


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


def test_the_painting_is_interleaved_and_the_picture_is_left_alone() -> None:
    made, scale, shift = network(SPEC)
    rgb = drawn(20, 23)
    before = rgb.clone()
    painted = folded(made, rgb, scale, shift, torch.float32)
    assert painted.permute(1, 2, 0).is_contiguous()
    assert torch.equal(rgb, before)


def test_folding_leaves_the_network_as_it_was() -> None:
    made, scale, shift = network(SPEC)
    before = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    fold_style(made, scale, shift, torch.bfloat16)
    assert all(torch.equal(tensor, before[name]) for name, tensor in made.state_dict().items())
