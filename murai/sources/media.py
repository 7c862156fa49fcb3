"""Video files and network streams as sources of packets."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from urllib.parse import urlsplit

import av

from murai.core.media import Packet, StreamInfo
from murai.errors import MediaError
from murai.sources.media_file import MediaRequest, OpenMedia, VideoPacket, open_media
from murai.sources.pacing import Pacer
from murai.sources.uri import FileSpec, Playback, StreamSpec

_log = logging.getLogger(__name__)
_STALL_S = 4.0  # within the five seconds that a Worker waits for its thread
_ASSUMED_FPS = 25.0


def open_file(spec: FileSpec) -> MediaSource:
    """A video file or a picture.

    Raises:
        MediaError: it isn't there or can't be played.
    """
    return MediaSource(MediaRequest(f"file:{spec.path}", str(spec.path), {}), spec.playback)


def open_stream(spec: StreamSpec) -> MediaSource:
    """A network stream; connecting may take up to 4 s.

    Raises:
        MediaError: it can't be reached or gives no video.
    """
    options = {"analyzeduration": "2000000"}  # µs; what is read meanwhile is kept and played
    if spec.url.lower().startswith("rtsp"):
        options["rtsp_transport"] = spec.transport
    return MediaSource(MediaRequest(spec.url, _without_secrets(spec.url), options, _STALL_S), spec.playback)


class MediaSource:
    """A recording or a live stream.

    A recording is paced and repeated as `playback` says; its `captured_s` is the moment when the
    picture is due (see `Pacer`), or that of reading where it isn't paced. A live stream comes at
    its own pace, counts from reading, and its end is an error. `Packet.order` counts
    microseconds of the recording, over all its repetitions.

    Reading a network stream looks at `stop` only between packets, so up to 4 s apart.
    """

    def __init__(self, request: MediaRequest, playback: Playback) -> None:
        self._request = request
        self._playback = playback
        self._media: OpenMedia | None = open_media(request)
        self._info = self._media.info
        self._recorded = self._media.recorded or request.timeout_s is None
        self._told = False
        self.damaged = 0

    @property
    def info(self) -> StreamInfo:
        return self._info

    def packets(self, stop: Event) -> Iterator[Packet]:
        """Yields until the recording ends, or for ever where it is repeated.

        Raises:
            MediaError: a stream stalled for 4 s or ended, or a file vanished.
        """
        pacer = Pacer() if self._recorded and self._playback.realtime else None
        start_s, repeated = 0.0, False
        while not stop.is_set():
            media = self._media or open_media(self._request)
            self._media = media
            run = _Pass(start_s, media.info.fps or _ASSUMED_FPS)
            for packet in self._read(media):
                timed = run.place(packet)
                if pacer is not None and not pacer.wait(timed.decode_s, stop):
                    return
                if stop.is_set():
                    return
                captured_s = pacer.due_s(timed.show_s) if pacer is not None else time.monotonic()
                again, lost = repeated and run.count == 1, packet.is_corrupt
                yield Packet(bytes(packet), captured_s, round(timed.show_s * 1e6), restart=again, lost_before=lost)
            self.close()
            if not self._recorded:
                raise MediaError(f"{self._request.title} ended", "check what sends it")
            if not self._playback.loop:
                return
            start_s, repeated = run.end_s, True

    def close(self) -> None:
        media, self._media = self._media, None
        if media is not None:
            media.container.close()

    def _read(self, media: OpenMedia) -> Iterator[VideoPacket]:
        try:
            for packet in media.packets:
                if packet.size:  # the last one is empty
                    yield packet
        except (av.FFmpegError, OSError) as fault:
            if self._request.timeout_s is None:
                if not self._told:
                    _log.warning("%s is cut off or damaged: played as far as it goes (%s)", self._request.title, fault)
                self._told = True
                return
            stalled = isinstance(fault, av.ExitError | TimeoutError)
            what = f"stopped sending for {_STALL_S:g} s" if stalled else f"broke off ({fault.strerror})"
            raise MediaError(f"{self._request.title} {what}", "check what sends it and the network") from fault


@dataclass(frozen=True, slots=True)
class _Times:
    """When a packet is to be decoded and its picture shown, in seconds of the recording."""

    decode_s: float
    show_s: float


class _Pass:
    """Places one run through the recording, from `start_s` on, on its time line."""

    def __init__(self, start_s: float, fps: float) -> None:
        self._start_s = start_s
        self._period_s = 1 / fps
        self._zero_s: float | None = None
        self._decode_s = start_s - self._period_s
        self.end_s = start_s
        self.count = 0

    def place(self, packet: VideoPacket) -> _Times:
        """The next packet's times: the first picture is shown at `start_s`, and decoded earlier if reordered."""
        unit_s = float(packet.time_base or 0)
        decode = packet.dts if packet.dts is not None else packet.pts
        show = packet.pts if packet.pts is not None else packet.dts
        if decode is None or show is None:  # raw streams have no times
            self._decode_s += self._period_s
            times = _Times(self._decode_s, self._decode_s)
        else:
            if self._zero_s is None:
                self._zero_s = show * unit_s - self._start_s
            self._decode_s = decode * unit_s - self._zero_s
            times = _Times(self._decode_s, show * unit_s - self._zero_s)
        self.count += 1
        lasts_s = (packet.duration or 0) * unit_s or self._period_s
        self.end_s = max(self.end_s, times.show_s + lasts_s)
        return times


def _without_secrets(url: str) -> str:
    """The address for messages: without user name, password and query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
