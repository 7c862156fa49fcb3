"""How pictures differ: plain numbers, with no network.

Pictures are (N, 3, H, W) float RGB in [0, 1].
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.imaging.warp import warp

_COARSE_PX = 12
_FINE_PX = 5
_TILE_PX = 32


def tone(painted: Tensor, photographs: Tensor) -> Tensor:
    """How far light and dark lie elsewhere than in the photograph: mean squared difference of coarse luma.

    The Gram matrices ask every picture for the painting's share of darks, and would put them on faces
    as blotches. Strokes are finer than this looks, and overall brightness is free.
    """
    coarse = F.avg_pool2d(_luma(painted - photographs), _COARSE_PX)
    return (coarse - coarse.mean((2, 3), keepdim=True)).square().mean()


def _luma(pictures: Tensor) -> Tensor:
    red, green, blue = pictures.unbind(1)
    return (0.299 * red + 0.587 * green + 0.114 * blue)[:, None]


def total_variation(painted: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across plus down."""
    across = (painted[..., 1:] - painted[..., :-1]).abs().mean()
    down = (painted[..., 1:, :] - painted[..., :-1, :]).abs().mean()
    return across + down


def grid(painted: Tensor, period_px: int) -> Tensor:
    """How much of a picture repeats from lattice cell to lattice cell: mean square of what cells have in common.

    A network that paints cell by cell finds patterns that please a perceptual network wherever they stand, and prints
    them everywhere. What is fine (less the mean of 5 x 5 px) is averaged over the cells of 32 x 32 px: of strokes,
    which fall otherwise in each cell, hardly anything is left.

    painted: sides of 24 px or more; cells begin at its corner.
    """
    fine = painted - F.avg_pool2d(painted, _FINE_PX, stride=1, padding=_FINE_PX // 2, count_include_pad=False)
    rim = -(-_FINE_PX // period_px) * period_px  # whole cells, for at the rim the mean is another
    fine = fine[..., rim:-rim, rim:-rim]
    (height, width), tile = fine.shape[2:], min(_TILE_PX, *fine.shape[2:]) // period_px
    rows, columns = (side // (tile * period_px) for side in (height, width))
    used = fine[..., : rows * tile * period_px, : columns * tile * period_px]
    shape = (*used.shape[:2], rows, tile, period_px, columns, tile, period_px)
    return used.reshape(shape).mean((3, 6)).square().mean()


def masked_difference(one: Tensor, other: Tensor, counts: Tensor) -> Tensor:
    """Mean squared difference over the pixels and colours that count; 0 where none does.

    counts: (N, 1, H, W) in [0, 1].
    """
    squares = (one - other).square() * counts
    return squares.sum() / (counts.sum() * one.shape[1]).clamp_min(torch.finfo(torch.float32).tiny)


def warping_error(now: Tensor, before: Tensor, flow: Tensor, seen: Tensor) -> Tensor:
    """How much a film flickers: mean squared difference of each picture and the one before, moved to where
    things are now, over what both show, RGB in [0, 1] (Lai et al. 2018, eq. 9; they sum the three colours' squares,
    here it is their mean). Scalar.

    flow: from now to before, px; seen: (N, 1, H, W), as of `murai.imaging.flow.visible`.
    """
    return masked_difference(now, warp(before, flow), seen)
