from __future__ import annotations

import json
from pathlib import Path

import pytest

from murai.apps.figures import Figures, ShowFacts, StatsFile
from murai.core.statistics import FrameCounts
from murai.errors import ConfigError

FACTS = ShowFacts("starry_night", "quartet", "cpu", "torchscript bfloat16", "drawn scene")


def test_the_summary_has_the_agreed_fields() -> None:
    figures = Figures(FrameCounts(captured=70, decoded=69, stylized=65, dropped=4, damaged=1), started_s=100.0)
    for number in range(61):
        figures.shown(captured_s=102.0 + number / 30, swapped_s=102.05 + number / 30)
    summary = figures.as_dict(figures.shown_fps(), FACTS)
    assert summary == {
        "shown_fps": 30.0,
        "latency_ms": {
            "p50": pytest.approx(50.0, abs=0.6),
            "p95": pytest.approx(50.0, abs=0.6),
            "p99": pytest.approx(50.0, abs=0.6),
        },
        "frames": {"captured": 70, "decoded": 69, "stylized": 65, "shown": 61, "dropped": 4, "damaged": 1},
        "first_frame_s": 2.05,
        "style": "starry_night",
        "pack": "quartet",
        "device": "cpu",
        "engine": "torchscript bfloat16",
        "source": "drawn scene",
    }


def test_recent_pictures_a_second_forget_what_was_before() -> None:
    figures = Figures(FrameCounts(), started_s=0.0)
    for number in range(100):
        figures.shown(0.0, number / 100)
    for number in range(21):
        figures.shown(0.0, 10.0 + number / 10)
    assert figures.recent_fps(12.0) == pytest.approx(10.0)
    assert figures.recent_fps(20.0) == 0.0


def test_nothing_shown_yet() -> None:
    figures = Figures(FrameCounts(), started_s=0.0)
    summary = figures.as_dict(figures.shown_fps(), FACTS)
    assert summary["shown_fps"] == 0.0
    assert summary["first_frame_s"] is None
    assert summary["latency_ms"]["p50"] is None
    assert dict(figures.rows(1.0, FACTS))["latency p50 / p95"] == ""


def test_stats_are_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "new" / "stats.jsonl"
    with StatsFile(file) as stats:
        stats.write({"a": 1})
        stats.write({"summary": {}})
    assert [json.loads(line) for line in file.read_text().splitlines()] == [{"a": 1}, {"summary": {}}]


def test_stats_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--stats"):
        StatsFile(tmp_path)


def test_a_full_disk_ends_the_stats_and_nothing_else() -> None:
    with StatsFile(Path("/dev/full")) as stats:
        stats.write({"a": 1})
        stats.write({"a": 2})
        assert "No space left on device" in stats.fault
