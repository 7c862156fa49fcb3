"""One kiosk at a time."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from murai.errors import AlreadyRunning, MuraiError

_log = logging.getLogger(__name__)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds `folder`/kiosk.lock while the block runs; the kernel lets go of it however the process ends.

    Raises:
        AlreadyRunning: another process holds it.
        MuraiError: the lock's file can't be made or locked.
    """
    file = folder / "kiosk.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise MuraiError(f"can't make {file}: {fault.strerror}", "set XDG_RUNTIME_DIR to a folder of yours") from fault
    try:
        _lock(handle, file)
        _sign(handle, file)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, file: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        process = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
        raise AlreadyRunning(
            f"a kiosk already runs on this machine (process {process})", "quit it first, with Ctrl+Q on its screen"
        ) from fault
    except OSError as fault:
        raise MuraiError(
            f"can't lock {file}: {fault.strerror}", "set XDG_RUNTIME_DIR to a folder on a disk of this machine"
        ) from fault


def _sign(handle: int, file: Path) -> None:
    """Tells the next one who holds the lock; the show can do without."""
    try:
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    except OSError as fault:
        _log.warning("can't write the process's number into %s: %s", file, fault.strerror)
