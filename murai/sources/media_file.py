"""Opening files and streams with PyAV, as far as their first picture."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import av
from av.codec.context import Flags, ThreadType
from av.container import InputContainer
from av.video.reformatter import ColorRange

from murai.core.media import StreamInfo
from murai.errors import MediaError

VideoPacket: TypeAlias = "av.Packet[av.VideoStream]"
_PROBE_PACKETS = 250
# FFmpeg takes any text for ANSI art.
_TEXT_CODECS = ("ansi", "bintext", "xbin", "idf")
_RANGES = {ColorRange.MPEG: False, ColorRange.JPEG: True}


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """What to open: `location` is a path or URL, `title` for people, `options` FFmpeg's.

    timeout_s: for the connection and for each packet; None for files.
    """

    location: str
    title: str
    options: dict[str, str]
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class OpenMedia:
    """An open container; `packets` are those of its video, from the first on.

    recorded: it has an end (a file, or a download of one), so it may be paced and played again.
    """

    container: InputContainer
    packets: Iterator[VideoPacket]
    info: StreamInfo
    recorded: bool


def open_media(request: MediaRequest) -> OpenMedia:
    """Opens what `request` names and decodes its first picture, which tells rotation and range.

    Raises:
        MediaError: it isn't there, isn't video, or is broken before its first picture.
    """
    try:
        container = av.open(
            request.location, mode="r", options=request.options, timeout=request.timeout_s, metadata_errors="replace"
        )
    except (av.FFmpegError, OSError) as fault:
        raise _open_fault(request, fault) from fault
    try:
        return _probe(container, request)
    except (av.FFmpegError, OSError) as fault:
        container.close()
        raise _open_fault(request, fault) from fault
    except MediaError:
        container.close()
        raise


def _probe(container: InputContainer, request: MediaRequest) -> OpenMedia:
    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream) or stream.codec_context.name in _TEXT_CODECS:
        raise MediaError(f"{request.title} has no video", "choose a video file, a picture or a stream with video")
    context = stream.codec_context
    context.thread_type = ThreadType.SLICE  # frame threads would ask for several packets
    context.flags |= Flags.low_delay
    packets = container.demux(stream)
    head: list[VideoPacket] = []
    frame = None
    while frame is None and len(head) < _PROBE_PACKETS:
        packet = next(packets, None)
        if packet is None:
            break
        head.append(packet)
        frame = _first_frame(context, packet)
    if frame is None:
        raise MediaError(f"{request.title} has no picture that can be decoded", "try another file: it is damaged")
    info = StreamInfo(
        codec=context.name,
        width_px=context.width,
        height_px=context.height,
        fps=float(stream.average_rate or stream.guessed_rate or 0),
        title=request.title,
        pixel_format=context.pix_fmt or "" if context.name == "rawvideo" else "",
        extradata=bytes(context.extradata or b""),
        # The display matrix turns counter-clockwise.
        quarter_turns=round(-frame.rotation / 90) % 4,
        full_range=_RANGES.get(ColorRange(frame.color_range)),
    )
    return OpenMedia(container, itertools.chain(head, packets), info, recorded=container.duration is not None)


def _first_frame(context: av.VideoCodecContext, packet: VideoPacket) -> av.VideoFrame | None:
    try:
        frames = context.decode(packet)
    except av.InvalidDataError:  # damaged: a later packet may do
        return None
    return frames[0] if frames else None


def _open_fault(request: MediaRequest, fault: Exception) -> MediaError:
    reason = getattr(fault, "strerror", None) or str(fault)
    if isinstance(fault, FileNotFoundError):
        return MediaError(f"there is no file {request.title}", "check the path")
    if isinstance(fault, IsADirectoryError):
        return MediaError(f"{request.title} is a folder", "name a file in it")
    if isinstance(fault, PermissionError):
        return MediaError(f"no permission to read {request.title}", "check its owner and mode")
    if request.timeout_s is None:
        return MediaError(
            f"{request.title} can't be read as video ({reason})", "check that it is a video file and was copied whole"
        )
    if isinstance(fault, av.ExitError | TimeoutError):
        return MediaError(
            f"{request.title} did not answer within {request.timeout_s:g} s", "check its address and the network"
        )
    return MediaError(f"{request.title} can't be opened ({reason})", "check its address, user name and the network")
