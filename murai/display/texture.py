"""Pixels on their way into OpenGL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from murai.core.frame import Frame
from murai.display.opengl import GL, renderer_name
from murai.errors import DisplayError


@dataclass(frozen=True, slots=True)
class _Rows:
    """Interleaved uint8 pixels in host memory, where OpenGL can read them as they are.

    address: of the first pixel's red; channels: 3 or 4; pitch_px: from one row to the next.
    """

    address: int
    channels: int
    pitch_px: int


class Texture:
    """One RGBA8 texture without mipmaps, clamped at its edges. Owned by the main thread."""

    def __init__(self) -> None:
        self._name = int(GL.glGenTextures(1))
        self._size_px = (0, 0)
        self._smooth: bool | None = None

    def bind(self, unit: int, smooth: bool) -> None:
        """Makes it the texture of this unit; `smooth` filters linearly, else each pixel is one texel."""
        GL.glActiveTexture(GL.GL_TEXTURE0 + unit)
        GL.glBindTexture(GL.GL_TEXTURE_2D, self._name)
        if smooth != self._smooth:
            self._smooth = smooth
            for end in (GL.GL_TEXTURE_MIN_FILTER, GL.GL_TEXTURE_MAG_FILTER):
                GL.glTexParameteri(GL.GL_TEXTURE_2D, end, GL.GL_LINEAR if smooth else GL.GL_NEAREST)

    def fill(self, size_px: tuple[int, int], rows: _Rows) -> None:
        """Uploads a whole picture, keeping the storage while the size stays; right after `bind`.

        Raises:
            DisplayError: the driver takes no picture as large.
        """
        width, height = size_px
        if size_px != self._size_px:
            self._allocate(width, height)
        GL.glPixelStorei(GL.GL_UNPACK_ALIGNMENT, 1)
        GL.glPixelStorei(GL.GL_UNPACK_ROW_LENGTH, rows.pitch_px)
        layout = GL.GL_RGBA if rows.channels == 4 else GL.GL_RGB
        pixels = GL.GLvoidp(rows.address)
        GL.glTexSubImage2D(GL.GL_TEXTURE_2D, 0, 0, 0, width, height, layout, GL.GL_UNSIGNED_BYTE, pixels)

    def fill_rgba(self, rgba: NDArray[np.uint8]) -> None:
        """Uploads contiguous (H, W, 4) uint8; right after `bind`."""
        height, width, _ = rgba.shape
        self.fill((width, height), _Rows(address=rgba.ctypes.data, channels=4, pitch_px=width))

    def close(self) -> None:
        GL.glDeleteTextures(1, [self._name])

    def _allocate(self, width: int, height: int) -> None:
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
        self._size_px = (width, height)


class FrameTexture:
    """A texture that holds the last frame it was given; the same frame again costs nothing.

    Frames in host memory whose pixels are interleaved, as RGB or RGBx, are read where they lie. Others
    are copied into that order first; those on a GPU come through host memory.
    """

    def __init__(self) -> None:
        self._texture = Texture()
        self._held: Frame | None = None

    def show(self, frame: Frame, unit: int, smooth: bool) -> None:
        """Uploads the frame unless it is the one held, and binds it to a texture unit."""
        self._texture.bind(unit, smooth)
        if frame is not self._held:
            pixels = _interleaved(frame)
            self._texture.fill(frame.size_px, _rows_of(pixels))
            self._held = frame

    def close(self) -> None:
        self._texture.close()


def _interleaved(frame: Frame) -> torch.Tensor:
    """The frame as (H, W, 3) in host memory with strides that OpenGL takes; a view where it can be."""
    if frame.ready is not None:
        frame.ready.synchronize()
    pixels = frame.rgb.permute(1, 2, 0)
    if pixels.device.type != "cpu":
        pixels = pixels.contiguous().cpu()
    if _is_readable(pixels):
        return pixels
    # By NumPy, because torch would copy with threads that wait for each other while the painter has the cores.
    return torch.from_numpy(np.stack([channel.numpy() for channel in pixels.unbind(2)], axis=2))


def _is_readable(pixels: torch.Tensor) -> bool:
    height, width, _ = pixels.shape
    row, step, channel = pixels.stride()
    if channel != 1 or step not in (3, 4) or row % step or row < width * step:
        return False
    # Of four bytes a pixel the last pixel's fourth must be there to read too.
    end = pixels.storage_offset() + (height - 1) * row + width * step
    return end <= pixels.untyped_storage().nbytes()


def _rows_of(pixels: torch.Tensor) -> _Rows:
    row, step, _ = pixels.stride()
    return _Rows(address=pixels.data_ptr(), channels=step, pitch_px=row // step)
