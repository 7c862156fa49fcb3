"""Shares that glide."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from murai.stylize.mix import StyleMix

START_S = 1000.0


def test_it_begins_with_the_first_style() -> None:
    assert StyleMix(3, fade_s=1.0).shares_at(START_S) == [1.0, 0.0, 0.0]


def test_it_glides_without_a_jerk_and_then_stays() -> None:
    mix = StyleMix(2, fade_s=2.0)
    mix.go_to({1: 1.0}, START_S)
    reached = [mix.shares_at(START_S + 0.02 * step)[1] for step in range(121)]
    assert reached[0] == 0.0
    assert reached[50] == pytest.approx(0.5)
    assert reached[100:] == [1.0] * 21
    steps = [after - before for before, after in pairwise(reached)]
    assert all(step >= 0.0 for step in steps)
    assert max(steps) < 0.02
    assert steps[0] < 0.001 and steps[99] < 0.001


def test_the_shares_sum_to_one_at_any_moment() -> None:
    mix = StyleMix(4, fade_s=0.7)
    now_s = START_S
    for turn in range(200):
        if turn % 7 == 0:
            mix.go_to({turn % 4: 0.25, (turn + 1) % 4: 0.75}, now_s)
        now_s += 0.05
        shares = mix.shares_at(now_s)
        assert math.fsum(shares) == pytest.approx(1.0)
        assert all(0.0 <= share <= 1.0 for share in shares)


def test_a_change_of_mind_starts_from_where_the_mix_is() -> None:
    mix = StyleMix(3, fade_s=1.0)
    mix.go_to({1: 1.0}, START_S)
    before = mix.shares_at(START_S + 0.4)
    mix.go_to({2: 1.0}, START_S + 0.4)
    assert mix.shares_at(START_S + 0.4) == before
    assert mix.shares_at(START_S + 0.4001) == pytest.approx(before, abs=1e-3)
    assert mix.shares_at(START_S + 1.4) == pytest.approx([0.0, 0.0, 1.0])


def test_a_jump_is_there_at_once_even_within_a_glide() -> None:
    mix = StyleMix(3, fade_s=10.0)
    mix.go_to({1: 1.0}, START_S)
    mix.jump_to(2)
    assert mix.shares_at(START_S + 1.0) == [0.0, 0.0, 1.0]


def test_without_a_fade_the_change_is_there_at_once() -> None:
    mix = StyleMix(2, fade_s=0.0)
    mix.go_to({1: 1.0}, START_S)
    assert mix.shares_at(START_S) == [0.0, 1.0]


def test_a_clock_read_before_the_change_shows_what_was_before() -> None:
    mix = StyleMix(2, fade_s=1.0)
    mix.go_to({1: 1.0}, START_S)
    assert mix.shares_at(START_S - 0.001) == [1.0, 0.0]


def test_the_clock_is_the_monotonic_one_where_no_moment_is_given() -> None:
    mix = StyleMix(2, fade_s=1e-9)
    mix.go_to({1: 1.0})
    assert mix.shares_at(math.inf) == [0.0, 1.0]
