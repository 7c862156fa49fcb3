"""Finding the screen in what a camera sees, and reading numbers off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murai.apps.benchmark.code import Corner, number_of, read_brightness
from murai.errors import BenchError

_FLICKER = 40.0  # of 255: less is noise, or a camera that adapts
_SMALLEST = 0.01  # of the picture: on less of it no square can be told from its neighbour


@dataclass(frozen=True)
class Reader:
    """Reads the number in a picture. corners: see `read_brightness`; middle: between black and white, a square each."""

    corners: Sequence[Corner]
    middle: NDArray[np.float64]

    def read(self, picture: NDArray[np.uint8]) -> int | None:
        """The number; None where none can be read for certain."""
        return number_of(read_brightness(picture, self.corners) > self.middle)


def find_screen(dark: NDArray[np.uint8], bright: NDArray[np.uint8]) -> Reader:
    """Where a screen is that was black in one picture and white in the other; all of it shows the grid.

    dark, bright: (H, W, 3).

    Raises:
        BenchError: nothing large enough became brighter.
    """
    change = bright.mean(axis=2) - dark.mean(axis=2)
    strongest = float(np.percentile(change, 99.5))
    rows, columns = np.nonzero(change > max(strongest / 2, _FLICKER))
    if len(rows) < _SMALLEST * change.size:
        raise BenchError(
            "the camera doesn't see the screen flash", "point it at the screen, so that the whole window is in its view"
        )
    # The farthest along each diagonal; outermost pixels are left out, for a lamp's reflection is one too.
    falling, rising = columns + rows, columns - rows
    corners = [
        _mean_where(columns, rows, falling <= np.percentile(falling, 0.02)),
        _mean_where(columns, rows, rising >= np.percentile(rising, 99.98)),
        _mean_where(columns, rows, falling >= np.percentile(falling, 99.98)),
        _mean_where(columns, rows, rising <= np.percentile(rising, 0.02)),
    ]
    middle = (read_brightness(dark, corners) + read_brightness(bright, corners)) / 2
    return Reader(corners, middle)


def known_place(left: float, top: float, right: float, bottom: float) -> Reader:
    """For a grid that was drawn there, in px, and is not seen by a camera."""
    return Reader([(left, top), (right, top), (right, bottom), (left, bottom)], np.full((1, 1), 127.0))


def _mean_where(columns: NDArray[np.int64], rows: NDArray[np.int64], chosen: NDArray[np.bool_]) -> Corner:
    return float(columns[chosen].mean()), float(rows[chosen].mean())
