"""The loss that training minimises, for one photograph and one style: what all paintings of it are measured by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from murai.imaging.measures import tone, total_variation
from murai.networks.likeness import content_targets, losses_by_picture
from murai.networks.perceptual import PerceptualNetwork
from murai.networks.style_statistics import StyleKind
from murai.training.losses import Losses, LossWeights


@dataclass(frozen=True)
class Likeness:
    """One painting's losses, unweighted, and their weighted sum; stability has no part in it."""

    content: float
    style: float
    tone: float
    variation: float
    total: float


class Yardstick:
    """The loss of any painting of one photograph in one style.

    photograph: (3, H, W) float RGB in [0, 1], on the network's device.
    style: of `murai.networks.likeness.style_targets`, by the same network and of the same kind.
    """

    def __init__(
        self,
        network: PerceptualNetwork,
        weights: LossWeights,
        photograph: Tensor,
        style: Mapping[str, Tensor],
        kind: StyleKind = "gram",
    ) -> None:
        self.photograph = photograph
        self.weights = weights
        self.kind = kind
        self._network = network
        self._style = style
        self._content = content_targets(network, photograph[None])

    def losses(self, painted: Tensor) -> Losses:
        """Scalars with gradients. painted: (3, H, W) float RGB, not clamped."""
        batch = painted[None]
        content, style = losses_by_picture(self._network, batch, self._content, self._style, self.kind)
        light = tone(batch, self.photograph[None])
        return Losses(content.mean(), style.mean(), light, total_variation(batch))

    def likeness(self, painted: Tensor) -> Likeness:
        """Figures of a painting (3, H, W) uint8, on any device."""
        with torch.inference_mode():
            found = self.losses(painted.to(self.photograph.device).float() / 255.0)
            plain = {name: float(loss) for name, loss in found.by_name().items()}
            return Likeness(**plain, total=float(found.total(self.weights)))
