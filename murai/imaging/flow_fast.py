"""What moved where between two small pictures, found in a few milliseconds.

Dense Lucas-Kanade (1981), coarse to fine, gives flows that are smooth; at the outline of what moves, a neighbour's
often fits better and is taken (Barnes et al. 2009, "PatchMatch", call that propagation). `murai.imaging.flow` is for
training and finds more. This launches the same operations on a CPU and on a GPU, and waits for nothing. Flows are as
in `murai.imaging.warp`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.imaging.means import mean_around
from murai.imaging.warp import Mover

_SHORTEST_SIDE_PX = 8  # of the coarsest picture
_LONGEST_STEP_PX = 1.5
_DULL = 3e-5  # mean squared slope of luma below which a place has nothing to hold on to
_COARSE_STEPS = 2  # at each level but the finest, where a second one costs most and brings least
_NEIGHBOUR_PX = 3  # how far off
_LIGHT_LEVEL = 3  # of the pyramid: what is still seen there may be light, which changes
_MUST_BE_BETTER = 5e-4  # of luma, by which a neighbour's flow must explain a place better


class FastFlow:
    """Finds flows between pictures of one size. Owned by one thread.

    size: height and width, px.
    """

    def __init__(self, size: tuple[int, int], device: torch.device | str = "cpu") -> None:
        self._levels = [_Level(size, device)]
        while min(size) >= 2 * _SHORTEST_SIDE_PX:
            size = (size[0] // 2, size[1] // 2)
            self._levels.append(_Level(size, device))
        self._mover = self._levels[0].mover

    def find(self, now: Tensor, before: Tensor) -> Tensor:
        """For each place of `now`, how far off the same thing is in `before`: (1, 2, H, W) float32 px.

        now, before: (1, 1, H, W) float32 luma in [0, 1].
        """
        pairs = [torch.cat([now, before])]
        for _ in self._levels[1:]:
            pairs.append(F.avg_pool2d(pairs[-1], 2))
        flow = pairs[-1].new_zeros(1, 2, 1, 1)
        for level, pair in zip(reversed(self._levels), reversed(pairs), strict=True):
            flow = level.refine(pair[:1], pair[1:], flow, 1 if level is self._levels[0] else _COARSE_STEPS)
        return self._by_neighbours(_enlarged(flow, now), pairs)

    def _by_neighbours(self, flow: Tensor, pairs: list[Tensor]) -> Tensor:
        """Each place's flow, or that of one of four neighbours where it fits better."""
        if len(pairs) <= _LIGHT_LEVEL:
            return flow
        now, before = (pairs[0] - _enlarged(pairs[_LIGHT_LEVEL], pairs[0])).chunk(2)
        flows = torch.cat([flow, *_beside(flow)])
        unlike = mean_around((self._mover.moved(before.expand(len(flows), -1, -1, -1), flows) - now).abs_()).chunk(5)
        least = unlike[0] - _MUST_BE_BETTER
        for its_flow, its_unlike in zip(flows.chunk(5)[1:], unlike[1:], strict=True):
            flow = torch.where(its_unlike < least, its_flow, flow)
            least = torch.minimum(its_unlike, least)  # torch.argmin over all five takes four times as long
        return flow


class _Level:
    """One size of the pyramid. Flows lie on every other place of it, and are in its px.

    A departure: means around each place are taken off, so that light that changes, on shaded walls above all, isn't
    seen as motion.
    """

    def __init__(self, size: tuple[int, int], device: torch.device | str) -> None:
        self.mover = Mover(size, device)

    def refine(self, now: Tensor, before: Tensor, coarse: Tensor, steps: int) -> Tensor:
        """So many steps on from the next coarser level's flow: (1, 2, ceil(H / 2), ceil(W / 2))."""
        slopes = _slopes(now)
        across, down = slopes.chunk(2, 1)
        products = torch.cat([across * across, down * down, across * down, slopes], 1)
        a, c, b, mean_across, mean_down = _around(products).chunk(5, 1)
        a, c = a - mean_across.square() + _DULL, c - mean_down.square() + _DULL
        b = b - mean_across * mean_down
        divisor = a * c - b * b
        flow = _enlarged(coarse, a) * 2.0
        for _ in range(steps):
            missing = now - self.mover.moved(before, _enlarged(flow, before))
            e, f, mean = _around(torch.cat([slopes * missing, missing], 1)).chunk(3, 1)
            e, f = e - mean_across * mean, f - mean_down * mean
            step = torch.cat([c * e - b * f, a * f - b * e], 1) / divisor
            flow = mean_around(flow + step.clamp_(-_LONGEST_STEP_PX, _LONGEST_STEP_PX))
        return flow


def _beside(flow: Tensor) -> list[Tensor]:
    """The flow of the neighbours to the left, to the right, above and below."""
    away, height, width = _NEIGHBOUR_PX, *flow.shape[2:]
    wide = F.pad(flow, [away] * 4, mode="replicate")
    corners = ((away, 0), (away, 2 * away), (0, away), (2 * away, away))
    return [wide[..., top : top + height, left : left + width] for top, left in corners]


def _enlarged(flow: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(flow, size=like.shape[2:], mode="bilinear", align_corners=False)


def _slopes(picture: Tensor) -> Tensor:
    """How luma changes across and down, (1, 2, H, W), per px."""
    around = F.pad(picture, [1, 1, 1, 1], mode="replicate")
    across = around[..., 1:-1, 2:] - around[..., 1:-1, :-2]
    down = around[..., 2:, 1:-1] - around[..., :-2, 1:-1]
    return torch.cat([across, down], 1) / 2.0


def _around(values: Tensor) -> Tensor:
    """Means of 6 x 6 places around every other one."""
    return mean_around(F.avg_pool2d(values, 2, ceil_mode=True))
