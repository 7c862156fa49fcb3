"""A framebuffer in memory, for machines without a screen."""

from __future__ import annotations

from types import TracebackType

from murai.display.canvas import KeyEvent
from murai.display.egl import EglContext
from murai.display.opengl import GL, renderer_name
from murai.errors import DisplayError

_PATIENCE_NS = 5_000_000_000


class OffscreenCanvas:
    """A framebuffer object of a fixed size. Owned by the main thread.

    Raises:
        DisplayError: this machine has no OpenGL 3.3 without a screen, or none of that size.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self._size_px = size_px
        self._context = EglContext()
        try:
            self._framebuffer, self._pixels = self._make_framebuffer()
        except DisplayError:
            self._context.close()
            raise

    @property
    def title(self) -> str:
        return f"offscreen {self._size_px[0]}x{self._size_px[1]}, {self._context.place}, {renderer_name()}"

    @property
    def size_px(self) -> tuple[int, int]:
        return self._size_px

    @property
    def framebuffer(self) -> int:
        return self._framebuffer

    @property
    def should_close(self) -> bool:
        return False

    @property
    def fullscreen(self) -> bool:
        return False

    def set_fullscreen(self, wanted: bool) -> None:
        """Nothing to do without a screen."""

    def poll(self) -> list[KeyEvent]:
        return []

    def swap(self) -> None:
        """Waits until the picture is drawn, as a screen would, so that nothing piles up in the driver.

        Raises:
            DisplayError: the driver has not finished within 5 s.
        """
        fence = GL.glFenceSync(GL.GL_SYNC_GPU_COMMANDS_COMPLETE, 0)
        done = GL.glClientWaitSync(fence, GL.GL_SYNC_FLUSH_COMMANDS_BIT, _PATIENCE_NS)
        GL.glDeleteSync(fence)
        if done not in (GL.GL_ALREADY_SIGNALED, GL.GL_CONDITION_SATISFIED):
            raise DisplayError(f"{renderer_name()} did not finish a picture in 5 s", "look for driver errors in dmesg")

    def close(self) -> None:
        GL.glDeleteFramebuffers(1, [self._framebuffer])
        GL.glDeleteRenderbuffers(1, [self._pixels])
        self._context.close()

    def __enter__(self) -> OffscreenCanvas:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _make_framebuffer(self) -> tuple[int, int]:
        width, height = self._size_px
        limit = int(GL.glGetIntegerv(GL.GL_MAX_RENDERBUFFER_SIZE))
        if max(width, height) > limit:
            raise DisplayError(
                f"{renderer_name()} draws at most {limit} px, not {width}x{height}", "choose a smaller size"
            )
        pixels, framebuffer = int(GL.glGenRenderbuffers(1)), int(GL.glGenFramebuffers(1))
        GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, pixels)
        GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, GL.GL_RGBA8, width, height)
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, framebuffer)
        GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, GL.GL_COLOR_ATTACHMENT0, GL.GL_RENDERBUFFER, pixels)
        return framebuffer, pixels
