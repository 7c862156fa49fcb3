"""What people see of a painting while it is made: a bar with the loss and the time left, and curves afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from murai.errors import TrainingError
from murai.painting.paint import Moment, Settings
from murai.training.records import Curves

_log = logging.getLogger(__name__)


def loss_bar(console: Console) -> Progress:
    """A bar for one of the classes below, which is to be opened while they are used."""
    return _bar(console, TextColumn("{task.fields[said]}"))


class Progressing:
    """A picture's progress in a bar, and the losses of all steps."""

    def __init__(self, settings: Settings, title: str, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task(title, total=settings.work_px, said="")
        self._title = title
        self._curves = Curves()
        self.steps = 0
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}

    def update(self, moment: Moment) -> None:
        """Takes in a step."""
        self.steps = moment.step
        self.first = self.first or moment.losses
        self.last = moment.losses
        self._curves.add(moment.step, moment.losses)
        height, width = moment.picture.shape[1:]
        told = "  ".join(f"{name} {moment.losses[name]:.3g}" for name in ("total", "content", "style"))
        self._bar.update(self._task, advance=height * width, said=f"{width}x{height}  {told}")

    def draw_curves(self, file: Path) -> None:
        """Writes a picture of each loss by step."""
        draw_curves(self._curves, file, self._title)


class FilmProgress:
    """A film's progress in a bar over all frames.

    frames: to be painted in all passes. done: how many of them are painted already.
    """

    def __init__(self, title: str, frames: int, done: int, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task(title, total=None, said="")
        self._frames = frames
        self._done = done

    def update(self, now: Settings, later: Settings, moment: Moment) -> None:
        """Takes in a step.

        now: of the frame that is painted. later: of the frames after it.
        """
        height, width = moment.picture.shape[1:]
        if moment.step == 1:
            after_px = (self._frames - self._done - 1) * later.work_px
            begun_px = self._bar.tasks[0].completed
            self._bar.update(self._task, total=begun_px + now.work_px + after_px)
        loss = f"frame {self._done + 1} of {self._frames}  loss {moment.losses['total']:.3g}"
        self._bar.update(self._task, advance=height * width, said=loss)

    def advance(self) -> None:
        """A frame is painted."""
        self._done += 1


@contextmanager
def counting(title: str, total: int | None, console: Console) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, and what is to be called after each item."""
    with _bar(console) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)


def _bar(console: Console, *further: TextColumn) -> Progress:
    """A bar that a terminal alone shows, and only while it grows."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, *further, console=console, transient=True, disable=not console.is_terminal)


def draw_curves(curves: Curves, file: Path, title: str) -> None:
    """Writes a picture of each loss; where that can't be had the painting is there all the same."""
    try:
        curves.draw(file, title)
    except TrainingError as fault:
        _log.warning("there are no curves: %s", fault)
