"""Muon for the convolutions' kernels, Adam for vectors and biases, and how their rates go over a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

_MOMENTUM = 0.95
_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
CLIMB_STEPS = 30
_LANDING = 0.05  # the last share of a run, in which the rate goes to nothing


class Muon(torch.optim.Optimizer):
    """Momentum whose steps have all directions equally long (Jordan et al. 2024, "Muon").

    A kernel (O, I, h, w) counts as a matrix of O rows. Its momentum, after Nesterov, is replaced by the
    nearest matrix with orthogonal rows or columns, and a step is that matrix times `rate` times
    sqrt(max(1, rows / columns)).
    """

    def __init__(self, kernels: Iterable[Tensor], rate: float) -> None:
        super().__init__(kernels, {"lr": rate})

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Moves each kernel that has a gradient. closure: unused, for torch's sake."""
        with torch.no_grad():
            for group in self.param_groups:
                for kernel in group["params"]:
                    if kernel.grad is not None:
                        self._move(kernel, kernel.grad, group["lr"])
        return None

    def _move(self, kernel: Tensor, gradient: Tensor, rate: float) -> None:
        state = self.state[kernel]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(kernel)
        momentum: Tensor = state["momentum"].lerp_(gradient, 1.0 - _MOMENTUM)
        ahead = gradient.lerp(momentum, _MOMENTUM).flatten(1)
        tall = math.sqrt(max(1.0, ahead.shape[0] / ahead.shape[1]))
        kernel.add_(orthogonal(ahead).view_as(kernel), alpha=-rate * tall)


def orthogonal(matrix: Tensor) -> Tensor:
    """(R, C) float with its singular values brought to between 0.7 and 1.2 by five Newton-Schulz steps.

    In float32 everywhere: the matrices are small, and bfloat16 would save nothing.
    """
    a, b, c = _NEWTON_SCHULZ
    x: Tensor = matrix / torch.linalg.vector_norm(matrix).add(1e-12)
    flat = x if x.shape[0] <= x.shape[1] else x.T
    for _ in range(_ROUNDS):
        squared = flat @ flat.T
        flat = a * flat + (b * squared + c * squared @ squared) @ flat
    return flat if x.shape[0] <= x.shape[1] else flat.T


class Optimisers:
    """One optimiser for the kernels and one for the rest; only for parameters that are trained.

    kernel_rate, vector_rate: at their highest.
    """

    def __init__(self, model: nn.Module, kernel_rate: float, vector_rate: float) -> None:
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        kernels = [parameter for parameter in trained if parameter.ndim == 4]
        rest = [parameter for parameter in trained if parameter.ndim != 4]
        self._of_rate: list[tuple[torch.optim.Optimizer, float]] = []
        if kernels:
            self._of_rate.append((Muon(kernels, kernel_rate), kernel_rate))
        if rest:
            self._of_rate.append((torch.optim.Adam(rest, lr=vector_rate), vector_rate))

    def step(self, share: float) -> None:
        """One step at this share of the highest rates; forgets the gradients afterwards."""
        for optimiser, rate in self._of_rate:
            for group in optimiser.param_groups:
                group["lr"] = rate * share
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def forget(self) -> None:
        """Drops gradients of a step that isn't done."""
        for optimiser, _ in self._of_rate:
            optimiser.zero_grad(set_to_none=True)

    def state(self) -> list[dict[str, Any]]:
        return [optimiser.state_dict() for optimiser, _ in self._of_rate]

    def restore(self, state: list[dict[str, Any]]) -> None:
        """Goes on from a `state`, which is left as it is."""
        for (optimiser, _), saved in zip(self._of_rate, state, strict=True):
            optimiser.load_state_dict(saved)


def rate_share(step: int, done: float, last_share: float) -> float:
    """The share of the highest rate: a climb of 30 steps, a cosine down to `last_share`, and 0 at the very end.

    step: from 0, for the climb. done: share of the run that lies behind, 0 to 1.
    last_share: where the cosine ends; the last twentieth of the run goes from there straight to 0.
    """
    climb = min(1.0, (step + 1) / CLIMB_STEPS)
    cosine = last_share + (1.0 - last_share) * 0.5 * (1.0 + math.cos(math.pi * min(max(done, 0.0), 1.0)))
    landing = min(1.0, max(0.0, (1.0 - done) / _LANDING))
    return climb * cosine * landing
