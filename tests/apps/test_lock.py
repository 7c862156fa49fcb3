from __future__ import annotations

import errno
import fcntl
import logging
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from murai.apps.lock import only_one
from murai.errors import AlreadyRunning, MuraiError


def test_the_second_one_is_told_which_process_is_the_first(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"), only_one(tmp_path):
        pass


def test_afterwards_another_one_may_start(tmp_path: Path) -> None:
    for _ in range(2):
        with only_one(tmp_path):
            pass


def test_a_killed_one_blocks_nobody(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from murai.apps.lock import only_one\n"
        "with only_one(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning, match=f"process {holder.pid}"), only_one(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with only_one(tmp_path):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MuraiError, match="XDG_RUNTIME_DIR"), only_one(tmp_path / "file" / "folder"):
        pass


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    said = r"can't lock .*kiosk\.lock: No locks available: set XDG_RUNTIME_DIR"
    with pytest.raises(MuraiError, match=said), only_one(tmp_path):
        pass


def test_a_full_disk_keeps_the_lock_and_the_show(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # no file may grow: what a full disk does, too
    try:
        with only_one(tmp_path), pytest.raises(AlreadyRunning, match="process unknown"), only_one(tmp_path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "kiosk.lock: File too large" in caplog.text
