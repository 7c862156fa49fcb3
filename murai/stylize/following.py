"""The statistics that the live picture is painted with: they follow the scene so slowly that nobody sees it.

Instance norm has a flaw on video: who walks in changes the statistics of the whole picture, and with them the
colours of the wall behind. Statistics that are fixed for good have another: a dark booth stays dull. These
follow with a time constant of two seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import torch
from torch import Tensor

from murai.networks.statistics import Statistics, finish
from murai.stylize.drift import Courier, Drift, distance

TIME_CONSTANT_S = 2.0
REST_S = 0.5

Look = Callable[[list[float]], Generator[None, None, Statistics]]
"""Begins to measure a picture in a mix of these shares; goes on step by step, and returns statistics (V,)."""


class Following:
    """The statistics of every style, on their way to those of the scene. Used by one thread at a time.

    On a GPU it only launches, and waits for nothing. How they move is computed when somebody asks for them, for all
    of the time since then at once: while nobody does, it costs nothing.

    mean, deviation: (S, V), the usual ones of each style, from which they start.
    courier: for `drifted`; not needed otherwise.
    """

    def __init__(self, mean: Tensor, deviation: Tensor, courier: Courier | None = None) -> None:
        self._drift = Drift(courier) if courier is not None else None
        # Deviations by their logarithms: mixed and moved in any way they stay above zero.
        self._usual = torch.cat([mean, deviation.log()], 1)
        self.forget()

    def forget(self) -> None:
        """Back to the usual ones, as if no picture had been seen yet."""
        self._table = self._usual
        self._target: Tensor | None = None
        self._looking: Generator[None, None, Statistics] | None = None
        self._shares = [0.0] * len(self._usual)
        self._stepped_s = self._looked_s = -math.inf
        self._unmoved_s = 0.0  # in which they should have moved, and haven't yet
        if self._drift is not None:
            self._drift.rest()
            self._drift.jumped()

    def drifted(self, noticeable: float) -> bool:
        """Whether they may have moved by more than so many deviations since `folded`; without waiting for a GPU."""
        assert self._drift is not None, "there is no courier to tell it"
        return self._drift.shows(noticeable)

    def folded(self) -> None:
        """As they stand they are in use now."""
        if self._drift is not None:
            self._drift.folded()

    def present(self, shares: list[float]) -> Statistics:
        """Mean and deviation (V,) of a mix as they stand."""
        self._move()
        mean, log_deviation = mix_rows(self._table, shares).chunk(2)
        return mean, log_deviation.exp()

    def step(self, shares: list[float], now_s: float, look: Look) -> bool:
        """Goes on to a moment of the clock at which a picture was painted in this mix; whether anything moved.

        A style that comes into the mix takes the picture's statistics at once: its share is too small yet to
        show it. Then, while the shares rest, the scene is looked at, one layer a picture, so that no picture is late
        for it, and again half a second later.
        """
        moved = self._glide(shares, now_s)
        if shares != self._shares:
            self._move()
        before, self._shares = self._shares, list(shares)
        if shares != before:
            self._rest()
            coming = [style for style, share in enumerate(shares) if share > 0.0 and before[style] == 0.0]
            for style in coming:
                self._adopt(style, finish(look([float(other == style) for other in range(len(shares))])))
            return moved or bool(coming)
        if self._looking is None and now_s - self._looked_s >= REST_S:
            self._looking = look(shares)
        if self._looking is not None:
            self._looked_s = now_s  # so that slow machines rest between two looks too
            self._look_on(self._looking)
        return moved

    def _look_on(self, looking: Generator[None, None, Statistics]) -> None:
        try:
            next(looking)
        except StopIteration as end:
            self._aim(_joined(end.value))

    def _aim(self, target: Tensor) -> None:
        self._move()
        self._looking, self._target = None, target
        if self._drift is not None:
            self._drift.aim(distance(mix_rows(self._table, self._shares), target))

    def _rest(self) -> None:
        self._target = self._looking = None
        if self._drift is not None:
            self._drift.rest()

    def _glide(self, shares: list[float], now_s: float) -> bool:
        passed_s, self._stepped_s = max(now_s - self._stepped_s, 0.0), now_s
        if self._target is None or shares != self._shares:
            return False
        self._unmoved_s += passed_s
        if self._drift is not None:
            self._drift.go(_part_of_way(passed_s))
        return True

    def _move(self) -> None:
        """Makes up for the time in which nobody has asked for them; along one line, however it is divided."""
        unmoved_s, self._unmoved_s = self._unmoved_s, 0.0
        if self._target is None or unmoved_s == 0.0:
            return
        shares, part = self._shares, _part_of_way(unmoved_s)
        change = (self._target - mix_rows(self._table, shares)) * (part / sum(share * share for share in shares))
        # Shares times these changes sum to `part` of the way; a style that isn't in the mix stays where it is.
        rows = [row + share * change if share else row for row, share in zip(self._table, shares, strict=True)]
        self._table = torch.stack(rows)

    def _adopt(self, style: int, measured: Statistics) -> None:
        if self._drift is not None:
            self._drift.jumped()
        self._table = self._table.clone()
        self._table[style] = _joined(measured)


def _part_of_way(passed_s: float) -> float:
    return 1.0 - math.exp(-passed_s / TIME_CONSTANT_S)


def mix_rows(table: Tensor, shares: list[float]) -> Tensor:
    """The rows (S, V) in these shares: (V,). Not a product with a vector, which would have to be sent to a GPU."""
    return torch.stack([share * row for share, row in zip(shares, table, strict=True) if share]).sum(0)


def _joined(statistics: Statistics) -> Tensor:
    mean, deviation = statistics
    return torch.cat([mean, deviation.log()])
