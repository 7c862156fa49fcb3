"""Painted films: H.264 with the times of the frames and the sound of the film that they were painted from."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from torch import Tensor

from murai.apps.stylizing_files import told
from murai.core.files import give_name, is_full, part_of, takes_a_stream
from murai.errors import RenderError

_log = logging.getLogger(__name__)
FILM_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_BT709 = 1
_LIMITED_RANGE = 1
_KEYFRAME_S = 2.0
# Fragments, written out at once: what was painted before a power cut still plays. Closing turns them into a plain
# MP4. Without its edit list, sound that begins before the first frame would shift all times.
_FRAGMENTS = {"movflags": "hybrid_fragmented", "use_editlist": "1", "flush_packets": "1"}


@dataclass(frozen=True)
class FilmShape:
    """What an encoder has to know before the first frame.

    size_px: width and height; an odd last column or row is left out. fps: nominal.
    time_base: of all ticks. shift_ticks: is taken from every tick. crf: x264's quality, 0 to 51, less is better.
    aspect: of a pixel, None for square ones.
    sound: the film whose sound is copied. whole_sound: also what comes after the last frame.
    """

    size_px: tuple[int, int]
    fps: Fraction
    time_base: Fraction
    shift_ticks: int = 0
    crf: int = 18
    aspect: Fraction | None = None
    sound: Path | None = None
    whole_sound: bool = True


class FilmWriter:
    """Encodes frames as H.264 4:2:0 (BT.709, limited range), without B-frames, so that pieces can be joined.

    Until `close` the film grows in FILE.part, which plays as far as it goes and stays behind after a fault.
    Owned by one thread at a time.

    Raises:
        RenderError: the file can't be written, or frames of that size not be encoded.
    """

    def __init__(self, file: Path, shape: FilmShape) -> None:
        self._file = file
        self._shape = shape
        self._lasts: dict[int, int] = {}
        with self._writing():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._container = open_output(file)
            self._stream = self._add_stream()
            self._sound = SoundCopy(shape.sound, self._container, shape) if shape.sound else None
            self._container.start_encoding()

    def write(self, rgb: Tensor, tick: int, lasts: int) -> None:
        """Adds a frame (3, H, W) uint8 in host memory. lasts: ticks until the next one.

        Raises:
            RenderError: the disk is full, or gone.
        """
        width, height = self._stream.width, self._stream.height
        pixels = np.ascontiguousarray(rgb[:, :height, :width].permute(1, 2, 0).numpy())
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        tick -= self._shape.shift_ticks
        frame.pts, frame.time_base = tick, self._shape.time_base
        self._lasts[tick] = lasts
        with self._writing():
            self._mux(self._stream.encode(frame))

    def close(self) -> None:
        """Ends the film and gives it its name. Raises: RenderError, as `write`."""
        with self._writing():
            self._mux(self._stream.encode(None))
            if self._sound is not None:
                self._sound.finish()
            self._container.close()
            give_name(self._file)

    def abandon(self) -> None:
        """Ends FILE.part as far as that goes, after a fault that somebody else tells."""
        with suppress(av.FFmpegError, OSError):
            self._mux(self._stream.encode(None))
            self._container.close()

    def _mux(self, packets: list[av.Packet[Any]]) -> None:
        for packet in packets:
            packet.duration = self._lasts.pop(packet.pts or 0, 0)
            if self._sound is not None:
                self._sound.up_to(float((packet.pts or 0) * self._shape.time_base))
            self._container.mux(packet)

    def _add_stream(self) -> av.VideoStream:
        shape = self._shape
        options = {"preset": "fast", "crf": str(shape.crf), "bf": "0"}
        stream = self._container.add_stream("libx264", rate=shape.fps, options=options)
        stream.width, stream.height = (max(side // 2 * 2, 2) for side in shape.size_px)
        stream.pix_fmt = "yuv420p"
        stream.time_base = shape.time_base
        codec = stream.codec_context
        codec.time_base = shape.time_base
        codec.gop_size, codec.max_b_frames = max(1, round(float(shape.fps) * _KEYFRAME_S)), 0
        codec.color_range = _LIMITED_RANGE
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
        if shape.aspect:
            codec.sample_aspect_ratio = shape.aspect
        return stream

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with told(self._file):
            try:
                yield
            except av.FFmpegError as fault:
                if is_full(fault):
                    raise
                width, height = self._shape.size_px
                raise RenderError(
                    f"can't write {self._file} at {width}x{height} px: {fault.strerror}",
                    "choose another --size or file",
                ) from fault


class SoundCopy:
    """Takes a film's sound over as it is, packet by packet, between the frames that are written.

    What the new container can't hold is left out, and told.
    """

    def __init__(self, film: Path, container: OutputContainer, shape: FilmShape) -> None:
        self._container = container
        self._shape = shape
        self._film = av.open(str(film), metadata_errors="replace")
        self._streams: dict[int, av.AudioStream] = {}
        for stream in self._film.streams.audio:
            self._take_over(film, stream)
        self._packets = self._demuxed(film)
        self._waiting = next(self._packets, None)

    def up_to(self, at_s: float) -> None:
        """Writes what is heard until a moment of the new film."""
        while self._waiting is not None and _seconds(self._waiting) - self._shift_s <= at_s:
            self._write(self._waiting)
            self._waiting = next(self._packets, None)

    def finish(self) -> None:
        """Writes the rest, where the film is painted to its end."""
        while self._waiting is not None and self._shape.whole_sound:
            self._write(self._waiting)
            self._waiting = next(self._packets, None)
        self._film.close()

    @property
    def _shift_s(self) -> float:
        return float(self._shape.shift_ticks * self._shape.time_base)

    def _write(self, packet: av.Packet[Any]) -> None:
        unit = packet.time_base or Fraction(1)
        shift = round(self._shift_s / unit)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = self._streams[packet.stream.index]
        self._container.mux(packet)

    def _take_over(self, film: Path, stream: av.AudioStream) -> None:
        if not _holds(self._container.format.name, stream):
            what = "%s: its sound (%s) can't be put into this kind of file and is left out; an .mkv holds it"
            _log.warning(what, film, stream.codec_context.name)
            return
        taken = self._container.add_stream_from_template(stream)
        taken.metadata.update(stream.metadata)
        self._streams[stream.index] = taken

    def _demuxed(self, film: Path) -> Iterator[av.Packet[Any]]:
        if not self._streams:
            return
        chosen = [stream for stream in self._film.streams.audio if stream.index in self._streams]
        try:
            for packet in self._film.demux(chosen):
                if packet.size and packet.dts is not None:
                    yield packet
        except (av.FFmpegError, OSError) as fault:
            _log.warning("%s: its sound is cut off or damaged (%s)", film, fault)


def _holds(kind: str, stream: av.AudioStream) -> bool:
    """Whether files of a kind can hold this sound: some say so only when they are begun."""
    try:
        with av.open(io.BytesIO(), "w", format=kind) as tried:
            tried.add_stream_from_template(stream)
            tried.start_encoding()
    except (ValueError, av.FFmpegError):
        return False
    return True


def _seconds(packet: av.Packet[Any]) -> float:
    return float((packet.dts or 0) * (packet.time_base or 0))


def open_output(file: Path) -> OutputContainer:
    """Opens FILE.part for a film of the kind that the name's ending asks for. Raises: RenderError, OSError."""
    kind = film_format(file)
    if takes_a_stream(file):
        raise RenderError(f"{file} is no file, and films are no streams", "name a file")
    options = {} if kind == "matroska" else _FRAGMENTS
    return av.open(str(part_of(file)), "w", format=kind, container_options=options)


def film_format(file: Path) -> str:
    """FFmpeg's name of the container. Raises: RenderError: films of this ending aren't written."""
    try:
        return FILM_FORMATS[file.suffix.lower()]
    except KeyError:
        raise RenderError(
            f"{file}: films are written as {', '.join(FILM_FORMATS)}", "name the output so, or give --png for frames"
        ) from None
