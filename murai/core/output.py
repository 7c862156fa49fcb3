"""Standard output that can't be written: told in one line, where the interpreter would show a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import Any

from murai.core.files import unwritable
from murai.errors import MuraiError


@contextmanager
def output_heard() -> Iterator[None]:
    """Around all that a process says: what is printed within reaches standard output, or its status says otherwise.

    A pipe that nobody reads any more ends the process quietly, with status 1. Faults that are none of the output's
    come first.

    Raises:
        MuraiError: standard output can't be written.
    """
    if sys.stdout is None:
        raise MuraiError("standard output is closed", "send it to a file, or to /dev/null")
    raw = _Output(sys.stdout.fileno(), "wb", closefd=False)
    # Unbuffered is as good as line by line, and a pipe's reader sees no difference.
    at_once = isinstance(sys.stdout, TextIOWrapper) and (sys.stdout.line_buffering or sys.stdout.write_through)
    sys.stdout = TextIOWrapper(BufferedWriter(raw), sys.stdout.encoding, sys.stdout.errors, line_buffering=at_once)
    ended: BaseException | None = None
    try:
        yield
    except BaseException as fault:
        ended = fault
    with suppress(OSError):  # it is kept
        sys.stdout.flush()
    if raw.fault is not None:
        _forget(raw)
        if ended is None or isinstance(ended, SystemExit | OSError):
            _end_for(raw.fault)
    if ended is not None:
        raise ended


class _Output(FileIO):
    """Keeps what went wrong: an OSError alone doesn't say of which file it is."""

    fault: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as fault:
            self.fault = fault
            raise


def _forget(raw: _Output) -> None:
    """Lets what could not be written vanish, where the interpreter would try it again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, raw.fileno())
    os.close(nowhere)


def _end_for(fault: OSError) -> None:
    if fault.errno == errno.EPIPE:
        sys.exit(1)
    raise MuraiError(*unwritable(Path("standard output"), fault)) from fault
