"""NV12, the form in which GPUs decode video, as RGB: the arithmetic, in plain PyTorch on any device.

`nv12_kernel` does the very same in one CUDA kernel. This is what it is held against, and what stands in for it
where CuPy is missing. The arithmetic is that of FFmpeg's conversion on x86 CPUs, so that a picture has the same
colours whichever decoder it came from: chroma is repeated, not interpolated, and each product is cut off, not rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

_FINENESS = 8192.0  # FFmpeg's coefficients are whole numbers over this


@dataclass(frozen=True, slots=True)
class Nv12:
    """A decoded picture of even width and height, on one device.

    luma: (H, W) uint8, or uint16 with the sample in its high bits (P010, P016).
    chroma: (H/2, W/2, 2) of the same type: Cb, Cr.

    Lines may be apart by any distance; the samples of a line lie side by side.
    """

    luma: Tensor
    chroma: Tensor

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return int(self.luma.shape[1]), int(self.luma.shape[0])


@dataclass(frozen=True, slots=True)
class YuvColours:
    """What the samples mean.

    red, blue: the shares of red and blue in luma (ITU-T H.273, table 4: BT.601 has 0.299 and 0.114).
    full_range: luma from 0 to 255; otherwise from 16 to 235, and chroma from 16 to 240.
    """

    red: float
    blue: float
    full_range: bool


@dataclass(frozen=True, slots=True)
class Factors:
    """R = luma (Y - black) + red_cr Cr', and so on; Cr' and Cb' count from 128, all in steps of 8 bits."""

    black: float
    luma: float
    red_cr: float
    green_cr: float
    green_cb: float
    blue_cb: float


@dataclass(frozen=True, slots=True)
class Placement:
    """Which part of a picture is wanted, how large, and how turned.

    left, top, width, height: the part, in pixels of the picture; what lies outside repeats the border.
    size_px: width and height of what it becomes, before it is turned.
    quarter_turns: clockwise, 0 to 3.
    """

    left: float
    top: float
    width: float
    height: float
    size_px: tuple[int, int]
    quarter_turns: int = 0

    @property
    def turned_size_px(self) -> tuple[int, int]:
        """Width and height of the result."""
        width, height = self.size_px
        return (height, width) if self.quarter_turns % 2 else (width, height)


class Nv12Converter(Protocol):
    """Makes RGB of NV12 on the device where it lies, on the current stream, without waiting.

    Returns (H, W, 4) uint8, contiguous: red, green, blue, 255. Not the network's own input: that is the painter's to
    make, in the number type and with the margin of the pack that is on when the frame's turn comes, and screen and
    snapshots want these bytes anyway.
    """

    def __call__(self, picture: Nv12, colours: YuvColours, placement: Placement) -> Tensor: ...


def whole(picture: Nv12, quarter_turns: int = 0) -> Placement:
    """All of it, pixel by pixel."""
    width, height = picture.size_px
    return Placement(0.0, 0.0, float(width), float(height), (width, height), quarter_turns)


def factors_of(colours: YuvColours) -> Factors:
    """ITU-T H.273, equations 38 to 40, solved for RGB in 0 to 255."""
    green = 1.0 - colours.red - colours.blue
    luma, chroma = (1.0, 1.0) if colours.full_range else (255.0 / 219.0, 255.0 / 224.0)
    cr, cb = 2.0 * (1.0 - colours.red) * chroma, 2.0 * (1.0 - colours.blue) * chroma
    return Factors(
        black=0.0 if colours.full_range else 16.0,
        luma=_whole_steps(luma),
        red_cr=_whole_steps(cr),
        green_cr=_whole_steps(-cr * colours.red / green),
        green_cb=_whole_steps(-cb * colours.blue / green),
        blue_cb=_whole_steps(cb),
    )


def rgbx_of_nv12(picture: Nv12, colours: YuvColours, placement: Placement) -> Tensor:
    """See `Nv12Converter`."""
    factors = factors_of(colours)
    luma, cb, cr = _placed(picture, placement)
    light = torch.floor((luma - factors.black) * factors.luma)
    cb, cr = cb - 128.0, cr - 128.0
    red = light + torch.floor(cr * factors.red_cr)
    green = light + torch.floor(cr * factors.green_cr) + torch.floor(cb * factors.green_cb)
    blue = light + torch.floor(cb * factors.blue_cb)
    opaque = torch.full_like(light, 255.0)
    rgbx = torch.stack([red, green, blue, opaque], -1).clamp(0.0, 255.0).to(torch.uint8)
    return torch.rot90(rgbx, -placement.quarter_turns, (0, 1)).contiguous()


def _placed(picture: Nv12, placement: Placement) -> tuple[Tensor, Tensor, Tensor]:
    """Luma, Cb and Cr of the part that is wanted, each (H, W) float32 in steps of 8 bits."""
    steps = 1.0 / 256.0 if picture.luma.dtype == torch.uint16 else 1.0
    luma = picture.luma.float() * steps
    chroma = picture.chroma.float().repeat_interleave(2, 0).repeat_interleave(2, 1) * steps
    planes = torch.stack([luma, chroma[..., 0], chroma[..., 1]])
    if placement != whole(picture, placement.quarter_turns):
        across = _shares(placement.left, placement.width, placement.size_px[0], planes.shape[2]).to(planes)
        down = _shares(placement.top, placement.height, placement.size_px[1], planes.shape[1]).to(planes)
        # Steps as fine as 16 bits have: sums that are a hair below a whole number would be cut off to the next one.
        planes = torch.round(down @ planes @ across.T * 256.0) * (1.0 / 256.0)
    return planes[0], planes[1], planes[2]


def _shares(start: float, length: float, count: int, available: int) -> Tensor:
    """(count, available): how much each sample has in each result; a triangle as wide as the reduction."""
    step = torch.tensor(length / count, dtype=torch.float32)
    reach = step.clamp_min(1.0)
    centres = start + (torch.arange(count, dtype=torch.float32) + 0.5) * step - 0.5
    furthest = int(reach.ceil()) + 1
    taps = centres.floor()[:, None] + torch.arange(-furthest, furthest + 1, dtype=torch.float32)
    weights = (1.0 - (taps - centres[:, None]).abs() / reach).clamp_min(0.0)
    shares = torch.zeros(count, available)
    shares.scatter_add_(1, taps.clamp(0, available - 1).long(), weights)
    return shares / weights.sum(1, keepdim=True)


def _whole_steps(factor: float) -> float:
    return round(factor * _FINENESS) / _FINENESS
