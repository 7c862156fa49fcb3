"""Files that `murai stylize` leaves: each whole under its name, or not there."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from murai.errors import RenderError

_REMEDIES = {
    errno.ENOSPC: "free some space on that disk, then go on with --resume",
    errno.EDQUOT: "free some space: this user's share of the disk is used up",
    errno.EACCES: "let this user write there, or name another output",
    errno.EROFS: "name another output: that disk is mounted for reading only",
}
_USUAL_MODE = 0o644  # temporary files are for their owner alone
FULL = (errno.ENOSPC, errno.EDQUOT)


class DiskFull(RenderError):
    """No room on the disk: what comes next would fail as well."""


class Stopped(RenderError):
    """Somebody stopped the work, and with it what would come next."""


def part_of(file: Path) -> Path:
    """Where a file grows until it is whole."""
    return file.with_name(file.name + ".part")


def write_whole(file: Path, save: Callable[[Path], Any]) -> None:
    """Makes or replaces a file in one step; where that fails, what was there stays as it was.

    save: writes to the path that it is given.

    Raises:
        RenderError: it can't be written; DiskFull where there is no room.
    """
    part = part_of(file)
    with told(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            save(part)
            part.replace(file)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Raises: RenderError: it can't be written."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    with told(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        # A name of its own: the pieces of one folder's work write the same file at the same time.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, suffix=".part", delete=False) as part:
            try:
                part.write(text)
                part.flush()
                os.chmod(part.name, _USUAL_MODE)
                os.replace(part.name, file)
            except OSError:
                Path(part.name).unlink(missing_ok=True)
                raise


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Says what the system says in one line.

    Raises:
        RenderError: in the place of an OSError; DiskFull where there is no room.
    """
    try:
        yield
    except OSError as fault:
        kind = DiskFull if fault.errno in FULL else RenderError
        remedy = _REMEDIES.get(fault.errno or 0, "name another output")
        raise kind(f"can't write {file}: {fault.strerror or fault}", remedy) from fault
