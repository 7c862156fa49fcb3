"""The order in which a film's frames are painted, once or several times."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """One frame's turn.

    round: the pass, from 1. frame: from 0. before: the frame that was painted just before it in the same pass, or None.
    """

    round: int
    frame: int
    before: int | None


def turn_at(place: int, frames: int) -> Turn:
    """The turn at a place of the work, from 0: odd passes run forwards and even ones back (Ruder et al. 2016, 4.4)."""
    done, within = divmod(place, frames)
    back = done % 2 == 1
    frame = frames - 1 - within if back else within
    return Turn(done + 1, frame, None if within == 0 else frame + (1 if back else -1))
