"""How far statistics have moved, as the host of a GPU knows it: never too little, and at rest nothing at all."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from murai.networks.statistics import Statistics
from murai.stylize.drift import Drift, PinnedCourier, distance
from murai.stylize.following import REST_S, Following
from tests.stylize.test_following import FIRST, FRAME_S, LENGTH, SECOND, STEPS, Scene

NOTICEABLE = 1 / 256


class SlowCourier:
    """Brings each number when it has been asked for it so many times, or never."""

    def __init__(self, asks: int | None = 2) -> None:
        self._asks = asks
        self._number = math.nan
        self._asked = 0
        self.sent = 0

    def send(self, number: Tensor) -> None:
        self._number, self._asked = float(number), 0
        self.sent += 1

    def arrived(self) -> float | None:
        self._asked += 1
        return None if self._asks is None or self._asked <= self._asks else self._number


class Show:
    """Statistics that are followed, and folded when they have to be. frames: of them since the beginning."""

    def __init__(self, courier: SlowCourier) -> None:
        random = torch.Generator().manual_seed(1)
        mean, spread = torch.randn((2, LENGTH), generator=random), torch.rand((2, LENGTH), generator=random) + 0.1
        self.following = Following(mean, spread, courier)
        self.shares = FIRST
        self.frames = 0
        self.folds = 0
        self._folded = self._fold()

    def _fold(self) -> Statistics:
        self.folds += 1
        present = self.following.present(self.shares)
        self.following.folded()
        return present

    def frame(self, scene: Scene) -> None:
        self.frames += 1
        if self.following.step(self.shares, self.frames * FRAME_S, scene.look) and self.following.drifted(NOTICEABLE):
            self._folded = self._fold()

    def off(self) -> float:
        """By how many deviations what is folded is off by now."""
        (mean, deviation), (mean_before, before) = self.following.present(self.shares), self._folded
        return float((torch.maximum((mean - mean_before).abs(), (deviation - before).abs()) / before).max())


def wandering(seed: int) -> Scene:
    """A scene with statistics of its own."""
    random, scene = torch.Generator().manual_seed(seed), Scene()
    scene.seen = (torch.randn(LENGTH, generator=random), torch.rand(LENGTH, generator=random) * 2.0 + 0.05)
    return scene


def settled(show: Show, scene: Scene) -> None:
    for _ in range(60):
        show.frame(scene)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_folded_is_never_off_by_more_than_is_noticed(seed: int) -> None:
    show = Show(SlowCourier(asks=0))
    settled(show, wandering(seed))
    scene = wandering(100 + seed)
    for frame in range(300):
        if frame == 150:
            scene = wandering(200 + seed)
        show.frame(scene)
        assert show.off() <= NOTICEABLE * 1.01


def test_a_new_scene_is_folded_as_long_as_it_moves_and_an_old_one_no_more() -> None:
    show = Show(SlowCourier())
    settled(show, wandering(1))
    moved = wandering(2)
    before = show.folds
    for _ in range(60):
        show.frame(moved)
    assert show.folds - before > 30
    for _ in range(900):
        show.frame(moved)
    before = show.folds
    for _ in range(100):
        show.frame(moved)
    assert show.folds == before


def test_a_camera_that_rustles_is_folded_seldom() -> None:
    courier = SlowCourier()
    show, scene, random = Show(courier), wandering(1), torch.Generator().manual_seed(3)
    settled(show, scene)
    mean, deviation = scene.seen
    before, looks = show.folds, courier.sent
    for _ in range(300):
        noise = 1.0 + 0.005 * torch.randn((2, LENGTH), generator=random)
        scene.seen = (mean + deviation * (noise[0] - 1.0), deviation * noise[1])
        show.frame(scene)
    assert courier.sent - looks >= 12
    assert show.folds - before < 30


def test_a_scene_at_rest_costs_nothing_between_two_looks() -> None:
    class Counted(TorchDispatchMode):
        done = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.done += 1
            return func(*args, **(kwargs or {}))

    show, scene = Show(SlowCourier()), wandering(1)
    settled(show, scene)
    free = 0
    for _ in range(30):
        with Counted() as counted:
            show.frame(scene)
        free += counted.done == 0
    assert free >= 28  # but where a look ends


def test_a_style_that_comes_in_is_folded_at_once() -> None:
    show, scene = Show(SlowCourier(asks=None)), wandering(1)
    show.frame(scene)
    assert (show.folds, show.off()) == (2, 0.0)
    settled(show, scene)
    before = show.folds
    show.shares = SECOND
    show.frame(scene)
    assert show.folds == before + 1


def test_an_answer_that_is_late_holds_nothing_up_for_long() -> None:
    show, scene = Show(SlowCourier(asks=None)), wandering(1)
    settled(show, scene)
    before, moved = show.folds, wandering(2)
    for _ in range(round((REST_S + STEPS * FRAME_S) / FRAME_S) * 4):
        show.frame(moved)
    assert 2 <= show.folds - before <= 4  # with each new look, for want of an answer to the one before


def test_asking_seldom_gives_the_same_statistics() -> None:
    often, seldom = (Following(*wandering_table()) for _ in range(2))
    scenes = [wandering(1), wandering(2)]
    for frame in range(200):
        scene = scenes[frame >= 60]
        for following in (often, seldom):
            following.step(FIRST, frame * FRAME_S, scene.look)
        often.present(FIRST)
    for one, other in zip(often.present(FIRST), seldom.present(FIRST), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def wandering_table() -> Statistics:
    random = torch.Generator().manual_seed(4)
    return torch.randn((2, LENGTH), generator=random), torch.rand((2, LENGTH), generator=random) + 0.1


@pytest.mark.parametrize("asks", [0, None])
def test_what_moved_before_a_rest_still_counts(asks: int | None) -> None:
    drift = Drift(SlowCourier(asks))
    drift.aim(torch.tensor(1.0))
    drift.go(0.5)
    assert drift.shows(0.4) is (asks is not None)
    drift.rest()
    assert drift.shows(0.4)
    drift.folded()
    assert not drift.shows(0.0)


def test_what_is_no_number_is_not_taken_for_rest() -> None:
    courier = SlowCourier(asks=0)
    drift = Drift(courier)
    drift.aim(torch.tensor(math.nan))
    drift.go(0.1)
    assert drift.shows(NOTICEABLE)


def test_the_distance_bounds_every_part_of_the_way() -> None:
    random = torch.Generator().manual_seed(5)
    for _ in range(20):
        now, target = torch.randn((2, 2 * LENGTH), generator=random)
        whole = float(distance(now, target))
        for part in (0.01, 0.1, 0.5, 0.9):
            (mean, log), (mean_before, log_before) = (now + part * (target - now)).chunk(2), now.chunk(2)
            moved = torch.maximum((mean - mean_before).abs(), (log.exp() - log_before.exp()).abs()) / log_before.exp()
            assert float(moved.max()) <= whole * part * (1.0 + 1e-5)


@pytest.mark.gpu
def test_on_a_gpu_the_courier_brings_the_number_without_a_wait() -> None:
    courier = PinnedCourier()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for sent in (1.5, 2.5):
            courier.send(torch.full((), sent, device="cuda"))
            while (number := courier.arrived()) is None:
                pass
            assert number == sent
    finally:
        torch.cuda.set_sync_debug_mode("default")
