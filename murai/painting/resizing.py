"""Sizes of a painting that grows, and pictures brought to them."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional as F

_SMALLEST_PX = 32


def resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """(3, H, W) float in [0, 1] at another size, (height, width); the same object where it has it already."""
    if (picture.shape[1], picture.shape[2]) == size:
        return picture
    sized = F.interpolate(picture[None], size=size, mode="bicubic", antialias=True, align_corners=False)
    return sized[0].clamp(0.0, 1.0)


def scaled_size(size: tuple[int, int], short_px: float, *, enlarge: bool) -> tuple[int, int]:
    """The size, (height, width), of the same shape with another short side; at least 32 px a side."""
    factor = short_px / min(size)
    if not enlarge:
        factor = min(factor, 1.0)
    height, width = (max(min(side, _SMALLEST_PX), round(side * factor)) for side in size)
    return height, width


def ladder(size: tuple[int, int], smallest_px: int) -> list[tuple[int, int]]:
    """Sizes from small to large by factors of the square root of two; the last is `size` itself.

    smallest_px: no long side but the last is smaller. A large painting gets its large strokes at the first sizes
    (Gatys et al. 2017, section 6).
    """
    long_px = max(size)
    steps = max(0, math.floor(2.0 * math.log2(long_px / smallest_px) + 1e-6)) if smallest_px < long_px else 0
    factors = [2.0 ** (-step / 2.0) for step in range(steps, 0, -1)]
    smaller = [(max(1, round(size[0] * factor)), max(1, round(size[1] * factor))) for factor in factors]
    return [*smaller, size]


def steps_at(steps: int, number: int) -> int:
    """Steps at the size of this number, from 0 for the smallest.

    Each size has as much less as its sides are longer: what is found at a small size is only refined at a large one.
    """
    return max(1, round(steps / math.sqrt(2.0) ** number))


def steps_from(steps: int, number: int) -> int:
    """Steps at the smallest size that make so many at the size of this number; see `steps_at`."""
    return round(steps * math.sqrt(2.0) ** number)
