"""What a stream's pictures are like, as far as a GPU's decoder doesn't say: found out by decoding one on the CPU."""

from __future__ import annotations

from dataclasses import dataclass

import av
from av.codec.context import Flags
from av.video.reformatter import ColorRange, Colorspace

from murai.core.media import StreamInfo
from murai.imaging.nv12 import YuvColours
from murai.sources.colours import matrix_of, range_of

# ITU-T H.273, table 4: the shares of red and blue in luma.
_SHARES = {
    Colorspace.ITU709: (0.2126, 0.0722),
    Colorspace.FCC: (0.30, 0.11),
    Colorspace.ITU601: (0.299, 0.114),
    Colorspace.SMPTE240M: (0.212, 0.087),
    Colorspace.BT2020: (0.2627, 0.0593),
}
# FFmpeg's decoders that aren't named as the codec is.
_CODECS = {"libdav1d": "av1", "libaom-av1": "av1", "libvpx": "vp8", "libvpx-vp9": "vp9"}


@dataclass(frozen=True, slots=True)
class Look:
    """pixel_format: FFmpeg's name, as the CPU would decode it: "yuv420p", "yuv422p10le"."""

    colours: YuvColours
    pixel_format: str
    size_px: tuple[int, int]


def codec_of(info: StreamInfo) -> str:
    """The codec's own name, whichever of FFmpeg's decoders `info` names."""
    return _CODECS.get(info.codec, info.codec)


def look_at(info: StreamInfo, unit: bytes) -> Look | None:
    """How the picture in `unit` looks; None where it can't be decoded by itself."""
    context = av.CodecContext.create(info.codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    if info.extradata:
        context.extradata = info.extradata
    context.thread_count = 1
    context.flags |= Flags.low_delay
    try:
        frames = [*context.decode(av.Packet(unit)), *context.decode(None)]
    except av.FFmpegError:
        return None
    if not frames:
        return None
    frame = frames[0]
    return Look(colours_of(frame, info), frame.format.name, (frame.width, frame.height))


def colours_of(frame: av.VideoFrame, info: StreamInfo) -> YuvColours:
    """What a frame and its stream say of its colours; where they don't, as for pictures that the CPU decodes."""
    red, blue = _SHARES[matrix_of(frame, codec_of(info))]
    return YuvColours(red, blue, range_of(frame, info.full_range) == ColorRange.JPEG)
