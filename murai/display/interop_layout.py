"""How a frame's pixels lie in memory, and how they come into the order that OpenGL takes."""

from __future__ import annotations

import torch


def is_interleaved(pixels: torch.Tensor) -> bool:
    """Whether (H, W, 3) uint8 can be read where it lies, as RGB or RGBx, in rows of whole pixels."""
    height, width, _ = pixels.shape
    row, step, channel = pixels.stride()
    if channel != 1 or step not in (3, 4) or row % step or row < width * step:
        return False
    # Of four bytes a pixel the last pixel's fourth must be there to read too.
    end = pixels.storage_offset() + (height - 1) * row + width * step
    return end <= pixels.untyped_storage().nbytes()


def rgbx_of(rgb: torch.Tensor) -> torch.Tensor:
    """(3, H, W) uint8 as (H, W, 4) on the same device, whose fourth byte may be anything.

    A view of the frame's own memory where that is RGBx, in which rows may be further apart than they
    are long; else a copy, made by the current stream.
    """
    pixels = rgb.permute(1, 2, 0)
    height, width, _ = pixels.shape
    if is_interleaved(pixels) and pixels.stride(1) == 4:
        return pixels.as_strided((height, width, 4), (pixels.stride(0), 4, 1))
    rgbx = rgb.new_empty((height, width, 4))
    rgbx[:, :, :3] = pixels
    return rgbx
