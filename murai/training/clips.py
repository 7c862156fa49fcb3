"""Neighbouring frames of films with what moved between them, for the loss that keeps paintings steady."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from murai.errors import TrainingError
from murai.imaging.flow import FlowFinder, visible
from murai.imaging.warp import stays_inside
from murai.training.data import Deal
from murai.training.films import film_pairs

_log = logging.getLogger(__name__)
_PAIRS_EVERY_S = 1.0
_PAIRS_A_FILM = 200
_SPARE = 1.25  # frames are kept that much larger than the largest square


@dataclass(frozen=True)
class Pair:
    """Two neighbouring frames (3, H, W) uint8, and what moved.

    flow: (2, H, W) float16, from now to before, px; see `murai.imaging.warp`.
    seen: (1, H, W) uint8, 1 where now shows what before shows too.
    """

    before: Tensor
    now: Tensor
    flow: Tensor
    seen: Tensor


@dataclass(frozen=True)
class ClipSquares:
    """A batch of squares of pairs, float: before, now (N, 3, S, S) in [0, 1]; flow (N, 2, S, S); seen (N, 1, S, S)."""

    before: Tensor
    now: Tensor
    flow: Tensor
    seen: Tensor


class Clips:
    """Pairs of frames in memory on the device that trains, dealt out as squares.

    Damaged films, and those smaller than a square, are named and left out.

    Raises:
        TrainingError: no film gave a pair.
    """

    def __init__(
        self,
        films: Sequence[Path],
        square_px: int,
        finder: FlowFinder,
        device: torch.device | str = "cpu",
        track: Callable[[Sequence[Path]], Iterable[Path]] = iter,
    ) -> None:
        self._device = torch.device(device)
        self._pairs: list[Pair] = []
        for film in track(films):
            self._keep(film, square_px, finder)
        if not self._pairs:
            named = ", ".join(str(film) for film in films)
            raise TrainingError(f"no film gave two frames of {square_px} px: {named}", "name other --clips, or none")

    def __len__(self) -> int:
        return len(self._pairs)

    def _keep(self, film: Path, square_px: int, finder: FlowFinder) -> None:
        try:
            found = film_pairs(film, round(square_px * _SPARE), _PAIRS_EVERY_S, _PAIRS_A_FILM)
        except TrainingError as fault:
            _log.warning("left out: %s", fault)
            return
        if found and min(found[0][0].shape[1:]) < square_px:
            _log.warning("left out: %s is smaller than %d px", film, square_px)
            return
        self._pairs += [_paired(before, now, finder, self._device) for before, now in found]

    def squares(self, deals: Sequence[Deal], side_px: int) -> ClipSquares:
        """Squares of these deals at the frames' own size, for a flow that is scaled is no longer exact."""
        cut = [self._cut(self._pairs[deal.photograph], deal, side_px) for deal in deals]
        return ClipSquares(*(torch.stack(parts) for parts in zip(*cut, strict=True)))

    def _cut(self, pair: Pair, deal: Deal, side: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        height, width = pair.now.shape[1:]
        top, left = int(deal.down * (height - side + 1)), int(deal.across * (width - side + 1))
        whole = (pair.before, pair.now, pair.flow, pair.seen)
        before, now, flow, seen = (part[:, top : top + side, left : left + side].float() for part in whole)
        if deal.mirrored:
            before, now, flow, seen = (part.flip(2) for part in (before, now, flow, seen))
            flow = flow * flow.new_tensor([-1.0, 1.0]).view(2, 1, 1)
        return before / 255.0, now / 255.0, flow, seen * _inside(flow)


def _inside(flow: Tensor) -> Tensor:
    """1 where a square's flow (2, S, S) stays in the square: the frames went on beyond it, their squares don't."""
    return stays_inside(flow[None])[0]


def _paired(before: Tensor, now: Tensor, finder: FlowFinder, device: torch.device) -> Pair:
    earlier, later = before[None].float() / 255.0, now[None].float() / 255.0
    backward = finder.find(later, earlier)
    seen = visible(finder.find(earlier, later), backward)
    return Pair(
        before.to(device), now.to(device), backward[0].to(device, torch.float16), seen[0].to(device, torch.uint8)
    )
