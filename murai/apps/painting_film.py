"""`murai paint` over a film: frame by frame, each held to those before it, and going on where it was stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.text import Text

from murai.apps.painting_again import asked_of, differences
from murai.apps.painting_files import Result, picture_bytes
from murai.apps.painting_film_frames import FramePainter
from murai.apps.painting_film_mending import Mending
from murai.apps.painting_film_reading import Reel, about_frames, film_shape, read_film, times_s
from murai.apps.painting_film_result import finish_film
from murai.apps.painting_film_work import FilmState, FilmWork, open_work, write_durably
from murai.apps.painting_masks import Masks
from murai.apps.painting_options import PaintingOptions
from murai.apps.painting_run import FilmProgress, counting, loss_bar
from murai.apps.painting_setup import Job, prepare
from murai.apps.painting_studio import Studio
from murai.apps.stylizing_encoder import FILM_FORMATS
from murai.errors import ConfigError, MuraiError, PaintingError
from murai.imaging.flow import open_flow
from murai.painting.paint import Moment, Settings
from murai.painting.passes import Turn, turn_at

_log = logging.getLogger(__name__)


class Stopped(PaintingError):
    """Somebody stopped the work, and with it what would come next."""


def paint_film(studio: Studio, content: Path, result: Result) -> None:
    """Paints a film, or goes on with one that was stopped.

    Until it is whole, what is painted lies in OUTPUT.work; the same settings go on from there.

    Raises:
        MuraiError: it can't be read, painted or written; what was painted is kept.
        Stopped: it was stopped.
        PaintingError: it was begun with other settings.
    """
    options = studio.options.model_copy(update={"content": content, "output": result.picture})
    _check(options)
    with open_work(result.work) as work:
        run = _Run(studio, options, result, work)
        try:
            state = run.resumed() or run.begun()
            run.paint_frames(state)
            finish_film(options, result, state, run.frame_file, studio.console)
        except (MuraiError, KeyboardInterrupt) as fault:
            run.keep()
            if isinstance(fault, KeyboardInterrupt):
                raise Stopped(f"{result.picture} was stopped", "the same command goes on with it") from None
            raise
        work.remove()


def _check(options: PaintingOptions) -> None:
    """Raises: ConfigError: the output can't be what was asked for."""
    output = options.output
    if output.suffix.lower() not in FILM_FORMATS and (output.suffix or output.is_file()):
        known = ", ".join(FILM_FORMATS)
        raise ConfigError(f"{output}: films are written as {known}", "name the output so, or a folder for frames")


@dataclass(frozen=True)
class _Run:
    """One film's painting. options: its own, with the machine's choices made."""

    studio: Studio
    options: PaintingOptions
    result: Result
    work: FilmWork

    def resumed(self) -> FilmState | None:
        """What was kept of a work that was stopped, told in one line; None where there is no frame yet.

        Raises:
            PaintingError: it was painted with other settings, or its state can't be read.
        """
        state = self.work.state()
        if state is None or not state.reports:  # nothing to lose
            return None
        if others := differences(state.asked, asked_of(self.options)):
            raise PaintingError(
                f"{self.work.folder} has {len(state.reports)} frames that were painted with other settings "
                f"({', '.join(others)})",
                "give those again to go on, or remove that folder, or name another output",
            )
        self._mend(state)
        done, of = len(state.reports), self._turns(state)
        self.studio.console.print(Text(f"{self.result.picture}: goes on after {done} of {of} frames"), soft_wrap=True)
        return state

    def _mend(self, state: FilmState) -> None:
        mending = Mending(self.work, self.options.film, self.frame_file)
        if not mending.contents_are_whole(state):
            self._read()
        mending.forget_damaged(state)

    def begun(self) -> FilmState:
        """The state of a film of which nothing is painted yet: it is decoded into the work's folder.

        Raises:
            MediaError: it can't be read, or has no frames.
            PaintingError: there is no room for it.
            TrainingError: what finds out what moved can't be had.
        """
        tile_px = self.options.machine.tile_px
        assert tile_px is not None
        flow = open_flow(self.options.film.flow, self.options.machine.device).name
        reel = self._read()
        state = FilmState(asked=asked_of(self.options), tile_px=tile_px, flow=flow, size=reel.size, times=reel.times)
        self.work.keep_state(state)
        return state

    def _read(self) -> Reel:
        frames = about_frames(self.options.content, self.options.film.seconds)
        with counting(f"reading {self.options.content.name}", frames, self.studio.console) as advance:
            return read_film(self.options, self.work, advance)

    def paint_frames(self, state: FilmState) -> None:
        """Paints what is not painted yet. Raises: MuraiError: a frame can't be painted or kept."""
        painter = self._painter(state)
        frames, of = len(state.times), self._turns(state)
        with loss_bar(self.studio.console) as bar:
            progress = FilmProgress(self.result.picture.name, of, len(state.reports), bar)

            def watch(job: Job, settings: Settings, moment: Moment) -> None:
                progress.update(settings, painter.next_settings(job.settings), moment)
                self.studio.show(job.finished(moment.picture))

            while len(state.reports) < of:
                turn = turn_at(len(state.reports), frames)
                painted = painter.paint(turn, state, watch)
                self.work.keep_painted(turn.round, turn.frame, painted.picture)
                if turn.round == self.options.film.passes:
                    self._keep_for_people(turn.frame, picture_bytes(painted.finished))
                state.reports.append(painted.report)
                self.work.keep_state(state)
                self._forget(turn)
                progress.advance()

    def frame_file(self, frame: int) -> Path:
        """Where a finished frame lies, by its number from 0."""
        folder = self.options.film.frames
        if folder is None:
            film = self.options.output.suffix.lower() in FILM_FORMATS
            folder = self.work.frames_folder() if film else self.options.output
        return folder / f"frame-{frame + 1:06d}.png"

    def keep(self) -> None:
        """Says how much of the work is not lost; a folder without a painted frame is removed."""
        state = self.work.state()
        if state is None or not state.reports:
            self.work.remove()
            return
        done, of = len(state.reports), self._turns(state)
        _log.warning("%d of %d frames are kept in %s", done, of, self.work.folder)

    def _painter(self, state: FilmState) -> FramePainter:
        options, device = self.options, self.options.machine.device
        masks = Masks(options.softness_px)
        *began_s, lasts_s = times_s(state.times, film_shape(options, state.size).time_base)
        sized = options.model_copy(update={"steps": options.steps.model_copy(update={"size_px": max(state.size)})})

        def prepare_frame(frame: int, tile_px: int) -> Job:
            at_s = began_s[frame]
            styles = self.studio.styles_at(frame, at_s, lasts_s)
            return prepare(self.work.content(frame), styles, sized, tile_px, partial(masks.at, at_s))

        finder = open_flow(state.flow, device)
        return FramePainter(self.studio.network, finder, options.film, options.steps.start, prepare_frame, self.work)

    def _keep_for_people(self, frame: int, png: bytes) -> None:
        write_durably(self.frame_file(frame), png)
        every = self.options.save_every
        if every and (frame + 1) % every == 0:
            write_durably(self.result.after(frame + 1), png)

    def _forget(self, turn: Turn) -> None:
        """Removes what no later frame asks for."""
        if self.options.film.passes == 1:
            self.work.forget_painted(turn.round, turn.frame - max(self.options.film.look_back))
        elif turn.round > 1:
            self.work.forget_painted(turn.round - 1, turn.frame)

    def _turns(self, state: FilmState) -> int:
        return len(state.times) * self.options.film.passes
