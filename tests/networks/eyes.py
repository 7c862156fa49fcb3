"""A perceptual network of a few hundred weights, smooth everywhere, so that its slopes can be measured."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.networks.perceptual import Layers, check_layers

BOTH = Layers(content={"relu2_1": 1.0}, style={"relu1_1": 1.0, "relu2_1": 1.0})


class SmoothEyes:
    """Two convolutions, the second at half the size. It computes in the pictures' own float type."""

    name = "smooth"

    def __init__(self, layers: Layers = BOTH) -> None:
        random = torch.Generator().manual_seed(11)
        self.layers = layers
        self.asked: list[set[str]] = []
        self._first = torch.randn((6, 3, 3, 3), generator=random) * 0.5
        self._second = torch.randn((8, 6, 3, 3), generator=random) * 0.3

    def features(self, pictures: Tensor, wanted: Collection[str] | None = None) -> dict[str, Tensor]:
        """See `PerceptualNetwork.features`; `asked` keeps what was wanted."""
        named = {*self.layers.content, *self.layers.style} if wanted is None else set(wanted)
        self.asked.append(named)
        check_layers(named, ("relu1_1", "relu2_1"), self.name)
        first = F.softplus(F.conv2d(_around(pictures), self._first.to(pictures.dtype)))
        second = F.softplus(F.conv2d(_around(first), self._second.to(first.dtype), stride=2))
        return {layer: features for layer, features in (("relu1_1", first), ("relu2_1", second)) if layer in named}


def _around(x: Tensor) -> Tensor:
    """The picture goes on with its other side, so that a pattern looks the same at the edge."""
    return F.pad(x, [1, 1, 1, 1], mode="circular")


def noise(*shape: int, seed: int = 1, dtype: torch.dtype = torch.float32) -> Tensor:
    """Random numbers in [0, 1]."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)
