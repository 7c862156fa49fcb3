"""Which losses there are, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True)
class LossWeights:
    """How much each loss counts.

    content: squared distance of the content layers' features, over the squared norm of the photograph's.
    style: squared distance of the style statistics (Gram matrices, as a rule) over the squared norm of the
        style image's, summed over layers.
    tone: mean squared difference of light and dark in the large, luma in [0, 1]; overall brightness is free.
    variation: mean absolute difference of neighbouring pixels (total variation), RGB in [0, 1].
    grid: mean square of what repeats from one square of 4 x 4 px to the next; see `murai.imaging.measures.grid`.
    noise: mean squared difference, RGB in [0, 1], of the paintings of a picture and of a noisy copy.
    motion: the same of the painting of a moved picture and the moved painting, where both show something.
    clip: the same of the paintings of two frames of a film, the earlier moved to where things are now.
    """

    content: float = 1.0
    style: float = 5.0
    tone: float = 20.0
    variation: float = 0.05
    grid: float = 200.0
    noise: float = 600.0
    motion: float = 60.0
    clip: float = 30.0


@dataclass(frozen=True)
class Losses:
    """One step's losses, unweighted: scalars on the training device; None for those that were not looked at."""

    content: Tensor
    style: Tensor
    tone: Tensor
    variation: Tensor
    grid: Tensor | None = None
    noise: Tensor | None = None
    motion: Tensor | None = None
    clip: Tensor | None = None

    def by_name(self) -> dict[str, Tensor]:
        """Those that were looked at."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: loss for name, loss in found.items() if loss is not None}

    def total(self, weights: LossWeights) -> Tensor:
        """The weighted sum that is minimised."""
        return torch.stack([getattr(weights, name) * loss for name, loss in self.by_name().items()]).sum()
