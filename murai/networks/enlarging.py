"""Twice as large by a convolution: done at the small size, which touches a quarter of the memory.

Each of the four pixels that one becomes has a kernel of its own, of the 2 x 2 small pixels that lie around it: a
transposed convolution of 4 x 4 by steps of two. Nearest-neighbour enlargement and a convolution of 3 x 3 (Odena et al.
2016, against checkerboards) is one of these, and where kernels begin (Aitken et al. 2017); its four kernels share nine
numbers, which is too few for fine texture.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class EnlargingConvolution(nn.Conv2d):
    """(N, O, 2 H, 2 W) of (N, I, H, W).

    weight: (O, I, 4, 4); along each side two for the first of the pixels that one becomes, then two for the second.
    bias: (O,).
    """

    def __init__(self, inputs: int, outputs: int, *, bias: bool) -> None:
        super().__init__(inputs, outputs, 4, bias=bias)

    def reset_parameters(self) -> None:
        """As nearest-neighbour enlargement and a new convolution of 3 x 3 would be, so that no checkerboard shows."""
        plain = nn.Conv2d(self.in_channels, self.out_channels, 3, bias=self.bias is not None)
        with torch.no_grad():
            self.weight.copy_(of_nearest(plain.weight))
            if self.bias is not None and plain.bias is not None:
                self.bias.copy_(plain.bias)

    def forward(self, x: Tensor) -> Tensor:
        """See the class; one zero around, with gradients. Written in what TorchScript understands."""
        bias = self.bias  # TorchScript tells None apart in locals alone
        four_biases = None if bias is None else bias.repeat(4)
        parts = F.conv2d(x, at_small_size(self.weight), four_biases, padding=1)
        n, channels, height, width = parts.shape[0], parts.shape[1] // 4, parts.shape[2], parts.shape[3]
        # pixel_shuffle has the four innermost; what runs live has them outermost.
        return F.pixel_shuffle(parts.view(n, 4, channels, height, width).transpose(1, 2).flatten(1, 2), 2)


def at_small_size(kernel: Tensor) -> Tensor:
    """For an enlarging kernel (O, I, 4, 4), the one that convolves the small picture: (4 O, I, 3, 3).

    Of its channels, the first O are the upper left of each four pixels, then upper right, lower left, lower right.
    """
    return _for_halves(_for_halves(kernel, -2), -1).transpose(0, 1).reshape(-1, kernel.shape[1], 3, 3)


def _for_halves(kernel: Tensor, dim: int) -> Tensor:
    """By which of the two pixels that one becomes, the kernel along `dim`: (2, ...)."""
    before, here, here_too, after = kernel.unbind(dim)
    nothing = torch.zeros_like(here)
    first = torch.stack([before, here, nothing], dim)
    second = torch.stack([nothing, here_too, after], dim)
    return torch.stack([first, second])


def of_nearest(kernel: Tensor) -> Tensor:
    """The enlarging kernel (O, I, 4, 4) that does what nearest-neighbour enlargement and this (O, I, 3, 3) do."""
    return _four_taps(_four_taps(kernel, -2), -1)


def _four_taps(kernel: Tensor, dim: int) -> Tensor:
    before, here, after = kernel.unbind(dim)
    # Of the enlarged picture, the first pixel's neighbour after it, and the second's before it, are the same as itself.
    return torch.stack([before, here + after, before + here, after], dim)
