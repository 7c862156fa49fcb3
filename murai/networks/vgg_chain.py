"""The convolutions of a VGG network (Simonyan and Zisserman 2015), one after another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from murai.networks.perceptual import Pooling

VGG16_CONVOLUTIONS = (2, 2, 3, 3, 3)
VGG19_CONVOLUTIONS = (2, 2, 4, 4, 4)


def layer_names(convolutions: tuple[int, ...], last: str | None = None) -> tuple[str, ...]:
    """ "relu1_1", "relu1_2", "relu2_1" and so on to `last`. convolutions: how many each block has."""
    names = [f"relu{b}_{n}" for b, count in enumerate(convolutions, 1) for n in range(1, count + 1)]
    return tuple(names[: names.index(last) + 1] if last else names)


def stride_of(layer: str) -> int:
    """How many px of the picture lie from one position of a layer to the next."""
    return 1 << (_place(layer)[0] - 1)


def reach_of(layer: str) -> int:
    """How many px beyond its own square a position of a layer sees in VGG-19; in VGG-16 it is no more."""
    block, number = _place(layer)
    convolutions = [*VGG19_CONVOLUTIONS[: block - 1], number]
    # Each convolution sees one position to each side; a pool nothing beyond what it halves.
    return sum(count << before for before, count in enumerate(convolutions))


def _place(layer: str) -> tuple[int, int]:
    """Block and number of "reluB_N"."""
    block, number = layer.removeprefix("relu").split("_")
    return int(block), int(number)


class VggChain(nn.Module):
    """3 x 3 convolutions with a ReLU after each, and a 2 x 2 pool wherever a block ends.

    Pictures come as RGB less the mean colour. Edges are padded with zeros, that is with the mean colour,
    as VGG was trained; padding by reflection took a third of the time of a training step.

    kernels: weight (Out, In, 3, 3) and bias (Out,) by layer, in the order of computation.
    """

    def __init__(self, kernels: Mapping[str, tuple[Tensor, Tensor]], pooling: Pooling = "max") -> None:
        super().__init__()
        self.names = tuple(kernels)
        self._pooling = pooling
        self._ends_block = {a for a, b in pairwise(kernels) if a.split("_")[0] != b.split("_")[0]}
        for name, (weight, bias) in kernels.items():
            rows = weight.detach().clone(memory_format=torch.channels_last)
            self.register_buffer(f"{name}_weight", rows, persistent=False)
            self.register_buffer(f"{name}_bias", bias.detach().clone(), persistent=False)

    def forward(self, x: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """Features by layer, no deeper than wanted. x: (N, 3, H, W), best in channels_last."""
        left = set(wanted)
        found: dict[str, Tensor] = {}
        for name in self.names:
            if not left:
                break
            x = F.conv2d(x, self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias"), padding=1)
            x = torch.relu_(x)  # in place, for the gradient needs only what comes out
            if name in left:
                found[name] = x
                left.remove(name)
            if name in self._ends_block and left:
                x = F.max_pool2d(x, 2) if self._pooling == "max" else F.avg_pool2d(x, 2)
        return found
