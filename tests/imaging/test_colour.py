"""Colour spaces against formulas written out one colour at a time, and what keeps or gives colours."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.imaging.colour import COLOUR_SPACES, ColourSpace, from_rgb, greyed, match_colours, own_colours, to_rgb

EDGES = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.01, 0.0, 0.002), (0.2, 0.9, 0.5))


def picture_of(colours: tuple[tuple[float, ...], ...]) -> Tensor:
    """(3, 1, N)."""
    return torch.tensor(colours).T[:, None]


def noise(height: int, width: int, seed: int = 1) -> Tensor:
    return torch.rand((3, height, width), generator=torch.Generator().manual_seed(seed))


def picture(seed: int) -> Tensor:
    """Random colours, among them those at RGB's borders."""
    drawn = noise(40, 30, seed=seed)
    drawn[:, 0, : len(EDGES)] = picture_of(EDGES)[:, 0]
    drawn[:, 1] = (drawn[:, 1] > 0.5).float()
    return drawn


def by_hand(colour: tuple[float, ...], space: ColourSpace) -> tuple[float, float, float]:
    red, green, blue = colour
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    if space == "yuv":
        return y, 0.492111 * (blue - y), 0.877283 * (red - y)
    if space == "ycbcr":
        return (
            y,
            -0.168736 * red - 0.331264 * green + 0.5 * blue,
            0.5 * red - 0.418688 * green - 0.081312 * blue,
        )
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    big_x = 0.4124564 * r + 0.3575761 * g + 0.1804375 * b
    big_y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    big_z = 0.0193339 * r + 0.1191920 * g + 0.9503041 * b
    light = 903.2963 * big_y if big_y <= 0.008856452 else 116.0 * big_y ** (1 / 3) - 16.0
    if space == "luv":
        base = big_x + 15.0 * big_y + 3.0 * big_z
        u, v = (4.0 * big_x / base, 9.0 * big_y / base) if base else (0.19784, 0.46834)
        return light, 13.0 * light * (u - 0.19784), 13.0 * light * (v - 0.46834)
    f = [
        t ** (1 / 3) if t > 0.008856452 else 7.787037 * t + 16 / 116 for t in (big_x / 0.95047, big_y, big_z / 1.08883)
    ]
    return light, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])


@pytest.mark.parametrize("space", COLOUR_SPACES)
def test_spaces_are_what_their_formulas_say(space: ColourSpace) -> None:
    found = from_rgb(picture_of(EDGES), space)[:, 0].T
    near = 1e-4 if space in ("yuv", "ycbcr") else 0.02  # the standards' matrices are rounded
    for colour, values in zip(EDGES, found.tolist(), strict=True):
        assert values == pytest.approx(by_hand(colour, space), abs=near)


@pytest.mark.parametrize("space", COLOUR_SPACES)
def test_there_and_back_is_the_same(space: ColourSpace) -> None:
    pictures = torch.stack([picture(1), picture(2)])
    torch.testing.assert_close(to_rgb(from_rgb(pictures, space), space), pictures, atol=1e-4, rtol=0.0)


@pytest.mark.parametrize("space", COLOUR_SPACES)
def test_own_colours_have_the_photographs_chroma_and_the_paintings_light_where_rgb_can(space: ColourSpace) -> None:
    painting, photograph = picture(1), picture(2)
    found = own_colours(painting, photograph, space)
    rounded = (found * 255.0).round() / 255.0
    near = 2.0 / 255.0 if space in ("yuv", "ycbcr") else 2.0  # Lab and Luv are kept in steps of one
    assert float((from_rgb(rounded, space) - from_rgb(photograph, space))[1:].abs().max()) < near
    wanted = torch.cat([from_rgb(painting, space)[:1], from_rgb(photograph, space)[1:]])
    shown = to_rgb(wanted, space)
    inside = ((shown > 0.0) & (shown < 1.0)).all(0)
    assert inside.float().mean() > 0.3
    torch.testing.assert_close(found[:, inside], shown[:, inside], atol=1e-4, rtol=0.0)


@pytest.mark.parametrize("space", COLOUR_SPACES)
def test_a_painting_too_bright_for_a_colour_gets_as_bright_as_it_can(space: ColourSpace) -> None:
    white, blue = torch.ones(3, 4, 4), picture_of(((0.1, 0.1, 0.8),)).expand(3, 4, 4)
    found = own_colours(white, blue, space)
    assert float(found.max()) == pytest.approx(1.0, abs=0.005)
    assert from_rgb(found, space)[0].min() > from_rgb(blue, space)[0].max()


@pytest.mark.parametrize("space", COLOUR_SPACES)
def test_what_is_greyed_has_its_lightness_and_no_chroma(space: ColourSpace) -> None:
    grey = greyed(picture(3), space)
    assert float((grey.amax(0) - grey.amin(0)).max()) < 1e-4
    torch.testing.assert_close(from_rgb(grey, space)[0], from_rgb(picture(3), space)[0], atol=0.01, rtol=0.0)


@pytest.mark.parametrize("how", ["cholesky", "axes"])
def test_matched_colours_have_the_others_mean_and_covariance(how: str) -> None:
    turn = torch.tensor([[0.2, 0.1, 0.0], [0.05, 0.3, 0.1], [0.0, 0.0, 0.2]])
    like = torch.einsum("ij,jhw->ihw", turn, noise(20, 50, seed=2)) + 0.3
    found = match_colours(noise(30, 30), like, how)  # type: ignore[arg-type]
    torch.testing.assert_close(found.mean((1, 2)), like.mean((1, 2)), atol=1e-3, rtol=0.0)
    covariances = [torch.cov(each.flatten(1), correction=0) for each in (found, like)]
    torch.testing.assert_close(*covariances, atol=1e-4, rtol=0.0)


def test_the_two_ways_of_matching_differ_and_the_axes_turn_less() -> None:
    one, like = noise(30, 30), noise(30, 30, seed=2) * 0.5 + 0.25
    like[0] = (like[1] + like[2]) / 2.0
    cholesky, axes = (match_colours(one, like, how) for how in ("cholesky", "axes"))
    assert float((axes - one).square().mean()) < float((cholesky - one).square().mean())


@pytest.mark.parametrize("how", ["cholesky", "axes"])
def test_pictures_of_a_single_colour_are_matched_too(how: str) -> None:
    flat = torch.full((3, 8, 8), 0.25)
    found = match_colours(flat, noise(8, 8), how)  # type: ignore[arg-type]
    torch.testing.assert_close(found.mean((1, 2)), noise(8, 8).mean((1, 2)), atol=1e-3, rtol=0.0)
