"""Lanes: which stream waits for which, told by streams that are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from murai.sources.lanes import CudaLane


class PlayedCuda:
    """torch.cuda as far as a lane needs it. told: what was asked, in order; current: the stream that is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.made = 0
        self.current = "default"
        monkeypatch.setattr(torch.cuda, "Stream", self._stream)
        monkeypatch.setattr(torch.cuda, "stream", self._entered)
        monkeypatch.setattr(torch.cuda, "default_stream", lambda device: PlayedStream(self, "default"))

    def _stream(self, device: torch.device, priority: int) -> PlayedStream:
        assert priority == -1, "torch gives such a stream to those who record CUDA graphs too"
        self.made += 1
        return PlayedStream(self, f"stream {self.made} of {device}")

    @contextmanager
    def _entered(self, stream: PlayedStream) -> Iterator[None]:
        before, self.current = self.current, stream.name
        yield
        self.current = before


class PlayedStream:
    def __init__(self, cuda: PlayedCuda, name: str) -> None:
        self._cuda = cuda
        self.name = name

    def wait_stream(self, other: PlayedStream) -> None:
        self._cuda.told.append(f"{self.name} waits for {other.name}")


class Picture:
    """A tensor that tells whose memory it is."""

    def __init__(self, cuda: PlayedCuda) -> None:
        cuda.told.append(f"made on {cuda.current}")
        self._cuda = cuda

    def record_stream(self, stream: PlayedStream) -> None:
        self._cuda.told.append(f"read on {stream.name}")


def test_what_is_made_beside_has_memory_of_its_own_and_the_lane_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = PlayedCuda(monkeypatch)
    lane = CudaLane("cuda:1")
    with lane.entered():
        lane.made_beside(lambda: Picture(cuda))  # type: ignore[arg-type, return-value]
        assert cuda.current == "stream 1 of cuda:1"
    assert cuda.told == [
        "made on stream 2 of cuda:1",
        "stream 1 of cuda:1 waits for stream 2 of cuda:1",
        "read on stream 1 of cuda:1",
    ]


def test_the_default_stream_and_the_lane_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = PlayedCuda(monkeypatch)
    lane = CudaLane("cuda:0")
    lane.after_default()
    lane.before_default()
    assert cuda.told == ["stream 1 of cuda:0 waits for default", "default waits for stream 1 of cuda:0"]
