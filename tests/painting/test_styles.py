"""Styles by weight, size and place."""

from __future__ import annotations

import pytest
import torch

from murai.errors import PaintingError
from murai.networks.likeness import style_targets
from murai.painting.resizing import resized
from murai.painting.styles import Style, regions_of
from tests.painting.drawn import eyes, noise, slope_mask, stripes

SIZE = (48, 64)


def test_styles_wanted_everywhere_are_mixed_by_their_weights() -> None:
    network = eyes()
    one, other = noise(40, 40), stripes(40, 60, 8, seed=2)
    (region,) = regions_of(network, [Style(one, 0.6), Style(other, 1.4)], SIZE, 1.0, 256)
    assert region.cover is None and region.share == 1.0
    for layer, gram in region.wanted.items():
        mixed = 0.3 * style_targets(network, one)[layer] + 0.7 * style_targets(network, other)[layer]
        torch.testing.assert_close(gram, mixed, rtol=1e-6, atol=1e-9)


def test_styles_at_places_of_their_own_count_by_area_and_weight() -> None:
    left, right = torch.zeros(SIZE), torch.zeros(SIZE)
    left[:, :16], right[:, 16:] = 1.0, 1.0
    picture = noise(40, 40)
    alike = regions_of(eyes(), [Style(picture, where=left), Style(picture, where=right)], SIZE, 1.0, 256)
    assert [region.share for region in alike] == pytest.approx([0.25, 0.75])
    heavier = regions_of(eyes(), [Style(picture, 3.0, where=left), Style(picture, where=right)], SIZE, 1.0, 256)
    assert heavier[0].share / heavier[1].share == pytest.approx(1.0)
    assert sum(region.share for region in heavier) == pytest.approx(1.0)


def test_styles_of_one_mask_share_its_places() -> None:
    mask, picture = slope_mask(*SIZE), noise(40, 40)
    same = [Style(picture, where=mask), Style(picture.flip(0), where=mask.clone()), Style(picture)]
    regions = regions_of(eyes(), same, SIZE, 1.0, 256)
    assert [region.cover is None for region in regions] == [False, True]


def test_masks_are_brought_to_the_paintings_size() -> None:
    (region,) = regions_of(eyes(), [Style(noise(40, 40), where=slope_mask(96, 128))], SIZE, 1.0, 256)
    assert region.cover is not None and region.cover.shape == SIZE
    torch.testing.assert_close(region.cover, slope_mask(*SIZE), atol=0.02, rtol=0.0)


def test_a_mask_of_the_style_image_keeps_the_rest_of_it_out() -> None:
    network = eyes()
    picture = torch.cat([stripes(40, 40, 8, seed=2), noise(40, 40)], 2)
    mask = torch.zeros(40, 80)
    mask[:, :40] = 1.0
    (region,) = regions_of(network, [Style(picture, counts=mask)], SIZE, 1.0, 256)
    for layer, gram in region.wanted.items():
        alone, whole = (style_targets(network, each)[layer] for each in (picture[..., :40], picture))
        assert float((gram - alone).norm()) < 0.2 * float((whole - alone).norm())


@pytest.mark.parametrize(
    ("short_px", "zoom", "expected"),
    [(None, 1.0, (48, 96)), (None, 0.75, (36, 72)), (32, 1.0, (32, 64)), (60, 0.8, (48, 96)), (500, 1.0, (60, 120))],
)
def test_style_images_have_their_size_and_shrink_with_the_painting(
    short_px: int | None, zoom: float, expected: tuple[int, int]
) -> None:
    """The painting's short side is 48 px at its full size; images are never enlarged."""
    network, picture = eyes(), noise(60, 120)
    size = (round(48 * zoom), round(64 * zoom))
    (region,) = regions_of(network, [Style(picture, short_side_px=short_px)], size, zoom, 256)
    for layer, gram in style_targets(network, resized(picture, expected)).items():
        torch.testing.assert_close(region.wanted[layer], gram, rtol=1e-6, atol=1e-9)


def test_without_any_weight_there_is_no_style() -> None:
    with pytest.raises(PaintingError, match="no style has a weight"):
        regions_of(eyes(), [Style(noise(40, 40), 0.0)], SIZE, 1.0, 256)
