"""What a perceptual network sees of a picture, summed up tile by tile.

Gram matrices and squared differences are sums over positions, so a picture that is too large for memory can be looked
at in parts: first all sums, then the loss and its slope by each sum, then each tile's pixels by those slopes. What
comes out is what the whole picture would have given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from murai.errors import PaintingError
from murai.imaging.masks import at_size
from murai.imaging.tiles import Tile, cut, smallest_side
from murai.networks.likeness import rim_of
from murai.networks.perceptual import PerceptualNetwork
from murai.networks.style_statistics import at_least_single
from murai.networks.vgg_chain import reach_of, stride_of

_ALIGN_PX = 16  # the stride of the last block


@dataclass(frozen=True)
class Tally:
    """What was seen of a picture, or of one tile as its part of that.

    grams: by region, then by style layer, (C, C): over the region's positions, weighted by its cover, as a mean.
    distances: by content layer, scalar: mean squared difference from what is wanted, over the wanted's mean square.
    """

    grams: list[dict[str, Tensor]]
    distances: dict[str, Tensor]

    def __add__(self, other: Tally) -> Tally:
        return self._with([one + two for one, two in zip(self.sums(), other.sums(), strict=True)])

    def sums(self) -> list[Tensor]:
        """All of it, in a fixed order."""
        return [*(gram for grams in self.grams for gram in grams.values()), *self.distances.values()]

    def leaves(self) -> Tally:
        """The same numbers as the beginning of a computation, so that it gives a slope for each."""
        return self._with([each.detach().requires_grad_() for each in self.sums()])

    def _with(self, sums: Sequence[Tensor]) -> Tally:
        left = iter(sums)
        grams = [{layer: next(left) for layer in grams} for grams in self.grams]
        return Tally(grams, {layer: next(left) for layer in self.distances})


class TiledEyes:
    """A perceptual network that looks at pictures of one size, in tiles where they are larger than `tile_px`.

    size: (height, width). covers: of each region, (H, W) in [0, 1], or None for everywhere.

    Raises:
        PaintingError: tiles of that side are too small, or a cover leaves nothing at a layer.
    """

    def __init__(
        self, network: PerceptualNetwork, size: tuple[int, int], tile_px: int, covers: Sequence[Tensor | None]
    ) -> None:
        self._network = network
        self._size = size
        self._tiles = _tiles(network, size, tile_px)
        self._weights = [{layer: self._weights_at(layer, cover) for layer in network.layers.style} for cover in covers]
        self._wanted: list[dict[str, Tensor]] = [{} for _ in self._tiles]
        self._scale: dict[str, float] = {}

    @property
    def tiles(self) -> int:
        return len(self._tiles)

    def want(self, content: Tensor) -> None:
        """Measures `distances` from this picture, (3, H, W) float RGB in [0, 1], from now on."""
        squares = dict.fromkeys(self._network.layers.content, 0.0)
        with torch.no_grad():
            for number, tile in enumerate(self._tiles):
                self._wanted[number] = self._features(tile.outer.of(content), tile, self._network.layers.content)
                for layer, features in self._wanted[number].items():
                    squares[layer] += float(features.square().sum(dtype=torch.float64))
        self._scale = {layer: 1.0 / max(each, 1e-8) for layer, each in squares.items()}

    def look(self, picture: Tensor) -> Tally:
        """The tally of a picture (3, H, W), without slopes."""
        with torch.no_grad():
            return self._summed(self._tally(tile.outer.of(picture), number) for number, tile in enumerate(self._tiles))

    def pull(self, picture: Tensor, loss_of: Callable[[Tally], Tensor]) -> Tensor:
        """The slope of a loss by the pixels of a picture (3, H, W): (3, H, W).

        loss_of: from the picture's tally to a scalar.
        """
        parts = (tile.outer.of(picture).detach().requires_grad_() for tile in self._tiles)
        if len(self._tiles) == 1:  # one look is enough
            part = next(parts)
            tally = self._tally(part, 0)
            return _slope(part, tally, _slopes(loss_of, tally))
        slopes = _slopes(loss_of, self.look(picture))
        slope = torch.zeros_like(picture)
        for number, (tile, part) in enumerate(zip(self._tiles, parts, strict=True)):
            tile.outer.of(slope).add_(_slope(part, self._tally(part, number), slopes))
        return slope

    def _tally(self, part: Tensor, number: int) -> Tally:
        layers, tile = self._network.layers, self._tiles[number]
        wanted = self._wanted[number]
        seen = self._features(part, tile, {*layers.style, *wanted})
        grams = [
            {layer: _gram(seen[layer], self._of_tile(weights[layer], tile, layer)) for layer in layers.style}
            for weights in self._weights
        ]
        distances = {
            layer: (at_least_single(seen[layer]) - at_least_single(wanted[layer])).square().sum() * self._scale[layer]
            for layer in wanted
        }
        return Tally(grams, distances)

    def _features(self, part: Tensor, tile: Tile, wanted: Mapping[str, float] | set[str]) -> dict[str, Tensor]:
        """Of the tile's core, without the picture's rim, (C, h, w) by layer."""
        found = self._network.features(part[None], set(wanted))
        cropped = {}
        for layer, features in found.items():
            (top, bottom), (left, right) = self._positions(tile, layer)
            stride = stride_of(layer)
            above, before = tile.outer.top // stride, tile.outer.left // stride
            cropped[layer] = features[0, :, top - above : bottom - above, left - before : right - before]
        return cropped

    def _positions(self, tile: Tile, layer: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """Which of the whole picture's positions at a layer are this tile's: first and last, down and across."""
        stride, core = stride_of(layer), tile.core
        height, width = self._size[0] // stride, self._size[1] // stride
        rim = rim_of((height, width))
        return _clipped(core.top // stride, core.bottom // stride, height, rim), _clipped(
            core.left // stride, core.right // stride, width, rim
        )

    def _weights_at(self, layer: str, cover: Tensor | None) -> Tensor:
        """How much each position counts, (h, w) with a sum of 1; without a cover a single number for all."""
        stride = stride_of(layer)
        height, width = self._size[0] // stride, self._size[1] // stride
        rim = rim_of((height, width))
        if cover is None:
            return torch.tensor(1.0 / ((height - 2 * rim) * (width - 2 * rim)), dtype=torch.float64)
        at_layer = at_size(cover, (height, width)).clone()
        if rim:
            at_layer[0], at_layer[-1], at_layer[:, 0], at_layer[:, -1] = 0.0, 0.0, 0.0, 0.0
        total = float(at_layer.sum(dtype=torch.float64))
        if total <= 0.0:
            raise PaintingError(f"a mask leaves nothing at layer {layer}", "paint more of it white")
        return at_layer / total

    def _of_tile(self, weights: Tensor, tile: Tile, layer: str) -> Tensor:
        if weights.dim() == 0:
            return weights
        (top, bottom), (left, right) = self._positions(tile, layer)
        return weights[top:bottom, left:right]

    @staticmethod
    def _summed(tallies: Iterator[Tally]) -> Tally:
        total = next(tallies)
        for tally in tallies:
            total = total + tally
        return total


def smallest_tile(network: PerceptualNetwork) -> int:
    """The smallest tile that shows a core and all around it that the network's layers see, in px."""
    return smallest_side(_around(network), _ALIGN_PX)


def _around(network: PerceptualNetwork) -> int:
    return max(reach_of(layer) for layer in (*network.layers.content, *network.layers.style))


def _tiles(network: PerceptualNetwork, size: tuple[int, int], tile_px: int) -> list[Tile]:
    if tile_px < smallest_tile(network):
        raise PaintingError(
            f"tiles of {tile_px} px are smaller than what {network.name} sees around a place",
            f"give --tile {smallest_tile(network)} or more",
        )
    return cut(size, tile_px, _around(network), _ALIGN_PX)


def _clipped(first: int, last: int, length: int, rim: int) -> tuple[int, int]:
    # The last tile ends where the picture does, which may be within a position.
    begin, end = max(first, rim), min(last, length - rim)
    return begin, max(begin, end)


def _gram(features: Tensor, weights: Tensor) -> Tensor:
    """(C, C) of features (C, h, w), each position weighted; of no positions it is 0."""
    flat = at_least_single(features.permute(1, 2, 0).reshape(-1, features.shape[0]))
    weighted = flat * (weights if weights.dim() == 0 else weights.reshape(-1, 1)).to(flat)
    return weighted.T @ flat


def _slopes(loss_of: Callable[[Tally], Tensor], tally: Tally) -> list[Tensor]:
    leaves = tally.leaves()
    return list(torch.autograd.grad(loss_of(leaves), leaves.sums(), materialize_grads=True))


def _slope(part: Tensor, tally: Tally, slopes: list[Tensor]) -> Tensor:
    found: Tensor = torch.autograd.grad(tally.sums(), [part], slopes)[0]
    return found
