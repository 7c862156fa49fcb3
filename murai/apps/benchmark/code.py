"""A number as a picture: a grid of black and white squares that a camera can read off a screen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 4, 4
NUMBERS = 2**14
"""Numbers begin again from there. Two of the sixteen squares are checks."""

_BLACK, _GREY, _WHITE = 0, 96, 255
_GAP = 0.12  # of a square, on each of its sides
_CORE = 0.3  # what is looked at, of a square


def squares_of(number: int) -> NDArray[np.bool_]:
    """Which squares (ROWS, COLUMNS) are white.

    Gray's code: from one number to the next a single bit changes, and the checks with it. So a picture that
    was exposed while the screen changed reads as one of both numbers, or as none.
    """
    gray = number % NUMBERS
    gray ^= gray >> 1
    bits = [bool(gray >> place & 1) for place in range(COLUMNS * ROWS - 2)]
    odd = sum(bits) % 2 == 1
    return np.array([*bits, odd, not odd]).reshape(ROWS, COLUMNS)


def number_of(squares: NDArray[np.bool_]) -> int | None:
    """The number that these squares stand for; None where the checks don't fit."""
    *bits, odd, even = (bool(square) for square in squares.reshape(-1))
    if odd == even or odd != (sum(bits) % 2 == 1):
        return None
    number = sum(bit << place for place, bit in enumerate(bits))
    for step in (1, 2, 4, 8):
        number ^= number >> step
    return number


def draw_squares(picture: NDArray[np.uint8], squares: NDArray[np.bool_]) -> None:
    """Fills a picture (H, W, 3) with the grid, on grey."""
    height, width = picture.shape[0] / ROWS, picture.shape[1] / COLUMNS
    picture[:] = _GREY
    for (row, column), white in np.ndenumerate(squares):
        top, bottom = ((row + part) * height for part in (_GAP, 1 - _GAP))
        left, right = ((column + part) * width for part in (_GAP, 1 - _GAP))
        picture[round(top) : round(bottom), round(left) : round(right)] = _WHITE if white else _BLACK


Corner = tuple[float, float]


def read_brightness(picture: NDArray[np.uint8], corners: Sequence[Corner]) -> NDArray[np.float64]:
    """Mean brightness of each square, (ROWS, COLUMNS) in [0, 255].

    picture: (H, W, 3). corners: of the whole grid in it, x and y in px: upper left, upper right, lower right,
    lower left; what lies between is seen in perspective.
    """
    places = np.linspace(-_CORE / 2, _CORE / 2, 5)
    found = np.zeros((ROWS, COLUMNS))
    to_picture = _perspective(corners)
    for row in range(ROWS):
        for column in range(COLUMNS):
            u, v = np.meshgrid((column + 0.5 + places) / COLUMNS, (row + 0.5 + places) / ROWS)
            x, y, w = to_picture @ np.stack([u.ravel(), v.ravel(), np.ones(u.size)])
            columns = np.clip(np.round(x / w), 0, picture.shape[1] - 1).astype(int)
            rows = np.clip(np.round(y / w), 0, picture.shape[0] - 1).astype(int)
            found[row, column] = picture[rows, columns].mean()
    return found


def _perspective(corners: Sequence[Corner]) -> NDArray[np.float64]:
    """The 3x3 matrix that takes the unit square to four corners."""
    equations, values = [], []
    for (u, v), (x, y) in zip(((0, 0), (1, 0), (1, 1), (0, 1)), corners, strict=True):
        equations += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        values += [x, y]
    solved = np.linalg.solve(np.array(equations, np.float64), np.array(values, np.float64))
    return np.append(solved, 1.0).reshape(3, 3)
