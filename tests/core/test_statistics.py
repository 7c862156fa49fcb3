"""Figures of a show: percentiles that are right to half a millisecond, counts by name."""

from __future__ import annotations

import random

import pytest

from murai.core.statistics import FrameCounts, Histogram


def test_percentiles_are_right_to_one_bin() -> None:
    histogram = Histogram()
    draw = random.Random(1)
    durations_s = [draw.lognormvariate(-3.5, 0.5) for _ in range(5_000)]
    for duration_s in durations_s:
        histogram.add_s(duration_s)
    shares = (0.5, 0.95, 0.99, 1.0)
    exact_ms = [1e3 * sorted(durations_s)[round(share * len(durations_s)) - 1] for share in shares]
    found_ms = histogram.percentiles_ms(*shares)
    for found, exact in zip(found_ms, exact_ms, strict=True):
        assert found is not None
        assert exact <= found <= exact + Histogram.BIN_MS


def test_nothing_counted_gives_none() -> None:
    assert Histogram().percentiles_ms(0.5, 0.95) == [None, None]


@pytest.mark.parametrize(("duration_s", "at_ms"), [(-1.0, Histogram.BIN_MS), (3600.0, 10_000.0)])
def test_what_is_out_of_range_goes_to_the_outermost_bin(duration_s: float, at_ms: float) -> None:
    histogram = Histogram()
    histogram.add_s(duration_s)
    assert histogram.percentiles_ms(0.5) == [at_ms]


def test_share_of_zero_is_the_smallest() -> None:
    histogram = Histogram()
    for duration_s in (0.0102, 0.0202):
        histogram.add_s(duration_s)
    assert histogram.percentiles_ms(0.0, 1.0) == [10.5, 20.5]


def test_counts_by_name_are_those_of_the_figures_file() -> None:
    counts = FrameCounts(captured=5, dropped=1)
    assert counts.as_dict() == {
        "captured": 5, "decoded": 0, "stylized": 0, "shown": 0, "dropped": 1, "damaged": 0,
    }  # fmt: skip
