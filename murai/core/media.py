"""Compressed pictures on their way from a source to a decoder, and the protocols of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from murai.core.frame import Frame


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a decoder has to know before the first packet.

    codec: FFmpeg's name: "h264", "mjpeg", "rawvideo", …
    width_px, height_px: as coded, before `quarter_turns`.
    fps: frames a second, 0.0 where the stream doesn't say.
    pixel_format: for "rawvideo", FFmpeg's name ("yuyv422", "nv12"); otherwise empty.
    extradata: codec headers that are not in the packets (MP4 keeps them apart).
    quarter_turns: clockwise quarter turns that make the picture upright, 0 to 3.
    full_range: True or False where the container says so, None where only the codec knows.
    title: for people: the camera's name, the file's name.
    """

    codec: str
    width_px: int
    height_px: int
    fps: float
    title: str
    pixel_format: str = ""
    extradata: bytes = b""
    quarter_turns: int = 0
    full_range: bool | None = None


@dataclass(frozen=True, slots=True)
class Packet:
    """One access unit: exactly the bytes of one picture.

    captured_s: monotonic seconds: the driver's time-stamp, or for files the moment the picture is due.
    order: presentation order within the source, for codecs that send pictures out of order.
    restart: True when what follows doesn't refer to anything before it (a file starts again).
    lost_before: True when something since the packet before, or a part of this one, is known to be lost.
    """

    data: bytes
    captured_s: float
    order: int
    restart: bool = False
    lost_before: bool = False


class PacketSource(Protocol):
    """A camera, file or stream that yields packets at its own pace.

    Owned by the capture thread from the first `packets` on; `close` may be called by any thread
    after that one ended.
    """

    @property
    def info(self) -> StreamInfo: ...

    @property
    def damaged(self) -> int:
        """Pictures so far that came damaged and were not handed on as packets."""
        ...

    def packets(self, stop: Event) -> Iterator[Packet]:
        """Yields until the source ends or `stop` is set; waits no longer than 2 s without looking at it.

        Raises:
            SourceError: the source failed; a finished file just ends.
        """
        ...

    def close(self) -> None: ...


class Decoder(Protocol):
    """Turns packets into frames on one device, in presentation order. Owned by the capture thread."""

    @property
    def damaged(self) -> int:
        """Packets so far that gave no whole picture because they, or others that theirs refer to, were damaged."""
        ...

    def decode(self, packet: Packet) -> list[Frame]:
        """Frames that are complete after this packet. A damaged packet is counted and gives none."""
        ...

    def flush(self) -> list[Frame]:
        """The frames still held back; the decoder is ready for a new start afterwards."""
        ...

    def close(self) -> None: ...
