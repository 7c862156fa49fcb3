"""Steadier paintings: what they keep, what they carry along, and what must leave no trace."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from murai.stylize.steadying import LONGEST_GAP_S, Steadier

HEIGHT, WIDTH = 96, 160
FRAME_S = 1 / 30
PAINT = "one style"


def random_of(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def texture(seed: int, coarse_px: int, height: int = HEIGHT, width: int = 3 * WIDTH) -> Tensor:
    """(3, H, W) float in 0 to 255."""
    grains = torch.rand((1, 3, height // coarse_px, width // coarse_px), generator=random_of(seed))
    return F.interpolate(grains, size=(height, width), mode="bicubic").clamp(0.0, 1.0)[0] * 255.0


def as_bytes(picture: Tensor) -> Tensor:
    """(3, H, W) uint8 of (H, W, 4) memory."""
    pixels = torch.full((picture.shape[1], picture.shape[2], 4), 255, dtype=torch.uint8)
    pixels[..., :3] = picture.round().clamp(0.0, 255.0).to(torch.uint8).permute(1, 2, 0)
    return pixels[..., :3].permute(2, 0, 1)


def shaken(picture: Tensor, sigma: float, seed: int) -> Tensor:
    """With noise that is new for each seed."""
    return picture + torch.randn(picture.shape, generator=random_of(seed)) * sigma


def apart(one: Tensor, other: Tensor) -> float:
    """RMS in levels of 255, away from the frame, where a moving picture brings in what wasn't seen before."""
    inside = (one.float() - other.float())[:, 12:-12, 12:-12]
    return float(inside.square().mean().sqrt())


class Show:
    """A steadier that is shown frame after frame."""

    def __init__(self) -> None:
        self.steadier = Steadier()
        self.at_s = 100.0

    def frame(self, camera: Tensor, painting: Tensor, paint: object = PAINT) -> Tensor:
        self.at_s += FRAME_S
        return self.steadier.steady(as_bytes(painting), as_bytes(camera), paint, self.at_s)


def test_flicker_on_what_rests_is_taken_away() -> None:
    show, camera, strokes = Show(), texture(1, 16)[..., :WIDTH], texture(2, 4)[..., :WIDTH]
    shown = [show.frame(shaken(camera, 2.0, 50 + n), shaken(strokes, 20.0, 90 + n)) for n in range(20)]
    given = [as_bytes(shaken(strokes, 20.0, 90 + n)) for n in range(20)]
    assert apart(shown[19], shown[18]) < 0.2 * apart(given[19], given[18])
    assert apart(shown[19], strokes) < 0.5 * apart(given[19], strokes)


def test_what_rests_becomes_the_newest_painting() -> None:
    show, camera = Show(), texture(1, 16)[..., :WIDTH]
    show.frame(camera, texture(2, 4)[..., :WIDTH])
    other = texture(3, 4)[..., :WIDTH]
    for _ in range(60):
        shown = show.frame(camera, other)
    assert apart(shown, as_bytes(other)) < 4.0


@pytest.mark.parametrize("px_a_frame", [1, 3])
def test_what_moves_takes_its_strokes_along(px_a_frame: int) -> None:
    show, camera, strokes = Show(), texture(1, 16), texture(2, 5)
    flicker, left = [], []
    for n in range(20):
        part = slice(n * px_a_frame, n * px_a_frame + WIDTH)
        fresh = shaken(strokes[..., part], 20.0, 90 + n)
        shown = show.frame(shaken(camera[..., part], 1.0, 50 + n), fresh)
        flicker.append(apart(as_bytes(fresh), strokes[..., part]))
        left.append(apart(shown, strokes[..., part]))
    assert sum(left[5:]) < 0.75 * sum(flicker[5:])


def test_strokes_that_move_stay_sharp() -> None:
    show, camera, strokes = Show(), texture(1, 16), texture(2, 5)
    for n in range(40):
        part = slice(n * 3, n * 3 + WIDTH)
        shown = show.frame(camera[..., part], strokes[..., part])

    def steepness(picture: Tensor) -> float:
        return float(picture.float().diff(dim=2)[:, 12:-12, 12:-12].square().mean())

    assert steepness(shown) > 0.9 * steepness(strokes[..., part])


def test_who_walks_past_leaves_no_ghost() -> None:
    show, wall, strokes = Show(), texture(1, 16)[..., :WIDTH], texture(2, 4)[..., :WIDTH]
    for n in range(16):
        camera, painting = wall.clone(), strokes.clone()
        body = slice(10 * n - 20, 10 * n + 10)
        if 2 <= n < 14:
            camera[:, 20:, body], painting[:, 20:, body] = 30.0, 60.0
        shown = show.frame(camera, painting)
        # Strokes of the body and beside it are the new ones, and so are those of the wall where it was.
        assert apart(shown, as_bytes(painting)) < 3.0


@pytest.mark.parametrize("cause", ["paint", "gap", "clock set back", "size", "forgotten"])
def test_a_new_beginning_shows_the_painting_itself(cause: str) -> None:
    show, camera = Show(), texture(1, 16)[..., :WIDTH]
    show.frame(camera, texture(2, 4)[..., :WIDTH])
    painting = texture(3, 4)[..., :WIDTH]
    if cause == "gap":
        show.at_s += LONGEST_GAP_S
    elif cause == "clock set back":
        show.at_s -= 10.0
    elif cause == "size":
        camera, painting = camera[:, :-5, :-3], painting[:, :-5, :-3]
    elif cause == "forgotten":
        show.steadier.forget()
    assert torch.equal(show.frame(camera, painting, "another" if cause == "paint" else PAINT), as_bytes(painting))
    assert apart(show.frame(camera, painting, "another" if cause == "paint" else PAINT), as_bytes(painting)) < 1.0


def test_a_cut_leaves_no_trace() -> None:
    show = Show()
    show.frame(texture(1, 16)[..., :WIDTH], texture(2, 4)[..., :WIDTH])
    painting = texture(4, 4)[..., :WIDTH]
    shown = show.frame(texture(3, 16)[..., :WIDTH], painting)
    off = (shown.float() - as_bytes(painting).float()).abs().amax(0)
    assert float((off > 16.0).float().mean()) < 0.1
    again = show.frame(texture(3, 16)[..., :WIDTH], painting)
    assert apart(again, as_bytes(painting)) < apart(shown, as_bytes(painting)) + 0.5


def test_nothing_that_others_hold_is_written_to() -> None:
    steadier, held, copies = Steadier(), [], []
    for n in range(4):
        camera, painting = as_bytes(texture(n, 16)), as_bytes(texture(9 + n, 4))
        shown = steadier.steady(painting, camera, PAINT, n * FRAME_S)
        held += [camera, painting, shown]
        copies += [each.clone() for each in (camera, painting, shown)]
    assert all(torch.equal(one, other) for one, other in zip(held, copies, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (33, 50)])
def test_any_size(size: tuple[int, int]) -> None:
    steadier = Steadier()
    for n in range(3):
        picture = as_bytes(torch.rand((3, *size), generator=random_of(n)) * 255.0)
        shown = steadier.steady(picture, picture, PAINT, n * FRAME_S)
        assert shown.shape == picture.shape
        assert shown.stride() == picture.stride()


@pytest.mark.gpu
def test_a_gpu_steadies_alike() -> None:
    shown = {}
    for device in ("cpu", "cuda"):
        steadier = Steadier()
        for n in range(6):
            part = slice(n * 3, n * 3 + WIDTH)
            camera, painting = as_bytes(texture(1, 16)[..., part]), as_bytes(shaken(texture(2, 5)[..., part], 20.0, n))
            last = steadier.steady(painting.to(device), camera.to(device), PAINT, n * FRAME_S)
        shown[device] = last.cpu()
    assert apart(shown["cpu"], shown["cuda"]) < 1.0
