"""A window, or the whole screen, by GLFW."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from murai.display.blanking import keep_screen_on
from murai.display.canvas import KeyEvent
from murai.display.key_translation import KeyTranslator
from murai.display.opengl import renderer_name
from murai.display.windowing import glfw
from murai.errors import DisplayError

_LOG = logging.getLogger(__name__)

_CURSOR_STAYS_S = 2.0
_NO_SCREEN_REMEDY = "start it from the desktop, set DISPLAY or WAYLAND_DISPLAY, or choose --display offscreen"
_HINTS = (
    (glfw.CONTEXT_VERSION_MAJOR, 3),
    (glfw.CONTEXT_VERSION_MINOR, 3),
    (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE),
    (glfw.OPENGL_FORWARD_COMPAT, True),
    (glfw.DOUBLEBUFFER, True),
    (glfw.DEPTH_BITS, 0),
    (glfw.STENCIL_BITS, 0),
    # A booth's screen stays full when somebody touches another one.
    (glfw.AUTO_ICONIFY, False),
)


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """size_px: of the window; in full screen it has the monitor's. monitor: counts from 0."""

    size_px: tuple[int, int] = (1280, 720)
    fullscreen: bool = False
    monitor: int = 0
    vsync: bool = True
    title: str = "Murai"


class WindowCanvas:
    """A window with an OpenGL 3.3 core context; one a process. Owned by the main thread.

    The cursor hides in full screen, and in a window when it hasn't moved for two seconds. The screen
    doesn't go dark while it is open (see `murai.display.blanking`).

    Raises:
        DisplayError: there is no screen, no such monitor, or no OpenGL 3.3.
    """

    def __init__(self, options: WindowOptions) -> None:
        self._options = options
        self._faults: list[str] = []
        self._events: list[tuple[int, int, int, int]] = []
        self._cursor_moved_s = time.monotonic()
        self._cursor_hidden: bool | None = None
        self._windowed: tuple[int, int, int, int] | None = None
        glfw.set_error_callback(self._note_fault)
        if not glfw.init():
            raise DisplayError(f"no screen: {self._last_fault()}", _NO_SCREEN_REMEDY)
        try:
            self._window = self._open()
        except DisplayError:
            glfw.terminate()
            raise
        self._keys = KeyTranslator(glfw.get_key_name)
        glfw.set_key_callback(self._window, self._note_key)
        glfw.set_cursor_pos_callback(self._window, self._note_cursor)
        self._platform = "Wayland" if glfw.get_platform() == glfw.PLATFORM_WAYLAND else "X11"
        self._awake = keep_screen_on(x11=self._platform == "X11")

    @property
    def title(self) -> str:
        width, height = self.size_px
        return f"{'full screen' if self.fullscreen else 'window'} {width}x{height}, {self._platform}, {renderer_name()}"

    @property
    def size_px(self) -> tuple[int, int]:
        width, height = glfw.get_framebuffer_size(self._window)
        # A minimised window has none, and nobody wants to divide by that.
        return max(int(width), 1), max(int(height), 1)

    @property
    def framebuffer(self) -> int:
        return 0

    @property
    def should_close(self) -> bool:
        return bool(glfw.window_should_close(self._window))

    def stay_open(self) -> None:
        glfw.set_window_should_close(self._window, False)

    @property
    def fullscreen(self) -> bool:
        return bool(glfw.get_window_monitor(self._window))

    def set_fullscreen(self, wanted: bool) -> None:
        """Goes to full screen on the chosen monitor, or back to where the window was.

        Raises:
            DisplayError: the monitor is gone.
        """
        if wanted == self.fullscreen:
            return
        if wanted:
            monitor, mode = self._monitor()
            self._windowed = (*glfw.get_window_pos(self._window), *glfw.get_window_size(self._window))
            glfw.set_window_monitor(self._window, monitor, 0, 0, mode.size.width, mode.size.height, mode.refresh_rate)
        else:
            place = self._windowed or (64, 64, *self._options.size_px)
            no_monitor: Any = None
            glfw.set_window_monitor(self._window, no_monitor, *place, glfw.DONT_CARE)
        # Some drivers forget it when the window changes its monitor.
        glfw.swap_interval(int(self._options.vsync))
        self._report_faults()

    def poll(self) -> list[KeyEvent]:
        glfw.poll_events()
        self._report_faults()
        self._hide_cursor_when_still()
        events, self._events = self._events, []
        return [event for raw in events for event in self._keys.translate(*raw)]

    def swap(self) -> None:
        glfw.swap_buffers(self._window)

    def close(self) -> None:
        self._awake.close()
        glfw.destroy_window(self._window)
        glfw.terminate()

    def __enter__(self) -> WindowCanvas:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> Any:
        options = self._options
        glfw.default_window_hints()
        for hint, value in _HINTS:
            glfw.window_hint(hint, value)
        monitor: Any = None
        width, height = options.size_px
        if options.fullscreen:
            monitor, mode = self._monitor()
            width, height = mode.size.width, mode.size.height
            glfw.window_hint(glfw.REFRESH_RATE, mode.refresh_rate)
        window = glfw.create_window(width, height, options.title, monitor, None)
        if not window:
            raise DisplayError(f"no window with OpenGL 3.3: {self._last_fault()}", "update the graphics driver")
        glfw.make_context_current(window)
        glfw.swap_interval(int(options.vsync))
        self._report_faults()
        return window

    def _monitor(self) -> tuple[Any, Any]:
        """The chosen monitor and the mode it is in."""
        monitors, wanted = glfw.get_monitors(), self._options.monitor
        if wanted >= len(monitors):
            raise DisplayError(f"there is no monitor {wanted}", f"{len(monitors)} found, counted from 0")
        return monitors[wanted], glfw.get_video_mode(monitors[wanted])

    def _hide_cursor_when_still(self) -> None:
        still = time.monotonic() - self._cursor_moved_s > _CURSOR_STAYS_S
        hide = still or self.fullscreen
        if hide != self._cursor_hidden:
            self._cursor_hidden = hide
            glfw.set_input_mode(self._window, glfw.CURSOR, glfw.CURSOR_HIDDEN if hide else glfw.CURSOR_NORMAL)

    # The callbacks only note down: GLFW calls them from C, where an exception has nowhere to go.

    def _note_fault(self, code: int, description: str | bytes) -> None:
        # The binding's type stubs say str; what it hands over is bytes.
        text = description.decode(errors="replace") if isinstance(description, bytes) else description
        self._faults.append(f"{text} (GLFW {code:#x})")

    def _note_key(self, window: Any, key: int, scancode: int, action: int, modifiers: int) -> None:
        self._events.append((key, scancode, action, modifiers))

    def _note_cursor(self, window: Any, x: float, y: float) -> None:
        self._cursor_moved_s = time.monotonic()

    def _last_fault(self) -> str:
        return self._faults[-1] if self._faults else "GLFW doesn't say why"

    def _report_faults(self) -> None:
        """What failed without keeping the show from going on, such as a wish that Wayland doesn't grant."""
        faults, self._faults = self._faults, []
        for fault in faults:
            _LOG.warning("window: %s", fault)
