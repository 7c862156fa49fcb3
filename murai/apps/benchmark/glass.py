"""What a camera sees of the screen that it is pointed at."""

from __future__ import annotations

import time
from contextlib import closing

import numpy as np
import torch
from numpy.typing import NDArray

from murai.apps.benchmark.code import NUMBERS, draw_squares, squares_of
from murai.apps.benchmark.finder import Reader, find_screen
from murai.apps.benchmark.flow import newest_painting
from murai.apps.benchmark.interruption import Interrupted
from murai.apps.benchmark.sightings import Sightings
from murai.apps.pipeline import Pipeline
from murai.core.frame import Frame, Painted
from murai.display.canvas import Canvas
from murai.display.hud import HudState
from murai.display.view import ViewState
from murai.errors import BenchError

_SETTLE_S = 1.5  # cameras take so long to get used to a bright screen
_REDRAW_EVERY_S = 1 / 60
_HELD_FRAMES = 2.0  # of the camera: each number is alone on at least one of its pictures
_SHRUNK = 4


def watch_glass(pipeline: Pipeline, canvas: Canvas, fps: float, seconds: float) -> Sightings:
    """Finds the screen in the camera's pictures, then shows numbers and waits for them to come back.

    Owns the main thread meanwhile. Every picture that comes is drawn as in a show, then covered by the number.

    Raises:
        MuraiError: the screen can't be found, or no more pictures come.
        Interrupted: before any number was seen.
    """
    sightings = Sightings()
    number, shown_s = 0, float("-inf")
    with closing(_Screen(canvas)) as screen:
        reader = _find(pipeline, screen)
        begun_s = time.monotonic()
        try:
            while time.monotonic() - begun_s < seconds:
                painted = newest_painting(pipeline, _REDRAW_EVERY_S)
                turned = time.monotonic() - shown_s >= _HELD_FRAMES / fps
                if turned:
                    number = (number + 1) % NUMBERS
                now_s = screen.show(painted, squares_of(number))
                if turned:
                    shown_s = now_s
                    sightings.sent(number, now_s)
                if painted is not None:
                    sightings.seen(reader.read(_pixels(painted.camera)), now_s)
        except Interrupted:
            if not sightings.latencies_s:
                raise
    return sightings


def _find(pipeline: Pipeline, screen: _Screen) -> Reader:
    """Flashes the screen, and looks where."""
    seen = []
    for light in (False, True):
        squares = np.full((1, 1), light)
        last: Painted | None = None
        until_s = time.monotonic() + _SETTLE_S
        while last is None or time.monotonic() < until_s:
            painted = newest_painting(pipeline, _REDRAW_EVERY_S)
            last = painted or last
            screen.show(painted, squares)
            if last is None and time.monotonic() > until_s + _SETTLE_S:
                raise BenchError("the camera gives no pictures", "look for it with `murai --verbose run`")
        seen.append(_pixels(last.camera))
    return find_screen(*seen)


class _Screen:
    """Shows squares over all of a canvas. Owned by the main thread."""

    def __init__(self, canvas: Canvas) -> None:
        from murai.display.renderer import Renderer  # OpenGL can only be loaded once a canvas has decided how

        self._canvas = canvas
        self._renderer = Renderer(canvas)
        self._held: NDArray[np.bool_] | None = None
        self._painted: Painted | None = None

    def show(self, painted: Painted | None, squares: NDArray[np.bool_]) -> float:
        """Draws a painting, if there is one, and squares over it; gives the moment of the swap."""
        if painted is not None:
            self._renderer.draw(painted, ViewState(), HudState())
        if self._held is None or not np.array_equal(self._held, squares):
            self._held, self._painted = squares, self._drawn(squares)
        self._renderer.draw(self._painted, ViewState(), HudState())
        self._canvas.poll()
        self._canvas.swap()
        return time.monotonic()

    def close(self) -> None:
        self._renderer.close()

    def _drawn(self, squares: NDArray[np.bool_]) -> Painted:
        width, height = (max(side // _SHRUNK, 1) for side in self._canvas.size_px)
        picture = np.full((height, width, 3), 255 if squares.flat[0] else 0, np.uint8)
        if squares.size > 1:
            draw_squares(picture, squares)
        frame = Frame(torch.from_numpy(picture).permute(2, 0, 1), captured_s=0.0, seq=0)
        return Painted(frame, frame, "")


def _pixels(frame: Frame) -> NDArray[np.uint8]:
    if frame.ready is not None:
        frame.ready.synchronize()
    pixels: NDArray[np.uint8] = frame.rgb.permute(1, 2, 0).cpu().numpy()
    return pixels
