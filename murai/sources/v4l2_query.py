"""Questions to V4L2 devices: which there are, what each offers, and the setting of a mode."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from linuxpy.video import device as v4l2

from murai.errors import CameraError, CameraUnsupported
from murai.sources.camera_faults import camera_fault
from murai.sources.camera_modes import AUTO_FPS, AUTO_SIZE_PX, CameraMode, offers
from murai.sources.uri import CameraWish

_log = logging.getLogger(__name__)
CAPTURE = v4l2.BufferType.VIDEO_CAPTURE
MMAP = v4l2.Memory.MMAP
# Rates come as fractions of any size (10000000/333333); NTSC's 30000/1001 is the finest that is meant.
_FINEST = 1001


def open_node(path: Path) -> int:
    """A non-blocking file descriptor of the device.

    Raises:
        CameraError: one of its kinds, each with its remedy.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as fault:
        raise camera_fault(path, fault) from fault


def camera_name(fd: int, path: Path) -> str:
    """What the driver calls the camera.

    Raises:
        CameraError: the device gives no pictures, as a camera's node for metadata.
        OSError: it is no V4L2 device, or gone.
    """
    found = v4l2.read_capabilities(fd)
    able = v4l2.Capability(
        found.device_caps if found.capabilities & v4l2.Capability.DEVICE_CAPS else found.capabilities
    )
    if v4l2.Capability.VIDEO_CAPTURE not in able or v4l2.Capability.STREAMING not in able:
        raise CameraError(f"{path} gives no pictures", "choose another of the camera's nodes from /dev/v4l/by-id")
    return bytes(found.card).split(b"\0")[0].decode(errors="replace").strip() or str(path)


def list_modes(fd: int, wish: CameraWish) -> list[CameraMode]:
    """What the camera offers; of a continuous range of sizes or rates, what is nearest to `wish`."""
    v4l2.log.addFilter(_worth_telling)
    modes: list[CameraMode] = []
    for form in v4l2.iter_read_formats(fd, CAPTURE):
        fourcc = form.pixel_format.human_str()
        for width, height in _sizes(fd, form.pixel_format, wish.size_px or AUTO_SIZE_PX):
            rates = _rates(fd, form.pixel_format, width, height, wish.fps or AUTO_FPS)
            modes.extend(CameraMode(fourcc, width, height, rate) for rate in rates)
    return modes


def set_mode(fd: int, mode: CameraMode, title: str) -> int:
    """Sets format, size and rate; gives the bytes of one line, with padding, of a raw picture.

    Raises:
        CameraUnsupported: the driver took something else than it offered.
        OSError: the camera is gone or in use.
    """
    taken = v4l2.set_format(fd, CAPTURE, mode.width_px, mode.height_px, mode.fourcc).fmt.pix
    fourcc = v4l2.human_pixel_format(taken.pixelformat)
    if (fourcc, taken.width, taken.height) != (mode.fourcc, mode.width_px, mode.height_px):
        got = CameraMode(fourcc, taken.width, taken.height, Fraction(0))
        raise CameraUnsupported(f"{title} was asked for {mode} and gives {got}", f"ask for {offers([got])}")
    if mode.fps:
        v4l2.set_fps(fd, CAPTURE, mode.fps)
    return int(taken.bytesperline) or mode.width_px * (2 if mode.fourcc == "YUYV" else 1)


def _worth_telling(record: logging.LogRecord) -> bool:
    """linuxpy warns of each format that it doesn't know whenever a camera is asked: only --verbose tells that."""
    return _log.isEnabledFor(logging.INFO) or not str(record.msg).startswith("ignored unknown pixel format")


def _sizes(fd: int, pixel_format: v4l2.PixelFormat, wanted_px: tuple[int, int]) -> Iterator[tuple[int, int]]:
    for size in v4l2.iter_read_frame_sizes(fd, pixel_format):
        info = size.info
        if size.type == v4l2.FrameSizeType.DISCRETE:
            yield info.width, info.height
        else:
            yield (
                _nearest(wanted_px[0], info.min_width, info.max_width, info.step_width),
                _nearest(wanted_px[1], info.min_height, info.max_height, info.step_height),
            )


def _rates(fd: int, pixel_format: v4l2.PixelFormat, width: int, height: int, wanted: float) -> Iterator[Fraction]:
    for found in v4l2.iter_read_frame_intervals(fd, pixel_format, width, height):
        # Named by intervals: of a range, min_fps is the rate of the shortest interval.
        fastest, slowest = (Fraction(rate).limit_denominator(_FINEST) for rate in (found.min_fps, found.max_fps))
        if fastest == slowest:
            yield fastest
        else:
            yield min(max(Fraction(wanted).limit_denominator(_FINEST), slowest), fastest or Fraction(1000))


def _nearest(wanted: int, least: int, most: int, step: int) -> int:
    inside = min(max(wanted, least), most)
    return int(least + (inside - least) // max(step, 1) * max(step, 1))
