"""Files from which a training run goes on."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from murai.errors import TrainingError


def write_checkpoint(file: Path, state: dict[str, Any]) -> None:
    """Replaces the file in one step, so that a kill leaves the old one or the new one.

    Raises:
        TrainingError: it can't be written (a full disk, no permission).
    """
    beside = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as written:
            torch.save(state, written)
            written.flush()
            os.fsync(written.fileno())
        beside.replace(file)
    except (OSError, RuntimeError) as fault:  # torch.save reports a full disk as RuntimeError
        beside.unlink(missing_ok=True)
        raise TrainingError(
            f"can't write the checkpoint {file}: {fault}", "make room there, or name another folder with --checkpoint"
        ) from fault


def read_checkpoint(file: Path) -> dict[str, Any]:
    """The state that was written; tensors and plain values only, no code is run.

    Raises:
        TrainingError: it is missing or damaged.
    """
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError) as fault:
        raise TrainingError(f"can't read the checkpoint {file}: {fault}", "start without --resume") from fault
    return state
