"""Files that `murai evaluate` leaves, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from murai.errors import TrainingError


def check_file(file: Path) -> None:
    """Tries to write beside the file: hours of work must not end in a missing permission.

    Raises:
        TrainingError: it can't be written.
    """
    if file.is_dir():
        raise TrainingError(f"can't write {file}: it is a folder", "name another file")
    beside = _beside(file)
    with _writing(file):
        beside.write_bytes(b"written")
        beside.unlink()


def write_file(file: Path, save: Callable[[Path], Any]) -> None:
    """Replaces the file in one step, so that none is left half written.

    save: writes to the path that it is given.

    Raises:
        TrainingError: it can't be written.
    """
    beside = _beside(file)
    with _writing(file):
        save(beside)
        beside.replace(file)


def _beside(file: Path) -> Path:
    return file.with_name(file.name + ".part")


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as fault:
        raise TrainingError(f"can't write {file}: {fault.strerror or fault}", "name another file") from fault
