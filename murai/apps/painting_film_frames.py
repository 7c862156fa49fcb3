"""One frame of a film after the other, each held to those before it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from murai.apps.painting_film_work import FilmState, FilmWork, FrameReport
from murai.apps.painting_options import FilmOptions, Start
from murai.apps.painting_setup import Job
from murai.imaging.colour import match_colours
from murai.imaging.flow import FlowFinder
from murai.networks.perceptual import PerceptualNetwork
from murai.painting.objective import Extra
from murai.painting.paint import Moment, Settings, paint
from murai.painting.passes import Turn
from murai.painting.resizing import steps_from
from murai.painting.temporal import Memory, blended, flicker, long_term, recalled, remembered, temporal_loss

# A frame of which less can be found in the one before begins a scene. Between photographs of unlike things 0.19 to
# 0.42 was found, and in a film of people who walk up to the camera never less than 0.85.
_SCENE_TRUST = 0.5
# Of the steps, for frames that begin with a painting, and as many at the largest size at least, as far as the scene's
# first frame takes so many itself: with 2, what was hidden before stayed bare, and with 6 it was painted.
_NEXT_SHARE = 0.3
_FEWEST = 6


@dataclass(frozen=True)
class PaintedFrame:
    """picture: as the optimisation gave it. finished: as it is kept for people. Both (3, H, W) float in [0, 1]."""

    picture: Tensor
    finished: Tensor
    report: FrameReport


@dataclass(frozen=True)
class FramePainter:
    """Paints the frames of a film, in the order of their turns.

    prepare: everything for one frame's painting, by its number and the side of tiles in px.
    """

    network: PerceptualNetwork
    finder: FlowFinder
    film: FilmOptions
    start: Start | None
    prepare: Callable[[int, int], Job]
    work: FilmWork

    def paint(self, turn: Turn, state: FilmState, watch: Callable[[Job, Settings, Moment], None]) -> PaintedFrame:
        """Paints one frame; what was painted before is taken from the work's folder.

        watch: told after each step, with the frame's settings.

        Raises:
            MuraiError: something can't be read, memory is full, or the loss is no number.
        """
        began_s = time.monotonic()
        job = self.prepare(turn.frame, state.tile_px)
        memories = self._memories(turn, job.content, state)
        held = long_term(memories)
        settings = job.settings
        if memories or turn.round > 1:
            settings = self.next_settings(settings)
        lowest: dict[str, float] = {}

        def see(moment: Moment) -> None:
            if moment.picture.shape[1:] == settings.size and moment.losses["total"] < lowest.get("total", math.inf):
                lowest.update(moment.losses)
            watch(job, settings, moment)

        wishes = replace(job.wishes, extras=self._extras(held))
        picture = paint(self.network, wishes, settings, self._first(turn, job, held), see)
        report = FrameReport(
            round=turn.round,
            frame=turn.frame,
            anew=turn.round == 1 and not memories,
            took_s=round(time.monotonic() - began_s, 3),
            losses=lowest,
            flicker=flicker(picture, memories[0]) if memories else None,
        )
        return PaintedFrame(picture, job.finished(picture), report)

    def next_settings(self, first: Settings) -> Settings:
        """Of the frames after a scene's first, by those of the first."""
        if self.start in (None, "warped", "last"):  # they begin with a painting
            fewest = steps_from(_FEWEST, len(first.stages) - 1)
            steps, sizes = min(first.steps, max(fewest, round(first.steps * _NEXT_SHARE))), 1
        else:
            steps, sizes = first.steps, None
        return replace(first, steps=self.film.next_steps or steps, last_sizes=self.film.next_sizes or sizes)

    def _memories(self, turn: Turn, content: Tensor, state: FilmState) -> list[Memory]:
        """What a frame is held to, the nearest first; empty where a scene begins."""
        if turn.before is None:
            return []
        scenes = [report.frame for report in state.reports if report.anew]
        if turn.round > 1:
            cut = any(min(turn.frame, turn.before) < scene <= max(turn.frame, turn.before) for scene in scenes)
            return [] if cut else [self._remembered(turn, content, turn.before)]
        nearest = self._remembered(turn, content, turn.before)
        if nearest.trust < _SCENE_TRUST:
            return []
        earlier = (turn.frame - back for back in sorted({*self.film.look_back} - {1}))
        return [nearest, *(self._remembered(turn, content, other) for other in earlier if other >= scenes[-1])]

    def _remembered(self, turn: Turn, content: Tensor, other: int) -> Memory:
        seen, painted = self.work.read_content(other), self.work.read_painted(turn.round, other)
        return remembered(self.finder, content, seen.to(content), painted.to(content))

    def _extras(self, held: Sequence[Memory]) -> dict[str, Extra]:
        weight = self.film.temporal_weight
        return {"temporal": temporal_loss(held, weight)} if held and weight > 0.0 else {}

    def _first(self, turn: Turn, job: Job, held: Sequence[Memory]) -> Tensor:
        """What the frame's painting begins with."""
        if turn.round > 1:
            own = self.work.read_painted(turn.round - 1, turn.frame).to(job.content)
            return blended(own, held[0], self.film.blend) if held else own
        if not held or self.start not in (None, "warped", "last"):
            return job.start
        if self.start == "last":
            return self.work.read_painted(turn.round, turn.frame - 1).to(job.content)
        # What nobody has seen yet begins in the painting's colours: fewer steps make it a part of that.
        return recalled(held, match_colours(job.start, held[0].picture, "axes"))
