"""What keeps a training run from spoiling another run's work, or its own."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from murai.errors import PackError, TrainingError
from murai.stylize.pack import Pack, read_pack
from murai.training.distributed import Crew

_log = logging.getLogger(__name__)


@dataclass
class Stop:
    """asked: whether Ctrl+C was pressed."""

    asked: bool = False


@contextmanager
def stop_between_steps(crew: Crew) -> Iterator[Stop]:
    """Inside it a first Ctrl+C is only noted; a second one breaks off.

    Of several processes none may stop at a step of its own: there, and outside of the main thread, nothing changes.
    """
    stop = Stop()
    if crew.size > 1 or threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        stop.asked = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def only_run(checkpoint: Path) -> Iterator[None]:
    """Holds a lock beside the checkpoint while the block runs; the kernel lets go of it however the process ends.

    Raises:
        TrainingError: another run writes this checkpoint, or nothing can be written there.
    """
    file = checkpoint.with_name(f".{checkpoint.name}.lock")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as fault:
        raise TrainingError(
            f"can't write the checkpoint {checkpoint}: {fault.strerror}", "name another file with --checkpoint"
        ) from fault
    try:
        _lock(handle, checkpoint)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, checkpoint: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        raise TrainingError(
            f"another `murai train` writes the checkpoint {checkpoint}",
            "wait for it, or name another with --checkpoint",
        ) from fault
    except OSError as fault:  # some network drives have no locks
        _log.warning("can't lock %s, start no second run there: %s", checkpoint, fault.strerror)


def check_nothing_is_lost(folder: Path, styles: Sequence[str]) -> None:
    """Looks whether a pack that is to be replaced has styles that the new one won't have.

    Raises:
        TrainingError: it has.
    """
    try:
        known = [style.name for style in read_pack(folder).styles]
    except PackError:  # none, or one that can't be used
        return
    if lost := [name for name in known if name not in styles]:
        raise TrainingError(
            f"{folder} is a pack with styles that this run doesn't learn ({', '.join(lost)})",
            "add to it with --into, or name another folder with -o",
        )


def check_unchanged(pack: Pack) -> None:
    """Looks whether the pack that was added to is still as it was read: else what has come to it would be lost.

    Raises:
        TrainingError: it isn't.
        PackError: it can't be read any more.
    """
    if read_pack(pack.folder).facts != pack.facts:
        raise TrainingError(
            f"{pack.folder} has been changed meanwhile", "the same command with --resume adds to it as it is now"
        )
