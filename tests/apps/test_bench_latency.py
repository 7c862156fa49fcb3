"""Latencies that are seen in the pictures: a delay that is there is found, whatever time-stamps say."""

from __future__ import annotations

import json
import signal
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from murai.apps.benchmark import latency
from murai.apps.benchmark.interruption import Interrupted
from murai.apps.benchmark.latency import glass_to_glass, run_latency, screen_to_screen
from murai.apps.benchmark.options import BenchOptions
from murai.config import DisplayConfig
from murai.display.opening import open_canvas
from murai.display.view import ViewState
from murai.errors import BenchError, ConfigError
from murai.hardware import Compute, choose_compute
from murai.sources.open import OpenedSource
from murai.sources.uri import SyntheticSpec
from murai.stylize.pack import Pack, read_pack
from tests.apps.bench_camera import DelayedCamera, WatchedCanvas
from tests.fakes.packs import write_tiny_pack

SCREEN = DisplayConfig(mode="offscreen", size=(320, 180))
DELAY_S = 0.4


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pack, Compute]:
    return read_pack(write_tiny_pack(tmp_path_factory.mktemp("packs") / "tiny")), choose_compute("cpu")


def test_what_lies_between_screen_and_camera_is_in_the_figure(painter: tuple[Pack, Compute]) -> None:
    with WatchedCanvas(open_canvas(SCREEN)) as canvas:
        camera = DelayedCamera(canvas, DELAY_S)
        row = glass_to_glass(OpenedSource(camera, "delayed:"), canvas, painter, seconds=2.5)
    assert row.subject.stage == "glass to glass"
    assert row.subject.size == (320, 180)
    assert len(row.timings.durations_s) >= 3
    assert min(row.timings.durations_s) >= DELAY_S


def test_a_camera_that_sees_no_screen_is_told(painter: tuple[Pack, Compute]) -> None:
    with WatchedCanvas(open_canvas(SCREEN)) as canvas, pytest.raises(BenchError, match="doesn't see the screen"):
        camera = DelayedCamera(canvas, 0.0, blind=True)
        glass_to_glass(OpenedSource(camera, "delayed:"), canvas, painter, seconds=1.0)


class SlowCanvas(WatchedCanvas):
    """Shows everything a known time late."""

    def swap(self) -> None:
        time.sleep(0.2)
        super().swap()


def test_from_screen_to_screen_what_the_screen_takes_is_in_the_figure(painter: tuple[Pack, Compute]) -> None:
    spec = SyntheticSpec(size_px=(160, 90), fps=15.0)
    with SlowCanvas(open_canvas(SCREEN)) as canvas:
        row = screen_to_screen(spec, canvas, painter, seconds=1.0)
    assert row.subject.stage == "screen to screen"
    assert len(row.timings.durations_s) >= 3
    assert min(row.timings.durations_s) >= 0.2


def test_numbers_that_nobody_can_read_are_no_latency(
    painter: tuple[Pack, Compute], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the split, the number is painted over.
    monkeypatch.setattr(latency, "_SPLIT", ViewState(fit="fit"))
    with open_canvas(SCREEN) as canvas, pytest.raises(BenchError, match="no number was read"):
        screen_to_screen(SyntheticSpec(size_px=(160, 90), fps=15.0), canvas, painter, seconds=0.5)


def test_the_command_says_the_figures_and_keeps_them(painter: tuple[Pack, Compute], tmp_path: Path) -> None:
    console = Console(record=True, width=200)
    options = BenchOptions(
        packs=(str(painter[0].folder),), seconds=0.5, device="cpu", json_file=tmp_path / "deep" / "latency.json"
    )
    row = run_latency(options, "synthetic:?size=160x90&fps=15", SCREEN, console, Console(file=StringIO()))
    assert "screen to screen: p50" in console.export_text()
    kept = json.loads((tmp_path / "deep" / "latency.json").read_text())
    assert kept["rows"] == [row.as_json()]
    assert kept["rows"][0]["size"] == "160x90"


class EndedCanvas(WatchedCanvas):
    """Sends a signal with its 30th picture."""

    def swap(self) -> None:
        self.swaps = getattr(self, "swaps", 0) + 1
        if self.swaps == 30:
            signal.raise_signal(signal.SIGTERM)
        super().swap()


def test_what_was_seen_before_a_signal_is_kept(
    painter: tuple[Pack, Compute], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latency, "open_canvas", lambda screen: EndedCanvas(open_canvas(screen)))
    options = BenchOptions(
        packs=(str(painter[0].folder),), seconds=60.0, device="cpu", json_file=tmp_path / "latency.json"
    )
    console, told = Console(record=True, width=200), StringIO()
    with pytest.raises(Interrupted) as ended:
        run_latency(options, "synthetic:?size=160x90&fps=15", SCREEN, console, Console(file=told))
    assert ended.value.status == 143
    assert "screen to screen: p50" in console.export_text()
    kept = json.loads((tmp_path / "latency.json").read_text())
    assert kept["rows"][0]["frames"] >= 3
    assert kept["notes"] == ["interrupted by SIGTERM"]
    assert told.getvalue().endswith("interrupted by SIGTERM\n")


def test_a_film_cannot_see_the_screen(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a file can't see the screen"):
        run_latency(BenchOptions(), str(tmp_path / "film.mp4"), SCREEN, Console(), Console())
