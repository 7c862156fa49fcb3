"""What a training run is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from murai.errors import TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.training.losses import LossWeights

_SMALLEST_PX = 32


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run's result, besides the pictures and the perceptual network.

    network: the shape of the network.
    weights: of the losses.
    style_distance: how far a painting is from the style image: by Gram matrices, moments or sliced distributions.
    steps: optimiser steps in all, where time_s is None.
    time_s: how long to train instead; the rates then follow the time.
    batch: photographs a step, over all processes; each has a random one of the styles.
    square_px: side of the training squares; late_square_px in the last late_share of the run.
    style_px: short side of the style images; larger makes larger strokes.
    kernel_rate, vector_rate: the highest rates of Muon and of Adam; last_share: of them, before they land at 0.
    damage: whether the network sees photographs as a dark booth's cheap camera gives them.
    network_trained: False for new vectors alone.
    seed: of weights, order and noise.
    """

    network: StyleNetworkSpec = field(default_factory=StyleNetworkSpec)
    weights: LossWeights = field(default_factory=LossWeights)
    style_distance: Literal["gram", "moments", "sliced"] = "gram"
    steps: int = 2000
    time_s: float | None = None
    batch: int = 4
    square_px: int = 128
    late_square_px: int = 192
    late_share: float = 0.25
    style_px: int = 512
    kernel_rate: float = 0.015
    vector_rate: float = 0.02
    last_share: float = 0.15
    damage: bool = True
    network_trained: bool = True
    seed: int = 1

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1:
            raise TrainingError(f"{self.steps} steps of batch {self.batch} train nothing", "give at least 1 of each")
        if self.time_s is not None and self.time_s <= 0.0:
            raise TrainingError(f"{self.time_s:g} s are no time to train", "give more than 0")
        if not 0.0 <= self.late_share <= 1.0:
            raise TrainingError(f"a late share of {self.late_share} is no share", "give a number from 0 to 1")
        if min(self.square_px, self.late_square_px) < _SMALLEST_PX:
            raise TrainingError(
                f"squares of {min(self.square_px, self.late_square_px)} px are too small",
                f"give at least {_SMALLEST_PX} px",
            )

    @property
    def largest_px(self) -> int:
        """What photographs must at least have."""
        return max(self.square_px, self.late_square_px)

    def side_px(self, done: float) -> int:
        """The side of the squares when this share of the run, 0 to 1, lies behind."""
        return self.late_square_px if done >= 1.0 - self.late_share else self.square_px
