"""One kiosk at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from murai.errors import AlreadyRunning, MuraiError


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds `folder`/kiosk.lock while the block runs; the kernel lets go of it however the process ends.

    Raises:
        AlreadyRunning: another process holds it.
        MuraiError: the lock's file can't be made.
    """
    file = folder / "kiosk.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise MuraiError(f"can't make {file}: {fault.strerror}", "set XDG_RUNTIME_DIR to a folder of yours") from fault
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            process = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
            raise AlreadyRunning(
                f"a kiosk already runs on this machine (process {process})", "quit it first, with Ctrl+Q on its screen"
            ) from fault
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
