"""Twice as large, then convolve: done by convolving first, which is exact and touches a quarter of the memory.

A pixel that nearest-neighbour enlargement makes four of is four times the same number, so each of the four kernels of
the enlarged picture is one of the small picture (Shi et al. 2016 call it sub-pixel convolution; Odena et al. 2016 say
why to enlarge and not to convolve by strides).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def enlarge_and_convolve(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """(N, O, 2 H, 2 W) of (N, I, H, W): a convolution of the picture at twice its size, with one zero around.

    kernel: (O, I, 3, 3); bias: (O,). With gradients. Written in what TorchScript understands.
    """
    four = before_enlarging(kernel)
    four_biases = None if bias is None else bias.repeat(4)
    parts = F.conv2d(x, four, four_biases, padding=1)
    n, channels, height, width = x.shape[0], kernel.shape[0], x.shape[2], x.shape[3]
    # pixel_shuffle has the four innermost; what runs live has them outermost.
    return F.pixel_shuffle(parts.view(n, 4, channels, height, width).transpose(1, 2).flatten(1, 2), 2)


def before_enlarging(kernel: Tensor) -> Tensor:
    """For a kernel (O, I, 3, 3) of the enlarged picture, the one of the small picture: (4 O, I, 3, 3).

    Of its channels, the first O are the upper left of each four pixels, then upper right, lower left, lower right.
    """
    return _onto_halves(_onto_halves(kernel, -2), -1).transpose(0, 1).reshape(-1, kernel.shape[1], 3, 3)


def _onto_halves(kernel: Tensor, dim: int) -> Tensor:
    """By which of the two pixels that one becomes, what a kernel does along `dim` to the small picture: (2, ...)."""
    before, here, after = kernel.unbind(dim)
    nothing = torch.zeros_like(here)
    first = torch.stack([before, here + after, nothing], dim)
    second = torch.stack([nothing, before + here, after], dim)
    return torch.stack([first, second])
