"""Pixels on their way into OpenGL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murai.display.opengl import GL, renderer_name
from murai.errors import DisplayError


@dataclass(frozen=True, slots=True)
class Rows:
    """Interleaved uint8 pixels in host memory, where OpenGL can read them as they are.

    address: of the first pixel's red; channels: 3 or 4; pitch_px: from one row to the next.
    """

    address: int
    channels: int
    pitch_px: int


class Texture:
    """One RGBA8 texture without mipmaps, clamped at its edges. Owned by the main thread.

    name: OpenGL's. size_px: width and height of its storage, zeros before there is any.
    """

    def __init__(self) -> None:
        self.name = int(GL.glGenTextures(1))
        self.size_px = (0, 0)
        self._smooth: bool | None = None

    def bind(self, unit: int, smooth: bool) -> None:
        """Makes it the texture of this unit; `smooth` filters linearly, else each pixel is one texel."""
        GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
        GL.glBindTexture(GL.GL_TEXTURE_2D, self.name)
        if smooth != self._smooth:
            self._smooth = smooth
            for end in (GL.GL_TEXTURE_MIN_FILTER, GL.GL_TEXTURE_MAG_FILTER):
                GL.glTexParameteri(GL.GL_TEXTURE_2D, end, GL.GL_LINEAR if smooth else GL.GL_NEAREST)

    def allocate(self, size_px: tuple[int, int]) -> None:
        """Gives it storage of this size unless it has that already; right after `bind`.

        Raises:
            DisplayError: the driver takes no picture as large.
        """
        if size_px == self.size_px:
            return
        width, height = size_px
        limit = int(GL.glGetIntegerv(GL.GL_MAX_TEXTURE_SIZE))
        if max(width, height) > limit:
            raise DisplayError(
                f"{renderer_name()} can't show pictures of {width}x{height} px",
                f"choose a source of at most {limit} px a side",
            )
        for axis in (GL.GL_TEXTURE_WRAP_S, GL.GL_TEXTURE_WRAP_T):
            GL.glTexParameteri(GL.GL_TEXTURE_2D, axis, GL.GL_CLAMP_TO_EDGE)
        GL.glTexParameteri(GL.GL_TEXTURE_2D, GL.GL_TEXTURE_MAX_LEVEL, 0)
        GL.glTexImage2D(GL.GL_TEXTURE_2D, 0, GL.GL_RGBA8, width, height, 0, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, None)
        self.size_px = size_px

    def fill(self, size_px: tuple[int, int], rows: Rows) -> None:
        """Uploads a whole picture, keeping the storage while the size stays; right after `bind`.

        Raises:
            DisplayError: the driver takes no picture as large.
        """
        width, height = size_px
        self.allocate(size_px)
        GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
        GL.glPixelStorei(GL.GL_UNPACK_ROW_LENGTH, rows.pitch_px)
        layout = GL.GL_RGBA if rows.channels == 4 else GL.GL_RGB
        pixels = GL.GLvoidp(rows.address)
        GL.glTexSubImage2D(GL.GL_TEXTURE_2D, 0, 0, 0, width, height, layout, GL.GL_UNSIGNED_BYTE, pixels)

    def fill_rgba(self, rgba: NDArray[np.uint8]) -> None:
        """Uploads contiguous (H, W, 4) uint8; right after `bind`."""
        height, width, _ = rgba.shape
        self.fill((width, height), Rows(address=rgba.ctypes.data, channels=4, pitch_px=width))

    def close(self) -> None:
        GL.glDeleteTextures(1, [self.name])
