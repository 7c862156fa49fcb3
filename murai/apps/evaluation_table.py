"""What `murai evaluate` tells people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_QUALITY = (
    ("lbfgs_steps", "steps", ".0f"),
    ("lbfgs_steps_photograph", "from photo", ".0f"),
    ("total_loss", "total", ".3f"),
    ("style_loss", "style", ".3f"),
    ("content_loss", "content", ".3f"),
    ("stroke_distance", "strokes", ".2f"),
)
_STEADINESS = (
    ("warping_error", "warping", ".5f"),
    ("warping_error_twin", "twin", ".5f"),
    ("noise_gain", "noise", ".2f"),
    ("noise_gain_twin", "twin", ".2f"),
    ("style_loss", "style", ".3f"),
    ("style_loss_twin", "twin", ".3f"),
)


def show_result(result: dict[str, Any], console: Console) -> None:
    """Two tables, a line for each clip, one about what is shown, and one about speed. result: as in the JSON file."""
    size, megabytes = "x".join(str(side) for side in result["size"]), result["pack_bytes"] / 1e6
    console.print(_table(f"{result['pack']}: steps of L-BFGS that a painting is worth; losses", result, _QUALITY))
    console.print(_table(f"{result['pack']}: steadiness, beside the style loss", result, _STEADINESS))
    speed = f"{result['ms_per_frame']:.1f} ms a frame at {size} ({result['device']}); pack of {megabytes:.1f} MB"
    clips = [_told_clip(name, clip) for name, clip in result["clips"].items()]
    shown = f"warping error of what is shown, steadied: {result['mean']['warping_error_shown']:.5f}"
    console.print(Text("\n".join([*clips, shown, speed])), soft_wrap=True)


def _told_clip(name: str, clip: dict[str, Any]) -> str:
    painted = f"{name}: warping error {clip['warping_error']:.5f}"
    twin = "" if clip["warping_error_twin"] is None else f", of the twin {clip['warping_error_twin']:.5f}"
    return f"{painted}{twin}, of the clip itself {clip['warping_error_raw']:.5f}"


def _table(title: str, result: dict[str, Any], columns: tuple[tuple[str, str, str], ...]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("style", no_wrap=True)
    for _, head, _ in columns:
        table.add_column(head, justify="right", no_wrap=True)
    for name, figures in result["styles"].items():
        table.add_row(name, *_cells(figures, columns))
    table.add_section()
    table.add_row("mean", *_cells(result["mean"], columns))
    return table


def _cells(figures: dict[str, float | None], columns: tuple[tuple[str, str, str], ...]) -> list[str]:
    values = [(figures[field], form) for field, _, form in columns]
    return ["-" if value is None else format(value, form) for value, form in values]
