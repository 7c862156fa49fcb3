"""The growth with size and with styles, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from murai.apps.benchmark.figures import Result, Row
from murai.apps.benchmark.options import size_name
from murai.apps.evaluation_files import write_file
from murai.errors import BenchError

_STAGES = ("decode", "colour", "network", "draw", "pipeline")


def write_plot(result: Result, file: Path) -> None:
    """Three plots in one PNG: by size, by styles, by pack.

    Raises:
        BenchError: matplotlib is not installed.
        TrainingError: the file can't be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as fault:
        raise BenchError("--plot needs matplotlib", "install the extra: pip install 'murai[bench]'") from fault
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    by_size, by_styles, by_pack = figure.subplots(1, 3, width_ratios=(2, 1, 1))
    _draw_sizes(by_size, result)
    _draw_styles(by_styles, result)
    _draw_packs(by_pack, result)
    machine = result.machine
    figure.suptitle(f"{machine['gpu'] or machine['cpu']}, {machine['cores']} cores, {machine['date']}", fontsize=10)
    write_file(file, lambda path: figure.savefig(path, format="png", dpi=110))


def _draw_sizes(axes: Any, result: Result) -> None:
    """Milliseconds a picture over megapixels, both logarithmic: what grows like the picture is a straight line."""
    first_pack = next((row.subject.pack for row in result.rows if row.subject.pack), "")
    lines: dict[str, list[Row]] = {}
    for row in result.rows:
        subject = row.subject
        if subject.stage in _STAGES and subject.styles == 1 and subject.pack in ("", first_pack):
            name = subject.stage if subject.who == "murai" else f"{subject.who} ({subject.stage})"
            lines.setdefault(name, []).append(row)
    for name, rows in lines.items():
        style = "o-" if rows[0].subject.who == "murai" else "s--"
        pixels = [row.subject.size[0] * row.subject.size[1] / 1e6 for row in rows]
        axes.plot(pixels, [1e3 / row.timings.fps for row in rows], style, label=name, markersize=4)
    sizes = sorted({row.subject.size for row in result.rows})
    axes.set(xscale="log", yscale="log", ylabel="ms a picture", title=f"by size ({first_pack})")
    axes.set_xticks([w * h / 1e6 for w, h in sizes], [size_name(size) for size in sizes], minor=False)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)


def _draw_styles(axes: Any, result: Result) -> None:
    mixed = {(row.subject.size, row.subject.pack) for row in result.rows if row.subject.styles > 1}
    for stage in ("network", "pipeline"):
        rows = [
            row
            for row in result.rows
            if row.subject.who == "murai"
            and row.subject.stage == stage
            and (row.subject.size, row.subject.pack) in mixed
        ]
        rows.sort(key=lambda row: row.subject.styles)
        axes.plot(
            [row.subject.styles for row in rows], [row.timings.percentile_ms(0.5) for row in rows], "o-", label=stage
        )
    axes.set_xticks(sorted({row.subject.styles for row in result.rows}))
    axes.set(title="by styles that are mixed", ylabel="ms a picture", xlabel="styles", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)


def _draw_packs(axes: Any, result: Result) -> None:
    size = min((row.subject.size for row in result.rows), default=(0, 0))
    rows = result.find("murai", "pipeline", size)
    axes.bar([row.subject.pack for row in rows], [row.timings.fps for row in rows])
    axes.set(title=f"by pack ({size_name(size)})", ylabel="pictures a second, whole flow")
