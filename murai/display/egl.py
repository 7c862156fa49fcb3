"""An OpenGL context without any screen, by EGL.

PyOpenGL's own EGL needs a display before it can say which platforms there are, so these few functions
are called in libEGL directly.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from ctypes import c_char_p, c_int, c_ssize_t, c_void_p
from typing import Any

from murai.errors import DisplayError

_NONE = 0x3038
_SURFACE_TYPE, _RENDERABLE_TYPE, _OPENGL_BIT, _OPENGL_API = 0x3033, 0x3040, 0x0008, 0x30A2
_CONTEXT = (0x3098, 3, 0x30FB, 3, 0x30FD, 0x0001, _NONE)  # version 3.3, core profile
_PLATFORM_DEVICE_EXT, _PLATFORM_SURFACELESS_MESA = 0x313F, 0x31DD
_EXTENSIONS, _CUDA_DEVICE_NV = 0x3055, 0x323A
_MAX_DEVICES = 16
_REMEDY = "install libegl1 and libgl1-mesa-dri, or the graphics card's driver with its EGL part"


class EglContext:
    """An OpenGL 3.3 core context that is current in the thread that made it, and has no surface.

    Takes the first graphics device that gives one, in CUDA's order where CUDA knows them, so that it
    is the one that paints; else Mesa's surfaceless platform, which draws on the CPU. Owned by the main
    thread.

    Raises:
        DisplayError: libEGL is missing, or nothing on this machine gives such a context.
    """

    def __init__(self) -> None:
        self._egl = _load()
        for place, display in _displays(self._egl):
            context = _make_current(self._egl, display)
            if context is not None:
                self._display, self._context = display, context
                self.place = place
                return
        raise DisplayError("no OpenGL 3.3 without a screen on this machine", _REMEDY)

    def close(self) -> None:
        """Ends the context. The display stays: EGL shares it with everyone in this process."""
        self._egl.eglMakeCurrent(self._display, None, None, None)
        self._egl.eglDestroyContext(self._display, self._context)


def _load() -> ctypes.CDLL:
    try:
        egl = ctypes.CDLL("libEGL.so.1")
    except OSError as fault:
        raise DisplayError(f"can't draw offscreen: {fault}", _REMEDY) from fault
    for name, result, arguments in (
        ("eglGetProcAddress", c_void_p, [c_char_p]),
        ("eglQueryString", c_char_p, [c_void_p, c_int]),
        ("eglInitialize", c_int, [c_void_p, c_void_p, c_void_p]),
        ("eglBindAPI", c_int, [c_int]),
        ("eglChooseConfig", c_int, [c_void_p, c_void_p, c_void_p, c_int, c_void_p]),
        ("eglCreateContext", c_void_p, [c_void_p, c_void_p, c_void_p, c_void_p]),
        ("eglMakeCurrent", c_int, [c_void_p, c_void_p, c_void_p, c_void_p]),
        ("eglDestroyContext", c_int, [c_void_p, c_void_p]),
    ):
        function = getattr(egl, name)
        function.restype, function.argtypes = result, arguments
    return egl


def _displays(egl: ctypes.CDLL) -> Iterator[tuple[str, int]]:
    """Displays to try, best first, each with what it is."""
    offered = (egl.eglQueryString(None, _EXTENSIONS) or b"").decode()
    get_display = _extension(egl, "eglGetPlatformDisplayEXT", c_void_p, c_int, c_void_p, c_void_p)
    if "EGL_EXT_platform_device" in offered:
        for place, device in _hardware_devices(egl):
            yield place, get_display(_PLATFORM_DEVICE_EXT, device, None)
    if "EGL_MESA_platform_surfaceless" in offered:
        yield "Mesa without a surface", get_display(_PLATFORM_SURFACELESS_MESA, None, None)


def _hardware_devices(egl: Any) -> list[tuple[str, int]]:
    """What each device is and EGL's handle of it; CUDA's first device is the first."""
    query = _extension(egl, "eglQueryDevicesEXT", c_int, c_int, c_void_p, c_void_p)
    describe = _extension(egl, "eglQueryDeviceStringEXT", c_char_p, c_void_p, c_int)
    devices, count = (c_void_p * _MAX_DEVICES)(), c_int(0)
    if not query(_MAX_DEVICES, devices, ctypes.byref(count)):
        return []
    found: list[tuple[float, str, int]] = []
    for number, device in enumerate(device for device in devices[: count.value] if device):
        extensions = (describe(device, _EXTENSIONS) or b"").decode()
        if "software" in extensions:
            continue
        place, cuda = f"graphics device {number}", math.inf
        if "EGL_NV_device_cuda" in extensions:
            cuda = _cuda_number(egl, device)
            place += f", {cuda:g} for CUDA" if cuda < math.inf else ", none for CUDA"
        found.append((cuda, place, device))
    return [(place, device) for _, place, device in sorted(found, key=lambda each: each[0])]


def _cuda_number(egl: Any, device: int) -> float:
    """CUDA's number of a device, infinite where it has none, as when CUDA_VISIBLE_DEVICES hides it."""
    query = _extension(egl, "eglQueryDeviceAttribEXT", c_int, c_void_p, c_int, c_void_p)
    number = c_ssize_t(-1)  # an EGLAttrib
    return number.value if query(device, _CUDA_DEVICE_NV, ctypes.byref(number)) and number.value >= 0 else math.inf


def _extension(egl: Any, name: str, result: Any, *arguments: Any) -> Any:
    return ctypes.CFUNCTYPE(result, *arguments)(egl.eglGetProcAddress(name.encode()))


def _make_current(egl: ctypes.CDLL, display: int | None) -> int | None:
    """A context of this display that is now current, or None where it gives none."""
    if not display or not egl.eglInitialize(display, None, None) or not egl.eglBindAPI(_OPENGL_API):
        return None
    wanted = (c_int * 5)(_SURFACE_TYPE, 0, _RENDERABLE_TYPE, _OPENGL_BIT, _NONE)
    config, count = c_void_p(), c_int(0)
    if not egl.eglChooseConfig(display, wanted, ctypes.byref(config), 1, ctypes.byref(count)) or not count.value:
        return None
    context: int | None = egl.eglCreateContext(display, config, None, (c_int * len(_CONTEXT))(*_CONTEXT))
    if not context:
        return None
    if not egl.eglMakeCurrent(display, None, None, context):
        egl.eglDestroyContext(display, context)
        return None
    return context
