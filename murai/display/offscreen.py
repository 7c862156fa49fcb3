"""A framebuffer in memory, for machines without a screen."""

from __future__ import annotations

from types import TracebackType

from murai.display.canvas import KeyEvent
from murai.display.egl import EglContext
from murai.display.framebuffer import Framebuffer
from murai.display.opengl import GL, renderer_name
from murai.errors import DisplayError

_PATIENCE_NS = 5_000_000_000


class OffscreenCanvas:
    """A framebuffer object of a fixed size. Owned by the main thread.

    Raises:
        DisplayError: this machine has no OpenGL 3.3 without a screen, or none of that size.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self._context = EglContext()
        try:
            self._framebuffer = Framebuffer(size_px)
        except DisplayError:
            self._context.close()
            raise

    @property
    def title(self) -> str:
        width, height = self.size_px
        return f"offscreen {width}x{height}, {self._context.place}, {renderer_name()}"

    @property
    def size_px(self) -> tuple[int, int]:
        return self._framebuffer.size_px

    @property
    def framebuffer(self) -> int:
        return self._framebuffer.name

    @property
    def should_close(self) -> bool:
        return False

    def stay_open(self) -> None:
        """Nobody can close it."""

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
        self._framebuffer.close()
        self._context.close()

    def __enter__(self) -> OffscreenCanvas:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
