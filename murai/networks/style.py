"""The feed-forward network that paints.

Johnson et al. 2016 with three departures, each for speed at equal looks on a processor without a GPU:
the picture is folded to a quarter of its size before the first convolution instead of by two strided
ones; the way back up is two convolutions that enlarge, which begin as nearest-neighbour enlargement does
and so leave no checkerboard (see `murai.networks.enlarging`); and one network holds many styles by a scale
and a shift per channel (Dumoulin et al. 2017), so that a mix of styles is a mix of these vectors. Beyond
the paper, it is given a canvas (see `murai.networks.canvas`) to paint on, as Ulyanov et al. 2016 gave theirs
noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from murai.networks.canvas import CANVAS_CHANNELS, FOLD, MARGIN_PX
from murai.networks.enlarging import EnlargingConvolution


@dataclass(frozen=True)
class StyleNetworkSpec:
    """The shape of a style network.

    width: factor on the 32 channels that the network is made for.
    blocks: residual blocks.
    detail: channels at half the picture's size, as a share of those at a quarter of it.
    """

    width: float = 1.0
    blocks: int = 5
    detail: float = 0.5

    @property
    def channels(self) -> int:
        """Channels at a quarter of the picture's size."""
        return max(8, round(32 * self.width / 8) * 8)

    @property
    def fine_channels(self) -> int:
        """Channels at half its size."""
        return max(4, round(self.channels * self.detail / 4) * 4)

    @property
    def vector_length(self) -> int:
        """Scales, and as many shifts, that make one style."""
        return self.channels * (1 + 2 * self.blocks) + self.fine_channels


class FixedAffine(nn.Module):
    """x * scale + shift by channel: the statistics are part of the style's vectors."""

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """x (N, C, H, W); scale, shift (N, C, 1, 1)."""
        return torch.addcmul(shift, x, scale)


VARIANCE_FLOOR = 1e-5
"""Added to variances before their root is taken, as `torch.nn.functional.instance_norm` does."""


class InstanceAffine(nn.Module):
    """Instance norm (Ulyanov et al. 2016), then a scale and a shift by channel."""

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """x (N, C, H, W); scale, shift (N, C, 1, 1)."""
        return torch.addcmul(shift, F.instance_norm(x), scale)


class _Block(nn.Module):
    """A residual block: two convolutions, each with its affine."""

    def __init__(self, channels: int, affine: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.affine1 = affine()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.affine2 = affine()

    def forward(self, x: Tensor, scale1: Tensor, shift1: Tensor, scale2: Tensor, shift2: Tensor) -> Tensor:
        y = F.relu(self.affine1(self.conv1(x), scale1, shift1))
        change: Tensor = self.affine2(self.conv2(y), scale2, shift2)
        return x + change


class StyleNetwork(nn.Module):
    """Repaints pictures in the style that its vectors stand for.

    affine: `InstanceAffine` for training and for pictures of their own, `FixedAffine` where the statistics are
        part of the vectors. Both have no parameters, so the weights of one load into the other.
    margin_px: padded around each picture and cut off again; training sets a narrower one.
    """

    def __init__(self, spec: StyleNetworkSpec, affine: Callable[[], nn.Module]) -> None:
        super().__init__()
        c = spec.channels
        self.channels = c
        self.fold = FOLD  # TorchScript sees attributes, not globals
        self.margin_px = MARGIN_PX
        self.head = nn.Conv2d(3 * FOLD * FOLD, c, 3, padding=1, bias=False)
        self.weave = nn.Conv2d(CANVAS_CHANNELS, c, 3, padding=1, bias=False)
        self.head_affine = affine()
        self.blocks = nn.ModuleList([_Block(c, affine) for _ in range(spec.blocks)])
        self.up = EnlargingConvolution(c, spec.fine_channels, bias=False)
        self.up_affine = affine()
        self.out = EnlargingConvolution(spec.fine_channels, 3, bias=True)

    def convolutions(self) -> list[nn.Conv2d]:
        """In the order in which the picture passes them; the canvas's own comes beside the first."""
        return [module for module in self.modules() if isinstance(module, nn.Conv2d) and module is not self.weave]

    def with_margin(self, pictures: Tensor) -> Tensor:
        """Pictures with the margin around them, padded to a multiple of the fold."""
        below, right = self.margin_px + -pictures.shape[2] % self.fold, self.margin_px + -pictures.shape[3] % self.fold
        return F.pad(pictures, [self.margin_px, right, self.margin_px, below], mode="replicate")

    def folded(self, pictures: Tensor) -> Tensor:
        """What the first convolution reads: (N, 48, H / 4, W / 4) of pictures (N, 3, H, W) in [0, 1]."""
        # channels_last here, not in the caller: pixel_unshuffle gives its input's plain order back.
        return F.pixel_unshuffle(pictures - 0.5, self.fold).contiguous(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor, canvas: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Paintings of exactly the pictures' size.

        pictures: (N, 3, H, W) float, RGB in [0, 1].
        canvas: (N, K, h, w) or (1, K, h, w), of `murai.networks.canvas.canvas_size(H, W, margin_px)`.
        scale, shift: (N, V) or (1, V) float, V = `StyleNetworkSpec.vector_length`.
        Returns (N, 3, H, W) float, RGB in [0, 1].
        """
        height, width, margin = pictures.shape[2], pictures.shape[3], self.margin_px
        scale, shift = scale[:, :, None, None], shift[:, :, None, None]
        c = self.channels
        x = self.folded(self.with_margin(pictures))
        x = F.relu(self.head_affine(self.head(x) + self.weave(canvas), scale[:, :c], shift[:, :c]))
        at = c
        for block in self.blocks:
            x = block(
                x,
                scale[:, at : at + c],
                shift[:, at : at + c],
                scale[:, at + c : at + 2 * c],
                shift[:, at + c : at + 2 * c],
            )
            at += 2 * c
        x = F.relu(self.up_affine(self.up(x), scale[:, at:], shift[:, at:]))
        x = torch.sigmoid(self.out(x))
        painted: Tensor = x[:, :, margin : margin + height, margin : margin + width]
        return painted
