"""Files that `murai evaluate` and `murai bench` leave, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from murai.core.files import try_writing, unwritable, write_whole
from murai.errors import TrainingError


def check_file(file: Path) -> None:
    """Tries to write beside the file, before the work.

    Raises:
        TrainingError: it can't be written.
    """
    try:
        try_writing(file)
    except OSError as fault:
        raise TrainingError(*unwritable(file, fault)) from fault


def write_file(file: Path, save: Callable[[Path], Any]) -> None:
    """Replaces the file in one step, so that none is left half written.

    save: writes to the path that it is given.

    Raises:
        TrainingError: it can't be written.
    """
    try:
        write_whole(file, save)
    except OSError as fault:
        raise TrainingError(*unwritable(file, fault)) from fault
