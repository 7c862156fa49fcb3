"""Files that are whole under their names, or not there, and what people are told where one can't be written."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there, for this user's share of the disk is used up",
    errno.EACCES: "let this user write there, or name another file",
    errno.EROFS: "name another file: that disk is mounted for reading only",
}


def part_of(file: Path) -> Path:
    """Where a file grows until it is whole."""
    return file.with_name(file.name + ".part")


def write_whole(file: Path, save: Callable[[Path], Any]) -> None:
    """Makes or replaces a file in one step; where that fails, what was there stays as it was.

    save: writes to the path that it is given.

    Raises:
        OSError: it can't be written.
    """
    part = part_of(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        save(part)
        part.replace(file)
    except BaseException:
        with suppress(OSError):  # the first fault is the one to tell
            part.unlink(missing_ok=True)
        raise


def try_writing(file: Path) -> None:
    """Writes beside a file and removes it again: hours of work must not end in a missing permission.

    Raises:
        OSError: the file can't be written.
    """
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    part = part_of(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_bytes(b"written")
    finally:  # a full disk takes the file, and nothing into it
        part.unlink(missing_ok=True)


def is_full(fault: BaseException) -> bool:
    """Whether there is no room on the disk: what comes next would fail as well."""
    return isinstance(fault, OSError) and fault.errno in _FULL


def unwritable(file: Path, fault: OSError) -> tuple[str, str]:
    """What is wrong with writing a file, and the remedy: what a MuraiError is made of."""
    return f"can't write {file}: {fault.strerror or fault}", _REMEDIES.get(fault.errno or 0, "name another file")
