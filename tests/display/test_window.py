"""A real window on a real, virtual, X11 screen, with keys that go through the server."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from murai.config import DisplayConfig
from murai.core.frame import Painted
from murai.display.canvas import Canvas, KeyEvent
from murai.display.hud import HudState, Toast
from murai.display.opening import open_canvas
from murai.display.renderer import Renderer
from murai.display.view import ViewState
from murai.errors import DisplayError
from tests.fakes.screens import SCREEN_PX, Screen, press_close_button

WINDOW_PX = (320, 240)


@pytest.fixture
def window(screen: Screen) -> Iterator[Canvas]:
    with open_canvas(DisplayConfig(size=WINDOW_PX, vsync=False)) as canvas:
        screen.xdotool("windowfocus", screen.find_window("Murai"))
        yield canvas


def keys_after(window: Canvas, count: int) -> list[KeyEvent]:
    """The next `count` events, or fewer when no more come within five seconds."""
    events: list[KeyEvent] = []
    end_s = time.monotonic() + 5
    while len(events) < count and time.monotonic() < end_s:
        events += window.poll()
        time.sleep(0.01)
    return events


def show(window: Canvas, painted: Painted | None, hud: HudState) -> None:
    """Draws until the server has it: a window that was just mapped may miss the first picture."""
    renderer = Renderer(window)
    for _ in range(3):
        window.poll()
        renderer.draw(painted, ViewState(), hud)
        window.swap()
    renderer.close()


def test_auto_opens_a_window_where_there_is_a_screen(window: Canvas) -> None:
    assert window.title.startswith("window 320x240, X11")
    assert window.framebuffer == 0


def test_picture_countdown_and_message_are_on_the_screen(
    window: Canvas, screen: Screen, painted_of: Callable[..., Painted]
) -> None:
    painting = np.zeros((240, 320, 3), np.uint8)
    painting[:, :160] = (200, 60, 80)
    painting[:, 160:] = (60, 90, 210)
    show(window, painted_of(painting), HudState(countdown="3", toasts=(Toast("Saved"),)))
    left, top = _corner(screen)
    pixels = screen.pixels()[top : top + 240, left : left + 320]
    assert pixels[200, 10] == pytest.approx((200, 60, 80), abs=2)
    assert pixels[200, 310] == pytest.approx((60, 90, 210), abs=2)
    middle = pixels[120:236, 100:220]
    assert (middle == 255).all(axis=2).sum() > 250, "no white numeral"
    assert middle.min() < 50, "no disc behind it"
    assert pixels[5:40, 100:220].max() > 240, "no message on top"


@pytest.mark.parametrize(
    ("pressed", "name"),
    [
        ("space", "Space"), ("Return", "Enter"), ("KP_Enter", "Enter"), ("BackSpace", "Backspace"), ("Escape", "Esc"),
        ("Left", "Left"), ("Up", "Up"), ("Prior", "PageUp"), ("Next", "PageDown"), ("1", "1"), ("0", "0"),
        ("c", "C"), ("F1", "F1"), ("F11", "F11"), ("ctrl+q", "Ctrl+Q"), ("ctrl+r", "Ctrl+R"),
    ],
)  # fmt: skip
def test_keys_arrive_under_the_names_of_the_config(window: Canvas, screen: Screen, pressed: str, name: str) -> None:
    screen.xdotool("key", pressed)
    assert keys_after(window, 2) == [KeyEvent(name, "pressed"), KeyEvent(name, "released")]


def test_a_held_key_is_released_when_it_is_let_go(window: Canvas, screen: Screen) -> None:
    screen.xdotool("keydown", "ctrl", "keydown", "q")
    try:
        assert keys_after(window, 1)[:1] == [KeyEvent("Ctrl+Q", "pressed")]
        assert KeyEvent("Ctrl+Q", "released") not in window.poll()
    finally:
        screen.xdotool("keyup", "ctrl", "keyup", "q")
    seen: list[KeyEvent] = []
    end_s = time.monotonic() + 5
    while KeyEvent("Ctrl+Q", "released") not in seen and time.monotonic() < end_s:
        seen += window.poll()
        time.sleep(0.01)
    assert seen.count(KeyEvent("Ctrl+Q", "released")) == 1
    assert all(event.action != "pressed" for event in seen)


def test_full_screen_and_back(window: Canvas) -> None:
    for wanted, size_px in ((True, SCREEN_PX), (False, WINDOW_PX)):
        window.set_fullscreen(wanted)
        end_s = time.monotonic() + 5
        while window.size_px != size_px and time.monotonic() < end_s:
            window.poll()
            time.sleep(0.01)
        assert (window.fullscreen, window.size_px) == (wanted, size_px)


def test_full_screen_from_the_start(screen: Screen) -> None:
    with open_canvas(DisplayConfig(mode="window", fullscreen=True)) as canvas:
        assert canvas.fullscreen
        assert canvas.size_px == SCREEN_PX


@pytest.mark.usefixtures("screen")
def test_a_monitor_that_is_not_there_is_an_error() -> None:
    with pytest.raises(DisplayError, match="there is no monitor 3: 1 found"):
        open_canvas(DisplayConfig(mode="window", fullscreen=True, monitor=3))


def test_the_close_button_is_told(window: Canvas, screen: Screen) -> None:
    assert not window.should_close
    press_close_button(screen)
    end_s = time.monotonic() + 5
    while not window.should_close and time.monotonic() < end_s:
        window.poll()
        time.sleep(0.01)
    assert window.should_close
    window.stay_open()
    assert not window.should_close


def test_the_screen_stays_on_while_a_window_is_open(screen: Screen) -> None:
    assert _saver_comes_on(screen), "the server's own screen saver never started: this test shows nothing"
    with open_canvas(DisplayConfig(mode="window", size=WINDOW_PX)):
        assert not _saver_comes_on(screen)
    assert _saver_comes_on(screen), "it must be given back"


def _corner(screen: Screen) -> tuple[int, int]:
    answer = screen.xdotool("getwindowgeometry", "--shell", screen.find_window("Murai"))
    place = dict(line.split("=") for line in answer.splitlines())
    return int(place["X"]), int(place["Y"])


class _SaverInfo(ctypes.Structure):
    """XScreenSaverInfo of <X11/extensions/scrnsaver.h>; `state` is 1 while it covers the screen."""

    _fields_ = (
        ("window", ctypes.c_ulong),
        ("state", ctypes.c_int),
        ("kind", ctypes.c_int),
        ("til_or_since_ms", ctypes.c_ulong),
        ("idle_ms", ctypes.c_ulong),
        ("event_mask", ctypes.c_ulong),
    )


def _saver_comes_on(screen: Screen) -> bool:
    """Sets the server's screen saver to one second and watches it for two."""
    x11, xss = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXss.so.1")
    x11.XOpenDisplay.restype = x11.XDefaultRootWindow.restype = ctypes.c_void_p
    x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
    for function in (x11.XCloseDisplay, x11.XDefaultRootWindow, x11.XResetScreenSaver, x11.XFlush):
        function.argtypes = [ctypes.c_void_p]
    x11.XSetScreenSaver.argtypes = [ctypes.c_void_p, *[ctypes.c_int] * 4]
    xss.XScreenSaverQueryInfo.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(_SaverInfo)]
    display, info = x11.XOpenDisplay(screen.display.encode()), _SaverInfo()
    try:
        x11.XResetScreenSaver(display)
        x11.XSetScreenSaver(display, 1, 0, 1, 1)
        end_s = time.monotonic() + 2.2
        while time.monotonic() < end_s and info.state != 1:
            xss.XScreenSaverQueryInfo(display, x11.XDefaultRootWindow(display), ctypes.byref(info))
            time.sleep(0.05)
        x11.XResetScreenSaver(display)
        x11.XSetScreenSaver(display, 0, 0, 1, 1)
        return bool(info.state == 1)
    finally:
        x11.XCloseDisplay(display)
