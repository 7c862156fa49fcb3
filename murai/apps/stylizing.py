"""What `murai stylize` does: the network over pictures, folders, films and whatever sources know."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from murai.apps.settings_files import folder_settings, read_settings, settings_file
from murai.apps.stylizing_files import DiskFull, Stopped, write_settings
from murai.apps.stylizing_film import Film
from murai.apps.stylizing_films import FilmSink, FrameSink, Sink, paint_film
from murai.apps.stylizing_footage import Footage, fit_of, open_footage
from murai.apps.stylizing_join import join_pieces
from murai.apps.stylizing_look import Finish
from murai.apps.stylizing_mix import parse_timeline, steady
from murai.apps.stylizing_options import (
    COMMAND,
    StylizeOptions,
    frame_settings,
    looks_alike,
    settings_of,
)
from murai.apps.stylizing_painter import FilmPainter, Shades, StillPainter
from murai.apps.stylizing_stills import paint_pictures
from murai.apps.stylizing_work import Job, find_jobs
from murai.errors import ConfigError, MuraiError, RenderError
from murai.hardware import Compute, choose_compute
from murai.sources.uri import FileSpec, parse_source
from murai.stylize.pack import Pack
from murai.stylize.shelf import find_pack


@dataclass
class Report:
    """What came of it. painted: files. frames: of films. skipped: were there already. failed: by name, why."""

    painted: int = 0
    frames: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    took_s: float = 0.0

    def note(self, job: Job, fault: MuraiError | None) -> None:
        if fault is None:
            self.painted += 1
        else:
            self.failed[job.title] = str(fault)


def stylize(options: StylizeOptions, console: Console) -> Report:
    """Paints all of the input, or joins its pieces. `console` shows how far it is, where it is a terminal.

    Of a folder what fails is left out and reported; anything else raises.

    Raises:
        MuraiError: an option can't be used, or the one picture or film not be read, painted or written.
    """
    begun_s = time.monotonic()
    report = Report()
    if options.join:
        _join(options, report)
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            _Run(options, report, progress).all()
    report.took_s = round(time.monotonic() - begun_s, 3)
    return report


def _join(options: StylizeOptions, report: Report) -> None:
    spec = parse_source(options.input)
    if not isinstance(spec, FileSpec) or options.join is None:
        raise ConfigError(f"--join needs the film itself, and {options.input} is no file", "name the file")
    report.frames = join_pieces(Film(str(spec.path)), spec.path, options.output, options.join)
    report.painted = 1


class _Run:
    """One call of `murai stylize`, from the options on.

    Raises:
        MuraiError: an option can't be used.
    """

    def __init__(self, options: StylizeOptions, report: Report, progress: Progress) -> None:
        self._compute: Compute = choose_compute(options.device)
        self._pack: Pack = find_pack(options.pack, self._compute.device)
        if options.pack == "auto":  # repeated elsewhere, it is to look the same
            options = options.model_copy(update={"pack": self._pack.facts.name})
        self._options = options
        self._report = report
        self._progress = progress
        self._one = not Path(options.input).is_dir()
        self._shades = _shades(self._pack, options)
        self._finish = Finish(options.strength, options.own_colours)
        self._jobs = find_jobs(options)

    def all(self) -> None:
        """Paints pictures first, then films; in a folder, settings come before both."""
        if self._options.mix and any(job.kind == "picture" for job in self._jobs):
            raise ConfigError("--mix changes styles over time, which a picture hasn't", "give --style instead")
        self._check_settings()
        if not self._one:
            write_settings(folder_settings(self._options.output, COMMAND), self._settings(self._options))
        jobs = [job for job in self._jobs if not self._is_done(job)]
        self._report.skipped = len(self._jobs) - len(jobs)
        try:
            self._pictures([job for job in jobs if job.kind == "picture"])
            self._films([job for job in jobs if job.kind != "picture"])
        except KeyboardInterrupt:
            raise RenderError(
                f"stopped after {self._report.painted} of {len(jobs)} files", "--resume goes on from here"
            ) from None

    def _pictures(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        task = self._progress.add_task("pictures", total=len(jobs))
        painter = StillPainter(self._pack, self._compute, self._shades, self._finish)

        def done(job: Job, fault: MuraiError | None) -> None:
            if self._one and fault is not None:
                raise fault
            self._report.note(job, fault)
            self._progress.advance(task)
            if self._one:
                self._leave_settings(job.output, {})

        paint_pictures(jobs, painter, fit_of(self._options), self._options.batch, done)

    def _films(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        painter = FilmPainter(self._pack, self._compute, self._shades, self._finish, steady=self._options.steady)
        for job in jobs:
            try:
                self._film(job, painter)
            except (DiskFull, Stopped):
                raise
            except MuraiError as fault:
                if self._one:
                    raise
                self._report.note(job, fault)

    def _film(self, job: Job, painter: FilmPainter) -> None:
        footage = open_footage(job, self._options, self._shades.inside)
        task = self._progress.add_task(Path(job.title).name, total=footage.about_frames)
        sink: Sink = FrameSink(job.output) if self._options.png else FilmSink(job.output, footage.shape)
        count = paint_film(footage, painter, sink, lambda: self._progress.advance(task))
        self._progress.remove_task(task)
        self._report.frames += count
        self._report.note(job, None)
        if self._one or self._options.png:
            self._leave_settings(job.output, _piece(footage, count))

    def _is_done(self, job: Job) -> bool:
        as_frames = self._options.png and job.kind != "picture"
        result = self._settings_file(job.output) if as_frames else job.output
        return self._options.resume and result.is_file()

    def _settings_file(self, output: Path) -> Path:
        shard = self._options.shard
        if shard and self._one and self._options.png:
            return frame_settings(output, shard)
        return settings_file(output, COMMAND)

    def _leave_settings(self, output: Path, more: dict[str, Any]) -> None:
        write_settings(self._settings_file(output), self._settings(self._options) | more)

    def _settings(self, options: StylizeOptions) -> dict[str, Any]:
        whole = options if self._one else options.model_copy(update={"shard": None})
        return settings_of(whole, self._pack)

    def _check_settings(self) -> None:
        """A folder that was half painted in another way would become a mixture, and a film not what was asked for."""
        output = self._options.output
        before = self._settings_file(self._jobs[0].output) if self._one else folder_settings(output, COMMAND)
        if self._options.resume and before.is_file() and not looks_alike(self._options, read_settings(before, COMMAND)):
            raise ConfigError(
                f"{self._options.output} was painted with other settings", "give the same, or leave out --resume"
            )


def _piece(footage: Footage, count: int) -> dict[str, Any]:
    if footage.span is None:
        return {}
    return {"piece": {"first_tick": footage.span.first_tick, "frames": count}}


def _shades(pack: Pack, options: StylizeOptions) -> Shades:
    inside = parse_timeline(pack, options.mix) if options.mix else steady(pack, options.styles)
    return Shades(inside, steady(pack, options.outside, "--outside") if options.outside else None)
