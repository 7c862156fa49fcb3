"""Pixels that OpenGL draws into and no screen shows."""

from __future__ import annotations

from murai.display.opengl import GL, renderer_name
from murai.errors import DisplayError


class Framebuffer:
    """An RGBA8 framebuffer of a fixed size, bound when it is made. Owned by the main thread.

    Raises:
        DisplayError: the driver draws nothing as large.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        limit = int(GL.glGetIntegerv(GL.GL_MAX_RENDERBUFFER_SIZE))
        if max(size_px) > limit:
            width, height = size_px
            raise DisplayError(f"{renderer_name()} can't draw {width}x{height} px", f"choose at most {limit} px a side")
        self.size_px = size_px
        self.name = int(GL.glGenFramebuffers(1))
        self._pixels = int(GL.glGenRenderbuffers(1))
        GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, self._pixels)
        GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, GL.GL_RGBA8, *size_px)
        self.bind()
        GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_RENDERBUFFER, self._pixels)

    def bind(self) -> None:
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self.name)

    def close(self) -> None:
        GL.glDeleteFramebuffers(1, [self.name])
        GL.glDeleteRenderbuffers(1, [self._pixels])
