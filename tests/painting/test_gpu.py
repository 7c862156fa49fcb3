"""Painting on a GPU: the same picture as on a CPU, and the same one each time."""

from __future__ import annotations

import pytest
import torch

from murai.networks.perceptual import Layers, open_perceptual
from murai.painting.objective import Evaluation, Objective, PaintingWeights
from murai.painting.paint import Settings, Wishes, paint
from murai.painting.styles import Style, regions_of
from tests.painting.drawn import noise, slope_mask, stripes, vgg_folder

pytestmark = pytest.mark.gpu

LAYERS = Layers({"relu3_1": 1.0}, {"relu1_1": 1.0, "relu3_1": 1.0})


def styles_on(device: str) -> list[Style]:
    mask, image = slope_mask(96, 128).float().to(device), stripes(64, 64, 8, seed=2).float().to(device)
    return [Style(image, where=mask), Style(image.flip(0), where=1.0 - mask)]


def evaluated_on(device: str, tile_px: int) -> Evaluation:
    network = open_perceptual(vgg_folder(), layers=LAYERS, device=device)
    regions = regions_of(network, styles_on(device), (96, 128), 1.0, 256)
    content, picture = (noise(96, 128, seed=seed).float().to(device) for seed in (1, 2))
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        return Objective(network, content, regions, PaintingWeights(), tile_px).evaluate(picture)


def test_losses_and_slopes_are_those_of_a_cpu_in_tiles_too() -> None:
    expected = evaluated_on("cpu", 256)
    for tile_px in (256, 96):
        found = evaluated_on("cuda", tile_px)
        assert found.losses == pytest.approx(expected.losses, rel=1e-3)
        apart = float((found.slope.cpu() - expected.slope).norm() / expected.slope.norm())
        assert apart < 0.01


def test_the_same_is_painted_again_bit_by_bit() -> None:
    network = open_perceptual(vgg_folder(), layers=LAYERS, device="cuda")
    wishes = Wishes(noise(96, 128).float().cuda(), styles_on("cuda"))
    settings = Settings((96, 128), 64, 10, 256)
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        one, other = (paint(network, wishes, settings, wishes.content) for _ in range(2))
    assert torch.equal(one, other)
