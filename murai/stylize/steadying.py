"""Steadier paintings: what rests before the camera stays as it was painted, and what moves takes its strokes along.

The network paints each frame anew, and noise, the codec's key frames and small motions come out as other strokes. So
the painting that was shown last, moved to where things are now, is mixed into the new one wherever the camera's
picture, moved alike, agrees with the new picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from murai.stylize.steadying_graph import open_mix
from murai.stylize.steadying_mix import Mix, Shown, small_picture
from murai.stylize.steadying_pixels import pack, unpack

RESTING_S = 0.2
"""Time constant with which what rests becomes the newest painting."""

LONGEST_GAP_S = 0.2
"""Between two paintings: what moves farther than the flow can follow would leave traces."""


@dataclass(frozen=True)
class _Last:
    """What was shown last, and the paint that it was painted with."""

    shown: Shown
    paint: object
    at_s: float


class Steadier:
    """Steadies one show, painting after painting. Owned by one thread; on a GPU it only launches.

    open_mix: makes what mixes paintings, for the device that the first of them is on.
    """

    def __init__(self, open_mix: Callable[[torch.device], Mix] = open_mix) -> None:
        self._open_mix = open_mix
        self._mix: Mix | None = None
        self._last: _Last | None = None

    def forget(self) -> None:
        """The next painting has nothing to do with those before."""
        self._last = None

    def steady(self, painting: Tensor, rgb: Tensor, paint: object, at_s: float) -> Tensor:
        """What to show in the place of a painting: (3, H, W) uint8, a view of (H, W, 4) memory.

        painting: (3, H, W) uint8, and never written to again. rgb: the picture that it was painted from, likewise.
        paint: what it was painted with. Other paint, another size or a longer gap begins anew.
        at_s: of any clock that goes on evenly.
        """
        with torch.inference_mode(), _one_core(painting.device):
            fresh, last = pack(painting), self._last
            if last is None or not _goes_on(last, fresh, paint, at_s):
                self._last = _Last(Shown(fresh, small_picture(rgb)), paint, at_s)
                return painting
            if self._mix is None:
                self._mix = self._open_mix(fresh.device)
            resting_share = 1.0 - math.exp((last.at_s - at_s) / RESTING_S)
            self._last = _Last(self._mix(last.shown, fresh, rgb, resting_share), paint, at_s)
            return unpack(self._last.shown.painting)


def _goes_on(last: _Last, fresh: Tensor, paint: object, at_s: float) -> bool:
    alike = last.paint == paint and last.shown.painting.shape == fresh.shape
    return alike and 0.0 <= at_s - last.at_s <= LONGEST_GAP_S


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
