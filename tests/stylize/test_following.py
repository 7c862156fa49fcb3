"""How statistics follow the scene, without any network: pictures whose statistics are made up."""

from __future__ import annotations

import math
from collections.abc import Generator

import pytest
import torch
from torch import Tensor

from murai.networks.statistics import Statistics
from murai.stylize.following import REST_S, TIME_CONSTANT_S, Following, Look, mix_rows

LENGTH = 4
STEPS = 3  # that a look takes
FRAME_S = 1 / 30
FIRST, SECOND, BOTH = [1.0, 0.0], [0.0, 1.0], [0.25, 0.75]


class Scene:
    """A scene whose statistics are (mean, deviation) in every mix; notes in which ones it is looked at."""

    def __init__(self, mean: float = 0.0, deviation: float = 1.0) -> None:
        self.seen = (torch.full((LENGTH,), mean), torch.full((LENGTH,), deviation))
        self.looked: list[list[float]] = []

    def look(self, shares: list[float]) -> Generator[None, None, Statistics]:
        self.looked.append(shares)
        seen = self.seen
        yield from [None] * STEPS
        return seen


def usual() -> Following:
    """Two styles: means 1 and 2, deviations 1 and 4."""
    rows = torch.ones(2, LENGTH)
    return Following(rows * torch.tensor([[1.0], [2.0]]), rows * torch.tensor([[1.0], [4.0]]))


def present(following: Following, shares: list[float]) -> tuple[float, float]:
    mean, deviation = following.present(shares)
    assert mean.shape == deviation.shape == (LENGTH,)
    return float(mean[0]), float(deviation[0])


def pass_by(following: Following, shares: list[float], look: Look, begun_s: float, seconds: float) -> float:
    """Frames of one mix for some seconds; gives the moment after them."""
    frames = round(seconds / FRAME_S)
    for frame in range(frames):
        following.step(shares, begun_s + frame * FRAME_S, look)
    return begun_s + frames * FRAME_S


def settled() -> tuple[Following, Scene, float]:
    """The first style has taken over (0, 1), and a scene of (10, e) has come."""
    following, scene = usual(), Scene()
    now_s = pass_by(following, FIRST, scene.look, 100.0, 1.0)
    return following, Scene(10.0, math.e), now_s


def test_they_start_from_the_usual_ones() -> None:
    assert present(usual(), FIRST) == (1.0, 1.0)
    assert present(usual(), SECOND) == pytest.approx((2.0, 4.0))
    assert present(usual(), [0.5, 0.5]) == pytest.approx((1.5, 2.0))  # deviations by their logarithms


def test_the_first_picture_is_taken_over_at_once() -> None:
    following, scene = usual(), Scene(10.0, 3.0)
    assert following.step(FIRST, 100.0, scene.look)
    assert scene.looked == [FIRST]
    assert present(following, FIRST) == pytest.approx((10.0, 3.0))
    assert present(following, SECOND) == pytest.approx((2.0, 4.0))


def test_a_new_scene_is_followed_with_the_time_constant() -> None:
    following, scene, now_s = settled()
    seen_s = pass_by(following, FIRST, scene.look, now_s, REST_S + (STEPS + 1) * FRAME_S)
    mean_before, deviation_before = present(following, FIRST)
    pass_by(following, FIRST, scene.look, seen_s, TIME_CONSTANT_S)
    mean, deviation = present(following, FIRST)
    assert 10.0 - mean == pytest.approx((10.0 - mean_before) / math.e, rel=0.05)
    assert 1.0 - math.log(deviation) == pytest.approx((1.0 - math.log(deviation_before)) / math.e, rel=0.05)


def test_no_frame_makes_a_jump() -> None:
    following, scene, now_s = settled()
    before = present(following, FIRST)[0]
    for frame in range(300):
        following.step(FIRST, now_s + frame * FRAME_S, scene.look)
        mean = present(following, FIRST)[0]
        assert 0.0 <= mean - before < 10.0 * 1.1 * FRAME_S / TIME_CONSTANT_S
        before = mean
    assert before > 9.5


def test_how_often_frames_come_makes_no_difference() -> None:
    reached = []
    for every_s in (0.1, 0.02):
        following, scene, now_s = settled()
        now_s = pass_by(following, FIRST, scene.look, now_s, 1.0)
        start = present(following, FIRST)[0]
        for frame in range(1, round(2.0 / every_s) + 1):
            following.step(FIRST, now_s - FRAME_S + frame * every_s, scene.look)
        reached.append((10.0 - present(following, FIRST)[0]) / (10.0 - start))
    assert reached[0] == pytest.approx(reached[1], rel=1e-3)


def test_the_scene_is_looked_at_twice_a_second_and_a_little_at_a_time() -> None:
    following, scene = usual(), Scene()
    pass_by(following, FIRST, scene.look, 100.0, 10.0)
    assert scene.looked == [FIRST] * len(scene.looked)
    assert 18 <= len(scene.looked) <= 21


def test_a_mix_moves_as_a_whole_and_takes_only_its_own_styles_along() -> None:
    three = Following(torch.zeros(3, LENGTH), torch.ones(3, LENGTH))
    still, moved = Scene(), Scene(10.0, 5.0)
    shares = [0.25, 0.75, 0.0]
    now_s = pass_by(three, shares, still.look, 100.0, 1.0)
    pass_by(three, shares, moved.look, now_s, 30.0)
    mean, deviation = (float(each[0]) for each in three.present(shares))
    assert (mean, deviation) == pytest.approx((10.0, 5.0), rel=1e-3)
    assert [float(each[0]) for each in three.present([0.0, 0.0, 1.0])] == [0.0, 1.0]


@pytest.mark.parametrize("shares", [FIRST, [0.5, 0.5], BOTH])
def test_a_mix_moves_as_fast_as_a_single_style(shares: list[float]) -> None:
    following, moved = usual(), Scene(10.0)
    now_s = pass_by(following, shares, Scene().look, 100.0, 1.0)
    now_s = pass_by(following, shares, moved.look, now_s, 1.0)
    before = present(following, shares)[0]
    pass_by(following, shares, moved.look, now_s, TIME_CONSTANT_S)
    assert 10.0 - present(following, shares)[0] == pytest.approx((10.0 - before) / math.e, rel=0.01)


def test_what_was_seen_in_one_mix_moves_no_other() -> None:
    following, scene, now_s = settled()
    now_s = pass_by(following, FIRST, scene.look, now_s, 1.0)
    following.step(BOTH, now_s, Scene(2.0).look)
    before = present(following, BOTH)
    for frame in range(1, STEPS):
        following.step(BOTH, now_s + frame * FRAME_S, Scene(2.0).look)
    assert present(following, BOTH) == before


def test_deviations_stay_above_zero_whatever_is_seen() -> None:
    following = Following(torch.zeros(2, LENGTH), torch.tensor([[0.001] * LENGTH, [100.0] * LENGTH]))
    scene = Scene(0.0, 1e-6)
    now_s = pass_by(following, BOTH, Scene(0.0, 1.0).look, 100.0, 1.0)
    pass_by(following, BOTH, scene.look, now_s, 60.0)
    for shares in (FIRST, SECOND, BOTH):
        assert bool((following.present(shares)[1] > 0.0).all())


def test_a_style_that_comes_in_takes_the_scene_over_while_its_share_is_small() -> None:
    following, scene, now_s = settled()
    following.step([0.99, 0.01], now_s, scene.look)
    assert scene.looked == [SECOND]
    assert present(following, SECOND) == pytest.approx((10.0, math.e))
    assert present(following, FIRST) == (0.0, 1.0)


def test_while_shares_change_nothing_is_looked_at_and_nothing_moves() -> None:
    following, scene, now_s = settled()
    now_s = pass_by(following, FIRST, scene.look, now_s, 1.0)
    following.step([0.99, 0.01], now_s, scene.look)
    looked, table = len(scene.looked), following.present([0.3, 0.7])
    for frame in range(1, 30):
        share = frame / 30
        assert not following.step([0.99 - share, 0.01 + share], now_s + frame * FRAME_S, scene.look)
    assert len(scene.looked) == looked
    torch.testing.assert_close(following.present([0.3, 0.7]), table)
    following.step([0.0, 1.0], now_s + 1.0, scene.look)
    following.step([0.0, 1.0], now_s + 1.0 + FRAME_S, scene.look)  # they have come to rest
    assert scene.looked[looked:] == [SECOND]


def test_forgetting_goes_back_to_the_usual_ones_and_takes_the_next_picture_at_once() -> None:
    following, scene, now_s = settled()
    following.forget()
    assert present(following, FIRST) == (1.0, 1.0)
    following.step(FIRST, now_s, scene.look)
    assert present(following, FIRST) == pytest.approx((10.0, math.e))


def test_a_clock_that_stands_still_moves_nothing() -> None:
    following, scene, now_s = settled()
    now_s = pass_by(following, FIRST, scene.look, now_s, 1.0)
    before = present(following, FIRST)
    following.step(FIRST, now_s - FRAME_S, scene.look)
    following.step(FIRST, now_s - 1.0, scene.look)
    assert present(following, FIRST) == before


def test_rows_are_mixed_by_their_shares() -> None:
    table = torch.randn(4, 5)
    shares = [0.1, 0.0, 0.6, 0.3]
    expected: Tensor = torch.tensor(shares) @ table
    torch.testing.assert_close(mix_rows(table, shares), expected)
