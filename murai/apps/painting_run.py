"""What people see of a painting while it is made: a bar with the loss and the time left, and curves afterwards."""

from __future__ import annotations

import logging
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from murai.errors import TrainingError
from murai.painting.paint import Moment, Settings
from murai.training.records import Curves

_log = logging.getLogger(__name__)


class Progressing:
    """A progress bar on a terminal, and the losses of all steps."""

    def __init__(self, settings: Settings, title: str, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        loss = TextColumn("{task.fields[loss]}")
        self._bar = Progress(*columns, loss, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(title, total=settings.work_px, loss="")
        self._title = title
        self._curves = Curves()
        self.steps = 0
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}

    def __enter__(self) -> Progressing:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def update(self, moment: Moment) -> None:
        """Takes in a step."""
        self.steps = moment.step
        self.first = self.first or moment.losses
        self.last = moment.losses
        self._curves.add(moment.step, moment.losses)
        height, width = moment.picture.shape[1:]
        told = "  ".join(f"{name} {moment.losses[name]:.3g}" for name in ("total", "content", "style"))
        self._bar.update(self._task, advance=height * width, loss=f"{width}x{height}  {told}")

    def draw_curves(self, file: Path) -> None:
        """Writes a picture of each loss by step; where that can't be had the painting is there all the same."""
        try:
            self._curves.draw(file, self._title)
        except TrainingError as fault:
            _log.warning("there are no curves: %s", fault)
