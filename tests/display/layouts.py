"""The ways in which a picture's pixels may lie in a frame's memory."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def interleaved(picture: Picture) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)


def planar(picture: Picture) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1).contiguous()


def rgbx(picture: Picture) -> torch.Tensor:
    height, width, _ = picture.shape
    wide = torch.full((height, width, 4), 77, dtype=torch.uint8)
    wide[:, :, :3] = torch.from_numpy(picture)
    return wide.permute(2, 0, 1)[:3]


def padded_rgbx(picture: Picture) -> torch.Tensor:
    height, width, _ = picture.shape
    wide = torch.full((height, width + 24, 4), 77, dtype=torch.uint8)
    wide[:, :width, :3] = torch.from_numpy(picture)
    return wide.permute(2, 0, 1)[:3, :, :width]


def padded_rows(picture: Picture) -> torch.Tensor:
    height, width, _ = picture.shape
    wide = torch.full((height, width + 7, 3), 77, dtype=torch.uint8)
    wide[:, :width] = torch.from_numpy(picture)
    return wide.permute(2, 0, 1)[:, :, :width]


def odd_pitch(picture: Picture) -> torch.Tensor:
    height, width, _ = picture.shape
    flat = torch.full((height, width * 3 + 1), 77, dtype=torch.uint8)
    flat[:, :-1] = torch.from_numpy(picture).reshape(height, width * 3)
    return flat[:, :-1].unflatten(1, (width, 3)).permute(2, 0, 1)


def ends_with_its_last_colour(picture: Picture) -> torch.Tensor:
    """Four bytes a pixel, but the last pixel's fourth lies outside of the memory."""
    height, width, _ = picture.shape
    flat = torch.zeros(height * width * 4 - 1, dtype=torch.uint8)
    view = flat.as_strided((3, height, width), (1, width * 4, 4))
    view.copy_(planar(picture))
    return view


LAYOUTS = (interleaved, planar, rgbx, padded_rgbx, padded_rows, odd_pitch, ends_with_its_last_colour)
