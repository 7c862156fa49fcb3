"""A film made ready to be painted: its frames at the painting's size in the work's folder, and what is kept of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from murai.apps.painting_film_work import FilmWork
from murai.apps.painting_options import PaintingOptions
from murai.apps.painting_setup import painting_size
from murai.apps.stylizing_encoder import FilmShape
from murai.apps.stylizing_film import Film, FilmFrame
from murai.errors import MediaError, PaintingError
from murai.painting.resizing import resized

_ROUNDING_S = 1e-6
_SPARE_BYTES = 20_000_000  # for the finished film, the settings and the curves


@dataclass(frozen=True)
class Reel:
    """size: (height, width) of all frames. times: of each, its tick and how many it lasts."""

    size: tuple[int, int]
    times: list[tuple[int, int]]


def read_film(options: PaintingOptions, work: FilmWork, advance: Callable[[], object]) -> Reel:
    """Decodes the film into the work's folder, at the painting's size.

    advance: called after each frame.

    Raises:
        MediaError: it can't be read, or has no frames.
        PaintingError: there is no room for it.
    """
    film = Film(str(options.content))
    size: tuple[int, int] | None = None
    times: list[tuple[int, int]] = []
    for frame in _wanted(film, options.film.seconds):
        picture = frame.rgb.float() / 255.0
        if size is None:
            size = even(painting_size(picture, options.steps.size_px))
            _check_room(work.folder, size, film, options)
        work.keep_content(len(times), resized(picture, size))
        times.append((frame.tick, frame.lasts))
        advance()
    if size is None:
        raise MediaError(f"{options.content} has no frames", "give a film with pictures, or more --seconds")
    return Reel(size, times)


def film_shape(options: PaintingOptions, size: tuple[int, int]) -> FilmShape:
    """What the encoder has to know: times, sound and the pixels' aspect are the film's own."""
    film = Film(str(options.content))
    return FilmShape(
        size_px=(size[1], size[0]),
        fps=film.fps,
        time_base=film.time_base,
        shift_ticks=round(film.begins_s / film.time_base),
        crf=options.film.crf,
        aspect=film.aspect,
        sound=options.content if film.sounds else None,
        whole_sound=options.film.seconds is None,
    )


def times_s(times: list[tuple[int, int]], unit: Fraction) -> list[float]:
    """Seconds from the first frame to each, and to the end of the last."""
    first = times[0][0]
    return [float((tick - first) * unit) for tick in [*(tick for tick, _ in times), sum(times[-1])]]


def about_frames(film: Path, seconds: float | None) -> int | None:
    """How many there are to be painted, as far as the file says so.

    Raises:
        MediaError: it can't be read.
    """
    opened = Film(str(film))
    limit = None if seconds is None else max(1, round(seconds * float(opened.fps)))
    return min((each for each in (opened.about_frames, limit) if each is not None), default=None)


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The size whose sides H.264 can hold."""
    return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)


def _wanted(film: Film, seconds: float | None) -> Iterator[FilmFrame]:
    for frame in film.frames():
        if seconds is not None and frame.at_s >= seconds - _ROUNDING_S:
            return
        yield frame


def _check_room(folder: Path, size: tuple[int, int], film: Film, options: PaintingOptions) -> None:
    """Hours of work must not end in a full disk."""
    frames = about_frames(options.content, options.film.seconds) or 1
    kept = frames if options.film.passes > 1 else min(frames, max(options.film.look_back) + 1)
    # Contents and paintings as PNGs that were written quickly, and paintings as they are, in single precision.
    needed = size[0] * size[1] * 3 * (2 * frames + 4 * kept) + _SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PaintingError(
            f"{film.title} takes {needed // 1_000_000} MB in {folder} while it is painted, and {free // 1_000_000} MB "
            "are free",
            "make room there, or give a smaller --size or fewer --seconds",
        )
