"""The end of a process that can't wait: with its status, whatever else is in the way."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

AT_ONCE = "print('said'); end_at_once(3)"
READ_BY_NOBODY = "import os; print('said'); read, write = os.pipe(); os.close(read); os.dup2(write, 1); end_at_once(3)"
AFTER_A_CLEAN_UP = "import atexit; atexit.register(print, 'torn down'); end_at_once(3)"
HANGS = "import threading; end_after(0.2, 3); threading.Event().wait(60.0)"
HANGS_WRITING = """
import os, threading
read, write = os.pipe()
os.dup2(write, 1)
end_after(0.2, 3)
print('much' * 100_000)
"""


@pytest.mark.parametrize(
    ("code", "out"),
    [(AT_ONCE, "said\n"), (READ_BY_NOBODY, ""), (AFTER_A_CLEAN_UP, ""), (HANGS, ""), (HANGS_WRITING, "")],
)
def test_the_process_ends_with_its_status(code: str, out: str) -> None:
    code = f"from murai.core.process import end_after, end_at_once\n{code}"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=15.0, env=buffered)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, out, "")
