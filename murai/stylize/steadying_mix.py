"""One step of steadying: the painting that was shown last, moved to where things are now, mixed into the new one.

Everything here is launched alike on a CPU and on a GPU, where nothing waits, nothing comes from the host, and no shape
depends on what is seen: so it can be recorded in a CUDA graph. `kthvalue` too is one kernel there (ATen's Sorting.cu).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.imaging.flow_fast import FastFlow
from murai.imaging.means import mean_around
from murai.imaging.warp import Mover
from murai.stylize.steadying_pixels import BLOCK_PX, Carrier, Mixer

_BESIDE = 3.0  # of nine blocks so many that have changed are enough: strokes reach across edges
_MOVING_SHARE = 0.45  # of the new painting in what moves: strokes get softer each time that they are carried
_QUIETEST_PART = 0.3  # of the picture, to judge the noise by: somebody may fill most of it
_NOISE_PLACES = 4800  # are enough; a GPU searches them in one block of threads
_LEAST_NOISE, _MOST_NOISE = 0.7 / 255.0, 3.0 / 255.0
# How many times the noise two pictures may differ, and from where on they show something else.
_RESTING, _CHANGED = 2.0, 6.0
_CARRIED, _LOST = 8.0, 36.0
# Where staying explains a place about as well as moving does, it stays: flow on a bare wall is made of noise.
_MUST_BE_TIMES, _MUST_BE_NOISES = 1.2, 0.5


@dataclass(frozen=True)
class Shown:
    """What is on the screen. painting: packed. camera: (1, 3, h, w) float, the small picture of what it shows."""

    painting: Tensor
    camera: Tensor


class Mix(Protocol):
    """Mixes what was shown last into a new painting. Owned by one thread."""

    def __call__(self, shown: Shown, fresh: Tensor, rgb: Tensor, resting_share: float) -> Shown:
        """What to show next, in memory of its own.

        fresh: the new painting, packed, of the size of what is shown. rgb: the picture that it was painted from, of
        that size. resting_share: of the new painting, in what rests.
        """
        ...


class PlainMix:
    """A `Mix` that launches one operation after the other."""

    def __init__(self) -> None:
        self._tools: Tools | None = None

    def __call__(self, shown: Shown, fresh: Tensor, rgb: Tensor, resting_share: float) -> Shown:
        size = (int(fresh.shape[0]), int(fresh.shape[1]))
        if self._tools is None or self._tools.size != size:
            self._tools = Tools(size, fresh.device)
        return self._tools.mix(shown, fresh, rgb, resting_share)


class Tools:
    """What is made once for pictures of one size. size: height and width, px."""

    def __init__(self, size: tuple[int, int], device: torch.device) -> None:
        self.size = size
        blocks = (-(-size[0] // BLOCK_PX), -(-size[1] // BLOCK_PX))
        self._carrier = Carrier(size, device)
        self._mixer = Mixer(size, device)
        self._mover = Mover(blocks, device)
        self._flow = FastFlow(blocks, device)

    def mix(self, shown: Shown, fresh: Tensor, rgb: Tensor, resting_share: float | Tensor) -> Shown:
        """As a `Mix`; the share may be a scalar on the device."""
        camera, before = small_picture(rgb), shown.camera
        # From what is shown and not from the frame before: what rounding left behind is caught up with.
        flow = self._flow.find(_luma(camera), _luma(before))[0] * float(BLOCK_PX)
        halves = self._carrier.halves(flow)
        moved = self._mover.moved(before, halves[None] / (2.0 * BLOCK_PX))
        staying, moving = _mismatch(camera, before), _mismatch(camera, moved)
        noise = _noise(staying)
        carry = moving * _MUST_BE_TIMES + noise * _MUST_BE_NOISES < staying
        changed = mean_around(_rise(staying / noise, _RESTING, _CHANGED) * _BESIDE).clamp_(max=1.0)
        lost = _rise(moving / noise, _CARRIED, _LOST)
        share = torch.where(carry, _between(_MOVING_SHARE, lost), _between(resting_share, changed))
        share = mean_around(share)
        carried = self._carrier.carry(shown.painting, halves * carry[0])
        dense = F.interpolate(share, size=self.size, mode="bilinear", align_corners=False)[0, 0]
        mixed = torch.lerp(torch.where(carry, moved, before), camera, share)
        return Shown(self._mixer.mix(carried, fresh, dense), mixed)


def small_picture(rgb: Tensor) -> Tensor:
    """(3, H, W) uint8 as (1, 3, h, w) float in [0, 1], one place a block; by every other row and column."""
    part = rgb[:, ::2, ::2].contiguous().float()[None]
    part = F.pad(part, [0, part.shape[3] % 2, 0, part.shape[2] % 2], mode="replicate")
    rows = part[..., ::2, :] + part[..., 1::2, :]
    return (rows[..., ::2] + rows[..., 1::2]) / (4.0 * 255.0)


def _luma(picture: Tensor) -> Tensor:
    red, green, blue = picture.unbind(1)
    return (0.299 * red + 0.587 * green + 0.114 * blue)[:, None]


def _mismatch(one: Tensor, other: Tensor) -> Tensor:
    """How far apart around each place, (1, 1, h, w), by the colour that is farthest."""
    return mean_around((one - other).abs_().amax(1, keepdim=True))


def _noise(mismatch: Tensor) -> Tensor:
    """What the quietest part of the picture differs by, as a scalar that stays on its device."""
    every = max(3, mismatch.numel() // _NOISE_PLACES) | 1  # odd: it must not meet the same columns in each row
    some = mismatch.flatten()[::every]
    return some.kthvalue(max(1, int(_QUIETEST_PART * len(some)))).values.clamp(_LEAST_NOISE, _MOST_NOISE)


def _rise(value: Tensor, low: float, high: float) -> Tensor:
    """0 up to `low`, 1 from `high` on, smooth between them."""
    part = ((value - low) / (high - low)).clamp_(0.0, 1.0)
    return part * part * (3.0 - 2.0 * part)


def _between(share: float | Tensor, part: Tensor) -> Tensor:
    return part * (1.0 - share) + share
