"""How large strokes are: how much light and dark a picture has at each scale."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

OCTAVES = 5
"""Bands from strokes of about 2 px to those of about 32 px."""

_KERNEL = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0


def octaves(picture: Tensor) -> list[float]:
    """RMS of luma in [0, 1] in each band of a Laplacian pyramid (Burt and Adelson 1983), the finest first.

    picture: (3, H, W) uint8, both sides at least 64 px; on any device.
    """
    red, green, blue = (picture.cpu().float() / 255.0).unbind(0)
    level = (0.299 * red + 0.587 * green + 0.114 * blue)[None, None]
    found = []
    for _ in range(OCTAVES):
        small = _blurred(level)[..., ::2, ::2]
        found.append(float((level - _enlarged(small, level)).square().mean().sqrt()))
        level = small
    return found


def stroke_distance(painted: list[float], wanted: list[float]) -> float:
    """How far strokes are from the style image's: the mean over octaves of |log2 of the ratio|; 0 is alike."""
    apart = [abs(math.log2(max(a, 1e-6) / max(b, 1e-6))) for a, b in zip(painted, wanted, strict=True)]
    return sum(apart) / len(apart)


def _blurred(level: Tensor) -> Tensor:
    # By reflection: a copied edge would count twice where every other pixel is empty.
    padded = F.pad(level, [2, 2, 2, 2], mode="reflect")
    return F.conv2d(F.conv2d(padded, _KERNEL.view(1, 1, 1, 5)), _KERNEL.view(1, 1, 5, 1))


def _enlarged(small: Tensor, like: Tensor) -> Tensor:
    spread = torch.zeros_like(like)
    spread[..., ::2, ::2] = small * 4.0
    return _blurred(spread)
