"""Each thing that the shader does, against a NumPy twin of it, through a real OpenGL on EGL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from murai.core.frame import Frame, Painted
from murai.display.hud import HudState, TitleCard, Toast
from murai.display.offscreen import OffscreenCanvas
from murai.display.renderer import Renderer
from murai.display.view import ViewState
from murai.errors import DisplayError
from tests.display.layouts import LAYOUTS

WIDTH, HEIGHT = 64, 48
TOLERANCE = 2
LUMA = np.array([0.2126, 0.7152, 0.0722])
Picture = NDArray[np.uint8]
Draw = Callable[..., Picture]


def drawing(width: int, height: int, phase: float = 0.0) -> Picture:
    """Smooth colours that no symmetry maps onto themselves, from black to full."""
    y, x = np.mgrid[0:height, 0:width]
    red = 127.5 + 127.5 * np.sin(x / width * 5 + phase)
    green = 127.5 + 127.5 * np.cos(y / height * 4 + x / width + 2 * phase)
    blue = 255.0 * x / width * y / height
    return np.stack([red, green, blue], axis=2).round().astype(np.uint8)


PAINTING, CAMERA, PREVIOUS = drawing(WIDTH, HEIGHT), drawing(WIDTH, HEIGHT, 1.3), drawing(WIDTH, HEIGHT, 2.6)


@pytest.fixture
def draw() -> Iterator[Draw]:
    """Draws painting and camera into 64x48 px and returns what came out."""
    with OffscreenCanvas((WIDTH, HEIGHT)) as canvas:
        renderer = Renderer(canvas)

        def run(painted: Painted | None, view: ViewState | None = None, hud: HudState | None = None) -> Picture:
            renderer.draw(painted, view or ViewState(), hud or HudState())
            canvas.swap()
            return renderer.read_back()

        yield run
        renderer.close()


@pytest.fixture
def painted(painted_of: Callable[..., Painted]) -> Painted:
    return painted_of(PAINTING, CAMERA)


def assert_near(got: Picture, wanted: NDArray[np.floating | np.uint8], tolerance: int = TOLERANCE) -> None:
    assert got.shape == wanted.shape
    assert np.abs(got.astype(float) - wanted).max() <= tolerance


def chroma_of(painted: Picture, seen: Picture) -> NDArray[np.floating]:
    """Twin of the shader's: luma of the first, chroma of the second, greyer where it would leave 0…255."""
    luma = (painted / 255 @ LUMA)[..., None]
    chroma = seen / 255 - (seen / 255 @ LUMA)[..., None]
    room = np.where(chroma >= 0, 1 - luma, luma)
    share = np.minimum(1, (room / np.maximum(np.abs(chroma), 1e-4)).min(axis=2, keepdims=True))
    return 255 * (luma + share * chroma)


def bilinear(picture: Picture, width: int, height: int) -> NDArray[np.floating]:
    """The whole picture at another size, sampled between texel centres, clamped at the edges."""
    rows = np.clip((np.arange(height) + 0.5) * picture.shape[0] / height - 0.5, 0, picture.shape[0] - 1)
    columns = np.clip((np.arange(width) + 0.5) * picture.shape[1] / width - 0.5, 0, picture.shape[1] - 1)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    below, right = np.minimum(top + 1, picture.shape[0] - 1), np.minimum(left + 1, picture.shape[1] - 1)
    down, across = (rows - top)[:, None, None], (columns - left)[None, :, None]
    upper = picture[top][:, left] * (1 - across) + picture[top][:, right] * across
    lower = picture[below][:, left] * (1 - across) + picture[below][:, right] * across
    return upper * (1 - down) + lower * down


def test_without_a_picture_the_screen_is_black(draw: Draw) -> None:
    assert not draw(None).any()


def test_a_painting_of_the_screens_size_comes_out_unchanged(draw: Draw, painted: Painted) -> None:
    assert_near(draw(painted), PAINTING, 0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_frames_may_lie_in_memory_in_any_way(
    draw: Draw, painted: Painted, layout: Callable[[Picture], torch.Tensor]
) -> None:
    frame = Frame(layout(PAINTING), 0.0, 1)
    assert_near(draw(replace(painted, painting=frame)), PAINTING, 0)


def test_a_picture_larger_than_the_driver_takes_is_told(draw: Draw, painted_of: Callable[..., Painted]) -> None:
    with pytest.raises(DisplayError, match="can't show pictures of 70000x2 px"):
        draw(painted_of(np.zeros((2, 70_000, 3), np.uint8)))


def test_a_smaller_picture_is_scaled_up_smoothly(draw: Draw, painted_of: Callable[..., Painted]) -> None:
    small = drawing(WIDTH // 2, HEIGHT // 2)
    assert_near(draw(painted_of(small)), bilinear(small, WIDTH, HEIGHT))


def test_fill_shows_the_middle_of_a_wide_picture(draw: Draw, painted_of: Callable[..., Painted]) -> None:
    wide = drawing(WIDTH * 2, HEIGHT)
    assert_near(draw(painted_of(wide)), wide[:, WIDTH // 2 : WIDTH * 3 // 2], 0)


def test_fit_shows_all_of_a_wide_picture_between_bars(draw: Draw, painted_of: Callable[..., Painted]) -> None:
    wide = drawing(WIDTH, HEIGHT // 2)
    draw(painted_of(PAINTING))
    got = draw(painted_of(wide), ViewState(fit="fit"))
    assert_near(got[HEIGHT // 4 : HEIGHT * 3 // 4], wide, 0)
    assert not got[: HEIGHT // 4].any()
    assert not got[HEIGHT * 3 // 4 :].any()


def test_mirror(draw: Draw, painted: Painted) -> None:
    assert_near(draw(painted, ViewState(mirror=True)), PAINTING[:, ::-1], 0)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("mirror", [False, True])
def test_quarter_turns_are_clockwise_and_mirror_stays_left_to_right(
    draw: Draw, painted_of: Callable[..., Painted], turns: int, mirror: bool
) -> None:
    upright = drawing(HEIGHT, WIDTH) if turns % 2 else PAINTING
    wanted = np.rot90(upright[:, ::-1] if mirror else upright, -turns)
    assert_near(draw(painted_of(upright), ViewState(quarter_turns=turns, mirror=mirror)), wanted, 0)


def test_strength_goes_from_camera_to_painting(draw: Draw, painted: Painted) -> None:
    assert_near(draw(painted, ViewState(strength=0.3)), 0.7 * CAMERA + 0.3 * PAINTING)
    assert_near(draw(painted, ViewState(strength=0.0)), CAMERA, 0)


def test_own_colours_take_the_cameras_chroma_and_stay_in_range(draw: Draw, painted: Painted) -> None:
    wanted = chroma_of(PAINTING, CAMERA)
    got = draw(painted, ViewState(own_colours=1.0))
    assert_near(got, wanted)
    # Clipped colours would have lost the painting's luma.
    assert np.abs(got @ LUMA - PAINTING @ LUMA).max() <= TOLERANCE
    assert_near(draw(painted, ViewState(own_colours=0.5)), (wanted + PAINTING) / 2)


def test_split_shows_the_camera_left_of_a_divider(draw: Draw, painted: Painted) -> None:
    got = draw(painted, ViewState(split=0.25, mirror=True))
    edge = WIDTH // 4
    assert_near(got[:, : edge - 1], CAMERA[:, ::-1][:, : edge - 1], 0)
    assert_near(got[:, edge + 1 :], PAINTING[:, ::-1][:, edge + 1 :], 0)


def test_the_divider_of_the_split_is_light(painted_of: Callable[..., Painted]) -> None:
    with OffscreenCanvas((800, 8)) as canvas:
        renderer = Renderer(canvas)
        renderer.draw(painted_of(np.zeros((8, 800, 3), np.uint8)), ViewState(split=0.5, strength=1.0), HudState())
        row = renderer.read_back()[4, :, 0]
        renderer.close()
    assert (row[:398] == 255).all()  # the camera, a white negative
    assert 200 <= row[400] < 255
    assert (row[402:] == 0).all()


def test_fade_goes_from_the_previous_painting_to_the_current_one(
    draw: Draw, painted: Painted, painted_of: Callable[..., Painted]
) -> None:
    previous = painted_of(PREVIOUS)
    assert_near(draw(painted, ViewState(previous=previous, fade=0.25)), 0.75 * PREVIOUS + 0.25 * PAINTING)
    assert_near(draw(painted, ViewState(previous=previous, fade=1.0)), PAINTING, 0)


def test_everything_at_once(draw: Draw, painted: Painted, painted_of: Callable[..., Painted]) -> None:
    view = ViewState(strength=0.8, own_colours=0.6, previous=painted_of(PREVIOUS), fade=0.4, dim=0.3, flash=0.2)
    mixed = 0.6 * PREVIOUS + 0.4 * PAINTING
    coloured = 0.4 * mixed + 0.6 * chroma_of(mixed, CAMERA)  # type: ignore[arg-type]
    shown = 0.2 * CAMERA + 0.8 * coloured
    assert_near(draw(painted, view), shown * 0.7 * 0.8 + 255 * 0.2)


@pytest.mark.parametrize(
    ("view", "factor", "addend"),
    [(ViewState(dim=0.5), 0.5, 0.0), (ViewState(dim=1.0), 0.0, 0.0), (ViewState(flash=0.5), 0.5, 127.5)],
)
def test_dim_and_flash(draw: Draw, painted: Painted, view: ViewState, factor: float, addend: float) -> None:
    assert_near(draw(painted, view), PAINTING * factor + addend)


def test_only_a_new_frame_is_uploaded(draw: Draw, painted_of: Callable[..., Painted]) -> None:
    memory = PAINTING.copy()
    first = painted_of(memory)
    draw(first)
    memory[:] = CAMERA
    assert_near(draw(first), PAINTING, 0)
    assert_near(draw(painted_of(memory)), CAMERA, 0)


def test_the_picture_to_keep_is_whole_upright_and_bare(draw: Draw, painted_of: Callable[..., Painted]) -> None:
    large, camera = drawing(100, 30), drawing(100, 30, 1.3)
    with OffscreenCanvas((WIDTH, HEIGHT)) as canvas:
        renderer = Renderer(canvas)
        view = ViewState(fit="fit", mirror=True, quarter_turns=1, strength=0.5, split=0.5, dim=0.5, flash=0.5)
        renderer.draw(painted_of(large, camera), view, HudState(countdown="1"))
        got = renderer.picture(painted_of(large, camera), view)
        renderer.close()
    assert_near(got, (0.5 * large + 0.5 * camera)[:, ::-1])


def test_text_darkens_its_panel_and_fades(draw: Draw, painted_of: Callable[..., Painted]) -> None:
    white = painted_of(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))
    full, half, none = (draw(white, hud=HudState(title=TitleCard("Mona", alpha=alpha))) for alpha in (1.0, 0.5, 0.0))
    assert full.min() < 120
    assert_near(half, (full.astype(float) + 255) / 2)
    assert (none == 255).all()


def test_text_turns_with_the_picture() -> None:
    hud = HudState(countdown="2", toasts=(Toast("Saved"),), status="fine")
    shots = []
    for size_px, turns in (((WIDTH * 4, HEIGHT * 4), 0), ((HEIGHT * 4, WIDTH * 4), 1)):
        with OffscreenCanvas(size_px) as canvas:
            renderer = Renderer(canvas)
            renderer.draw(None, ViewState(quarter_turns=turns), hud)
            shots.append(renderer.read_back())
            renderer.close()
    assert shots[0].any()
    assert_near(shots[1], np.rot90(shots[0], -1), 0)
