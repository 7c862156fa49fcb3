"""What a training run is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from murai.errors import TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.training.losses import LossWeights


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run's result, besides the pictures.

    network: the shape of the network.
    weights: of the losses.
    steps: optimiser steps in all.
    fixed_share: share of the steps, at the end, that are trained with fixed statistics. After 800 such steps
        the pictures of styles/quartet were worse than with none: each picture by itself is to have the
        painting's Gram matrices, and without its own statistics can only get them by patterns all over.
    batch: photographs a step, dealt evenly to the styles.
    square_px: side of the training squares.
    style_px: short side of the style images; larger makes larger strokes.
    rate: Adam's first learning rate.
    seed: of weights, order and noise.
    """

    network: StyleNetworkSpec = field(default_factory=StyleNetworkSpec)
    weights: LossWeights = field(default_factory=LossWeights)
    steps: int = 2000
    fixed_share: float = 0.0
    batch: int = 4
    square_px: int = 192
    style_px: int = 512
    rate: float = 2e-3
    seed: int = 1

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1:
            raise TrainingError(f"{self.steps} steps of batch {self.batch} train nothing", "give at least 1 of each")
        if not 0.0 <= self.fixed_share <= 1.0:
            raise TrainingError(f"a fixed share of {self.fixed_share} is no share", "give a number from 0 to 1")
        if self.square_px < 32:
            raise TrainingError(f"squares of {self.square_px} px are too small", "give at least 32 px")

    @property
    def switch_step(self) -> int:
        """The first step with fixed statistics."""
        return self.steps - round(self.steps * self.fixed_share)
