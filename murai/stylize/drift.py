"""How far statistics have moved since a style was folded with them, known to a host that never waits for its GPU.

How far away a new target is, the GPU is asked once, and the answer comes a few frames later by itself. From then on
the way is known: it goes on as exp(-t), and a clock is enough to say how much of it lies behind.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor


class Courier(Protocol):
    """Brings one number at a time from a device to the host. Used by one thread at a time."""

    def send(self, number: Tensor) -> None:
        """Sends a scalar on its way; one that hasn't arrived yet is given up."""
        ...

    def arrived(self) -> float | None:
        """The number that was sent last; None while it is on its way. Never waits."""
        ...


class PinnedCourier:
    """A `Courier` by page-locked memory, behind what the current stream has to do."""

    def __init__(self) -> None:
        self._host = torch.empty((), dtype=torch.float32, pin_memory=True)
        self._event = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch leaves it untyped

    def send(self, number: Tensor) -> None:
        self._host.copy_(number, non_blocking=True)
        self._event.record()

    def arrived(self) -> float | None:
        there = self._event.query()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return float(self._host) if there else None


class Drift:
    """An upper bound of what has moved since the last folding. Used by one thread at a time.

    Distances are in deviations, see `distance`.
    """

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._before = 0.0  # on the way to targets before this one
        self._distance: float | None = 0.0
        self._left = self._left_when_folded = 1.0  # of the way to the target

    def rest(self) -> None:
        """There is no target any more."""
        self._before = self._most()
        self._distance, self._left, self._left_when_folded = 0.0, 1.0, 1.0

    def folded(self) -> None:
        """All that has moved is in the folded style now."""
        self._before = 0.0
        self._left_when_folded = self._left

    def jumped(self) -> None:
        """Something has moved by nobody knows how much."""
        self._before = math.inf

    def aim(self, at: Tensor) -> None:
        """There is a new target at this distance, a scalar on its device."""
        self._before = self._most()
        self._distance, self._left, self._left_when_folded = None, 1.0, 1.0
        self._courier.send(at)

    def go(self, part: float) -> None:
        """This part of what was left of the way lies behind."""
        self._left *= 1.0 - part

    def shows(self, noticeable: float) -> bool:
        """Whether it may be more than this; while the distance isn't known yet, only what moved before counts."""
        if self._distance is None:
            self._distance = self._courier.arrived()
        # Not ">": what is no number isn't known to be small.
        return not (self._before if self._distance is None else self._most()) <= noticeable

    def _most(self) -> float:
        gone = self._left_when_folded - self._left
        if gone <= 0.0:
            return self._before
        return math.inf if self._distance is None else self._before + self._distance * gone


def distance(now: Tensor, target: Tensor) -> Tensor:
    """How far apart they are where that is most, a scalar: (2 V,) both, means before logarithms of deviations.

    In deviations; what part of the way is gone, so large a part of this has moved at most, for exp is convex.
    """
    mean_apart, log_apart = (target - now).abs().chunk(2)
    _, narrower = torch.minimum(now, target).chunk(2)
    return torch.maximum(mean_apart / narrower.exp(), log_apart.expm1()).max()
