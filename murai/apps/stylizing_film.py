"""Films as they are painted: frame by frame, upright, with the times that they have in the file."""

from __future__ import annotations

import logging
import re
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

import av
import numpy as np
import torch
from av.container import InputContainer
from av.video.reformatter import ColorRange, VideoReformatter
from torch import Tensor

from murai.errors import MediaError
from murai.sources.colours import matrix_of, range_of

_log = logging.getLogger(__name__)
_ASSUMED_FPS = 25
_UNTIMED_FORMATS = ("mpjpeg", "mjpeg", "h264", "hevc")  # FFmpeg makes times up for them, 25 frames a second
_UNTIMED_UNIT = Fraction(1, 90_000)
_TEXT_CODECS = ("ansi", "bintext", "xbin", "idf")  # FFmpeg takes any text for ANSI art


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """One frame of a film.

    rgb: (3, H, W) uint8, upright, in host memory.
    tick: its time in the film's `time_base`; lasts: until the next one, in the same unit.
    at_s: seconds since the film's first frame.
    number: from 0.
    shown: False in the lead-in of a piece: it is followed, and not written.
    """

    rgb: Tensor
    tick: int
    lasts: int
    at_s: float
    number: int
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a film: the frames from `first_tick` on and before `end_tick` (None: to the end).

    number: of its first frame. lead_in_tick: frames from here on are given as well, not `shown`.
    """

    first_tick: int
    end_tick: int | None
    number: int
    lead_in_tick: int
    frames: int


def title_of(location: str) -> str:
    """A path or address for messages: without user name, password and query."""
    return re.sub(r"(?<=://)[^/@]*@", "", location.partition("?")[0]) if "://" in location else location


class Film:
    """A film in a file or on the network, opened as far as what it says of itself.

    Raises:
        MediaError: it isn't there, or has no video.
    """

    def __init__(self, location: str, options: dict[str, str] | None = None, timeout_s: float | None = None) -> None:
        self.title = title_of(location)
        self._location = location
        self._options = options or {}
        self._timeout_s = timeout_s
        with self._open() as container:
            stream = self._video(container)
            # Of a live stream without times, those of the frames' arrival count.
            self.untimed = "://" in location and container.format.name in _UNTIMED_FORMATS
            self.time_base: Fraction = _UNTIMED_UNIT if self.untimed else stream.time_base or _UNTIMED_UNIT
            self.fps: Fraction = stream.average_rate or stream.guessed_rate or Fraction(_ASSUMED_FPS)
            self.aspect: Fraction | None = stream.sample_aspect_ratio
            self.zero_tick: int | None = stream.start_time
            self.sounds = len(container.streams.audio)
            self.begins_s = max(0.0, (container.start_time or 0) / 1e6)
            self.recorded = container.duration is not None
            lasts_s = (container.duration or 0) / 1e6
            self.about_frames: int | None = stream.frames or round(lasts_s * float(self.fps)) or None

    def ticks(self) -> list[int]:
        """The times of all frames, in the order of showing. Reads the file without decoding it.

        Raises:
            MediaError: it can't be read, or its frames have no times.
        """
        with self._open() as container:
            found = [packet.pts for packet in self._packets(container) if packet.size and not packet.is_discard]
        if None in found or len(set(found)) < len(found):
            raise MediaError(f"the frames of {self.title} have no times of their own", "put it into an MP4 or MKV file")
        if not found:
            raise self._no_picture()
        ticks = sorted(tick for tick in found if tick is not None)
        self.zero_tick = ticks[0] if self.zero_tick is None else self.zero_tick
        return ticks

    def frames(self, span: Span | None = None) -> Iterator[FilmFrame]:
        """All frames, or those of a piece with its lead-in. What is damaged is left out, and told at the end.

        Raises:
            MediaError: it can't be read, or no frame can be decoded.
        """
        first = None if span is None else min(span.lead_in_tick, span.first_tick)
        ready: FilmFrame | None = None
        shown = 0
        for frame in self._from(first):
            if ready is not None:
                yield replace(ready, lasts=frame.tick - ready.tick)
            if span is not None:
                if span.end_tick is not None and frame.tick >= span.end_tick:
                    return
                frame = replace(frame, number=span.number + shown, shown=frame.tick >= span.first_tick)
            shown += frame.shown
            ready = frame
        if ready is None:
            raise self._no_picture()
        yield ready

    def _from(self, first_tick: int | None) -> Iterator[FilmFrame]:
        """Frames in strictly growing order of ticks, from one tick on."""
        reading = _Reading(self)
        with self._open() as container:
            if first_tick is not None:
                container.seek(first_tick, stream=self._video(container), backward=True)
            for frame in reading.run(container, self._packets(container)):
                if first_tick is None or frame.tick >= first_tick:
                    if reading.given == 1 and first_tick is not None and frame.tick > first_tick:
                        break  # the file's index led too far
                    yield frame
            else:
                reading.tell()
                return
        with self._open() as container:
            reading = _Reading(self)
            for frame in reading.run(container, self._packets(container)):
                if frame.tick >= (first_tick or 0):
                    yield frame
            reading.tell()

    def _open(self) -> InputContainer:
        try:
            return av.open(self._location, options=self._options, timeout=self._timeout_s, metadata_errors="replace")
        except av.ExitError as fault:
            raise MediaError(
                f"nothing came from {self.title} within {self._timeout_s:g} s", "check that it sends pictures"
            ) from fault
        except FileNotFoundError as fault:
            raise MediaError(f"there is no file {self.title}", "check the path") from fault
        except (av.FFmpegError, OSError) as fault:
            if "://" in self._location:
                raise MediaError(
                    f"{self.title} can't be opened ({fault.strerror or fault})", "check the address and the network"
                ) from fault
            raise MediaError(
                f"{self.title} can't be read as a film ({fault.strerror or fault})", "check that it was copied whole"
            ) from fault

    def _video(self, container: InputContainer) -> av.VideoStream:
        stream = container.streams.best("video")
        if not isinstance(stream, av.VideoStream) or stream.codec_context.name in _TEXT_CODECS:
            raise MediaError(f"{self.title} has no video", "give a film or a picture")
        return stream

    def _packets(self, container: InputContainer) -> Iterator[av.Packet[av.VideoStream]]:
        stream = self._video(container)
        stream.thread_type = "AUTO"
        try:
            yield from container.demux(stream)
        except (av.FFmpegError, OSError) as fault:
            _log.warning("%s is cut off or damaged: painted as far as it goes (%s)", self.title, fault)
            # As at a whole film's end: the decoder gives out what it still holds.
            ending = cast("av.Packet[av.VideoStream]", av.Packet())
            ending.stream = stream
            yield ending

    def _no_picture(self) -> MediaError:
        return MediaError(f"{self.title} has no picture that can be decoded", "try another file: it is damaged")


class _Reading:
    """One run through a film. given: frames so far."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._to_rgb = VideoReformatter()
        self._last_tick: int | None = None
        self._zero_tick = film.zero_tick
        self._damaged = 0
        self._begun_s = 0.0
        self.given = 0

    def run(self, container: InputContainer, packets: Iterator[av.Packet[av.VideoStream]]) -> Iterator[FilmFrame]:
        for packet in packets:
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._damaged += 1
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self._damaged += 1
                else:
                    yield self._placed(frame, packet.stream.codec_context.name)

    def tell(self) -> None:
        if self._damaged:
            _log.warning("%s: %d damaged frames left out", self._film.title, self._damaged)

    def _placed(self, frame: av.VideoFrame, codec: str) -> FilmFrame:
        unit = self._film.time_base
        usual = max(1, round(1 / (self._film.fps * unit)))
        tick = self._arrival_tick(unit) if self._film.untimed else frame.pts
        if tick is None or (self._last_tick is not None and tick <= self._last_tick):
            # Raw streams have no times, and torn ones go back.
            tick = (self._zero_tick or 0) if self._last_tick is None else self._last_tick + usual
        if self._zero_tick is None:
            self._zero_tick = tick
        self._last_tick = tick
        self.given += 1
        at_s = float((tick - self._zero_tick) * unit)
        lasts = usual if self._film.untimed else frame.duration or usual
        return FilmFrame(self._as_rgb(frame, codec), tick, lasts, at_s, self.given - 1)

    def _arrival_tick(self, unit: Fraction) -> int:
        now_s = time.monotonic()
        if self.given == 0:
            self._begun_s = now_s
        return round((now_s - self._begun_s) / unit)

    def _as_rgb(self, frame: av.VideoFrame, codec: str) -> Tensor:
        converted = self._to_rgb.reformat(
            frame,
            format="rgb24",
            src_colorspace=matrix_of(frame, codec),
            src_color_range=range_of(frame, None),
            dst_color_range=ColorRange.JPEG,
        )
        # The display matrix turns counter-clockwise.
        upright = np.ascontiguousarray(np.rot90(converted.to_ndarray(), round(frame.rotation / 90) % 4))
        return torch.from_numpy(upright).permute(2, 0, 1)


def cut_piece(film: Film, ticks: list[int], part: tuple[int, int], lead_in_from_s: float) -> Span:
    """One of several pieces of about equal numbers of frames.

    ticks: of all frames, in order. part: which piece, from 1, of how many.
    lead_in_from_s: seconds of the film from which on it is followed.
    """
    number, of = part
    first, end = (len(ticks) * place // of for place in (number - 1, number))
    wanted = (film.zero_tick or 0) + int(lead_in_from_s / film.time_base)
    lead_in = ticks[min(bisect_left(ticks, wanted), first)]
    return Span(ticks[first], ticks[end] if end < len(ticks) else None, first, lead_in, end - first)
