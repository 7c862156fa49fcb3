"""Tables that are whole wherever they are read."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

_NO_LIMIT = 10_000  # columns


def print_table(table: Table, console: Console) -> None:
    """Prints it into a terminal's columns, and elsewhere as wide as it is: to rich, a pipe has 80 columns."""
    wide = console if console.is_terminal else Console(file=console.file, width=_NO_LIMIT)
    wide.print(table)
