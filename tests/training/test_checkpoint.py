"""Checkpoint files: whole or refused, and old or new whatever happens while they are written."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from murai.errors import TrainingError
from murai.training.checkpoint import read_checkpoint, write_checkpoint

TIMEOUT_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


def state() -> dict[str, Any]:
    return {"weights": torch.arange(500, dtype=torch.float32), "step": 3, "nested": {"rates": [0.1, 0.2]}}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "deep" / "checkpoint.pt"
    write_checkpoint(file, state())
    found = read_checkpoint(file)
    assert torch.equal(found.pop("weights"), state()["weights"])
    assert found == {"step": 3, "nested": {"rates": [0.1, 0.2]}}
    assert [each.name for each in file.parent.iterdir()] == ["checkpoint.pt"]


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"nowhere\.pt.*without --resume"):
        read_checkpoint(tmp_path / "nowhere.pt")


def test_a_cut_off_checkpoint_is_refused_wherever_it_was_cut(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pt"
    write_checkpoint(file, state())
    whole = file.read_bytes()
    for size_bytes in range(0, len(whole), 97):
        file.write_bytes(whole[:size_bytes])
        with pytest.raises(TrainingError, match=r"checkpoint\.pt.*without --resume"):
            read_checkpoint(file)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_changed_byte_is_found_or_makes_no_difference(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pt"
    write_checkpoint(file, state())
    whole, chance = file.read_bytes(), random.Random(1)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        try:
            found = read_checkpoint(file)
        except TrainingError:
            refused += 1
        else:
            assert torch.equal(found["weights"], state()["weights"])
            assert (found["step"], found["nested"]) == (3, state()["nested"])
    assert refused > 150


def test_a_checkpoint_never_runs_code(tmp_path: Path) -> None:
    file, trap = tmp_path / "checkpoint.pt", tmp_path / "trap"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(trap),)

    torch.save({"step": Trap()}, file)
    assert zipfile.is_zipfile(file)
    with pytest.raises(TrainingError, match="can't read the checkpoint"):
        read_checkpoint(file)
    assert not trap.exists()


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2, 3], tmp_path / "list.pt")
    with pytest.raises(TrainingError, match=r"list\.pt"):
        read_checkpoint(tmp_path / "list.pt")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TrainingError, match=r"can't write the checkpoint .*--checkpoint"):
        write_checkpoint(tmp_path / "file" / "checkpoint.pt", state())
    (tmp_path / "checkpoint.pt").mkdir()
    with pytest.raises(TrainingError, match=r"can't write the checkpoint .*--checkpoint"):
        write_checkpoint(tmp_path / "checkpoint.pt", state())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pt"
    write_checkpoint(file, state())
    file.with_name("checkpoint.pt.part").symlink_to("/dev/full")
    with pytest.raises(TrainingError, match=r"can't write the checkpoint .*No space left on device: make room"):
        write_checkpoint(file, {"step": 4})
    assert read_checkpoint(file)["step"] == 3


def test_a_kill_in_the_middle_of_writing_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pt"
    beside = tmp_path / "checkpoint.pt.part"
    command = [sys.executable, "-m", "tests.training.endless_writer", str(file)]
    with subprocess.Popen(command, cwd=ROOT) as writer:
        end_s = time.monotonic() + TIMEOUT_S
        while not (file.exists() and _size_bytes(beside) > 0):
            assert writer.poll() is None and time.monotonic() < end_s
        writer.send_signal(signal.SIGKILL)
    found = read_checkpoint(file)
    assert bool((found["weights"] == found["number"]).all())
    write_checkpoint(file, {"number": 0})  # what the kill left beside it is in nobody's way
    assert read_checkpoint(file) == {"number": 0}
    assert not beside.exists()


def _size_bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
