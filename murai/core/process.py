"""What the operating system knows of this process."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from threading import Timer
from typing import NoReturn

GPU_LOST_STATUS = 3
"""Exit status of a show whose GPU was lost: whoever watches over the process is to start it again."""


def started_s() -> float:
    """When this process was started, on the monotonic clock: before the interpreter and all imports.

    Good to 10 ms on Linux; elsewhere it is now.
    """
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    since_boot_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.monotonic() - (time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot_s)


def end_at_once(status: int) -> NoReturn:
    """Ends the process without the interpreter's tear-down, in which a dead driver may hang or crash."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:  # also where nobody reads them any more
        os._exit(status)


def end_after(seconds: float, status: int) -> None:
    """Ends the process like that some time later, should it still be there, whatever its threads wait for.

    What has not been written by then is not waited for: the thread that hangs may be writing it.
    """
    timer = Timer(seconds, os._exit, [status])
    timer.daemon = True
    timer.start()
