"""A lost GPU: told from faults that pass, and the end of the show with its own exit status."""

from __future__ import annotations

import json
import logging
from contextlib import ExitStack
from pathlib import Path

import pytest

from murai.apps import lost_gpu
from murai.apps.lost_gpu import check_gpu, gpu_watched
from murai.core.process import GPU_LOST_STATUS
from murai.errors import DisplayError, GpuLost
from tests.fakes.lost_gpu import ILLEGAL, PlayedGpu
from tests.fakes.packs import write_tiny_pack
from tests.fakes.runs import OFFSCREEN, SCENE, Home


@pytest.fixture(autouse=True)
def ends(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """The ends that the process was given, in place of ending the tests."""
    given: list[tuple[float, int]] = []
    monkeypatch.setattr(lost_gpu, "end_after", lambda *end: given.append(end))
    return given


def test_a_gpu_that_refuses_every_call_is_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, ends: list[tuple[float, int]]
) -> None:
    PlayedGpu([ILLEGAL]).install(monkeypatch)
    cause = RuntimeError("painting failed")
    with pytest.raises(GpuLost, match=r"for good \(CUDA error: an illegal memory access was encountered\): ") as lost:
        check_gpu(cause)
    assert lost.value.__cause__ is cause
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == [str(lost.value)]
    assert ends == [(20.0, GPU_LOST_STATUS)]


@pytest.mark.parametrize("faults", [[], ["CUDA error: out of memory", ILLEGAL]])
def test_a_fault_that_is_over_is_none_of_the_gpus(faults: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Once(PlayedGpu):
        def record(self, stream: str) -> None:
            if self.asked or not faults:
                self.asked += 1
            else:
                super().record(stream)

    gpu = Once(faults)
    gpu.install(monkeypatch)
    check_gpu(RuntimeError("painting failed"))
    assert gpu.asked == 2


def test_a_gpu_that_gives_no_answer_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = PlayedGpu(hangs=["urgent"])
    gpu.install(monkeypatch)
    monkeypatch.setattr(lost_gpu, "_ANSWERS_WITHIN_S", 0.2)
    try:
        with pytest.raises(GpuLost, match=r"no answer within 0\.2 s"):
            check_gpu(RuntimeError("nothing was painted"))
    finally:
        gpu.let_go.set()


def test_a_painting_that_never_ends_is_a_lost_gpu_once_nothing_was_painted_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpu = PlayedGpu(hangs=["painting"])
    gpu.install(monkeypatch)
    monkeypatch.setattr(lost_gpu, "_ANSWERS_WITHIN_S", 0.2)
    try:
        check_gpu(RuntimeError("the camera was unplugged"))
        with pytest.raises(GpuLost, match=r"no answer within 0\.2 s"):
            check_gpu(RuntimeError("nothing was painted"), silent=True)
    finally:
        gpu.let_go.set()


def test_without_a_gpu_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = PlayedGpu([ILLEGAL])
    gpu.install(monkeypatch)
    monkeypatch.setattr("torch.cuda.is_initialized", lambda: False)
    check_gpu(RuntimeError("painting failed"))
    with pytest.raises(DisplayError, match="no window"), gpu_watched():
        raise DisplayError("no window")
    assert gpu.asked == 0


def test_what_fails_while_closing_does_not_hide_that_the_gpu_is_lost(
    monkeypatch: pytest.MonkeyPatch, ends: list[tuple[float, int]]
) -> None:
    PlayedGpu([ILLEGAL]).install(monkeypatch)

    def close() -> None:
        raise RuntimeError("a texture can't be deleted")

    with pytest.raises(GpuLost) as lost, gpu_watched(), ExitStack() as stack:
        stack.callback(close)
        with gpu_watched():
            raise DisplayError("a picture can't be fetched")
    assert isinstance(lost.value.__cause__, DisplayError)
    assert len(ends) == 1


LOSES_ITS_GPU = """
import sys
import pytest, torch
from murai import cli
from murai.stylize.engine import Engine
from tests.fakes.lost_gpu import ILLEGAL, PlayedGpu

painted, paint = [], Engine.paint

def lose(engine, rgb, shares):
    painted.append(rgb)
    if len(painted) > 30:
        PlayedGpu([ILLEGAL]).install(pytest.MonkeyPatch())
        raise torch.AcceleratorError(ILLEGAL)
    return paint(engine, rgb, shares)

Engine.paint = lose
sys.argv[0] = "murai"
cli.main()
"""


def test_a_show_that_loses_its_gpu_ends_in_one_line_with_its_own_status_and_whole_files(tmp_path: Path) -> None:
    home = Home(tmp_path)
    pack = str(write_tiny_pack(tmp_path / "tiny"))
    files = ("--record", "film.mp4", "--stats", "stats.jsonl")
    root = str(Path(__file__).parents[2])
    with home.start_code(
        LOSES_ITS_GPU, "run", *OFFSCREEN, *SCENE, "--pack", pack, "--seconds", "20", *files, PYTHONPATH=root
    ) as process:
        out, err = process.communicate(timeout=60.0)
    assert (process.returncode, out) == (GPU_LOST_STATUS, ""), err
    assert len(err.splitlines()) == 1
    assert err.startswith("murai: the GPU has failed for good (CUDA error: an illegal memory access was encountered): ")
    assert (tmp_path / "film.mp4").stat().st_size > 1000
    assert all(json.loads(line) for line in (tmp_path / "stats.jsonl").read_text().splitlines())
