"""The canvas: a pattern that stays where it is, from which strokes grow where the picture is flat.

A network that sees nothing but the picture has nothing to make a stroke of on a white wall, and one
that finds its strokes in the camera's noise flickers. A fixed pattern gives it both: strokes
everywhere, and the same ones in every frame.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

FOLD = 4
"""The picture is folded by this factor: its sides are padded to a multiple of it."""

MARGIN_PX = 3 * FOLD
"""Padded around the picture and cut off again: convolutions see zeros beyond their edge, and paint a frame there."""

TRAINING_MARGIN_PX = 2 * FOLD
"""The same in training. There a network learns two bright rows along the painting's edge, because the perceptual
network takes the picture's end for an edge; painted with the wider margin they fall outside of what is shown."""

CANVAS_CHANNELS = 2


def canvas_size(height: int, width: int, margin_px: int = MARGIN_PX) -> tuple[int, int]:
    """Height and width of the canvas, in folded pixels, for a picture of this height and width with a margin, in px."""
    return (height + 2 * margin_px + -height % FOLD) // FOLD, (width + 2 * margin_px + -width % FOLD) // FOLD


def draw_canvas(height: int, width: int) -> Tensor:
    """(1, K, height, width) float32 in [-1, 1]: noise of two grains, always the same, on every machine.

    A larger canvas shows the same pattern and more of it to the right and below. Written in what TorchScript
    understands, see `murai.stylize.export`.
    """
    # Folded pixels, so 4 and 8 px: coarser grains come out as blotches on faces.
    return torch.stack([_layer(0, 1, height, width), _layer(1, 2, height, width)])[None]


def _layer(seed: int, grain: int, height: int, width: int) -> Tensor:
    coarse = _noise(seed, height // grain + 2, width // grain + 2)
    smooth = F.interpolate(coarse[None, None], scale_factor=float(grain), mode="bilinear", align_corners=False)
    offset = grain // 2  # what lies nearer to the edge than half a grain depends on where the edge is
    return smooth[0, 0, offset : offset + height, offset : offset + width]


def _noise(seed: int, height: int, width: int) -> Tensor:
    """(height, width) float32 in [-1, 1], independent from place to place: a hash of seed, row and column."""
    rows = torch.arange(height, dtype=torch.int64)[:, None]
    columns = torch.arange(width, dtype=torch.int64)[None, :]
    mixed = rows * 0x9E3779B1 + columns * 0x85EBCA77 + (seed + 1) * 0xC2B2AE3D
    mixed = _stirred(_stirred(_stirred(mixed, 15, 0x2C1B3C6D), 12, 0x297A2D39), 15, 1)
    return mixed.to(torch.float32) / 0x7FFFFFFF - 1.0


def _stirred(mixed: Tensor, shift: int, factor: int) -> Tensor:
    return (mixed ^ (mixed >> shift)) * factor & 0xFFFFFFFF
