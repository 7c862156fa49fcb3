"""The program as its user starts it, in a process of its own and a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PATIENCE_S = 90.0


@dataclass(frozen=True)
class Home:
    """A folder that stands for everything that a user has: state, pictures, runtime files."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The test's own environment, turned away from the real user's folders, screen and keys."""
        runtime = self.folder / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MURAI_", "XDG_"))}
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "CREDENTIALS_DIRECTORY"):
            kept.pop(name, None)
        return kept | {
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PYTHONWARNINGS": "error",
        }

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """`murai` with these arguments; `more` goes to its environment."""
        return self._start("-m", "murai", *arguments, **more)

    def start_code(self, code: str, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Python code in the place of `python -m murai`, with these arguments."""
        return self._start("-c", code, *arguments, **more)

    def _start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def murai(self, *arguments: str, **more: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        with self.start(*arguments, **more) as process:
            try:
                out, err = process.communicate(timeout=_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return process.returncode, out, err

    def show(self, *arguments: str, **more: str) -> dict[str, Any]:
        """Runs a show that must end well, and gives its summary."""
        status, out, err = self.murai("run", "--json", *arguments, **more)
        assert (status, err) == (0, ""), err
        summary: dict[str, Any] = json.loads(out)["summary"]
        return summary


OFFSCREEN: Sequence[str] = ("--display", "offscreen", "--size", "320x180")
SCENE: Sequence[str] = ("--source", "synthetic:?size=160x96&fps=30")
