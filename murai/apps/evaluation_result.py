"""The figures of an evaluation as `--json` has them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from murai.apps.evaluation_options import EvaluationOptions
from murai.hardware import Compute
from murai.stylize.pack import Pack, weights_file
from murai.training.evaluation.bench import Clip, StyleReport
from murai.training.evaluation.figures import mean_figures


def result_of(
    options: EvaluationOptions,
    pack: Pack,
    reports: Sequence[StyleReport],
    clips: Sequence[Clip],
    speed: tuple[float, float],
    compute: Compute,
) -> dict[str, Any]:
    """Plain values. speed: median and 95th percentile of the milliseconds that a frame takes."""
    median_ms, p95_ms = speed
    return {
        "pack": pack.facts.name,
        "styles": {report.name: _told_style(report) for report in reports},
        "mean": mean_figures([report.figures for report in reports]).rounded(),
        "clips": {clip.name: _told_clip(number, clip, reports) for number, clip in enumerate(clips)},
        "ms_per_frame": round(median_ms, 2),
        "ms_per_frame_p95": round(p95_ms, 2),
        "size": list(options.size_px),
        "device": f"{compute.device} {compute.number_type}, {compute.threads} threads",
        "weights_bytes": weights_file(pack).stat().st_size,
        "pack_bytes": sum(file.stat().st_size for file in pack.folder.iterdir() if file.is_file()),
        "photographs": options.images,
        "square_px": options.square_px,
        "lbfgs_steps_run": options.lbfgs_steps,
        "clip_s": [options.clip_from_s, options.clip_s],
        "statistics": options.statistics or "stills own, films following",
    }


def _told_style(report: StyleReport) -> dict[str, Any]:
    return {
        **report.figures.rounded(),
        "strokes": [round(value, 5) for value in report.octaves],
        "strokes_of_image": [round(value, 5) for value in report.wanted_octaves],
    }


def _told_clip(number: int, clip: Clip, reports: Sequence[StyleReport]) -> dict[str, Any]:
    errors = {report.name: report.clip_errors[number] for report in reports}
    twins = [report.clip_errors_twin[number] for report in reports if report.clip_errors_twin is not None]
    return {
        "warping_error": _rounded(fmean(errors.values())),
        "warping_error_raw": _rounded(clip.error),
        "warping_error_twin": _rounded(fmean(twins)) if twins else None,
        "styles": {name: _rounded(error) for name, error in errors.items()},
        "frames": len(clip.film.frames),
        "fps": clip.film.fps,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
