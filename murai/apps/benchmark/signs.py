"""Signs of life while it is measured: a bar on a terminal, a line a row elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from murai.apps.benchmark.figures import Row


class Signs:
    """How far it is, of so many rows. Owned by the main thread."""

    def __init__(self, console: Console, bar: Progress, rows: int) -> None:
        self._console = console
        self._bar = bar
        self._rows = rows
        self._ended = 0
        self._task = bar.add_task("limits", total=rows)

    def begins(self, name: str) -> None:
        """Row `name` is next."""
        self._bar.update(self._task, description=name)

    def ends(self, name: str, row: Row | None) -> None:
        """Row `name` is over; None where it couldn't be had."""
        self._ended += 1
        self._bar.advance(self._task)
        if not self._console.is_terminal:
            came = f"p50 {row.timings.percentile_ms(0.5):.1f} ms" if row else "left out"
            say(self._console, f"{self._ended} of {self._rows}: {name}: {came}")


@contextmanager
def shown_signs(console: Console, rows: int) -> Iterator[Signs]:
    """The bar, while it grows, or the lines."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        if not console.is_terminal:
            say(console, f"measuring the machine's limits, then {rows} rows")
        yield Signs(console, bar, rows)


def say(console: Console, line: str) -> None:
    """A line as it is, however long."""
    console.print(Text(line), soft_wrap=True)
