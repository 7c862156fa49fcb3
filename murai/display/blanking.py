"""Keeps the screen from going dark while the show runs.

GLFW holds off X11's own screen saver and Wayland's idle time in full screen only, and power saving of
the monitor not at all. What is asked for here in addition, each where it is there:

- X11: XScreenSaverSuspend, which stops both the screen saver's and DPMS's clocks;
- GNOME, KDE, Xfce and others, on X11 and Wayland: `Inhibit` of org.freedesktop.ScreenSaver on the
  session's D-Bus, since these desktops keep their own clocks.

Both last as long as a connection of ours is open, so a killed program leaves nothing behind. A bare
Wayland compositor without that D-Bus name is covered by GLFW, in full screen.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from ctypes import POINTER, byref, c_char_p, c_int, c_uint32, c_void_p
from pathlib import Path
from typing import Any

_LOG = logging.getLogger(__name__)

_DBUS_SESSION = 0
_DBUS_TYPE_STRING, _DBUS_TYPE_INVALID = ord("s"), 0
_DBUS_PATIENCE_MS = 1000


class Unavailable(Exception):
    """This way of keeping the screen on is not there; the text says why."""


def keep_screen_on(x11: bool) -> ExitStack:
    """Asks every service there is to leave the screen on until the stack is closed; logs what was found.

    x11: whether the window is on an X11 server. Owned by the main thread; takes at most a second.
    """
    stack, held = ExitStack(), []
    ways: list[tuple[str, Callable[[], Callable[[], None]]]] = [("D-Bus", _inhibit_by_dbus)]
    if x11:
        ways.append(("X11", _suspend_x11_saver))
    for name, ask in ways:
        try:
            stack.callback(ask())
            held.append(name)
        except Unavailable as fault:
            _LOG.debug("screen blanking: nothing to hold off by %s: %s", name, fault)
    _LOG.info("screen blanking is held off by %s", " and ".join(held) or "the window only, in full screen")
    return stack


def _suspend_x11_saver() -> Callable[[], None]:
    """Returns what ends it."""
    x11, xss = _library("libX11.so.6"), _library("libXss.so.1")
    x11.XOpenDisplay.restype, x11.XOpenDisplay.argtypes = c_void_p, [c_char_p]
    x11.XCloseDisplay.argtypes = x11.XFlush.argtypes = [c_void_p]
    xss.XScreenSaverSuspend.argtypes = [c_void_p, c_int]
    xss.XScreenSaverQueryExtension.argtypes = [c_void_p, POINTER(c_int), POINTER(c_int)]
    display = x11.XOpenDisplay(None)
    if not display:
        raise Unavailable("no connection to the X11 server")
    if not xss.XScreenSaverQueryExtension(display, byref(c_int()), byref(c_int())):
        x11.XCloseDisplay(display)
        raise Unavailable("the X11 server has no MIT-SCREEN-SAVER")
    xss.XScreenSaverSuspend(display, 1)
    x11.XFlush(display)

    def end() -> None:
        x11.XCloseDisplay(display)

    return end


def _inhibit_by_dbus() -> Callable[[], None]:
    """Returns what ends it."""
    # Without an address libdbus would start a bus of its own, where nobody listens.
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not (os.environ.get("DBUS_SESSION_BUS_ADDRESS") or (runtime and Path(runtime, "bus").exists())):
        raise Unavailable("there is no session bus")
    dbus = _library("libdbus-1.so.3")
    for name, result, arguments in (
        ("dbus_bus_get_private", c_void_p, [c_int, c_void_p]),
        ("dbus_connection_set_exit_on_disconnect", None, [c_void_p, c_uint32]),
        ("dbus_connection_close", None, [c_void_p]),
        ("dbus_connection_unref", None, [c_void_p]),
        ("dbus_message_new_method_call", c_void_p, [c_char_p] * 4),
        ("dbus_connection_send_with_reply_and_block", c_void_p, [c_void_p, c_void_p, c_int, c_void_p]),
        ("dbus_message_unref", None, [c_void_p]),
    ):
        function = getattr(dbus, name)
        function.restype, function.argtypes = result, arguments
    connection = dbus.dbus_bus_get_private(_DBUS_SESSION, None)
    if not connection:
        raise Unavailable("the session bus does not answer")
    # Its default is to call exit() when the desktop session goes away.
    dbus.dbus_connection_set_exit_on_disconnect(connection, 0)

    def end() -> None:
        dbus.dbus_connection_close(connection)
        dbus.dbus_connection_unref(connection)

    if not _call_inhibit(dbus, connection):
        end()
        raise Unavailable("no org.freedesktop.ScreenSaver on the session bus")
    return end


def _call_inhibit(dbus: Any, connection: int) -> bool:
    service = b"org.freedesktop.ScreenSaver"
    call = c_void_p(dbus.dbus_message_new_method_call(service, b"/org/freedesktop/ScreenSaver", service, b"Inhibit"))
    program, reason = c_char_p(b"Murai"), c_char_p(b"a picture is on show")
    text, end = c_int(_DBUS_TYPE_STRING), c_int(_DBUS_TYPE_INVALID)
    dbus.dbus_message_append_args(call, text, byref(program), text, byref(reason), end)
    answer = dbus.dbus_connection_send_with_reply_and_block(connection, call, _DBUS_PATIENCE_MS, None)
    dbus.dbus_message_unref(call)
    if answer:
        dbus.dbus_message_unref(answer)
    return bool(answer)


def _library(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as fault:
        raise Unavailable(str(fault)) from fault
