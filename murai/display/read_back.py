"""Pixels on their way out of OpenGL."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from murai.display.opengl import GL


def read_pixels(size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """The bound framebuffer as (H, W, 3) uint8, top row first; waits until it is drawn."""
    width, height = size_px
    rgba = np.empty((height, width, 4), np.uint8)
    GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
    GL.glReadPixels(0, 0, width, height, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, GL.GLvoidp(rgba.ctypes.data))
    return np.ascontiguousarray(rgba[::-1, :, :3])


class ReadBack:
    """Reads framebuffers one picture late, so that nobody waits for the one that is being drawn.

    Two pixel buffers take turns: while the driver fills one, the other is read. Owned by the main thread.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        self._bytes = size_px[0] * size_px[1] * 4
        self._buffers = [int(name) for name in GL.glGenBuffers(2)]
        self._started_s: float | None = None
        for name in self._buffers:
            GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, name)
            GL.glBufferData(GL.GL_PIXEL_PACK_BUFFER, self._bytes, None, GL.GL_STREAM_READ)
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, 0)

    def exchange(self, framebuffer: int, now_s: float) -> tuple[NDArray[np.uint8], float] | None:
        """Starts reading the framebuffer and returns the picture started before, with its `now_s`.

        The picture is (H, W, 4) uint8, bottom row first, and the caller's own; None the first time.
        """
        free, waiting = self._buffers
        self._buffers = [waiting, free]
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, framebuffer)
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, free)
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
        GL.glReadPixels(0, 0, *self.size_px, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, GL.GLvoidp(0))
        earlier_s, self._started_s = self._started_s, now_s
        picture = None if earlier_s is None else (self._fetch(waiting), earlier_s)
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, 0)
        return picture

    def finish(self) -> tuple[NDArray[np.uint8], float] | None:
        """The picture that `exchange` has not returned yet."""
        if self._started_s is None:
            return None
        picture, self._started_s = (self._fetch(self._buffers[1]), self._started_s), None
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, 0)
        return picture

    def close(self) -> None:
        GL.glDeleteBuffers(2, self._buffers)

    def _fetch(self, buffer: int) -> NDArray[np.uint8]:
        width, height = self.size_px
        picture = np.empty((height, width, 4), np.uint8)
        GL.glBindBuffer(GL.GL_PIXEL_PACK_BUFFER, buffer)
        GL.glGetBufferSubData(GL.GL_PIXEL_PACK_BUFFER, 0, picture.nbytes, GL.GLvoidp(picture.ctypes.data))
        return picture
