"""Files that `murai stylize` leaves: each whole under its name, or not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from murai.apps import settings_files
from murai.core import files
from murai.errors import RenderError


class DiskFull(RenderError):
    """No room on the disk: what comes next would fail as well."""


class Stopped(RenderError):
    """Somebody stopped the work, and with it what would come next."""


def write_whole(file: Path, save: Callable[[Path], Any]) -> None:
    """See `murai.core.files.write_whole`. Raises: RenderError: it can't be written; DiskFull where there is no room."""
    with told(file):
        files.write_whole(file, save)


def write_settings(file: Path, content: dict[str, Any]) -> None:
    """See `murai.apps.settings_files`. Raises: RenderError: it can't be written; DiskFull where there is no room."""
    with told(file):
        settings_files.write_settings(file, content)


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Says what the system says in one line.

    Raises:
        RenderError: in the place of an OSError; DiskFull where there is no room.
    """
    try:
        yield
    except OSError as fault:
        what, remedy = files.unwritable(file, fault)
        if files.is_full(fault):
            raise DiskFull(what, f"{remedy}, then go on with --resume") from fault
        raise RenderError(what, remedy) from fault
