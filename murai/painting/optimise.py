"""The optimisation itself: a picture is changed until its loss is low."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from murai.errors import PaintingError
from murai.hardware import memory_is_full
from murai.painting.objective import Evaluation, Objective

_USUAL_SLOPE = 0.01  # in RGB from 0 to 1 this is a step that neither spoils a picture nor is lost in rounding
OptimiserName = Literal["lbfgs", "adam"]
Watch = Callable[[int, dict[str, float], Tensor], None]
"""Told after each step: its number, from 1, the losses before it, and the picture that has them, not to be kept."""


@dataclass(frozen=True)
class OptimiserSettings:
    """name: "lbfgs" (Byrd et al. 1995, as Gatys et al. use it) or "adam", which takes less memory and more steps.

    rate: of Adam, in [0, 1] of RGB a step. history: of L-BFGS; each takes twice the picture's memory.
    """

    name: OptimiserName = "lbfgs"
    rate: float = 0.02
    history: int = 20


def optimise(
    start: Tensor, objective: Objective, settings: OptimiserSettings, steps: int, watch: Watch = lambda *_: None
) -> Tensor:
    """The best picture within so many steps from `start`, (3, H, W) float RGB in [0, 1].

    L-BFGS does without a line search: one evaluation a step. A step that spoils the picture is therefore possible,
    and the picture with the lowest loss is given.

    Raises:
        PaintingError: the loss is no number at the very start, or memory is full.
    """
    best = _Best(start)
    picture = start.clone().contiguous().requires_grad_(True)
    scale: float | None = None

    def evaluate() -> Tensor:
        nonlocal scale
        found = objective.evaluate(picture.detach())
        best.see(picture, found)
        watch(best.seen, found.losses, picture.detach())
        scale = _scale(found.slope) if scale is None else scale
        picture.grad = found.slope.contiguous() * scale
        return torch.tensor(found.losses["total"] * scale)

    try:
        _go(picture, evaluate, settings, steps)
        best.see(picture, objective.evaluate(picture.detach()))  # none has looked at what the last step came to
    except RuntimeError as fault:
        if not memory_is_full(fault):
            raise
        raise PaintingError("memory is full", "give a smaller --history or --size, or --optimiser adam") from fault
    except _NoNumber:
        if best.loss == math.inf:
            raise PaintingError("the loss is no number", "give smaller weights, or other images") from None
    return best.picture.clamp(0.0, 1.0)


def _go(picture: Tensor, evaluate: Callable[[], Tensor], settings: OptimiserSettings, steps: int) -> None:
    if settings.name == "lbfgs":
        solver = torch.optim.LBFGS(
            [picture], lr=1.0, max_iter=steps, max_eval=steps + 1, history_size=settings.history,
            tolerance_grad=0.0, tolerance_change=0.0,
        )  # fmt: skip
        solver.step(evaluate)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return
    adam = torch.optim.Adam([picture], lr=settings.rate)
    for _ in range(steps):
        evaluate()
        adam.step()


def _scale(slope: Tensor) -> float:
    """What the loss is multiplied by, so that a pixel's mean slope is `_USUAL_SLOPE` at first.

    torch's L-BFGS forgets whatever steps' slopes differ by less than 1e-10, and goes on with steps as long as the slope
    itself. With small weights, few layers or large pictures it learnt nothing from its steps, and stood still.
    """
    mean = float(slope.abs().mean())
    return _USUAL_SLOPE / mean if mean > 0.0 and math.isfinite(mean) else 1.0


class _NoNumber(Exception):
    """The loss has become NaN or infinite: no step leads back from there."""


class _Best:
    """The picture with the lowest loss so far."""

    def __init__(self, start: Tensor) -> None:
        self.picture = start
        self.loss = math.inf
        self.seen = 0

    def see(self, picture: Tensor, found: Evaluation) -> None:
        total = found.losses["total"]
        if not math.isfinite(total):
            raise _NoNumber
        self.seen += 1
        if total < self.loss:
            self.loss = total
            self.picture = picture.detach().clone()
