"""Painting one film from end to end: decoded, painted and encoded side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from torch import Tensor

from murai.apps.stylizing_encoder import FilmShape, FilmWriter
from murai.apps.stylizing_files import Stopped
from murai.apps.stylizing_film import FilmFrame
from murai.apps.stylizing_flow import read_ahead, write_behind
from murai.apps.stylizing_footage import Footage
from murai.apps.stylizing_painter import FilmPainter
from murai.apps.stylizing_pictures import Picture, write_picture
from murai.core.files import part_of
from murai.errors import MediaError

_ROOM = 4  # frames between two threads


@dataclass(frozen=True)
class Painted:
    """A painting (3, H, W) uint8 in host memory, and the frame that it was painted from."""

    rgb: Tensor
    frame: FilmFrame


class Sink(Protocol):
    """Where paintings go. `write` belongs to the writing thread; the others are called when that has ended.

    left: what stays behind after `abandon`, for people.
    """

    @property
    def left(self) -> str: ...

    def write(self, painted: Painted) -> None:
        """Raises: RenderError: it can't be written."""
        ...

    def close(self) -> None:
        """Raises: RenderError: it can't be written."""
        ...

    def abandon(self) -> None: ...


def paint_film(footage: Footage, painter: FilmPainter, sink: Sink, advance: Callable[[], object]) -> int:
    """Paints all of it and gives the number of frames; `advance` is called after each.

    Raises:
        MuraiError: it can't be read, painted or written, or was stopped; the sink then keeps what was painted.
    """
    painter.begin()
    count = 0
    try:
        with write_behind(sink.write, _ROOM) as put, read_ahead(footage.frames, _ROOM) as frames:
            try:
                for frame, mask in frames:
                    painter.follow(frame)
                    if frame.shown:
                        put(Painted(painter.paint(frame, mask), frame))
                        count += 1
                        advance()
            except KeyboardInterrupt:
                if not footage.live:  # what has no end of its own is ended like that
                    raise
        if count == 0:
            raise MediaError("it has no frame to paint", "give a film with pictures")
        sink.close()
    except KeyboardInterrupt:
        sink.abandon()
        raise Stopped(f"stopped after {count} frames", f"{sink.left} has what was painted") from None
    except BaseException:
        sink.abandon()
        raise
    return count


class FilmSink:
    """An H.264 film, opened when its first frame tells the size. Until `close` it is FILE.part, which plays."""

    def __init__(self, file: Path, shape: FilmShape) -> None:
        self._file = file
        self._shape = shape
        self._writer: FilmWriter | None = None

    @property
    def left(self) -> str:
        return str(part_of(self._file))

    def write(self, painted: Painted) -> None:
        """See `Sink`."""
        if self._writer is None:
            size_px = painted.rgb.shape[2], painted.rgb.shape[1]
            self._writer = FilmWriter(self._file, replace(self._shape, size_px=size_px))
        self._writer.write(painted.rgb, painted.frame.tick, painted.frame.lasts)

    def close(self) -> None:
        """See `Sink`."""
        if self._writer is not None:
            self._writer.close()

    def abandon(self) -> None:
        """See `Sink`."""
        if self._writer is not None:
            self._writer.abandon()


class FrameSink:
    """A folder with a PNG for each frame, numbered from 1 as in the whole film."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def left(self) -> str:
        return str(self._folder)

    def write(self, painted: Painted) -> None:
        """See `Sink`."""
        write_picture(self._folder / f"frame-{painted.frame.number + 1:06d}.png", Picture(painted.rgb))

    def close(self) -> None:
        """Nothing to do: each frame is whole."""

    def abandon(self) -> None:
        """Nothing to do: each frame is whole."""
