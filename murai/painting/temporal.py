"""What keeps a painted film steady: painted frames moved to where things are now, and the loss that holds on to them.

After Ruder, Dosovitskiy and Brox, "Artistic style transfer for videos", 2016. Their weights c say for each pixel how
far an earlier painted frame can be trusted: not where something was hidden there, and not along edges of motion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.imaging.flow import FlowFinder, visible
from murai.imaging.masks import at_size
from murai.imaging.measures import masked_difference
from murai.imaging.warp import warp
from murai.painting.objective import Extra
from murai.painting.resizing import resized

_AROUND_PX = 5
_LIKENESS = 0.12  # root mean square of RGB in [0, 1]


@dataclass(frozen=True)
class Memory:
    """Another painted frame as it would look now.

    picture: (3, H, W) float RGB in [0, 1]. counts: (H, W) in [0, 1], how far each pixel can be trusted.
    """

    picture: Tensor
    counts: Tensor

    @property
    def trust(self) -> float:
        """The share of the picture that can be trusted."""
        return float(self.counts.mean())


def remembered(finder: FlowFinder, now: Tensor, other: Tensor, painted: Tensor) -> Memory:
    """A painted frame moved to where things are now.

    A departure: what does not look alike is not trusted either. A flow that is wrong both ways agrees with itself, and
    of a drawn square that passed over a wall some of the square's paint was held on to where the wall came back.

    now, other: contents (3, H, W) float RGB in [0, 1]; painted: what was painted of `other`.
    """
    to_other = finder.find(now[None], other[None])
    counts = visible(finder.find(other[None], now[None]), to_other) * _alike(now[None], warp(other[None], to_other))
    # Bilinear would blur a painting a little more with every frame.
    moved = warp(painted[None], to_other, "bicubic").clamp(0.0, 1.0)
    return Memory(moved[0].to(painted), counts[0, 0].to(painted))


def _alike(now: Tensor, moved: Tensor) -> Tensor:
    """1 where two contents (1, 3, H, W) look alike, (1, 1, H, W) float, but for light that is another everywhere."""
    apart = now - moved
    light = apart.flatten(2).median(2).values[..., None, None]
    squares = (apart - light).square().mean(1, keepdim=True)
    around = F.avg_pool2d(squares, _AROUND_PX, stride=1, padding=_AROUND_PX // 2, count_include_pad=False)
    return (around < _LIKENESS**2).float()


def long_term(memories: Sequence[Memory]) -> list[Memory]:
    """The same with the weights of the long-term loss (eq. 10): each pixel is left to the nearest frames that show it.

    memories: the nearest frame first.
    """
    counts = [memory.counts for memory in memories]
    left = [each - torch.stack([torch.zeros_like(each), *counts[:n]]).sum(0) for n, each in enumerate(counts)]
    return [Memory(memory.picture, each.clamp_min(0.0)) for memory, each in zip(memories, left, strict=True)]


def recalled(memories: Sequence[Memory], unseen: Tensor) -> Tensor:
    """A picture (3, H, W) to begin with: each pixel from the nearest frame that shows it, and else from `unseen`.

    A departure: Ruder et al. begin with the nearest frame alone. What comes out from behind something then begins with
    the paint of that, and a few steps left its ghost there.

    memories: as of `long_term`, at least one.
    """
    left = 1.0 - torch.stack([memory.counts for memory in memories]).sum(0)
    sums = [memory.picture * memory.counts for memory in memories]
    return (torch.stack(sums).sum(0) + unseen * left).clamp(0.0, 1.0)


def blended(own: Tensor, neighbour: Memory, share: float) -> Tensor:
    """What a further pass begins with (eq. 11): a frame of the last pass, mixed with its neighbour of this one.

    own: (3, H, W). share: of the neighbour where it can be trusted, in [0, 1]; elsewhere the frame is its own.
    """
    return own.lerp(neighbour.picture, neighbour.counts * share)


def temporal_loss(memories: Sequence[Memory], weight: float) -> Extra:
    """The temporal loss (eqs. 7 and 9), times a weight: mean over pixels and colours of c (x - w)², summed over frames.

    Each pixel's own weight counts, so that the slope is 2 c (x - w) of it and not the same everywhere. RGB in [0, 1].
    At smaller sizes the memories are made smaller too.
    """
    sized: dict[tuple[int, int], list[Memory]] = {}

    def loss(picture: Tensor) -> Tensor:
        size = (picture.shape[1], picture.shape[2])
        if size not in sized:
            sized[size] = [Memory(resized(each.picture, size), at_size(each.counts, size)) for each in memories]
        squares = [((picture - each.picture).square() * each.counts).mean() for each in sized[size]]
        return weight * torch.stack(squares).sum()

    return loss


def flicker(painted: Tensor, memory: Memory) -> float:
    """The warping error of a painted frame (3, H, W): see `murai.imaging.measures.masked_difference`."""
    return float(masked_difference(painted[None], memory.picture[None], memory.counts[None, None]))
