"""Files that are whole under their names, or not there, and what people are told where one can't be written."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

STANDARD_OUTPUT = Path("/dev/stdout")

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there, for this user's share of the disk is used up",
    errno.EACCES: "let this user write there, or name another file",
    errno.EROFS: "name another file: that disk is mounted for reading only",
}


def target_of(file: Path) -> Path:
    """The file itself, or what a symbolic link of its name leads to, which need not be there."""
    return Path(os.path.realpath(file)) if file.is_symlink() else file


def part_of(file: Path) -> Path:
    """Where a file grows until it is whole: beside it, or beside what a link leads to."""
    target = target_of(file)
    return target.with_name(target.name + ".part")


def give_name(file: Path) -> None:
    """Puts the whole `part_of` a file into its place. Raises: OSError: it can't be."""
    part_of(file).replace(target_of(file))


def takes_a_stream(file: Path) -> bool:
    """Whether a file is none that can be replaced: a device, a FIFO, or where this process's output goes."""
    other = os.path.exists(file) and not os.path.isfile(file) and not os.path.isdir(file)
    return other or _descriptor_of(file) is not None


def open_stream(file: Path) -> FileIO:
    """Opens a file to be written from its beginning on, unbuffered; this process's own output goes on where it is.

    Raises:
        OSError: it can't be opened.
    """
    own = _descriptor_of(file)
    if own is None:
        return file.open("wb", buffering=0)
    for stream in (sys.stdout, sys.stderr):  # what was said before stands before it
        if stream is not None:  # closed
            stream.flush()
    return open(os.dup(own), "wb", buffering=0)


def write_whole(file: Path, save: Callable[[Path], Any]) -> None:
    """Makes or replaces a file in one step; where that fails, what was there stays as it was.

    Where a symbolic link leads to is replaced, not the link. What `takes_a_stream` is written into.

    save: writes to the path that it is given.

    Raises:
        OSError: it can't be written.
    """
    if takes_a_stream(file):
        _pour(file, save)
        return
    part = part_of(file)
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        save(part)
        give_name(file)
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
    if takes_a_stream(file):
        if not os.access(file, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return
    part = part_of(file)
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_bytes(b"written")
    finally:  # a full disk takes the file, and nothing into it
        part.unlink(missing_ok=True)


def same_file(one: Path, other: Path) -> bool:
    """Whether two names are of one file, be it there or not."""
    with suppress(OSError):  # one isn't there
        return os.path.samefile(one, other)
    return os.path.realpath(one) == os.path.realpath(other)


def is_full(fault: BaseException) -> bool:
    """Whether there is no room on the disk: what comes next would fail as well."""
    return isinstance(fault, OSError) and fault.errno in _FULL


def unwritable(file: Path, fault: OSError) -> tuple[str, str]:
    """What is wrong with writing a file, and the remedy: what a MuraiError is made of."""
    return f"can't write {file}: {fault.strerror or fault}", _REMEDIES.get(fault.errno or 0, "name another file")


def _descriptor_of(file: Path) -> int | None:
    """That of standard output or standard error where it goes into this very file."""
    try:
        found = file.stat()
    except OSError:
        return None
    for descriptor in (1, 2):
        with suppress(OSError):  # closed
            if os.path.samestat(found, os.fstat(descriptor)):
                return descriptor
    return None


def _pour(file: Path, save: Callable[[Path], Any]) -> None:
    """Saves to a file elsewhere, for those who save may have to seek, and copies it."""
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        save(whole)
        with whole.open("rb") as written, BufferedWriter(open_stream(file)) as stream:
            shutil.copyfileobj(written, stream)
