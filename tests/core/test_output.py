"""What can't be said on standard output is said in one line elsewhere, or in silence where nobody listens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = "murai: can't write standard output: No space left on device: make room there\n"
SAYING = [["--version"], ["--help"], ["styles", "list"], ["styles", "list", "--json"]]


@pytest.fixture(params=["", "1"], ids=["buffered", "unbuffered"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    return os.environ | {"HOME": str(tmp_path), "PYTHONUNBUFFERED": request.param, "PYTHONWARNINGS": "error"}


def murai(words: list[str], out: int, environment: dict[str, str]) -> tuple[int, str]:
    """Exit status and standard error."""
    command = [sys.executable, "-m", "murai", *words]
    done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, env=environment, timeout=60.0)
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", SAYING, ids=" ".join)
def test_a_full_disk_is_one_line(words: list[str], environment: dict[str, str]) -> None:
    with Path("/dev/full").open("wb") as full:
        assert murai(words, full.fileno(), environment) == (1, FULL)


@pytest.mark.parametrize("words", SAYING[2:], ids=" ".join)
def test_a_pipe_that_nobody_reads_is_left_quietly(words: list[str], environment: dict[str, str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        assert murai(words, write, environment) == (1, "")
    finally:
        os.close(write)


def test_other_faults_come_first(environment: dict[str, str]) -> None:
    with Path("/dev/full").open("wb") as full:
        status, err = murai(["styles", "show", "nowhere"], full.fileno(), environment)
    assert status == 1 and err.startswith("murai: there is no style pack 'nowhere'")


def test_an_output_that_is_closed_is_told() -> None:
    closed = subprocess.run(
        f"'{sys.executable}' -m murai --version >&-", shell=True, stderr=subprocess.PIPE, text=True, timeout=60.0
    )
    assert (closed.returncode, closed.stderr.count("\n")) == (1, 1)
    assert "standard output is closed" in closed.stderr
