"""Which graphics device offscreen drawing takes, asked through ctypes as libEGL is, by functions of the test's own."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_int, c_ssize_t, c_void_p
from dataclasses import dataclass
from typing import Any

from murai.display.egl import _hardware_devices

CUDA_DEVICE_NV, EXTENSIONS = 0x323A, 0x3055


@dataclass
class Egl:
    """libEGL with these devices: what each can do, and CUDA's number of it."""

    devices: list[tuple[bytes, int | None]]

    def __post_init__(self) -> None:
        self._functions: dict[bytes, Any] = {
            b"eglQueryDevicesEXT": ctypes.CFUNCTYPE(c_int, c_int, POINTER(c_void_p), POINTER(c_int))(self._query),
            b"eglQueryDeviceStringEXT": ctypes.CFUNCTYPE(c_void_p, c_void_p, c_int)(self._describe),
            b"eglQueryDeviceAttribEXT": ctypes.CFUNCTYPE(c_int, c_void_p, c_int, POINTER(c_ssize_t))(self._attribute),
        }
        self._texts = [c_char_p(extensions) for extensions, _ in self.devices]

    def eglGetProcAddress(self, name: bytes) -> int | None:  # noqa: N802
        return ctypes.cast(self._functions[name], c_void_p).value

    def _query(self, most: int, devices: Any, count: Any) -> int:
        for number in range(len(self.devices)):
            devices[number] = 100 + number
        count[0] = len(self.devices)
        return 1

    def _describe(self, device: int, what: int) -> int | None:
        assert what == EXTENSIONS
        return ctypes.cast(self._texts[device - 100], c_void_p).value

    def _attribute(self, device: int, what: int, value: Any) -> int:
        assert what == CUDA_DEVICE_NV
        number = self.devices[device - 100][1]
        if number is not None:
            value[0] = number
        return int(number is not None)


NVIDIA, INTEL, SOFTWARE = b"EGL_NV_device_cuda EGL_EXT_device_drm", b"EGL_EXT_device_drm", b"EGL_MESA_device_software"


def test_cudas_first_device_comes_first_and_software_never() -> None:
    egl = Egl([(INTEL, None), (NVIDIA, 1), (SOFTWARE, None), (NVIDIA, 0)])
    assert _hardware_devices(egl) == [
        ("graphics device 3, 0 for CUDA", 103),
        ("graphics device 1, 1 for CUDA", 101),
        ("graphics device 0", 100),
    ]


def test_without_cuda_the_order_stays() -> None:
    egl = Egl([(INTEL, None), (b"EGL_EXT_device_drm_render_node", None)])
    assert [device for _, device in _hardware_devices(egl)] == [100, 101]


def test_a_device_that_cuda_may_not_see_comes_last() -> None:
    egl = Egl([(NVIDIA, None), (NVIDIA, -1), (NVIDIA, 0)])
    assert _hardware_devices(egl)[0] == ("graphics device 2, 0 for CUDA", 102)
    assert _hardware_devices(egl)[1:] == [
        ("graphics device 0, none for CUDA", 100),
        ("graphics device 1, none for CUDA", 101),
    ]
