"""Decoding with FFmpeg on the CPU, without a frame of delay. Does without torch."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.codec.context import Flags, ThreadType
from av.video.reformatter import ColorRange, VideoReformatter

from murai.core.media import Packet, StreamInfo
from murai.errors import MediaError
from murai.sources.colours import matrix_of, range_of
from murai.sources.damage import DamageGate

if TYPE_CHECKING:
    import numpy.typing as npt

_log = logging.getLogger(__name__)
_HELD_BACK = 64  # more than any codec reorders
_STRICT_TRIES = 10
_LARGE_PX = 1920 * 1088


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, upright: `rgb` is (H, W, 3) uint8, full range, contiguous."""

    rgb: npt.NDArray[np.uint8]
    captured_s: float


class PictureDecoder:
    """Turns packets into pictures in presentation order. Owned by the capture thread.

    Packets go straight to the codec context, because its parser holds one access unit back; only
    slices are ever decoded side by side, because frame threads hold back one frame each. So a
    stream whose pictures come in the order of showing has no frame of delay.

    damaged: packets that could not be decoded, pictures that FFmpeg had to patch up, and those
        that may refer to either (see `DamageGate`). None of them gives a picture.

    Raises:
        MediaError: this FFmpeg doesn't know the codec.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        # FFmpeg shows a torn JPEG as if it were whole, unless it is told to be strict.
        self._strict = info.codec == "mjpeg"
        self._context = _open_context(info, strict=self._strict)
        self._to_rgb = VideoReformatter()
        self._captured_s: OrderedDict[int, float] = OrderedDict()
        self._gate = DamageGate(info)
        self._given = 0
        self._refused = 0

    @property
    def damaged(self) -> int:
        return self._refused + self._gate.held

    def decode(self, packet: Packet) -> list[Picture]:
        """The pictures that are complete after this packet."""
        self._captured_s[packet.order] = packet.captured_s
        while len(self._captured_s) > _HELD_BACK:
            self._captured_s.popitem(last=False)
        sent: av.Packet[Any] = av.Packet(packet.data)
        sent.pts = packet.order
        self._gate.send(packet)
        try:
            frames = self._context.decode(sent)
        except av.FFmpegError:
            self._refused += 1
            self._gate.refused(packet)
            self._doubt_strictness()
            return []
        return self._whole(frames)

    def flush(self) -> list[Picture]:
        """The pictures still held back; what comes next doesn't refer to anything before."""
        try:
            pictures = self._whole(self._context.decode(None))
        except av.EOFError:  # flushed twice
            pictures = []
        except av.FFmpegError:
            self._refused += 1
            pictures = []
        self._context.flush_buffers()
        self._gate.open()
        self._captured_s.clear()
        return pictures

    def _whole(self, frames: list[av.VideoFrame]) -> list[Picture]:
        whole = self._gate.passed(frames)
        self._given += len(whole)
        return [Picture(self._as_rgb(frame), self._captured(frame)) for frame in whole]

    def _doubt_strictness(self) -> None:
        """Some cameras' JPEGs are never quite right: better shown as they are than not at all."""
        if self._strict and not self._given and self.damaged >= _STRICT_TRIES:
            _log.warning("%s sends faulty JPEG: damage can't be told from now on", self._info.title)
            self._strict = False
            self._context = _open_context(self._info, strict=False)

    def _captured(self, frame: av.VideoFrame) -> float:
        captured_s = self._captured_s.pop(frame.pts, None) if frame.pts is not None else None
        if captured_s is not None:
            return captured_s
        # The codec lost the time: the last one that came is nearest.
        return next(reversed(self._captured_s.values()), 0.0)

    def _as_rgb(self, frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
        converted = self._to_rgb.reformat(
            frame,
            format="rgb24",
            src_colorspace=matrix_of(frame, self._info.codec),
            src_color_range=range_of(frame, self._info.full_range),
            dst_color_range=ColorRange.JPEG,
            threads=1,  # the other cores are the painter's
        )
        plane: Any = converted.planes[0]  # its stubs don't say that it is a buffer
        lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: converted.height]
        rgb = lines[:, : converted.width * 3].reshape(converted.height, converted.width, 3)
        return np.ascontiguousarray(np.rot90(rgb, -self._info.quarter_turns))


def _open_context(info: StreamInfo, *, strict: bool) -> av.VideoCodecContext:
    try:
        context = av.CodecContext.create(info.codec, "r")
    except (av.FFmpegError, ValueError) as fault:
        what = f"{info.title} is in {info.codec}, which can't be decoded here"
        raise MediaError(what, "convert it to H.264") from fault
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height = info.width_px, info.height_px
    if info.pixel_format:
        context.pix_fmt = info.pixel_format
    if info.extradata:
        context.extradata = info.extradata
    if strict:
        context.options = {"err_detect": "explode"}
    context.thread_type = ThreadType.SLICE
    # Where slices are decoded side by side, FFmpeg no longer tells which pictures it patched up;
    # and up to full HD one thread is enough.
    context.thread_count = 0 if info.width_px * info.height_px > _LARGE_PX else 1
    context.flags |= Flags.low_delay
    return context
