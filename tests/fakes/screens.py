"""A real X11 server that the tests start and end themselves."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SCREEN_PX = (800, 600)


@dataclass(frozen=True)
class Screen:
    """A virtual X11 screen of 800x600 px."""

    display: str
    memory: Path

    def pixels(self) -> NDArray[np.uint8]:
        """What is on it: (H, W, 3) uint8. The server keeps it as an XWD file: header, colour map, BGRx rows."""
        data = self.memory.read_bytes()
        header = struct.unpack(">25I", data[:100])
        width, height, pitch, colours = header[4], header[5], header[12], header[19]
        rows = np.frombuffer(data, np.uint8, height * pitch, header[0] + colours * 12).reshape(height, pitch)
        return rows[:, : width * 4].reshape(height, width, 4)[:, :, 2::-1]

    def find_window(self, title: str) -> str:
        """Its number, waiting up to five seconds: xdotool's own waiting can miss it and never end."""
        end_s = time.monotonic() + 5
        while True:
            try:
                return self.xdotool("search", "--name", f"^{title}$").split()[-1]
            except subprocess.CalledProcessError:
                assert time.monotonic() < end_s, f"no window named {title}"
                time.sleep(0.05)

    def xdotool(self, *arguments: str) -> str:
        """Its answer; `windowfocus`, `key` and so on as in its manual."""
        program = shutil.which("xdotool")
        assert program, "install xdotool"
        environment = os.environ | {"DISPLAY": self.display}
        done = subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, timeout=20, check=True
        )
        return done.stdout.strip()


@contextmanager
def x11_screen(folder: Path) -> Iterator[Screen]:
    """Xvfb on a free display number while the block runs; `folder` holds its picture."""
    program = shutil.which("Xvfb")
    assert program, "install xvfb"
    read_end, write_end = os.pipe()
    size = f"{SCREEN_PX[0]}x{SCREEN_PX[1]}x24"
    # Without -noreset it starts anew whenever its last client leaves, and refuses others meanwhile.
    options = ["-screen", "0", size, "-fbdir", str(folder), "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(
        [program, "-displayfd", str(write_end), *options],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    try:
        assert select.select([read_end], [], [], 20)[0], "Xvfb said nothing for 20 s"
        yield Screen(f":{os.read(read_end, 16).decode().strip()}", folder / "Xvfb_screen0")
    finally:
        os.close(read_end)
        server.terminate()
        server.wait(10)


class _ClientMessage(ctypes.Structure):
    """XClientMessageEvent of <X11/Xlib.h>, as long as an XEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 12),
    )


def press_close_button(screen: Screen) -> None:
    """Sends what a window manager sends: WM_PROTOCOLS with WM_DELETE_WINDOW."""
    x11, window = ctypes.CDLL("libX11.so.6"), int(screen.find_window("Murai"))
    x11.XOpenDisplay.restype, x11.XOpenDisplay.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    x11.XInternAtom.restype, x11.XInternAtom.argtypes = ctypes.c_ulong, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x11.XSendEvent.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(screen.display.encode())
    protocols, delete = (x11.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
    message = _ClientMessage(type=33, window=window, message_type=protocols, format=32)
    message.data[0] = delete
    x11.XSendEvent(display, window, 0, 0, ctypes.byref(message))
    x11.XCloseDisplay(display)
