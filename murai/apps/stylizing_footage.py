"""The frames of a film, of a piece of it, or of a camera, made ready for the painter as they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from threading import Event

from torch import Tensor
from torch.nn import functional as F

from murai.apps.stylizing_encoder import FilmShape
from murai.apps.stylizing_film import Film, FilmFrame, Span, cut_piece
from murai.apps.stylizing_look import Fit
from murai.apps.stylizing_masks import FilmMask, Masking, PictureMask
from murai.apps.stylizing_options import StylizeOptions
from murai.apps.stylizing_pictures import PICTURE_FORMATS
from murai.apps.stylizing_work import ONCE, Job
from murai.apps.timeline import Timeline
from murai.core.statistics import FrameCounts
from murai.errors import ConfigError
from murai.sources.capture import decoded_frames
from murai.sources.decoders import open_decoder
from murai.sources.open import open_source

_TICKS_HZ = 90_000
_LIVE_FPS = 25.0
_STALL_S = 4.0
_ROUNDING_S = 1e-6


@dataclass(frozen=True)
class Footage:
    """Frames on their way to the painter, and what the encoder has to know of them.

    frames: cut and scaled, with a mask each, or None. shape: its size isn't known yet.
    span: the piece that this is, or None. live: it goes on until somebody stops it.
    """

    frames: Iterator[tuple[FilmFrame, Tensor | None]]
    shape: FilmShape
    about_frames: int | None
    span: Span | None = None
    live: bool = False


def open_footage(job: Job, options: StylizeOptions, timeline: Timeline) -> Footage:
    """Opens a film, a stream or a camera.

    Raises:
        SourceError: it can't be opened, or the mask not be read.
        ConfigError: it can't be cut into so many pieces.
    """
    masking = open_masking(job.mask, fit_of(options))
    if job.kind == "live":
        return _live(job, options, masking)
    network = "://" in job.source
    film = Film(job.source, _network_options(job.source) if network else {}, _STALL_S if network else None)
    span = _span(film, options, timeline) if options.shard else None
    frames = _until(film.frames(span), options.seconds)
    return Footage(
        _made_ready(frames, fit_of(options), masking),
        _shape_of(film, None if network else Path(job.source), options, span),
        span.frames if span else _limited(film.about_frames, float(film.fps), options.seconds),
        span,
        live=not film.recorded,
    )


def fit_of(options: StylizeOptions) -> Fit:
    return Fit(options.crop, options.size)


def open_masking(file: Path | None, fit: Fit) -> Masking | None:
    """A picture or a film as a mask. Raises: MediaError: it can't be read."""
    if file is None:
        return None
    return PictureMask(file, fit) if file.suffix.lower() in PICTURE_FORMATS else FilmMask(file, fit)


def _span(film: Film, options: StylizeOptions, timeline: Timeline) -> Span:
    assert options.shard is not None
    ticks = film.ticks()
    zero = film.zero_tick or 0
    if options.seconds is not None:
        ticks = [tick for tick in ticks if (tick - zero) * film.time_base < options.seconds - _ROUNDING_S]
    if options.shard.of > len(ticks):
        raise ConfigError(
            f"{film.title} has {len(ticks)} frames, too few for {options.shard.of} pieces", "cut it into fewer"
        )
    number, of = options.shard.number, options.shard.of
    begins_s = float((ticks[len(ticks) * (number - 1) // of] - zero) * film.time_base)
    return cut_piece(film, ticks, (number, of), timeline.lead_in_from(begins_s, options.lead_in_s))


def _shape_of(film: Film, file: Path | None, options: StylizeOptions, span: Span | None) -> FilmShape:
    whole = span is None
    shape = FilmShape((0, 0), film.fps, film.time_base, crf=options.crf, aspect=film.aspect)
    if whole:
        shift = round(film.begins_s / film.time_base)
        sound = file if film.sounds else None
        return replace(shape, shift_ticks=shift, sound=sound, whole_sound=options.seconds is None)
    return replace(shape, shift_ticks=span.first_tick if span else 0)


def _live(job: Job, options: StylizeOptions, masking: Masking | None) -> Footage:
    opened = open_source(job.source, ONCE)
    fps = opened.source.info.fps or _LIVE_FPS
    decoder = open_decoder(opened.source.info, "cpu")

    def frames() -> Iterator[FilmFrame]:
        first_s: float | None = None
        last_tick = -1
        stop = Event()
        try:
            for frame in decoded_frames(opened.source, decoder, stop, FrameCounts()):
                first_s = frame.captured_s if first_s is None else first_s
                at_s = frame.captured_s - first_s
                last_tick = max(round(at_s * _TICKS_HZ), last_tick + 1)
                yield FilmFrame(frame.rgb, last_tick, round(_TICKS_HZ / fps), at_s, frame.seq)
        finally:
            stop.set()
            opened.source.close()

    shape = FilmShape((0, 0), Fraction(fps).limit_denominator(1001), Fraction(1, _TICKS_HZ), crf=options.crf)
    ready = _made_ready(_until(frames(), options.seconds), fit_of(options), masking)
    return Footage(ready, shape, _limited(None, fps, options.seconds), live=True)


def _until(frames: Iterator[FilmFrame], seconds: float | None) -> Iterator[FilmFrame]:
    for frame in frames:
        if seconds is not None and frame.at_s >= seconds - _ROUNDING_S:
            return
        yield frame


def _made_ready(
    frames: Iterator[FilmFrame], fit: Fit, masking: Masking | None
) -> Iterator[tuple[FilmFrame, Tensor | None]]:
    size: tuple[int, int] | None = None
    for frame in frames:
        mask = masking.at(frame.at_s, _size(frame.rgb)) if masking and frame.shown else None
        rgb = fit.apply(frame.rgb)
        size = size or _size(rgb)
        if _size(rgb) != size:  # some streams change in the middle, an encoder can't
            rgb = F.interpolate(rgb[None], size=size, mode="bilinear", antialias=True, align_corners=False)[0]
            mask = None if mask is None else F.interpolate(mask[None, None], size=size, mode="bilinear")[0, 0]
        yield replace(frame, rgb=rgb), mask


def _size(rgb: Tensor) -> tuple[int, int]:
    return int(rgb.shape[1]), int(rgb.shape[2])


def _limited(frames: int | None, fps: float, seconds: float | None) -> int | None:
    if seconds is None:
        return frames
    return min(frames, round(seconds * fps)) if frames else round(seconds * fps)


def _network_options(url: str) -> dict[str, str]:
    return {"rtsp_transport": "tcp"} if url.lower().startswith("rtsp") else {}
