"""Graphs: what is recorded and when, how failures are taken, and the order of CUDA's calls."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
import torch
from torch import Tensor

from murai.stylize.cuda_graph import CudaRecorder, Recordings, Shape
from tests.fakes.graphs import FailingRecorder, PlayedRecorder

CAPTURED = "operation not permitted\nwhen stream is capturing"


class Squares:
    """A stage of numbers, whose work is their squares."""

    def __init__(self, numbers: Tensor) -> None:
        self.numbers = numbers.clone()

    def work(self) -> tuple[Tensor, ...]:
        return (self.numbers.square(),)


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def recorded(recordings: Recordings[Squares], shape: Shape) -> bool:
    """Whether there is a recording for this shape, which then gives the squares of what is put in."""
    found = recordings.of(shape, lambda: Squares(torch.zeros(shape)))
    if found is None:
        return False
    found.stage.numbers.copy_(torch.arange(float(shape[0])))
    found.recording.replay()
    assert torch.equal(found.made[0], torch.arange(float(shape[0])) ** 2)
    return True


def test_the_shape_that_was_longest_not_seen_is_forgotten() -> None:
    recorder = PlayedRecorder()
    recordings: Recordings[Squares] = Recordings("squaring", recorder)
    made = []
    for size in (1, 2, 3, 1, 4, 1, 2):
        recorder.told.clear()
        assert recorded(recordings, (size,))
        made.append("record" in recorder.told)
    assert made == [True, True, True, False, True, False, True]


def test_a_shape_that_fails_spoils_no_other_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    recorder = FailingRecorder([RuntimeError(CAPTURED), RuntimeError("another")])
    recordings: Recordings[Squares] = Recordings("squaring", recorder, Clock())
    assert [recorded(recordings, (size,)) for size in (1, 1, 2, 3, 2, 3)] == [False, False, False, True, False, True]
    assert recorder.told.count("failed") == 2
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert said == ["squaring without a CUDA graph: operation not permitted when stream is capturing"]


@pytest.mark.parametrize(("faults", "goes_then"), [(1, True), (2, False), (3, False)])
def test_a_shape_is_tried_once_more_after_a_minute(faults: int, goes_then: bool) -> None:
    recorder, clock = FailingRecorder([RuntimeError(CAPTURED)] * faults), Clock()
    recordings: Recordings[Squares] = Recordings("squaring", recorder, clock)
    assert not recorded(recordings, (5,))
    clock.now_s += 59.0
    assert not recorded(recordings, (5,))
    assert recorder.told == ["failed"]
    clock.now_s += 2.0
    assert recorded(recordings, (5,)) is goes_then
    clock.now_s += 1000.0
    assert recorded(recordings, (5,)) is goes_then
    assert recorder.told.count("failed") == min(faults, 2)


def test_a_shape_that_was_forgotten_after_a_failure_that_passed_may_fail_again() -> None:
    recorder, clock = FailingRecorder([RuntimeError(CAPTURED)]), Clock()
    recordings: Recordings[Squares] = Recordings("squaring", recorder, clock)
    assert not recorded(recordings, (1,))
    clock.now_s += 61.0
    assert all(recorded(recordings, (size,)) for size in (1, 2, 3, 4, 1))


def test_where_nothing_can_be_recorded_not_every_shape_is_tried() -> None:
    recorder = FailingRecorder([RuntimeError(CAPTURED)] * 100)
    recordings: Recordings[Squares] = Recordings("squaring", recorder, Clock())
    assert not any(recorded(recordings, (size,)) for size in range(1, 50))
    assert recorder.told.count("failed") == 8


class PlayedCuda:
    """torch.cuda as far as a recording needs it: notes what is asked, and keeps to the rules of a current stream.

    refuses: what is captured can't be recorded. waits: how often the whole device would be waited for.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.current = PlayedStream("screen", self.told)
        self.capturing: str | None = None
        self.refuses = False
        self.made = 0
        self.ended: list[tuple[int, object]] = []
        for name, played in {
            "Stream": self.new_stream,
            "current_stream": lambda: self.current,
            "current_device": lambda: 0,
            "graph_pool_handle": lambda: f"pool {self.made}",
            "CUDAGraph": lambda: PlayedGraph(self),
            "stream": self.stream,
            "synchronize": lambda: self.told.append("the whole device is waited for"),
            "empty_cache": lambda: self.told.append("memory is given back"),
        }.items():
            monkeypatch.setattr(torch.cuda, name, played)
        monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", lambda *asked: self.ended.append(asked), raising=False)

    def new_stream(self) -> PlayedStream:
        self.made += 1
        return PlayedStream(f"side {self.made}", self.told)

    @contextmanager
    def stream(self, stream: PlayedStream) -> Iterator[None]:
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before

    def work(self) -> tuple[Tensor, ...]:
        self.told.append(f"{'run' if self.capturing is None else 'record'} on {self.current.name}")
        if self.refuses and self.capturing is not None:
            raise RuntimeError("not while capturing")
        return (torch.ones(2),)


class PlayedGraph:
    def __init__(self, cuda: PlayedCuda) -> None:
        self._cuda = cuda

    def capture_begin(self, pool: str, capture_error_mode: str) -> None:
        assert not gc.isenabled(), "what is collected while recording could end it"
        self._cuda.told.append(f"begin in {pool} on {self._cuda.current.name}, {capture_error_mode}")
        self._cuda.capturing = self._cuda.current.name

    def capture_end(self) -> None:
        assert self._cuda.capturing == self._cuda.current.name, "a capture ends on the stream that it began on"
        self._cuda.capturing = None
        if self._cuda.refuses:
            raise RuntimeError("operation failed due to a previous error during capture")
        self._cuda.told.append("end")

    def replay(self) -> None:
        pass


class PlayedStream:
    def __init__(self, name: str, told: list[str]) -> None:
        self.name = name
        self._told = told

    def wait_stream(self, other: PlayedStream) -> None:
        self._told.append(f"{self.name} waits for {other.name}")


def test_a_recording_is_ordered_with_the_current_stream_and_the_host_waits_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = PlayedCuda(monkeypatch)
    recording, made = CudaRecorder().record(cuda.work)
    assert cuda.told == [
        "side 1 waits for screen",
        *["run on side 1"] * 3,
        "begin in pool 1 on side 1, thread_local",
        "record on side 1",
        "end",
        "screen waits for side 1",
    ]
    assert isinstance(recording, PlayedGraph)
    assert torch.equal(made[0], torch.ones(2))
    assert cuda.current.name == "screen"
    assert gc.isenabled()


def test_after_a_failed_recording_everything_is_as_before_and_another_one_goes_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda, recorder = PlayedCuda(monkeypatch), CudaRecorder()
    cuda.refuses = True
    with pytest.raises(RuntimeError, match="not while capturing"):  # and not that something has failed before
        recorder.record(cuda.work)
    assert cuda.current.name == "screen"
    assert cuda.told[-1] == "screen waits for side 1"
    assert cuda.ended == [(0, "pool 1")]
    assert gc.isenabled()
    cuda.refuses = False
    cuda.told.clear()
    recorder.record(cuda.work)
    assert "begin in pool 2 on side 2, thread_local" in cuda.told


class Doubled:
    """A stage with a convolution in it, for whose trials cuDNN has the warm-up."""

    def __init__(self, numbers: Tensor) -> None:
        self.numbers = numbers.clone()

    def work(self) -> tuple[Tensor, ...]:
        return (torch.nn.functional.conv2d(self.numbers, self.numbers.new_full((1, 1, 1, 1), 2.0)),)


@pytest.mark.gpu
def test_on_a_gpu_a_recording_outlives_the_thread_that_made_it() -> None:
    recordings: Recordings[Doubled] = Recordings("doubling", CudaRecorder())
    given = torch.arange(64.0, device="cuda").view(1, 1, 8, 8)
    loading = Thread(target=lambda: recordings.of((8, 8), lambda: Doubled(given)))
    loading.start()
    loading.join()
    found = recordings.of((8, 8), lambda: Doubled(given))
    assert found is not None
    for n in range(20):
        found.stage.numbers.copy_(given + n)
        found.recording.replay()
        assert torch.equal(found.made[0], 2.0 * (given + n))
