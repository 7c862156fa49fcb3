"""Graphs: what is recorded and when, with a recorder that plays CUDA's rules, and on a GPU with CUDA itself."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from murai.stylize.cuda_graph import CudaRecorder, GraphPainter, Inputs, Recording
from murai.stylize.torchscript import compile_painter
from tests.stylize.test_cuda_painting import drawn, painted_by


class Replayed:
    """Does the recorded work again, from the same memory into the same memory, whatever else is asked."""

    def __init__(self, painting: Tensor, again: Callable[[], Tensor], told: list[str]) -> None:
        self._painting = painting
        self._again = again
        self._told = told

    def replay(self) -> None:
        self._told.append("replay")
        height, width = self._painting.shape[1:]
        whole = self._painting.as_strided((height, width, 4), (4 * width, 4, 1))
        whole.copy_(self._again().as_strided((height, width, 4), (4 * width, 4, 1)))


class PlayedRecorder:
    """Like CUDA's: what is recorded isn't computed, and the painting comes with each replay to the same place."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def record(self, work: object, inputs: Inputs) -> tuple[Recording, Tensor]:
        self.told.append("record {}x{}".format(*inputs.rgb.shape[1:]))
        height, width = inputs.rgb.shape[1:]
        painting = torch.zeros((height, width, 4), dtype=torch.uint8)[:, :, :3].permute(2, 0, 1)
        return Replayed(painting, lambda: inputs.paint_with(work), self.told), painting  # type: ignore[arg-type]


class Painted:
    """A painter whose picture tells each of its inputs."""

    def __init__(self) -> None:
        self.painted = 0

    def __call__(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        self.painted += 1
        shade = ground.sum() + sum(each.sum() for each in (*kernels, *biases))
        rgbx = torch.zeros((*rgb.shape[1:], 4), dtype=torch.uint8, device=rgb.device)
        rgbx[:, :, :3] = (rgb.permute(1, 2, 0) + shade).to(torch.uint8)
        return rgbx[:, :, :3].permute(2, 0, 1)


def test_pictures_are_copied_as_whole_pixels_where_the_fourth_byte_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    given, kept = drawn(4, 6, 4), drawn(4, 6)
    cut, tight = drawn(4, 8, 4)[:, :, :6], drawn(4, 6).contiguous()
    for rgb, runs in [(given, 1), (kept, 3), (cut, 3), (tight, 3)]:
        inputs = Inputs(rgb, *style(1.0))
        copied: list[int] = []
        copy = Tensor.copy_
        with monkeypatch.context() as watched:
            watched.setattr(Tensor, "copy_", lambda to, new: (copied.append(to.dim()), copy(to, new))[1])  # noqa: B023
            inputs.put(rgb, *style(1.0))
        assert copied == [runs]
        assert torch.equal(inputs.rgb, rgb)


def style(shade: float) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    return torch.full((1, 1, 1, 1), shade), [torch.full((2, 2, 3, 3), 0.0)] * 2, [torch.full((2,), 1.0)] * 2


def test_each_size_is_recorded_once_and_every_frame_is_a_replay() -> None:
    recorder = PlayedRecorder()
    painter, ground = GraphPainter(Painted(), recorder), style(3.0)
    for size in [(4, 6), (4, 6), (8, 6), (4, 6)]:
        rgb = drawn(*size)
        assert torch.equal(painter(rgb, *ground), rgb + 7)
    assert recorder.told == ["record 4x6", "replay", "replay", "record 8x6", "replay", "replay"]


def test_another_style_is_copied_in_and_nothing_recorded_anew() -> None:
    recorder = PlayedRecorder()
    painter, rgb = GraphPainter(Painted(), recorder), drawn(4, 6)
    for shade in (0.0, 5.0, 9.0, 5.0):
        ground, kernels, biases = style(shade)
        for _ in range(2):
            assert torch.equal(painter(rgb, ground, kernels, biases), rgb + int(shade) + 4)
    assert recorder.told.count("record 4x6") == 1


def test_a_style_that_rests_is_not_copied_again(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[int] = []
    copy = torch._foreach_copy_
    monkeypatch.setattr(torch, "_foreach_copy_", lambda to, new: (copied.append(len(new)), copy(to, new))[1])
    painter, resting = GraphPainter(Painted(), PlayedRecorder()), style(1.0)
    for _ in range(3):
        painter(drawn(4, 6), *resting)
    assert copied == [5]
    ground, kernels, biases = resting
    painter(drawn(4, 6), ground, kernels, [*biases[:1], torch.full((2,), 8.0)])  # one of them is enough
    assert copied == [5, 5]


def test_each_size_keeps_its_own_style() -> None:
    painter, small, large = GraphPainter(Painted(), PlayedRecorder()), drawn(4, 6), drawn(8, 6)
    assert torch.equal(painter(small, *style(1.0)), small + 5)
    other = style(2.0)
    assert torch.equal(painter(large, *other), large + 6)
    assert torch.equal(painter(small, *other), small + 6)


def test_a_painting_is_never_written_to_again() -> None:
    painter, rgb = GraphPainter(Painted(), PlayedRecorder()), drawn(4, 6)
    first = painter(rgb, *style(1.0))
    kept = first.clone()
    second = painter(rgb, *style(50.0))
    assert torch.equal(first, kept)
    assert not torch.equal(first, second)
    assert first.stride() == (1, 24, 4)
    assert first.untyped_storage().data_ptr() != second.untyped_storage().data_ptr()


def test_the_size_that_was_longest_not_seen_is_forgotten() -> None:
    recorder = PlayedRecorder()
    painter, resting = GraphPainter(Painted(), recorder), style(1.0)
    for height in (1, 2, 3, 1, 4, 1, 2):
        painter(drawn(height, 6), *resting)
    recorded = [each for each in recorder.told if each != "replay"]
    assert recorded == ["record 1x6", "record 2x6", "record 3x6", "record 4x6", "record 2x6"]


class FailingRecorder:
    def __init__(self) -> None:
        self.asked = 0

    def record(self, work: object, inputs: Inputs) -> tuple[Recording, Tensor]:
        self.asked += 1
        raise RuntimeError("operation not permitted\nwhen stream is capturing")


def test_what_cannot_be_recorded_is_painted_without_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    recorder, inner = FailingRecorder(), Painted()
    painter = GraphPainter(inner, recorder)
    for height in (4, 4, 8):
        rgb = drawn(height, 6)
        assert torch.equal(painter(rgb, *style(1.0)), rgb + 5)
    assert (recorder.asked, inner.painted) == (1, 3)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == ["painting without a CUDA graph: operation not permitted when stream is capturing"]


class PlayedCuda:
    """torch.cuda as far as a recording needs it: notes what is asked, and keeps to the rules of a current stream."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.current = PlayedStream("screen", self.told)
        self.capturing = False
        self.fails = False
        self.ended: list[tuple[int, object]] = []
        for name, played in {
            "Stream": lambda: PlayedStream("side", self.told),
            "current_stream": lambda: self.current,
            "current_device": lambda: 0,
            "graph_pool_handle": lambda: "pool",
            "CUDAGraph": PlayedGraph,
            "stream": self.stream,
            "graph": self.graph,
        }.items():
            monkeypatch.setattr(torch.cuda, name, played)
        monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", lambda *asked: self.ended.append(asked), raising=False)

    @contextmanager
    def stream(self, stream: PlayedStream) -> Iterator[None]:
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before

    @contextmanager
    def graph(self, graph: PlayedGraph, pool: str, stream: PlayedStream, capture_error_mode: str) -> Iterator[None]:
        self.told.append(f"begin in {pool} on {stream.name}, {capture_error_mode}")
        assert not gc.isenabled(), "what is collected while recording could end it"
        self.current, self.capturing = stream, True
        yield
        self.capturing = False
        if self.fails:  # like torch: its stream stays the current one
            raise RuntimeError("operation failed due to a previous error during capture")
        self.told.append("end")

    def work(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        self.told.append(f"{'record' if self.capturing else 'run'} on {self.current.name}")
        return rgb


class PlayedGraph:
    def replay(self) -> None:
        pass


class PlayedStream:
    def __init__(self, name: str, told: list[str]) -> None:
        self.name = name
        self._told = told

    def wait_stream(self, other: PlayedStream) -> None:
        self._told.append(f"{self.name} waits for {other.name}")


def test_a_recording_is_warmed_up_on_its_own_stream_and_ordered_with_the_current_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cuda = PlayedCuda(monkeypatch)
    recording, painting = CudaRecorder().record(cuda.work, inputs := Inputs(drawn(4, 6), *style(1.0)))
    assert cuda.told == [
        "side waits for screen",
        *["run on side"] * 3,
        "begin in pool on side, thread_local",
        "record on side",
        "end",
        "screen waits for side",
    ]
    assert isinstance(recording, PlayedGraph)
    assert painting is inputs.rgb
    assert cuda.current.name == "screen"


def test_after_a_failed_recording_everything_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = PlayedCuda(monkeypatch)
    cuda.fails = True
    with pytest.raises(RuntimeError, match="previous error"):
        CudaRecorder().record(cuda.work, Inputs(drawn(4, 6), *style(1.0)))
    assert cuda.current.name == "screen"
    assert cuda.told[-1] == "screen waits for side"
    assert cuda.ended == [(0, "pool")]
    assert gc.isenabled()


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_on_a_gpu_a_replay_is_what_the_painter_paints(dtype: torch.dtype) -> None:
    plain = compile_painter(dtype)
    painter = GraphPainter(plain, CudaRecorder())
    for height, width in [(45, 62), (64, 96), (45, 62)]:
        rgb = drawn(height, width).cuda()
        expected = painted_by(plain, rgb, dtype)
        for _ in range(3):
            apart = (painted_by(painter, rgb, dtype).float() - expected.float()).abs()
            assert float(apart.mean()) < 0.5  # cuDNN may have chosen another algorithm


@pytest.mark.gpu
def test_on_a_gpu_what_cannot_be_recorded_is_painted_without(caplog: pytest.LogCaptureFixture) -> None:
    inner = Painted()

    def waits(rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        if torch.cuda.is_current_stream_capturing():
            torch.cuda.current_stream().synchronize()
        return inner(rgb, ground, kernels, biases)

    painter, before = GraphPainter(waits, CudaRecorder()), torch.cuda.current_stream()
    rgb, (ground, kernels, biases) = drawn(8, 8).cuda(), style(1.0)
    on_gpu = ground.cuda(), [each.cuda() for each in kernels], [each.cuda() for each in biases]
    for _ in range(2):
        assert torch.equal(painter(rgb, *on_gpu), rgb + 5)
    assert torch.cuda.current_stream() == before
    assert sum("without a CUDA graph" in record.getMessage() for record in caplog.records) == 1
    used = torch.cuda.Stream()
    for _ in range(50):  # memory that another stream has read comes back
        lent = torch.empty(1 << 20, dtype=torch.uint8, device="cuda")
        lent.record_stream(used)
        del lent
        torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() < 30 << 20
