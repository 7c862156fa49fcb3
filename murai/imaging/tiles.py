"""Large pictures cut into tiles that overlap, so that what a network sees in each is what it sees in the whole."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in px: rows top to bottom, columns left to right, the last ones excluded."""

    top: int
    left: int
    bottom: int
    right: int

    def of(self, picture: Tensor) -> Tensor:
        """That part of a picture (..., H, W), as a view."""
        return picture[..., self.top : self.bottom, self.left : self.right]


@dataclass(frozen=True, slots=True)
class Tile:
    """core: what counts of it; the cores together are the picture, without overlap. outer: what is looked at."""

    core: Box
    outer: Box


def cut(size: tuple[int, int], side_px: int, around_px: int, align_px: int = 16) -> list[Tile]:
    """A picture's tiles, row by row: one that is the whole picture, or several of at most `side_px` a side.

    size: (height, width). around_px: how much more than its core a tile shows on each side, up to the picture's edge.
    align_px: tiles begin at multiples of it, so that pooling falls on the same pixels as in the whole.

    Raises:
        ValueError: `side_px` is smaller than `smallest_side`.
    """
    if side_px < smallest_side(around_px, align_px):
        raise ValueError(f"tiles of {side_px} px can't show {around_px} px around their cores")
    rows, columns = (_spans(length, side_px, around_px, align_px) for length in size)
    return [Tile(_box(row[0], column[0]), _box(row[1], column[1])) for row in rows for column in columns]


def smallest_side(around_px: int, align_px: int = 16) -> int:
    """The smallest tile that has a core at all, in px."""
    return 2 * _aligned_up(around_px, align_px) + align_px


Span = tuple[int, int]


def _spans(length: int, side: int, around: int, align: int) -> list[tuple[Span, Span]]:
    """Core and outer of each tile along one direction."""
    if length <= side:
        return [((0, length), (0, length))]
    around = _aligned_up(around, align)
    most = (side - 2 * around) // align * align
    count = -(-length // most)
    core = _aligned_up(-(-length // count), align)
    found = []
    for begin in range(0, length, core):
        end = min(begin + core, length)
        found.append(((begin, end), (max(0, begin - around), min(length, end + around))))
    return found


def _box(rows: Span, columns: Span) -> Box:
    return Box(rows[0], columns[0], rows[1], columns[1])


def _aligned_up(length: int, align: int) -> int:
    return -(-length // align) * align
