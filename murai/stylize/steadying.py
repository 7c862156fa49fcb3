"""Steadier paintings: what rests before the camera stays as it was painted, and what moves takes its strokes along.

The network paints each frame anew, and noise, the codec's key frames and small motions come out as other strokes. So
the painting that was shown last, moved to where things are now, is mixed into the new one wherever the camera's
picture, moved alike, agrees with the new picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.imaging.flow_fast import FastFlow
from murai.imaging.warp import warp
from murai.stylize.steadying_pixels import BLOCK_PX, Carrier, Mixer, pack, unpack

RESTING_S = 0.15
"""Time constant with which what rests becomes the newest painting."""

LONGEST_GAP_S = 0.2
"""Between two paintings: what moves farther than the flow can follow would leave traces."""

_BESIDE = 3.0  # of nine blocks so many that have changed are enough: strokes reach across edges
_MOVING_SHARE = 0.5  # of the new painting in what moves: strokes get softer each time that they are carried
_QUIETEST_PART = 0.3  # of the picture, to judge the noise by: somebody may fill most of it
_LEAST_NOISE, _MOST_NOISE = 0.7 / 255.0, 3.0 / 255.0
# How many times the noise two pictures may differ, and from where on they show something else.
_RESTING, _CHANGED = 2.0, 6.0
_CARRIED, _LOST = 8.0, 24.0
# Where staying explains a place about as well as moving does, it stays: flow on a bare wall is made of noise.
_MUST_BE_TIMES, _MUST_BE_NOISES = 1.2, 0.5


@dataclass(frozen=True)
class _Shown:
    """What was shown last.

    painting: packed. camera: (1, 3, h, w) float, the small picture of what it shows. paint: what it was painted with.
    """

    painting: Tensor
    camera: Tensor
    paint: object
    at_s: float


class Steadier:
    """Steadies one show, painting after painting. Owned by one thread; on a GPU it only launches."""

    def __init__(self) -> None:
        self._shown: _Shown | None = None
        self._tools: _Tools | None = None

    def forget(self) -> None:
        """The next painting has nothing to do with those before."""
        self._shown = None

    def steady(self, painting: Tensor, rgb: Tensor, paint: object, at_s: float) -> Tensor:
        """What to show in the place of a painting: (3, H, W) uint8, a view of (H, W, 4) memory.

        painting: (3, H, W) uint8, and never written to again. rgb: the picture that it was painted from, likewise.
        paint: what it was painted with. Other paint, another size or a longer gap begins anew.
        at_s: of any clock that goes on evenly.
        """
        with torch.inference_mode(), _one_core(painting.device):
            fresh, camera = pack(painting), small_picture(rgb)
            shown = self._shown
            if shown is None or not _goes_on(shown, fresh, paint, at_s):
                self._shown = _Shown(fresh, camera, paint, at_s)
                return painting
            tools = self._tools_for(fresh)
            resting_share = 1.0 - math.exp((shown.at_s - at_s) / RESTING_S)
            self._shown = _Shown(*tools.mix_in(shown, fresh, camera, resting_share), paint, at_s)
            return unpack(self._shown.painting)

    def _tools_for(self, packed: Tensor) -> _Tools:
        size = (int(packed.shape[0]), int(packed.shape[1]))
        if self._tools is None or self._tools.size != size:
            self._tools = _Tools(size, packed.device)
        return self._tools


def _goes_on(shown: _Shown, fresh: Tensor, paint: object, at_s: float) -> bool:
    alike = shown.paint == paint and shown.painting.shape == fresh.shape
    return alike and 0.0 <= at_s - shown.at_s <= LONGEST_GAP_S


@contextmanager
def _one_core(device: torch.device) -> Iterator[None]:
    """On a CPU: everything here is so small that waking a second core takes longer than what it would save."""
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Tools:
    """What is made once for pictures of one size. size: height and width, px."""

    def __init__(self, size: tuple[int, int], device: torch.device) -> None:
        self.size = size
        self._carrier = Carrier(size, device)
        self._mixer = Mixer(size, device)
        self._flow = FastFlow((-(-size[0] // BLOCK_PX), -(-size[1] // BLOCK_PX)), device)

    def mix_in(self, shown: _Shown, fresh: Tensor, camera: Tensor, resting_share: float) -> tuple[Tensor, Tensor]:
        """The next painting to be shown, and the small picture of what it shows.

        resting_share: of the new painting, in what rests.
        """
        before = shown.camera
        # From what is shown and not from the frame before: what rounding left behind is caught up with.
        flow = self._flow.find(_luma(camera), _luma(before))[0] * float(BLOCK_PX)
        halves = self._carrier.halves(flow)
        moved = warp(before, halves[None] / (2.0 * BLOCK_PX))
        staying, moving = _mismatch(camera, before), _mismatch(camera, moved)
        noise = _noise(staying)
        carry = moving * _MUST_BE_TIMES + noise * _MUST_BE_NOISES < staying
        changed = _around(_rise(staying / noise, _RESTING, _CHANGED) * _BESIDE).clamp_(max=1.0)
        lost = _rise(moving / noise, _CARRIED, _LOST)
        share = torch.where(carry, _between(_MOVING_SHARE, lost), _between(resting_share, changed))
        share = _around(share)
        carried = self._carrier.carry(shown.painting, halves * carry[0])
        dense = F.interpolate(share, size=self.size, mode="bilinear", align_corners=False)[0, 0]
        return self._mixer.mix(carried, fresh, dense), torch.lerp(torch.where(carry, moved, before), camera, share)


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
    return _around((one - other).abs_().amax(1, keepdim=True))


def _around(values: Tensor) -> Tensor:
    """Means of 3 x 3 blocks, (1, 1, h, w)."""
    kernel = values.new_full((1, 1, 3, 3), 1.0 / 9.0)  # a third of avg_pool2d's time
    return F.conv2d(F.pad(values, [1, 1, 1, 1], mode="replicate"), kernel)


def _noise(mismatch: Tensor) -> Tensor:
    """What the quietest part of the picture differs by, as a scalar that stays on its device."""
    some = mismatch.flatten()[::3]
    return some.kthvalue(max(1, int(_QUIETEST_PART * len(some)))).values.clamp(_LEAST_NOISE, _MOST_NOISE)


def _rise(value: Tensor, low: float, high: float) -> Tensor:
    """0 up to `low`, 1 from `high` on, smooth between them."""
    part = ((value - low) / (high - low)).clamp_(0.0, 1.0)
    return part * part * (3.0 - 2.0 * part)


def _between(share: float, part: Tensor) -> Tensor:
    return part * (1.0 - share) + share
