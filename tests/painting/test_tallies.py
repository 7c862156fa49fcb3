"""What is seen in tiles is what is seen of the whole, and that is what the losses are defined by."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.errors import PaintingError
from murai.networks.likeness import content_targets, losses_by_picture, style_targets
from murai.networks.perceptual import PerceptualNetwork, Pooling
from murai.networks.style_statistics import relative_distance
from murai.networks.vgg_chain import reach_of, stride_of
from murai.painting.tallies import Tally, TiledEyes, smallest_tile
from tests.painting.drawn import eyes, noise, slope_mask

DEEP = ("relu1_1", "relu3_1", "relu4_1")


def opened(network: PerceptualNetwork, content: Tensor, tile_px: int, covers: list[Tensor | None]) -> TiledEyes:
    found = TiledEyes(network, (content.shape[1], content.shape[2]), tile_px, covers)
    found.want(content)
    return found


def some_loss(tally: Tally) -> Tensor:
    """Curved in each number, so that a slope needs all sums before any pixel."""
    return torch.stack([each.square().sum() + each.sum() for each in tally.sums()]).sum()


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("size", [(133, 171), (90, 130), (80, 301)])
def test_tiles_give_the_numbers_and_slopes_of_the_whole(size: tuple[int, int], pooling: Pooling) -> None:
    network = eyes(DEEP, "relu3_1", pooling)
    content, picture = noise(*size), noise(*size, seed=2)
    covers = [None, slope_mask(*size)]
    whole = opened(network, content, 4096, covers)
    tiled = opened(network, content, smallest_tile(network) + 32, covers)
    assert whole.tiles == 1 and tiled.tiles > 1
    for one, other in zip(whole.look(picture).sums(), tiled.look(picture).sums(), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-10, atol=1e-12)
    slope = whole.pull(picture, some_loss)
    torch.testing.assert_close(tiled.pull(picture, some_loss), slope, rtol=1e-8, atol=1e-10 * float(slope.abs().max()))


def test_losses_and_slopes_are_those_of_one_look_at_the_whole() -> None:
    network = eyes(DEEP, "relu3_1")
    content, image, picture = noise(90, 170), noise(60, 50, seed=3), noise(90, 170, seed=2)
    wanted = style_targets(network, image)
    leaf = picture.clone().requires_grad_()
    losses = losses_by_picture(network, leaf[None], content_targets(network, content[None]), wanted)
    expected = torch.autograd.grad(losses[0].sum() + losses[1].sum(), leaf)[0]
    found: list[float] = []

    def loss_of(tally: Tally) -> Tensor:
        style = torch.stack(
            [
                weight * relative_distance(tally.grams[0][layer][None], wanted[layer][None])[0]
                for layer, weight in network.layers.style.items()
            ]
        ).sum()
        found.extend((float(tally.distances["relu3_1"].detach()), float(style.detach())))
        return tally.distances["relu3_1"] + style

    slope = opened(network, content, 128, [None]).pull(picture, loss_of)
    assert found == pytest.approx([float(loss.detach()) for loss in losses], rel=1e-9)
    torch.testing.assert_close(slope, expected, rtol=1e-8, atol=1e-12)


def test_a_cover_weighs_as_a_mask_of_a_style_image_does() -> None:
    network, picture, mask = eyes(DEEP), noise(90, 170), slope_mask(90, 170)
    wanted = style_targets(network, picture, mask)
    for layer, gram in opened(network, picture, 128, [mask]).look(picture).grams[0].items():
        torch.testing.assert_close(gram, wanted[layer], rtol=1e-5, atol=1e-6)  # masks are measured in single precision


@pytest.mark.parametrize("layer", ["relu1_1", "relu1_2", "relu2_2", "relu3_1", "relu4_1", "relu5_1"])
def test_a_position_sees_as_far_as_is_said_and_no_farther(layer: str) -> None:
    """Farther would leave seams between tiles, and too far would waste time."""
    network = eyes((layer,), "relu1_1")
    stride, reach, place = stride_of(layer), reach_of(layer), 10
    picture = noise(16, place * stride * 2)
    first, last = place * stride - reach, (place + 1) * stride - 1 + reach
    seen = network.features(picture[None])[layer][..., place]

    def changes(column: int) -> bool:
        other = picture.clone()
        other[:, :, column] += torch.linspace(-300.0, 300.0, 16, dtype=picture.dtype)
        return not torch.equal(network.features(other[None])[layer][..., place], seen)

    assert not changes(first - 1) and not changes(last + 1)
    assert changes(first) or changes(last)


def test_tiles_too_small_for_the_layers_are_told() -> None:
    network = eyes(DEEP)
    with pytest.raises(PaintingError, match=f"tiles of 64 px.*--tile {smallest_tile(network)}"):
        TiledEyes(network, (300, 300), 64, [None])


def test_a_cover_that_leaves_nothing_is_told() -> None:
    cover = torch.zeros(64, 64)
    cover[0, 0] = 1.0  # in the rim of each layer
    with pytest.raises(PaintingError, match="leaves nothing at layer relu1_1"):
        TiledEyes(eyes(), (64, 64), 256, [cover])
