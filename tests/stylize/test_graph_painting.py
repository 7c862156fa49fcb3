"""A painter in a graph: what is copied in and out, with a recorder that plays CUDA's rules, and on a GPU with CUDA."""

from __future__ import annotations

import logging

import pytest
import torch
from torch import Tensor

from murai.stylize.cuda_graph import CudaRecorder
from murai.stylize.graph_painting import GraphPainter
from murai.stylize.torchscript import compile_painter
from tests.fakes.graphs import FailingRecorder, PlayedRecorder
from tests.stylize.test_cuda_painting import drawn, painted_by


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


def style(shade: float) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    return torch.full((1, 1, 1, 1), shade), [torch.full((2, 2, 3, 3), 0.0)] * 2, [torch.full((2,), 1.0)] * 2


def test_each_size_is_recorded_once_and_every_frame_is_a_replay() -> None:
    recorder = PlayedRecorder()
    painter, resting = GraphPainter(Painted(), recorder), style(3.0)
    for size in [(4, 6), (4, 6), (8, 6), (4, 6)]:
        rgb = drawn(*size)
        assert torch.equal(painter(rgb, *resting), rgb + 7)
    assert recorder.told == ["record", "replay", "replay", "record", "replay", "replay"]


def test_another_style_is_copied_in_and_nothing_recorded_anew() -> None:
    recorder = PlayedRecorder()
    painter, rgb = GraphPainter(Painted(), recorder), drawn(4, 6)
    for shade in (0.0, 5.0, 9.0, 5.0):
        ground, kernels, biases = style(shade)
        for _ in range(2):
            assert torch.equal(painter(rgb, ground, kernels, biases), rgb + int(shade) + 4)
    assert recorder.told.count("record") == 1


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


def test_what_cannot_be_recorded_is_painted_without(caplog: pytest.LogCaptureFixture) -> None:
    fault = RuntimeError("operation not permitted\nwhen stream is capturing")
    recorder, inner = FailingRecorder([fault]), Painted()
    painter = GraphPainter(inner, recorder)
    for _ in range(2):
        rgb = drawn(4, 6)
        assert torch.equal(painter(rgb, *style(1.0)), rgb + 5)
    assert (recorder.told, inner.painted) == (["failed"], 2)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == ["painting without a CUDA graph: operation not permitted when stream is capturing"]


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
        if torch.cuda.is_current_stream_capturing() and rgb.shape[1] == 8:
            torch.cuda.current_stream().synchronize()
        return inner(rgb, ground, kernels, biases)

    painter, before = GraphPainter(waits, CudaRecorder()), torch.cuda.current_stream()
    ground, kernels, biases = style(1.0)
    on_gpu = ground.cuda(), [each.cuda() for each in kernels], [each.cuda() for each in biases]
    for height in (8, 8, 12, 12, 8):  # the other size is recorded after the failure
        rgb = drawn(height, 8).cuda()
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
