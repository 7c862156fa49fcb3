"""The loss of a painting at one size, and its slope by each pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from murai.imaging.measures import total_variation
from murai.networks.perceptual import PerceptualNetwork
from murai.networks.style_statistics import relative_distance
from murai.painting.memory import whole_tile, with_smaller_tiles
from murai.painting.styles import Region
from murai.painting.tallies import Tally, TiledEyes, smallest_tile

Extra = Callable[[Tensor], Tensor]
"""A further loss: from the picture (3, H, W) to a scalar, its weight included."""


@dataclass(frozen=True)
class PaintingWeights:
    """How much each loss counts.

    content: squared distance of the content layers' features, over the squared norm of the content's.
    style: squared distance of the Gram matrices, over the squared norm of the style's, summed over layers.
    variation: mean absolute difference of neighbouring pixels, RGB in [0, 1].
    """

    content: float = 1.0
    style: float = 10.0
    variation: float = 0.1


@dataclass(frozen=True)
class Evaluation:
    """losses: unweighted, by name; "total" is the weighted sum. slope: of the total, (3, H, W)."""

    losses: dict[str, float]
    slope: Tensor


@dataclass
class Objective:
    """The loss of pictures of one size.

    content: (3, H, W) float RGB in [0, 1].
    tile_px: larger pictures are looked at in tiles of this side. Where memory runs out tiles get smaller, which is
        logged as a warning; what comes out is the same but for rounding.
    extras: further losses, by name.

    Raises:
        PaintingError: the tiles are too small to begin with, or memory runs out with the smallest ones.
    """

    network: PerceptualNetwork
    content: Tensor
    regions: Sequence[Region]
    weights: PaintingWeights
    tile_px: int
    extras: Mapping[str, Extra] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Of tiles larger than the picture there is nothing to gain when memory runs out.
        side_px = min(self.tile_px, max(whole_tile(self.content), smallest_tile(self.network)))
        self._eyes = with_smaller_tiles(self.network, side_px, self._open)

    def evaluate(self, picture: Tensor) -> Evaluation:
        """Losses and slope of a picture (3, H, W) float, which may lie somewhat beyond [0, 1].

        Raises:
            PaintingError: memory runs out even with the smallest tiles.
        """
        losses: dict[str, float] = {}
        slope = with_smaller_tiles(self.network, self.tile_px, lambda tile_px: self._pull(picture, losses, tile_px))
        whole = picture.detach().requires_grad_()
        beside = {"variation": total_variation(whole[None])}
        beside |= {name: extra(whole) for name, extra in self.extras.items()}
        losses |= {name: float(loss.detach()) for name, loss in beside.items()}
        weighed = self.weights.variation * beside["variation"] + sum(beside[name] for name in self.extras)
        slope += torch.autograd.grad(weighed, whole)[0]
        losses["total"] += float(weighed.detach())
        return Evaluation(losses, slope)

    def _open(self, tile_px: int) -> TiledEyes:
        eyes = TiledEyes(
            self.network,
            (self.content.shape[1], self.content.shape[2]),
            tile_px,
            [region.cover for region in self.regions],
        )
        eyes.want(self.content)
        self.tile_px = tile_px
        return eyes

    def _pull(self, picture: Tensor, losses: dict[str, float], tile_px: int) -> Tensor:
        if tile_px != self.tile_px:
            self._eyes = self._open(tile_px)

        def loss_of(tally: Tally) -> Tensor:
            content, style = self._content_loss(tally), self._style_loss(tally)
            total = self.weights.content * content + self.weights.style * style
            losses.update(content=float(content.detach()), style=float(style.detach()), total=float(total.detach()))
            return total

        return self._eyes.pull(picture, loss_of)

    def _content_loss(self, tally: Tally) -> Tensor:
        layers = self.network.layers.content
        return torch.stack([weight * tally.distances[layer] for layer, weight in layers.items()]).sum()

    def _style_loss(self, tally: Tally) -> Tensor:
        parts = [
            region.share * weight * relative_distance(grams[layer][None], region.wanted[layer][None])[0]
            for region, grams in zip(self.regions, tally.grams, strict=True)
            for layer, weight in self.network.layers.style.items()
        ]
        return torch.stack(parts).sum() if parts else self.content.new_zeros(())
