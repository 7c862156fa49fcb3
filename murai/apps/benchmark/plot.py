"""The growth with size and with styles, as a picture."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from murai.apps.benchmark.figures import Result, Row
from murai.apps.benchmark.options import size_name
from murai.apps.evaluation_files import check_file, write_file
from murai.apps.outputs import check_ending
from murai.errors import BenchError

_log = logging.getLogger(__name__)
_STAGES = ("decode", "colour", "network", "draw", "pipeline")
_MEDIAN = "ms a picture (p50)"


@dataclass(frozen=True)
class _Panel:
    """rows: those that it shows; without any it is left out. draw: them, on axes."""

    width: int
    rows: Callable[[Result], list[Row]]
    draw: Callable[[Any, Sequence[Row]], None]


def check_plot(file: Path) -> None:
    """Sees to it that a plot can be drawn and written, before anything is measured.

    Raises:
        ConfigError: its name is none of a plot.
        BenchError: matplotlib is not installed.
        TrainingError: the file can't be written.
    """
    check_ending("--plot", file, ".png")
    try:
        importlib.import_module("matplotlib.figure")
    except ImportError as fault:
        raise BenchError("--plot needs matplotlib", "install the extra: pip install 'murai[bench]'") from fault
    check_file(file)


def write_plot(result: Result, file: Path) -> None:
    """Plots by size, by styles and by pack in one PNG, as far as there is anything to show; after `check_plot`.

    Raises:
        TrainingError: the file can't be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # only a plot needs it
    from matplotlib.figure import Figure

    drawn = [(panel, rows) for panel in _PANELS if (rows := panel.rows(result))]
    if not drawn:
        _log.warning("%s: nothing was measured that a plot shows", file)
        return
    widths = [panel.width for panel, _ in drawn]
    figure = Figure(figsize=(1.0 + 3.0 * sum(widths), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    (frames,) = figure.subplots(1, len(drawn), squeeze=False, width_ratios=widths)
    for axes, (panel, rows) in zip(frames, drawn, strict=True):
        panel.draw(axes, rows)
    machine = result.machine
    figure.suptitle(f"{machine['gpu'] or machine['cpu']}, {machine['cores']} cores, {machine['date']}", fontsize=10)
    write_file(file, lambda path: figure.savefig(path, format="png", dpi=110))


def _by_size(result: Result) -> list[Row]:
    """Of one pack, in one style."""
    first_pack = _first_pack(result.rows)
    return [
        row
        for row in result.rows
        if row.subject.stage in _STAGES and row.subject.styles == 1 and row.subject.pack in ("", first_pack)
    ]


def _by_styles(result: Result) -> list[Row]:
    """Of whatever was measured with several styles, with one as well."""
    mixed = {(row.subject.size, row.subject.pack) for row in result.rows if row.subject.styles > 1}
    found = [
        row
        for row in result.rows
        if row.subject.who == "murai"
        and row.subject.stage in ("network", "pipeline")
        and (row.subject.size, row.subject.pack) in mixed
    ]
    return sorted(found, key=lambda row: row.subject.styles)


def _by_pack(result: Result) -> list[Row]:
    """Whole flows at the smallest size."""
    return result.find("murai", "pipeline", min((row.subject.size for row in result.rows), default=(0, 0)))


def _draw_sizes(axes: Any, rows: Sequence[Row]) -> None:
    """Medians over megapixels, both logarithmic: what grows like the picture is a straight line."""
    lines: dict[str, list[Row]] = {}
    for row in rows:
        subject = row.subject
        name = subject.stage if subject.who == "murai" else f"{subject.who} ({subject.stage})"
        lines.setdefault(name, []).append(row)
    for name, line in lines.items():
        style = "o-" if line[0].subject.who == "murai" else "s--"
        pixels = [row.subject.size[0] * row.subject.size[1] / 1e6 for row in line]
        axes.plot(pixels, [row.timings.percentile_ms(0.5) for row in line], style, label=name, markersize=4)
    sizes = sorted({row.subject.size for row in rows})
    pack = _first_pack(rows)
    title = f"by size ({pack})" if pack else "by size"
    axes.set(xscale="log", yscale="log", ylabel=_MEDIAN, title=title)
    axes.set_xticks([w * h / 1e6 for w, h in sizes], [size_name(size) for size in sizes], minor=False)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)


def _draw_styles(axes: Any, rows: Sequence[Row]) -> None:
    for stage in dict.fromkeys(row.subject.stage for row in rows):
        line = [row for row in rows if row.subject.stage == stage]
        styles = [row.subject.styles for row in line]
        axes.plot(styles, [row.timings.percentile_ms(0.5) for row in line], "o-", label=stage)
    axes.set_xticks(sorted({row.subject.styles for row in rows}))
    axes.set(title="by styles that are mixed", ylabel=_MEDIAN, xlabel="styles", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)


def _draw_packs(axes: Any, rows: Sequence[Row]) -> None:
    axes.bar([row.subject.pack for row in rows], [row.timings.fps for row in rows])
    axes.set(title=f"by pack ({size_name(rows[0].subject.size)})", ylabel="pictures a second, whole flow")


def _first_pack(rows: Sequence[Row]) -> str:
    return next((row.subject.pack for row in rows if row.subject.pack), "")


_PANELS = (_Panel(2, _by_size, _draw_sizes), _Panel(1, _by_styles, _draw_styles), _Panel(1, _by_pack, _draw_packs))
