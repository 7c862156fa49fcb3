"""Choosing among made-up painters, on a clock of the tests' own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from murai.errors import HardwareError
from murai.hardware import Compute
from murai.stylize import painters_choice
from murai.stylize.painters import Painter
from murai.stylize.painters_choice import Way, open_first, quickest, ways
from murai.stylize.painters_measured import BUDGET_S, Memory, Run, measure


class PlayedClock:
    """Time passes only while something paints."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def paint(self, *each_s: float) -> Run:
        """Takes these times, one after another, and then the last one for good."""
        left = list(each_s)

        def run() -> None:
            self.now_s += left.pop(0) if len(left) > 1 else left[0]

        return run

    def time(self, run: Run) -> float:
        begun_s = self.now_s
        run()
        return self.now_s - begun_s


def unopened() -> Painter:
    raise AssertionError("nobody was to open this")


def way(engine: str, open: Callable[[], Painter] = unopened) -> Way:
    return Way(engine, "float32", open)


def test_the_median_counts_and_not_a_single_hiccup() -> None:
    clock = PlayedClock()
    took_s = measure({"steady": clock.paint(0.02), "hiccup": clock.paint(0.5, 0.01)}, clock.time, clock)
    assert took_s == pytest.approx({"steady": 0.02, "hiccup": 0.01})


def test_they_take_turns() -> None:
    order: list[str] = []
    measure({name: partial(order.append, name) for name in "abc"}, PlayedClock().time, PlayedClock())
    assert order[:6] == ["a", "b", "c", "a", "b", "c"]


@pytest.mark.parametrize(("each_s", "rounds"), [(0.001, 15), (0.05, 10), (4.0, 3)])
def test_measuring_ends_in_time_but_not_before_three_rounds(each_s: float, rounds: int) -> None:
    clock = PlayedClock()
    measure({"a": clock.paint(each_s), "b": clock.paint(each_s)}, clock.time, clock)
    assert clock.now_s == pytest.approx(2 * each_s * rounds, rel=0.11)
    assert clock.now_s <= max(BUDGET_S + 2 * each_s, 6 * each_s) + 1e-6


def choose(file: Path, times_s: dict[str, float], question: str = "here", broken: tuple[str, ...] = ()) -> str:
    """The engine that is chosen among these, each as quick as it says."""
    clock = PlayedClock()

    def prepare(asked: Way) -> Run:
        if asked.engine in broken:
            raise HardwareError("no such thing", "get one")
        return clock.paint(times_s[asked.engine])

    return quickest([way(each) for each in times_s], question, prepare, clock.time, Memory(file)).engine


def test_the_quickest_is_chosen_and_remembered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "cache" / "engines.json"
    with caplog.at_level(logging.INFO):
        assert choose(file, {"slow": 0.02, "quick": 0.01}) == "quick"
    assert "measured slow float32 20.00 ms, quick float32 10.00 ms" in caplog.text
    assert choose(file, {"slow": 0.01, "quick": 0.02}) == "quick"  # not measured again
    assert [each.name for each in file.parent.iterdir()] == ["engines.json"]


def test_another_question_or_another_engine_is_measured_anew(tmp_path: Path) -> None:
    file = tmp_path / "engines.json"
    assert choose(file, {"a": 0.02, "b": 0.01}) == "b"
    assert choose(file, {"a": 0.01, "b": 0.02}, "with another driver") == "a"
    assert choose(file, {"a": 0.02, "b": 0.02, "c": 0.01}) == "c"
    assert choose(file, {"b": 0.3, "a": 0.1}) == "b"  # the first answer is still there, in whatever order they come


def test_what_cannot_be_used_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert choose(tmp_path / "engines.json", {"a": 0.02, "b": 0.01}, broken=("b",)) == "a"
    assert "not painting by b float32: no such thing" in caplog.text


def test_where_nothing_can_be_measured_the_first_is_taken_and_not_remembered(tmp_path: Path) -> None:
    file = tmp_path / "engines.json"
    assert choose(file, {"a": 0.02, "b": 0.01}, broken=("a", "b")) == "a"
    assert not file.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"here": 5}', "\x00\xff"])
def test_a_damaged_file_is_told_once_measured_again_and_mended(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    file = tmp_path / "engines.json"
    file.write_text(text, encoding="latin-1")
    assert choose(file, {"a": 0.02, "b": 0.01}) == "b"
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 1
    assert said[0].startswith(f"{file} is damaged, measuring engines again")
    assert choose(file, {"a": 0.01, "b": 0.02}) == "b"


def test_a_file_that_cannot_be_written_is_told_and_the_choice_stands(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("a file, and no folder")
    assert choose(tmp_path / "taken" / "engines.json", {"a": 0.02, "b": 0.01}) == "b"
    assert "is measured at each start" in caplog.text


def test_an_answer_that_is_no_longer_there_is_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "engines.json"
    Memory(file).keep("here: a float32, b float32", "gone float32")
    assert choose(file, {"a": 0.01, "b": 0.02}) == "a"


@pytest.mark.parametrize(
    ("compute", "cupy", "names"),
    [
        (Compute("cpu", "bfloat16", 2, ""), True, ["torchscript bfloat16"]),
        (Compute("cuda", "float16", 1, ""), False, ["graph float16", "torchscript float16"]),
        (
            Compute("cuda", "float16", 1, "", ("float32",)),
            True,
            [
                f"{engine} {number_type}"
                for number_type in ("float16", "float32")
                for engine in ("graph of kernels", "graph", "torchscript")
            ],
        ),
    ],
)
def test_which_ways_there_are(monkeypatch: pytest.MonkeyPatch, compute: Compute, cupy: bool, names: list[str]) -> None:
    monkeypatch.setattr(painters_choice, "_has_cupy", lambda: cupy)
    assert [each.name for each in ways(compute)] == names


def test_that_cupy_is_missing_is_told_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    painters_choice._has_cupy.cache_clear()
    monkeypatch.setattr(painters_choice, "find_spec", lambda name: None)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            ways(Compute("cuda", "float16", 1, ""))
    painters_choice._has_cupy.cache_clear()
    assert sum("CuPy is missing" in record.getMessage() for record in caplog.records) == 1


def test_the_first_that_opens_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Painter:
        raise HardwareError("CuPy can't be used: no driver", "install it")

    painter = object()
    chosen, opened = open_first([way("a", fail), way("b", lambda: painter), way("c", fail)])  # type: ignore[arg-type,return-value]
    assert (chosen.engine, opened) == ("b", painter)
    assert "not painting by a float32: CuPy can't be used: no driver" in caplog.text
    with pytest.raises(HardwareError, match="no driver"):
        open_first([way("a", fail), way("c", fail)])
