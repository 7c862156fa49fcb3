"""The style network as it runs live: the same picture as `StyleNetwork`, in two thirds of the time.

With given statistics a style's scale and shift belong to the convolutions, and each enlargement is one convolution at
the small size (see `murai.networks.enlarging`), whose channels are put in their places as pixels that lie together.
Both are exact: what is saved is memory traffic, which is what narrow networks wait for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from murai.networks.canvas import FOLD, MARGIN_PX
from murai.networks.enlarging import at_small_size
from murai.networks.style import StyleNetwork

_FULL = 20.0  # sigmoid's argument for 1.0


@dataclass(frozen=True)
class FoldedStyle:
    """The network with one style, or one mix of styles, in it.

    kernels, biases: (O, I, 3, 3) and (O,) of all convolutions, first to last.
    weave: (C, K, 3, 3), the canvas's kernel; what it makes of a canvas is the `ground` to paint on.
    """

    kernels: list[Tensor]
    biases: list[Tensor]
    weave: Tensor

    def ground(self, canvas: Tensor) -> Tensor:
        """What the first layer adds to every picture: (1, C, h, w) of a canvas (1, K, h, w)."""
        canvas = canvas.to(self.weave.dtype).contiguous(memory_format=torch.channels_last)
        return F.conv2d(canvas, self.weave, padding=1)


def fold_statistics(scale: Tensor, shift: Tensor, mean: Tensor, deviation: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and shift for features as they come, of those for normalised ones; all of one shape.

    (x - mean) / deviation * scale + shift is x * scale' + shift'.
    """
    scale = scale / deviation
    return scale, shift - mean * scale


class Folding:
    """A style network's convolutions, ready to have a style put into them again and again.

    network: float32; its affines aren't used.
    dtype: of what is made of it.
    """

    def __init__(self, network: StyleNetwork, dtype: torch.dtype) -> None:
        kernels = [convolution.weight.detach() for convolution in network.convolutions()]
        channels = [kernel.shape[0] for kernel in kernels[:-1]]
        assert network.out.bias is not None
        # A fourth channel, always full: OpenGL reads RGBx as it is, and would have to copy RGB.
        kernels[-1] = at_small_size(torch.cat([kernels[-1], torch.zeros_like(kernels[-1][:1])]))
        kernels[-2] = at_small_size(kernels[-2])
        self._dtype = dtype
        self._kernels = [kernel.contiguous(memory_format=torch.channels_last) for kernel in kernels[:-1]]
        self._last_kernel = kernels[-1].to(dtype).contiguous(memory_format=torch.channels_last)
        self._last_bias = F.pad(network.out.bias.detach(), [0, 1], value=_FULL).repeat(4).to(dtype)
        self._weave = network.weave.weight.detach()
        self._parts = channels

    def fold(self, scale: Tensor, shift: Tensor) -> FoldedStyle:
        """The network with this style in it; on CUDA without waiting for anything.

        scale, shift: (V,) float32 on the network's device, for features as they come (see `fold_statistics`).
        """
        scales, shifts = list(torch.split(scale, self._parts)), list(torch.split(shift, self._parts))
        weave = (self._weave * scales[0][:, None, None, None]).to(self._dtype)
        scales[-1], shifts[-1] = scales[-1].repeat(4), shifts[-1].repeat(4)
        pairs = zip(self._kernels, scales, strict=True)
        return FoldedStyle(
            [(kernel * factor[:, None, None, None]).to(self._dtype) for kernel, factor in pairs] + [self._last_kernel],
            [bias.to(self._dtype) for bias in shifts] + [self._last_bias],
            weave,
        )


class FoldedPainter(nn.Module):
    """Bytes in, interleaved bytes out. Has no parameters: the style comes with the picture."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.fold = FOLD  # TorchScript sees attributes, not globals
        self.margin_px = MARGIN_PX

    def forward(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        """rgb (3, H, W) uint8; see `FoldedStyle`; gives (3, H, W) uint8, a view of (H, W, 4) memory."""
        height, width, margin = rgb.shape[1], rgb.shape[2], self.margin_px
        x = rgb[None].to(self.dtype) * (1.0 / 255.0) - 0.5
        around = [margin, margin + -width % self.fold, margin, margin + -height % self.fold]
        x = F.pixel_unshuffle(F.pad(x, around, mode="replicate"), self.fold)
        x = paint_folded(x.contiguous(memory_format=torch.channels_last), ground, kernels, biases)
        # Not "+ 0.5": in bfloat16 255 + 0.5 is 256, and white would come out black.
        painted = interleave((torch.sigmoid(x) * 255.0).round_().to(torch.uint8))
        return painted[margin : margin + height, margin : margin + width].contiguous()[:, :, :3].permute(2, 0, 1)


def paint_folded(x: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
    """From folded pictures (1, 48, h, w), about 0, to what comes before the sigmoid: (1, 16, 2 h, 2 w).

    Both in channels_last memory; of the 16, four each for the four pixels that one becomes.
    """
    x = F.conv2d(x, kernels[0], biases[0], padding=1).add_(ground).relu_()
    last = len(kernels) - 1
    for first in range(1, last - 1, 2):
        y = F.conv2d(x, kernels[first], biases[first], padding=1).relu_()
        x = x + F.conv2d(y, kernels[first + 1], biases[first + 1], padding=1)
    x = interleave(F.conv2d(x, kernels[last - 1], biases[last - 1], padding=1).relu_())
    return F.conv2d(x.permute(2, 0, 1)[None], kernels[last], biases[last], padding=1)


def interleave(x: Tensor) -> Tensor:
    """(1, 4 C, H, W) in channels_last memory, by row and column of each four: (2 H, 2 W, C)."""
    c, height, width = x.shape[1] // 4, x.shape[2], x.shape[3]
    x = x[0].permute(1, 2, 0).reshape(height, width, 2, 2, c).permute(0, 2, 1, 3, 4)
    return x.reshape(2 * height, 2 * width, c)
