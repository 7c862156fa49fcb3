"""Files from which a training run goes on."""

from __future__ import annotations

import io
import logging
import os
import pickle
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from murai.errors import TrainingError

_log = logging.getLogger(__name__)
_REMEDY = "start without --resume"
# What zipfile and torch raise for files that are no checkpoints, or whose table of contents is damaged.
_FAULTS = (OSError, RuntimeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, pickle.UnpicklingError)


def write_checkpoint(file: Path, state: dict[str, Any]) -> None:
    """Replaces the file in one step, so that a kill leaves the old one or the new one.

    Raises:
        TrainingError: it can't be written (a full disk, no permission).
    """
    beside = file.with_name(file.name + ".part")
    data = io.BytesIO()
    torch.save(state, data)  # not into the file: it would tell a full disk in words of its own
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as written:
            written.write(data.getbuffer())
            written.flush()
            os.fsync(written.fileno())
        beside.replace(file)
    except OSError as fault:
        with suppress(OSError):  # where the folder is no folder, there is nothing to clear up
            beside.unlink(missing_ok=True)
        raise TrainingError(
            f"can't write the checkpoint {file}: {fault.strerror}",
            "make room there, or name another folder with --checkpoint",
        ) from fault


def keep_checkpoint(file: Path) -> None:
    """Moves a checkpoint out of the way of another run, as NAME.before.pt; tells so. Does nothing where there is none.

    Raises:
        TrainingError: it can't be moved.
    """
    if not file.is_file():
        return
    kept = file.with_suffix(f".before{file.suffix}")
    try:
        file.replace(kept)
    except OSError as fault:
        raise TrainingError(f"can't move {file} to {kept}: {fault.strerror}", "name another --checkpoint") from fault
    _log.warning("the checkpoint of the run before is kept as %s", kept)


def read_checkpoint(file: Path) -> dict[str, Any]:
    """The state that was written; tensors and plain values only, no code is run.

    Raises:
        TrainingError: it is missing or damaged.
    """
    try:
        # torch.load looks at no checksum: it would give damaged weights as if they were whole.
        with zipfile.ZipFile(file) as opened:
            damaged = opened.testzip()
        state = None if damaged else torch.load(file, map_location="cpu", weights_only=True)
    except _FAULTS as fault:
        why = getattr(fault, "strerror", None) or fault
        raise TrainingError(f"can't read the checkpoint {file}: {why}", _REMEDY) from fault
    if not isinstance(state, dict):
        raise TrainingError(f"the checkpoint {file} is damaged", _REMEDY)
    return state
