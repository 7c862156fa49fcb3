"""The style network: sizes, ranges, alignment, and its two affines."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.style import FixedAffine, InstanceAffine, StyleNetwork, StyleNetworkSpec

SPEC = StyleNetworkSpec(width=0.25, blocks=2)
AFFINES = (FixedAffine, InstanceAffine)


def network(affine: type[torch.nn.Module] = FixedAffine, spec: StyleNetworkSpec = SPEC) -> StyleNetwork:
    torch.manual_seed(3)
    return StyleNetwork(spec, affine).eval().requires_grad_(False)


def vectors(styles: int = 1, spec: StyleNetworkSpec = SPEC) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(4)
    shape = (styles, spec.vector_length)
    return 1.0 + 0.3 * torch.randn(shape, generator=random), 0.3 * torch.randn(shape, generator=random)


def paint(painter: StyleNetwork, pictures: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Paintings on the canvas that fits them."""
    painted: Tensor = painter(pictures, draw_canvas(*canvas_size(*pictures.shape[2:])), scale, shift)
    return painted


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("affine", AFFINES)
@pytest.mark.parametrize("size", [(8, 8), (9, 15), (37, 54), (64, 35), (48, 80)])
def test_the_painting_has_the_pictures_size(affine: type[torch.nn.Module], size: tuple[int, int]) -> None:
    painted = paint(network(affine), noise(2, 3, *size), *vectors(2))
    assert painted.shape == (2, 3, *size)


@pytest.mark.parametrize("affine", AFFINES)
def test_the_painting_stays_in_range_whatever_the_weights(affine: type[torch.nn.Module]) -> None:
    wild = network(affine)
    for parameter in wild.parameters():
        parameter.mul_(20.0)
    painted = paint(wild, noise(1, 3, 40, 40), *vectors())
    assert 0.0 <= float(painted.min()) < 0.01
    assert 0.99 < float(painted.max()) <= 1.0


def test_weights_of_one_affine_load_into_the_other() -> None:
    trained, live = network(InstanceAffine), network(FixedAffine)
    live.load_state_dict(trained.state_dict(), strict=True)
    trained.load_state_dict(live.state_dict(), strict=True)
    assert all(name.split(".")[-1] in {"weight", "bias"} for name in live.state_dict())


@pytest.mark.parametrize(("width", "channels"), [(0.1, 8), (0.25, 8), (0.5, 16), (1.0, 32), (1.3, 40), (2.0, 64)])
def test_width_gives_channels_in_eights(width: float, channels: int) -> None:
    assert StyleNetworkSpec(width=width).channels == channels


@pytest.mark.parametrize("blocks", [0, 1, 5])
def test_a_style_has_one_scale_and_shift_for_each_channel_but_the_last_three(blocks: int) -> None:
    spec = StyleNetworkSpec(width=0.5, blocks=blocks)
    convolutions = network(spec=spec).convolutions()
    assert len(convolutions) == 3 + 2 * blocks
    assert spec.vector_length == sum(convolution.out_channels for convolution in convolutions[:-1])
    assert convolutions[0].in_channels == 48
    assert convolutions[-1].out_channels == 3


def test_every_scale_and_every_shift_changes_the_painting() -> None:
    painter, (scale, shift) = network(), vectors()
    for convolution in painter.convolutions():
        convolution.weight.abs_().mul_(0.1)  # so that no ReLU is at rest, and the sigmoid isn't at its end
    scale, shift = scale.abs().requires_grad_(), shift.abs().requires_grad_()
    paint(painter, noise(1, 3, 16, 16) + 0.5, scale, shift).sum().backward()
    assert scale.grad is not None and shift.grad is not None
    assert bool((scale.grad != 0).all())
    assert bool((shift.grad != 0).all())


@pytest.mark.parametrize("affine", AFFINES)
def test_pictures_of_one_batch_know_nothing_of_each_other(affine: type[torch.nn.Module]) -> None:
    painter, pictures, (scale, shift) = network(affine), noise(3, 3, 24, 28), vectors(3)
    together = paint(painter, pictures, scale, shift)
    alone = [paint(painter, pictures[n : n + 1], scale[n : n + 1], shift[n : n + 1]) for n in range(3)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-5)


def test_one_vector_and_one_canvas_serve_a_whole_batch() -> None:
    painter, pictures, (scale, shift) = network(), noise(2, 3, 16, 16), vectors()
    expected = paint(painter, pictures, scale.repeat(2, 1), shift.repeat(2, 1))
    torch.testing.assert_close(paint(painter, pictures, scale, shift), expected)


def test_a_changed_pixel_changes_the_painting_around_itself_and_nowhere_else() -> None:
    spec = StyleNetworkSpec(width=0.5, blocks=1)
    painter, (scale, shift) = network(spec=spec), vectors(spec=spec)
    picture = noise(1, 3, 96, 100)
    changed = picture.clone()
    changed[..., 40:44, 60:64] = 1.0 - changed[..., 40:44, 60:64]
    rows, columns = (
        (paint(painter, picture, scale, shift) != paint(painter, changed, scale, shift))[0].any(0).nonzero().T
    )
    # Three 3x3 convolutions at a quarter of the size reach 12 px, one at half reaches 2 px, one at full size 1 px.
    assert 40 - 15 <= int(rows.min()) < int(rows.max()) <= 43 + 15
    assert 60 - 15 <= int(columns.min()) < int(columns.max()) <= 63 + 15
    assert abs(int(rows.min() + rows.max()) - (40 + 43)) <= 2
    assert abs(int(columns.min() + columns.max()) - (60 + 63)) <= 2


def test_a_plain_picture_has_no_frame_painted_around_it() -> None:
    spec = StyleNetworkSpec(width=0.25, blocks=0)  # reaches 7 px, which the margin hides
    painter = network(spec=spec)
    painter.weave.weight.zero_()
    painted = paint(painter, torch.full((1, 3, 33, 41), 0.3), *vectors(spec=spec))
    repeated = painted[..., 8:12, 8:12].repeat(1, 1, 9, 11)[..., :33, :41]
    torch.testing.assert_close(painted, repeated, rtol=0, atol=1e-5)


def test_a_plain_picture_gets_the_strokes_of_its_canvas() -> None:
    picture, painter, style = torch.full((1, 3, 64, 64), 0.3), network(), vectors()
    drawn = paint(painter, picture, *style)[..., 24:40, 24:40]
    painter.weave.weight.zero_()
    bare = paint(painter, picture, *style)[..., 24:40, 24:40]
    assert float(drawn.std((2, 3)).mean()) > 3.0 * float(bare.std((2, 3)).mean())


def test_instance_affine_normalises_each_picture_and_channel() -> None:
    x, (scale, shift) = noise(2, 4, 9, 7) * 5.0, (noise(2, 4, 1, 1), noise(2, 4, 1, 1) - 0.5)
    found = InstanceAffine()(x, scale, shift)
    mean = x.mean((2, 3), keepdim=True)
    deviation = (x.square().mean((2, 3), keepdim=True) - mean.square() + 1e-5).sqrt()
    torch.testing.assert_close(found, (x - mean) / deviation * scale + shift, rtol=1e-4, atol=1e-4)


def test_fixed_affine_scales_then_shifts() -> None:
    x, scale, shift = noise(2, 4, 5, 3), noise(2, 4, 1, 1), noise(2, 4, 1, 1)
    torch.testing.assert_close(FixedAffine()(x, scale, shift), x * scale + shift)
