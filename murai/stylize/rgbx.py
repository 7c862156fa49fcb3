"""Pictures in RGBx memory: (3, H, W) uint8, views of (H, W, 4)."""

from __future__ import annotations

import torch
from torch import Tensor


def rgbx_like(rgb: Tensor) -> Tensor:
    """Memory for a picture of this size, on its device; what is in it is left open."""
    pixels = torch.empty((rgb.shape[1], rgb.shape[2], 4), dtype=torch.uint8, device=rgb.device)
    return pixels[:, :, :3].permute(2, 0, 1)


def copy_rgbx(rgb: Tensor, to: Tensor) -> None:
    """Copies a picture of any memory into one of `rgbx_like`."""
    if rgb.stride() == to.stride() and not rgb.storage_offset() and _rgbx_bytes(rgb) <= rgb.untyped_storage().nbytes():
        # With the fourth byte, which makes it one run of memory, that is copied as fast as memory goes.
        _whole(to).copy_(_whole(rgb))
    else:
        to.copy_(rgb)


def _whole(rgb: Tensor) -> Tensor:
    return rgb.as_strided((_rgbx_bytes(rgb),), (1,))


def _rgbx_bytes(rgb: Tensor) -> int:
    return 4 * rgb.shape[1] * rgb.shape[2]
