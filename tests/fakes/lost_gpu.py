"""A GPU that is lost, or has its doubts: what torch says of it, played."""

from __future__ import annotations

import threading
from collections.abc import Collection

import pytest
import torch

ILLEGAL = "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be reported late"


class PlayedGpu:
    """Stands in for torch.cuda where it is asked whether the GPU still answers.

    faults: what the next calls say; the last one is repeated, and without any all goes well.
    hangs: the streams on which events are never done.
    """

    def __init__(self, faults: list[str] | None = None, *, hangs: Collection[str] = ()) -> None:
        self._faults = list(faults or [])
        self._hangs = hangs
        self._last = ""
        self.asked = 0
        self.let_go = threading.Event()

    def install(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(torch.cuda, "is_initialized", lambda: True)
        patch.setattr(torch.cuda, "Stream", lambda priority=0: "urgent" if priority < 0 else "any")
        patch.setattr(torch.cuda, "default_stream", lambda: "painting")
        patch.setattr(torch.cuda, "Event", lambda: self)

    def record(self, stream: str) -> None:
        assert stream in ("urgent", "painting"), "a graph may be recorded on any other"
        self.asked += 1
        self._last = stream
        if self._faults:
            raise torch.AcceleratorError(self._faults.pop(0) if len(self._faults) > 1 else self._faults[0])

    def synchronize(self) -> None:
        if self._last in self._hangs:
            self.let_go.wait(30.0)
