"""A stopped film's work is looked through before it goes on: what is damaged or gone of it is made again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from murai.apps.painting_film_work import FilmState, FilmWork
from murai.apps.painting_options import FilmOptions
from murai.painting.passes import Turn, turn_at
from murai.training.data import read_image

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mending:
    """Of one film's work. frame_file: where a finished frame lies, by its number from 0."""

    work: FilmWork
    film: FilmOptions
    frame_file: Callable[[int], Path]

    def contents_are_whole(self, state: FilmState) -> bool:
        """Whether all of the film's own frames are there still; the first that isn't is told."""
        for frame in range(len(state.times)):
            if not _is_whole(self.work.content(frame)):
                _log.warning("%s is damaged or gone: the film is read again", self.work.content(frame))
                return False
        return True

    def forget_damaged(self, state: FilmState) -> None:
        """Takes what is to be painted again out of the state: damaged paintings, and all that come after them.

        What those are held to may have been removed in the meantime, or be damaged. Then finished frames take its
        place, which are rounded to 8 bits: the film goes on as steady as it was, but no longer the same bit by bit.
        Where there are none, with several passes, the work goes back to where everything is there.

        Raises:
            PaintingError: what was taken can't be written.
        """
        frames, done = len(state.times), len(state.reports)
        turns = [turn_at(place, frames) for place in range(frames * self.film.passes)]
        last_use = _last_uses(turns, self.film.look_back)
        keep = self._first_damaged(turns, done)
        while (lost := self._first_lost(turns, last_use, keep)) is not None:
            keep = lost
        for place in _held_to(last_use, keep):
            self._restore(turns[place])
        if keep < done:
            del state.reports[keep:]
            self.work.keep_state(state)

    def _first_damaged(self, turns: Sequence[Turn], done: int) -> int:
        """The place of the first finished frame that isn't whole, or of what is to be painted next."""
        for place, turn in enumerate(turns[:done]):
            if turn.round == self.film.passes and not _is_whole(self.frame_file(turn.frame)):
                self._tell(self.frame_file(turn.frame), turn)
                return place
        return done

    def _first_lost(self, turns: Sequence[Turn], last_use: dict[int, int], keep: int) -> int | None:
        """The place of the first painting that is asked for and can't be had any more."""
        for place in _held_to(last_use, keep):
            turn = turns[place]
            if turn.round < self.film.passes and not self.work.has_painted(turn.round, turn.frame):
                self._tell(self.work.painted(turn.round, turn.frame), turn)
                return place
        return None

    def _restore(self, turn: Turn) -> None:
        if not self.work.has_painted(turn.round, turn.frame):
            self.work.keep_painted(turn.round, turn.frame, read_image(self.frame_file(turn.frame)).float() / 255.0)

    def _tell(self, file: Path, turn: Turn) -> None:
        within = f" of pass {turn.round}" if self.film.passes > 1 else ""
        what = "%s is damaged or gone: the film is painted again from frame %d%s on"
        _log.warning(what, file, turn.frame + 1, within)


def _last_uses(turns: Sequence[Turn], look_back: Sequence[int]) -> dict[int, int]:
    """Of the painting of each turn, the last one that is held to it or begins with it, all by their places."""
    places = {(turn.round, turn.frame): place for place, turn in enumerate(turns)}
    found: dict[int, int] = {}
    for place, turn in enumerate(turns):
        asked = {(turn.round, turn.before)}
        asked |= {(1, turn.frame - back) for back in look_back} if turn.round == 1 else {(turn.round - 1, turn.frame)}
        found |= {places[each]: place for each in asked if each in places}
    return found


def _held_to(last_use: dict[int, int], keep: int) -> Iterator[int]:
    """The places before `keep` whose paintings are asked for from there on."""
    return (place for place in range(keep) if last_use.get(place, -1) >= keep)


def _is_whole(png: Path) -> bool:
    """By the checksums in it."""
    try:
        with Image.open(png) as opened:
            opened.verify()
    except (OSError, SyntaxError, ValueError):  # what Pillow says of damaged files
        return False
    return True
