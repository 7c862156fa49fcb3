"""A painted film's frames become a film, and its settings and losses are written beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.text import Text

from murai.apps.painting_files import Result, write_settings
from murai.apps.painting_film_reading import film_shape
from murai.apps.painting_film_work import FilmState, FrameReport
from murai.apps.painting_options import PaintingOptions
from murai.apps.painting_run import counting, draw_curves
from murai.apps.stylizing_encoder import FILM_FORMATS, FilmWriter
from murai.apps.stylizing_files import DiskFull
from murai.errors import PaintingError
from murai.training.data import read_image
from murai.training.records import Curves


def finish_film(
    options: PaintingOptions, result: Result, state: FilmState, frame_file: Callable[[int], Path], console: Console
) -> None:
    """Writes all that is left of a film when the last frame is painted.

    Raises:
        MuraiError: it can't be written, or a frame is gone.
    """
    if options.output.suffix.lower() in FILM_FORMATS:
        with counting(f"writing {options.output.name}", len(state.times), console) as advance:
            _encode(options, state, frame_file, advance)
    write_settings(result.settings, options, {"result": facts_of(state)})
    curves = Curves()
    for number, report in enumerate(_last_round(state.reports), 1):
        curves.add(number, report.losses | ({} if report.flicker is None else {"warping error": report.flicker}))
    draw_curves(curves, result.curves, options.output.name)
    height, width = state.size
    text = f"{options.output}: {len(state.times)} frames, {width}x{height} px"
    console.print(Text(text), soft_wrap=True)


def facts_of(state: FilmState) -> dict[str, Any]:
    """What the painting came to, for people.

    scenes: numbers of their first frames, from 1. warping_error: mean over frames that have one before them in their
    scene. losses: means of the last pass.
    """
    last = _last_round(state.reports)
    flickers = [report.flicker for report in last if report.flicker is not None]
    later_s = [report.took_s for report in state.reports if not report.anew]
    return {
        "size": [state.size[1], state.size[0]],
        "frames": len(state.times),
        "flow": state.flow,
        "scenes": [report.frame + 1 for report in state.reports if report.anew],
        "warping_error": fmean(flickers) if flickers else None,
        "losses": {name: fmean(report.losses[name] for report in last) for name in ("content", "style", "variation")},
        "first_frame_s": state.reports[0].took_s,
        "further_frames_s": round(fmean(later_s), 3) if later_s else None,
        "seconds": round(sum(report.took_s for report in state.reports), 1),
    }


def _last_round(reports: list[FrameReport]) -> list[FrameReport]:
    """Of the last pass, in the film's order."""
    last = max(report.round for report in reports)
    return sorted((report for report in reports if report.round == last), key=lambda report: report.frame)


def _encode(
    options: PaintingOptions, state: FilmState, frame_file: Callable[[int], Path], advance: Callable[[], object]
) -> None:
    try:
        writer = FilmWriter(options.output, film_shape(options, state.size))
        try:
            for frame, (tick, lasts) in enumerate(state.times):
                writer.write(read_image(frame_file(frame)), tick, lasts)
                advance()
            writer.close()
        except BaseException:
            writer.abandon()
            raise
    except DiskFull as fault:
        raise PaintingError(fault.what, "make room there, then give the same command again") from fault
