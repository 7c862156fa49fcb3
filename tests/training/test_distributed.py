"""Several processes under torchrun are as one: the same losses, step by step, and the same weights."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training import crew_member
from tests.training.tiny import draw_photographs

ROOT = Path(__file__).resolve().parents[2]
STEPS = 8


def run_two(photographs: Path, told: Path) -> list[dict[str, Any]]:
    """What each of two processes told."""
    member = ["-m", "tests.training.crew_member", str(photographs), str(STEPS), str(told)]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", *_meeting_place(), *member]
    kept = {name: value for name, value in os.environ.items() if name not in {"WORLD_SIZE", "RANK", "LOCAL_RANK"}}
    environment = kept | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "GLOO_SOCKET_IFNAME": "lo"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(told.with_suffix(f".{rank}.json").read_text()) for rank in range(2)]


def _meeting_place() -> list[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return ["--master-addr", "127.0.0.1", "--master-port", str(found.getsockname()[1])]


def test_two_processes_learn_as_one_does(tmp_path: Path) -> None:
    photographs = draw_photographs(tmp_path / "photographs", 6)
    threads = torch.get_num_threads()
    crew_member.main(photographs, STEPS, tmp_path / "alone")
    torch.set_num_threads(threads)
    alone = json.loads((tmp_path / "alone.0.json").read_text())
    first, second = run_two(photographs, tmp_path / "both")
    assert (alone["size"], first["size"], second["size"]) == (1, 2, 2)
    assert first["losses"] == second["losses"] and first["weights"] == second["weights"]
    assert len(alone["losses"]) == STEPS
    for one, other in zip(alone["losses"], first["losses"], strict=True):
        assert other == pytest.approx(one, rel=2e-3)
    assert first["weights"] == pytest.approx(alone["weights"], rel=2e-3, abs=2e-3)
