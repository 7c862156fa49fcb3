"""Whole paintings: sizes, starts, masks that keep styles apart, and extra losses."""

from __future__ import annotations

from collections.abc import Collection

import pytest
import torch
from torch import Tensor

from murai.networks.perceptual import PerceptualNetwork
from murai.painting.objective import PaintingWeights
from murai.painting.paint import Moment, Settings, Wishes, first_picture, paint
from murai.painting.resizing import ladder, steps_at
from murai.painting.styles import Style
from murai.painting.tallies import TiledEyes
from tests.painting.drawn import eyes, noise, slope_mask, stripes


def settings(size: tuple[int, int], smallest_px: int = 1000, steps: int = 10, **more: object) -> Settings:
    return Settings(size, smallest_px, steps, 4096, **more)  # type: ignore[arg-type]


def test_sizes_grow_by_the_square_root_of_two_to_the_one_wanted() -> None:
    assert ladder((300, 400), 100) == [(75, 100), (106, 141), (150, 200), (212, 283), (300, 400)]
    assert ladder((300, 400), 101) == [(106, 141), (150, 200), (212, 283), (300, 400)]
    assert ladder((300, 400), 400) == ladder((300, 400), 999) == [(300, 400)]


def test_larger_sizes_take_fewer_steps() -> None:
    assert [steps_at(100, number) for number in range(4)] == [100, 71, 50, 35]
    assert steps_at(1, 9) == 1


def test_each_size_goes_on_from_the_one_before_and_every_step_is_told() -> None:
    moments: list[Moment] = []
    wanted = settings((48, 64), 40, 24)
    wishes = Wishes(noise(48, 64), [Style(stripes(40, 40, 8, seed=2))])
    found = paint(eyes(), wishes, wanted, noise(48, 64, seed=5), moments.append)
    assert found.shape == (3, 48, 64) and float(found.min()) >= 0.0 and float(found.max()) <= 1.0
    assert [moment.step for moment in moments] == list(range(1, wanted.all_steps + 1))
    assert [tuple(moment.picture.shape[1:]) for moment in moments] == [(34, 45)] * 24 + [(48, 64)] * 17
    first, grown = moments[0].losses["total"], moments[24].losses["total"]
    assert grown < 0.5 * first


def test_the_same_is_painted_again_bit_by_bit() -> None:
    wishes = Wishes(noise(40, 40), [Style(stripes(40, 40, 8, seed=2))])
    one, other = (paint(eyes(dtype=torch.float32), wishes, settings((40, 40)), noise(40, 40)) for _ in range(2))
    assert torch.equal(one, other)


def test_the_network_sees_the_contents_mirror_image_around_a_painting(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its edge it sees the nothing outside, which came out as a dull frame."""
    network, content = eyes(), noise(48, 60)
    seen: list[Tensor] = []
    plain = network.features

    def features(pictures: Tensor, wanted: Collection[str] | None = None) -> dict[str, Tensor]:
        seen.append(pictures[0].detach().clone())
        return plain(pictures, wanted)

    monkeypatch.setattr(network, "features", features)
    moments: list[Moment] = []
    wishes = Wishes(content, [Style(stripes(40, 40, 6, seed=4), where=slope_mask(48, 60))])
    paint(network, wishes, settings((48, 60), steps=2), content, moments.append)
    framed = [each for each in seen if tuple(each.shape[1:]) == (80, 92)]
    assert len(framed) == 4  # the content, and the picture before, between and after the steps
    assert torch.equal(framed[1][:, 16:-16, 16:-16], content)
    assert torch.equal(framed[1][:, 15, 16:-16], content[:, 1]) and torch.equal(framed[1][:, 0, 0], content[:, 16, 16])
    assert moments[0].picture.shape == content.shape


def test_masks_keep_a_styles_gram_inside_its_places() -> None:
    network, size = eyes(), (80, 160)
    left, well_left = torch.zeros(size), torch.zeros(size)
    left[:, :80], well_left[:, :72] = 1.0, 1.0  # features near the seam see both sides
    image_a, image_b = stripes(60, 60, 6, seed=3), stripes(60, 60, 14, seed=7, down=True)
    styles = [Style(image_a, where=left), Style(image_b, where=1.0 - left)]
    wishes = Wishes(noise(*size), styles)
    weights = PaintingWeights(content=0.02)
    seen: list[Tensor] = []
    paint(network, wishes, settings(size, steps=60, weights=weights), noise(*size), lambda m: seen.append(m.picture))
    # Random filters ask for colours beyond RGB's range, so what counts is the picture before it is cut to that.
    covers = [left, 1.0 - left, well_left, well_left.flip(1)]
    grams = TiledEyes(network, size, 4096, covers).look(seen[-1]).grams
    in_a, in_b, well_in_a, well_in_b = ([apart_by(network, each, x) for x in (image_a, image_b)] for each in grams)
    assert in_a[0] < 0.02 * in_a[1] and in_b[1] < 0.02 * in_b[0]
    assert well_in_a[0] < 0.3 * well_in_a[1] and well_in_b[1] < 0.3 * well_in_b[0]


def apart_by(network: PerceptualNetwork, found: dict[str, Tensor], image: Tensor) -> float:
    """How far Gram matrices are from an image's."""
    wanted = TiledEyes(network, (image.shape[1], image.shape[2]), 4096, [None]).look(image).grams[0]
    return sum(float((found[layer] - wanted[layer]).norm() ** 2 / wanted[layer].norm() ** 2) for layer in wanted)


def test_a_mix_lies_between_its_styles() -> None:
    network, size = eyes(), (48, 48)
    image_a, image_b = stripes(48, 48, 6, seed=3), stripes(48, 48, 14, seed=8, down=True)
    weights = PaintingWeights(content=0.02)

    def distance_to_a(share: float) -> float:
        wishes = Wishes(noise(*size), [Style(image_a, share), Style(image_b, 1.0 - share)])
        found = paint(network, wishes, settings(size, steps=40, weights=weights), noise(*size))
        return apart_by(network, TiledEyes(network, size, 4096, [None]).look(found).grams[0], image_a)

    near, between, far = (distance_to_a(share) for share in (1.0, 0.7, 0.3))
    assert near < between < far


def test_extra_losses_are_minimised_and_see_the_painting_alone() -> None:
    sizes: list[tuple[int, ...]] = []

    def towards_black(picture: Tensor) -> Tensor:
        sizes.append(tuple(picture.shape))
        return 50.0 * picture.square().mean()

    content = noise(40, 40)
    wishes = Wishes(content, [Style(stripes(40, 40, 8, seed=2))], {"black": towards_black})
    moments: list[Moment] = []
    found = paint(eyes(), wishes, settings((40, 40), steps=20), content, moments.append)
    assert float(found.mean()) < 0.6 * float(content.mean())
    assert set(sizes) == {(3, 40, 40)}
    assert moments[-1].losses["black"] < moments[0].losses["black"]


def test_pictures_begin_as_content_style_or_noise() -> None:
    content, style = noise(30, 40), stripes(80, 60, 10, seed=2)
    assert torch.equal(first_picture(content, style, 0.0, 1), content)
    begun = first_picture(content, style, 0.0, 1, from_style=True)
    assert begun.shape == content.shape
    torch.testing.assert_close(begun.mean((1, 2)), style.mean((1, 2)), atol=0.05, rtol=0.0)
    alone = first_picture(content, style, 1.0, 1)
    assert float(alone.mean()) == pytest.approx(0.5, abs=0.01) and float(alone.std()) == pytest.approx(0.1, abs=0.01)
    assert torch.equal(alone, first_picture(1.0 - content, style, 1.0, 1))
    assert not torch.equal(alone, first_picture(content, style, 1.0, 2))
    torch.testing.assert_close(first_picture(content, style, 0.25, 1), 0.75 * content + 0.25 * alone)
