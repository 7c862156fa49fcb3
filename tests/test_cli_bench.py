"""The options of `murai bench` become what is measured."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from murai.apps.benchmark import latency, run
from murai.apps.benchmark.interruption import Interrupted
from murai.apps.benchmark.options import BenchOptions
from murai.cli import app
from murai.config import DisplayConfig
from murai.errors import ConfigError


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the bench was told."""
    found: list[tuple[Any, ...]] = []
    monkeypatch.setattr(run, "run_bench", lambda *words: found.append(words[:-2]))
    monkeypatch.setattr(latency, "run_latency", lambda *words: found.append(words[:-2]))
    return found


def bench(words: str) -> None:
    result = CliRunner().invoke(app, ["bench", *words.split()], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def test_nothing_said_is_everything(told: list[tuple[Any, ...]]) -> None:
    bench("")
    assert told == [(BenchOptions(),)]


def test_all_that_is_said_arrives(told: list[tuple[Any, ...]]) -> None:
    bench("--rows draw,peer --sizes 720p,64x48 --packs a,b --seconds 2 --quick --device cpu --json f.json --plot f.png")
    meant = BenchOptions(
        rows=("draw", "peer"),
        sizes=((1280, 720), (64, 48)),
        packs=("a", "b"),
        seconds=2.0,
        quick=True,
        device="cpu",
        json_file=Path("f.json"),
        plot=Path("f.png"),
    )
    assert told == [(meant,)]


def test_latency_has_a_source_and_a_screen(told: list[tuple[Any, ...]]) -> None:
    bench("--latency")
    bench("--latency --source /dev/video0 --display window --fullscreen --size 800x600")
    usual = (BenchOptions(), "synthetic:", DisplayConfig())
    assert told == [
        usual,
        (BenchOptions(), "/dev/video0", DisplayConfig(mode="window", fullscreen=True, size=(800, 600))),
    ]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--rows paint", "there is no row 'paint'"),
        ("--rows=", "--rows '' names nothing: leave it out for the usual"),
        ("--packs ,", "--packs ',' names nothing"),
        ("--sizes large", "'large' is no size"),
        ("--latency --size 1x1", "out of bounds"),
        ("--source /dev/video0", "--source is for --latency alone: leave it out, or add that"),
        ("--display window", "--display is for --latency alone"),
        ("--fullscreen", "--fullscreen is for --latency alone"),
        ("--size 1280x720", "--size is for --latency alone"),
        ("--latency --rows draw", "--rows has no part in --latency: leave one of the two out"),
        ("--latency --quick", "--quick has no part in --latency"),
        ("--latency --packs a,b", "--latency takes one pack, not 'a,b'"),
    ],
)
def test_what_cannot_be_meant_is_told(words: str, line: str, told: list[tuple[Any, ...]]) -> None:
    with pytest.raises(ConfigError, match=line):
        CliRunner().invoke(app, ["bench", *words.split()], catch_exceptions=False)
    assert not told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_the_exit_status(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_: Any) -> None:
        raise Interrupted(number)

    monkeypatch.setattr(run, "run_bench", ended)
    assert CliRunner().invoke(app, ["bench"]).exit_code == 128 + number
