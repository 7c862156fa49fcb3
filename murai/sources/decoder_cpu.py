"""Decoding on the CPU with FFmpeg, without a frame of delay."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.codec.context import Flags, ThreadType
from av.video.reformatter import ColorRange, VideoReformatter

from murai.core.frame import Frame
from murai.core.media import Packet, StreamInfo
from murai.errors import MediaError
from murai.sources.colours import matrix_of, range_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]

_HELD_BACK = 64  # more than any codec reorders


class CpuDecoder:
    """Turns packets into frames in host memory. Owned by the capture thread.

    Packets go straight to the codec context, because its parser holds one access unit back; slices
    are decoded side by side, because frame threads hold back one frame each. So a stream whose
    pictures come in the order of showing has no frame of delay.

    Raises:
        MediaError: this FFmpeg doesn't know the codec.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self._context = _open_context(info)
        self._to_rgb = VideoReformatter()
        self._captured_s: OrderedDict[int, float] = OrderedDict()
        self._seq = 0
        self._damaged = 0

    @property
    def damaged(self) -> int:
        return self._damaged

    def decode(self, packet: Packet) -> list[Frame]:
        """The frames that are complete after this packet.

        A packet that can't be decoded counts as damaged. So does a picture that FFmpeg had to
        patch up: it isn't shown, though later ones may refer to it.
        """
        self._captured_s[packet.order] = packet.captured_s
        while len(self._captured_s) > _HELD_BACK:
            self._captured_s.popitem(last=False)
        sent: av.Packet[Any] = av.Packet(packet.data)
        sent.pts = packet.order
        return self._run(sent)

    def flush(self) -> list[Frame]:
        frames = self._run(None)
        self._context.flush_buffers()
        self._captured_s.clear()
        return frames

    def close(self) -> None:
        """Gives the codec's memory back with the decoder itself; nothing waits."""
        self._captured_s.clear()

    def _run(self, packet: av.Packet[av.VideoStream] | None) -> list[Frame]:
        try:
            pictures = self._context.decode(packet)
        except av.EOFError:  # flushed before anything was decoded
            return []
        except (av.FFmpegError, ValueError):
            self._damaged += 1
            return []
        whole = [picture for picture in pictures if not picture.is_corrupt]
        self._damaged += len(pictures) - len(whole)
        return [self._as_frame(picture) for picture in whole]

    def _as_frame(self, picture: av.VideoFrame) -> Frame:
        import torch  # the rest of this room does without

        rgb = torch.from_numpy(self.as_rgb(picture)).permute(2, 0, 1)
        captured_s = self._captured_s.pop(picture.pts or 0, None)
        if captured_s is None:  # the codec lost the time: the last one that came is nearest
            captured_s = next(reversed(self._captured_s.values()), 0.0)
        frame = Frame(rgb, captured_s, self._seq)
        self._seq += 1
        return frame

    def as_rgb(self, picture: av.VideoFrame) -> Picture:
        """The picture upright, (H, W, 3) uint8, full range, contiguous."""
        converted = self._to_rgb.reformat(
            picture,
            format="rgb24",
            src_colorspace=matrix_of(picture, self._info.codec),
            src_color_range=range_of(picture, self._info.full_range),
            dst_color_range=ColorRange.JPEG,
            threads=1,  # the other cores are the painter's
        )
        plane = converted.planes[0]
        lines = np.frombuffer(_buffer(plane), np.uint8).reshape(-1, plane.line_size)[: converted.height]
        rgb = lines[:, : converted.width * 3].reshape(converted.height, converted.width, 3)
        return np.ascontiguousarray(np.rot90(rgb, -self._info.quarter_turns))


def _buffer(plane: Any) -> Any:
    """PyAV's stubs don't say that a plane is a buffer."""
    return plane


def _open_context(info: StreamInfo) -> av.VideoCodecContext:
    try:
        context = av.CodecContext.create(info.codec, "r")
    except av.FFmpegError as fault:
        raise MediaError(
            f"{info.title} is in {info.codec}, which can't be decoded here", "convert it to H.264"
        ) from fault
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height = info.width_px, info.height_px
    if info.pixel_format:
        context.pix_fmt = info.pixel_format
    if info.extradata:
        context.extradata = info.extradata
    context.thread_type = ThreadType.SLICE
    context.flags |= Flags.low_delay
    return context
