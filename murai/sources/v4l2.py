"""A V4L2 camera as a source of packets. Loads neither torch nor OpenGL nor a decoder."""

from __future__ import annotations

import errno
import logging
import mmap
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from linuxpy.video import device as v4l2

from murai.core.media import Packet, StreamInfo
from murai.errors import CameraError, CameraHung, CameraMissing
from murai.sources.camera_faults import camera_fault
from murai.sources.camera_modes import FOURCCS, CameraMode, choose_mode
from murai.sources.h264 import can_start_at
from murai.sources.uri import CameraWish
from murai.sources.v4l2_query import CAPTURE, MMAP, camera_name, list_modes, open_node, set_mode

_log = logging.getLogger(__name__)
_BUFFERS = 4
_POLL_S = 0.2
_SILENCE_S = 1.5  # leaves time to tell within 2 s
_FIRST_SILENCE_S = 4.0  # some cameras take over two seconds to wake
_KEYFRAME_PATIENCE_S = 3.0
_PIXEL_FORMATS = {"YUYV": "yuyv422", "NV12": "nv12"}


class V4L2Camera:
    """An open camera. Nothing streams before `packets` is called.

    path: the device file, or a link to it.
    wish: what is asked of it; what it leaves open is chosen from what the camera offers.
    stable_path: the link that leads to this very camera after it was unplugged, or `path`.
    damaged: buffers that the driver marked as damaged.

    Raises:
        CameraError: one of its kinds, each with its remedy.
    """

    def __init__(self, path: Path, wish: CameraWish | None = None) -> None:
        self._path = path
        self.stable_path = stable_path(path)
        self.damaged = 0
        self._fd = open_node(path)
        try:
            self._title = camera_name(self._fd, path)
            wanted = wish or CameraWish()
            self.mode: CameraMode = choose_mode(list_modes(self._fd, wanted), wanted, self._title)
            self._line_bytes, self._info = self._set_mode()
        except OSError as fault:
            self.close()
            raise camera_fault(path, fault) from fault
        except CameraError:
            self.close()
            raise

    @property
    def info(self) -> StreamInfo:
        return self._info

    def packets(self, stop: Event) -> Iterator[Packet]:
        """Starts the camera and yields what it sends; the driver's time-stamp is `captured_s`.

        Raises:
            CameraMissing: it was unplugged.
            CameraHung: it is there and sent nothing for 1.5 s (4 s at the start).
            CameraBusy: another program streams from it.
            CameraError: the driver reports something else.
        """
        try:
            yield from self._stream(stop)
        except OSError as fault:
            raise camera_fault(self._path, fault) from fault

    def close(self) -> None:
        """Gives the camera back. May be called twice, and after it was unplugged."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _set_mode(self) -> tuple[int, StreamInfo]:
        line_bytes = set_mode(self._fd, self.mode, self._title)
        pixel_format = _PIXEL_FORMATS.get(self.mode.fourcc, "")
        codec = "rawvideo" if pixel_format else FOURCCS[self.mode.fourcc]
        info = StreamInfo(
            codec=codec,
            width_px=self.mode.width_px,
            height_px=self.mode.height_px,
            fps=float(self.mode.fps),
            title=self._title,
            pixel_format=pixel_format,
        )
        return line_bytes, info

    def _stream(self, stop: Event) -> Iterator[Packet]:
        maps = v4l2.create_mmap_buffers(self._fd, CAPTURE, MMAP, _BUFFERS)
        try:
            v4l2.enqueue_buffers(self._fd, CAPTURE, MMAP, _BUFFERS)
            v4l2.stream_on(self._fd, CAPTURE)
            yield from self._read(maps, stop)
        finally:
            self._stop_stream(maps)

    def _read(self, maps: list[mmap.mmap], stop: Event) -> Iterator[Packet]:
        clock = _DriverClock(self._title)
        started_s = time.monotonic()
        order, waiting, lost = 0, self._info.codec == "h264", False
        while self._wait(stop, _SILENCE_S if order else _FIRST_SILENCE_S):
            buffer = v4l2.dequeue_buffer(self._fd, CAPTURE, MMAP)
            data = bytes(memoryview(maps[buffer.index])[: buffer.bytesused])
            captured_s = clock.captured_s(buffer)
            whole = self._is_whole(buffer.flags, data)
            v4l2.enqueue_buffer(self._fd, CAPTURE, MMAP, 0, buffer.index)
            order += 1
            if not whole:
                self.damaged += 1
                lost = True
                continue
            if waiting and not can_start_at(data) and time.monotonic() - started_s < _KEYFRAME_PATIENCE_S:
                continue
            yield Packet(self._tight(data), captured_s, order, lost_before=lost)
            waiting = lost = False

    def _wait(self, stop: Event, silence_s: float) -> bool:
        """Waits for a filled buffer; False when `stop` was set."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        end_s = time.monotonic() + silence_s
        while not stop.is_set():
            left_s = end_s - time.monotonic()
            # An unplugged camera gives POLLERR: reading then tells the reason.
            if poll.poll(max(0.0, min(_POLL_S, left_s)) * 1000):
                return True
            if left_s <= 0:
                raise CameraHung(
                    f"{self._title} at {self._path} sent no picture for {silence_s:g} s",
                    "unplug it and plug it in again, into a port of its own",
                )
        return False

    def _is_whole(self, flags: int, data: bytes) -> bool:
        if flags & v4l2.BufferFlag.ERROR or not data:
            return False
        return self._info.codec != "rawvideo" or len(data) >= self._line_bytes * self._lines

    @property
    def _lines(self) -> int:
        """Lines of bytes in a raw picture: NV12 has half as many again for its colours."""
        height = self.mode.height_px
        return height * 3 // 2 if self.mode.fourcc == "NV12" else height

    def _tight(self, data: bytes) -> bytes:
        """Raw pictures without the padding at the end of their lines."""
        if self._info.codec != "rawvideo":
            return data
        line_bytes = self.mode.width_px * (1 if self.mode.fourcc == "NV12" else 2)
        return without_padding(data, self._line_bytes, line_bytes, self._lines)

    def _stop_stream(self, maps: list[mmap.mmap]) -> None:
        for mapped in maps:
            mapped.close()
        if self._fd < 0:
            return
        try:
            v4l2.stream_off(self._fd, CAPTURE)
            v4l2.free_buffers(self._fd, CAPTURE, MMAP)
        except OSError as fault:  # the camera is gone, which whoever reads has been told
            _log.debug("stopping %s: %s", self._path, fault)


class _DriverClock:
    """Takes the driver's time-stamp where it can be believed, else the time of reading."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._told = False

    def captured_s(self, buffer: v4l2.raw.v4l2_buffer) -> float:
        now_s = time.monotonic()
        stamp_s = float(buffer.timestamp.secs + buffer.timestamp.usecs * 1e-6)
        kind = buffer.flags & v4l2.BufferFlag.TIMESTAMP_MASK
        if kind == v4l2.BufferFlag.TIMESTAMP_MONOTONIC and now_s - 5.0 < stamp_s <= now_s + 0.001:
            return min(stamp_s, now_s)
        if not self._told:
            _log.warning("%s gives no usable time-stamps: latency counts from reading, not from capture", self._title)
            self._told = True
        return now_s


def without_padding(data: bytes, padded_bytes: int, line_bytes: int, lines: int) -> bytes:
    """The `lines` lines of a raw picture, each cut from `padded_bytes` to `line_bytes`."""
    if padded_bytes == line_bytes:
        return data[: line_bytes * lines]
    view = memoryview(data)
    return b"".join(view[at : at + line_bytes] for at in range(0, padded_bytes * lines, padded_bytes))


def stable_path(path: Path, links: tuple[Path, ...] = (Path("/dev/v4l/by-id"), Path("/dev/v4l/by-path"))) -> Path:
    """The link by camera, else by USB port, that leads to the same device file as `path`, else `path`."""
    try:
        node = path.resolve(strict=True)
    except OSError as fault:
        if fault.errno in (errno.ENOENT, errno.ENOTDIR):
            raise CameraMissing(f"there is no camera at {path}", "plug it in, or see `ls -l /dev/v4l/by-id`") from fault
        raise camera_fault(path, fault) from fault
    for folder in links:
        for link in sorted(folder.glob("*")):
            if link.resolve() == node:
                return link
    return path
