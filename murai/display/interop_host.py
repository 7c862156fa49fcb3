"""Frames in host memory, on their way into a texture."""

from __future__ import annotations

import numpy as np
import torch

from murai.core.frame import Frame
from murai.display.interop_layout import is_interleaved
from murai.display.texture import Rows, Texture


class HostPath:
    """Reads frames whose pixels are interleaved, as RGB or RGBx, where they lie; copies others into that order first.

    Owned by the main thread.
    """

    def __init__(self, texture: Texture) -> None:
        self._texture = texture

    def write(self, frame: Frame) -> None:
        """Uploads the frame; right after the texture was bound.

        Raises:
            DisplayError: the driver takes no picture as large.
        """
        pixels = _interleaved(frame.rgb)
        self._texture.fill(frame.size_px, rows_of(pixels))

    def close(self) -> None:
        """It holds nothing."""


def rows_of(pixels: torch.Tensor) -> Rows:
    """(H, W, C) uint8 in host memory, interleaved, as OpenGL reads it."""
    row, step, _ = pixels.stride()
    return Rows(address=pixels.data_ptr(), channels=step, pitch_px=row // step)


def _interleaved(rgb: torch.Tensor) -> torch.Tensor:
    pixels = rgb.permute(1, 2, 0)
    if is_interleaved(pixels):
        return pixels
    # By NumPy, because torch would copy with threads that wait for each other while the painter has the cores.
    return torch.from_numpy(np.stack([channel.numpy() for channel in pixels.unbind(2)], axis=2))
