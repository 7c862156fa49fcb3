"""The folded network for CPUs: `FoldedPainter`'s picture in four fifths of its time, by oneDNN's fused convolutions.

A convolution writes its result once, with bias, sum and activation already in it; "twice as large, then convolve"
is done by kernels of 2 x 2, for of 3 x 3 five ninths are zeros; and pixels go from rows of bytes
to folded features, and back, in long pieces.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from murai.networks.canvas import FOLD, MARGIN_PX

_RGB = 3


def can_fuse(dtype: torch.dtype) -> bool:
    """Whether this torch and this CPU have the convolutions that `FusedPainter` is made of, for this type."""
    # Not documented by torch, but what its compiler writes for every CPU since 2.0.
    if not hasattr(torch.ops.mkldnn, "_convolution_pointwise"):
        return False
    in_bfloat16 = dtype == torch.bfloat16 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float32 or in_bfloat16


def fused_kernels(kernels: list[Tensor]) -> list[Tensor]:
    """What `FusedPainter` convolves with, of a `FoldedStyle`'s kernels; takes 0.3 ms.

    The first reads bytes' values about 0 instead of their 255th part, by rows of four pixels instead of by colour.
    The last but one comes as two, for the upper and the lower row of each four pixels that one becomes.
    """
    head, *middle, up, out = kernels
    upper, lower = _trimmed(up)
    made = [_by_rows(head) / 255.0, *middle, lower, upper, torch.cat(_trimmed(out)[::-1])]
    return [kernel.contiguous(memory_format=torch.channels_last) for kernel in made]


def _by_rows(kernel: Tensor) -> Tensor:
    """For a kernel (O, 48, 3, 3) of `pixel_unshuffle`, the one for channels in the order row, column, colour."""
    channels = kernel.shape[0]
    return kernel.view(channels, _RGB, FOLD, FOLD, 3, 3).permute(0, 2, 3, 1, 4, 5).reshape(kernel.shape)


def _trimmed(kernel: Tensor) -> list[Tensor]:
    """The 2 x 2 of a kernel (4 C, I, 3, 3) that aren't zeros, for upper and lower row: (2 C, I, 2, 2) each.

    In each the right pixel comes before the left one: 2 x 2 convolved with padding begins half a pixel earlier, so
    that what comes out side by side is the right one of a pixel and the left one of the next.
    """
    upper_left, upper_right, lower_left, lower_right = kernel.chunk(4)
    upper = torch.cat([upper_right[:, :, :2, 1:], upper_left[:, :, :2, :2]])
    lower = torch.cat([lower_right[:, :, 1:, 1:], lower_left[:, :, 1:, :2]])
    return [upper, lower]


class FusedPainter(nn.Module):
    """Called like `FoldedPainter`, with `fused_kernels` of its kernels; on a CPU, in float32 or bfloat16."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.fold = FOLD  # TorchScript sees attributes, not globals
        self.margin_px = MARGIN_PX

    def forward(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        """rgb (3, H, W) uint8; gives (3, H, W) uint8, a view of (H, W, 4) memory.

        kernels: of `fused_kernels`; ground, biases: see `FoldedStyle`.
        """
        height, width = rgb.shape[1], rgb.shape[2]
        x = self._conv_sum_relu(self._folded(rgb.permute(1, 2, 0)), ground, kernels[0], biases[0])
        up = len(kernels) - 3
        for first in range(1, up, 2):
            y = self._conv(x, kernels[first], biases[first], "relu")
            x = self._conv_onto(x, y, kernels[first + 1], biases[first + 1])
        half = biases[up].shape[0] // 2  # both rows have the same bias
        rows = [self._conv(x, kernels[up + row], biases[up][:half], "relu") for row in range(2)]
        x = self._rows_joined(rows)
        x = self._conv(x, kernels[up + 2], biases[up + 1], "sigmoid")
        # Not "+ 0.5": in bfloat16 255 + 0.5 is 256, and white would come out black.
        painted = self._enlarged(x.mul_(255.0).round_().to(torch.uint8))
        # Each of the two kernels of 2 x 2 begins half a pixel earlier: a pixel here, and before, two.
        begin = self.margin_px + 3
        return painted[begin : begin + height, begin : begin + width].contiguous()[:, :, :3].permute(2, 0, 1)

    def _folded(self, picture: Tensor) -> Tensor:
        """(H, W, 3) uint8 as (1, 48, h, w) in channels_last memory, bytes less 127.5, which is exact in bfloat16."""
        height, width, margin = picture.shape[0], picture.shape[1], self.margin_px
        bottom, right = margin + height, margin + width
        wide = torch.empty(
            [bottom + margin + -height % self.fold, right + margin + -width % self.fold, 3], dtype=torch.uint8
        )
        wide[margin:bottom, margin:right] = picture
        wide[margin:bottom, :margin] = picture[:, :1]
        wide[margin:bottom, right:] = picture[:, -1:]
        wide[:margin] = wide[margin : margin + 1]
        wide[bottom:] = wide[bottom - 1 : bottom]
        h, w = wide.shape[0] // self.fold, wide.shape[1] // self.fold
        # Put in order as bytes: bytes of 12 at a time are converted slowly, long rows of them quickly.
        x = wide.view(h, self.fold, w, 3 * self.fold).permute(0, 2, 1, 3).reshape(h, w, -1)
        return x.to(self.dtype).sub_(127.5).permute(2, 0, 1)[None]

    def _conv(self, x: Tensor, kernel: Tensor, bias: Tensor, then: str) -> Tensor:
        """Convolved, with one zero around, and then "relu" or "sigmoid"."""
        made: Tensor = torch.ops.mkldnn._convolution_pointwise(x, kernel, bias, [1, 1], [1, 1], [1, 1], 1, then, [], "")
        return made

    def _conv_sum_relu(self, x: Tensor, other: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        made: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, other, kernel, bias, [1, 1], [1, 1], [1, 1], 1, "add", 1.0, "relu", [], ""
        )
        return made

    def _conv_onto(self, other: Tensor, x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        """Adds the convolution to `other`, in its memory."""
        made: Tensor = torch.ops.mkldnn._convolution_pointwise_(
            other, x, kernel, bias, [1, 1], [1, 1], [1, 1], 1, "add", 1.0, None, [], ""
        )
        return made

    def _rows_joined(self, rows: list[Tensor]) -> Tensor:
        """Two (1, 2 C, H, W) in channels_last memory, by turns the rows of one (1, C, 2 H, 2 W)."""
        c, height, width = rows[0].shape[1] // 2, rows[0].shape[2], rows[0].shape[3]
        joined = torch.stack([row[0].permute(1, 2, 0) for row in rows], dim=1)
        return joined.view(2 * height, 2 * width, c).permute(2, 0, 1)[None]

    def _enlarged(self, x: Tensor) -> Tensor:
        """(1, 16, H, W) uint8 in channels_last memory, by row and column of each four: (2 H, 2 W, 4)."""
        height, width = x.shape[2], x.shape[3]
        pairs = x[0].permute(1, 2, 0).view(height, width, 2, 8).permute(0, 2, 1, 3)
        return pairs.reshape(2 * height, 2 * width, 4)
