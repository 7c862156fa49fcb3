"""One run of the trainer: progress bar, checkpoint a minute, records."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from torch import Tensor

from murai.apps.previews import painted_sheet
from murai.apps.training_guard import Stop, stop_between_steps
from murai.errors import TrainingError
from murai.training.checkpoint import keep_checkpoint, read_checkpoint, write_checkpoint
from murai.training.loop import StepReport, Trainer
from murai.training.machine import Machine
from murai.training.model import paint_still
from murai.training.records import Curves, TensorBoard

_log = logging.getLogger(__name__)
_SAVE_EVERY_S = 60.0
_SHEET_EVERY_S = 60.0
_SCALARS_EVERY_STEPS = 10


@dataclass
class Run:
    """A trainer with what is written while it runs; only the leader of the crew writes.

    checkpoint: where to; _ours: whether what lies there is of this run. tensorboard: folder, or None.
    before: how the first weights came to be, for pack.toml.
    """

    trainer: Trainer
    machine: Machine
    checkpoint: Path
    tensorboard: Path | None = None
    before: str = ""
    curves: Curves = field(default_factory=Curves)
    _ours: bool = False

    def restore(self) -> None:
        """Goes on from the checkpoint.

        Raises:
            TrainingError: it can't be read, or is of another run.
        """
        crew = self.machine.crew
        state = crew.shared(read_checkpoint(self.checkpoint) if crew.leads else None)
        try:
            self.trainer.restore(state["trainer"])
            self.curves.restore(state["curves"])
            self.before = state.get("before", "")
        except KeyError as fault:
            raise TrainingError(
                f"{self.checkpoint} is no checkpoint of this `murai train`", "start without --resume"
            ) from fault
        self._ours = True

    def save(self) -> None:
        """Writes the checkpoint, unless the weights have just been spoilt: then the one before is better.

        That of another run is kept under another name: it is easily forgotten to say --resume.
        """
        if self.machine.crew.leads and self.trainer.sound:
            if not self._ours:
                keep_checkpoint(self.checkpoint)
                self._ours = True
            state = {"trainer": self.trainer.state(), "curves": self.curves.state(), "before": self.before}
            write_checkpoint(self.checkpoint, state)

    def go(self, console: Console) -> None:
        """Trains to the end, which leaves a checkpoint, as Ctrl+C does.

        Raises:
            TrainingError: the loss or the weights are no numbers any more, or the GPU's memory is full.
            KeyboardInterrupt: Ctrl+C, after the step that it came in.
        """
        shown = self.machine.crew.leads and console.is_terminal
        board = TensorBoard(self.tensorboard) if self.tensorboard and self.machine.crew.leads else None
        columns = (TextColumn("training"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        loss = TextColumn("{task.fields[loss]}")
        bar = Progress(*columns, loss, console=console, disable=not shown)
        with stop_between_steps(self.machine.crew) as stop, bar as progress:
            task = progress.add_task("", total=1.0, loss="")
            progress.update(task, completed=self.trainer.done)
            saved_s = drawn_s = time.monotonic()
            for report in self._steps(stop):
                self.curves.add(report.step, report.losses)
                progress.update(task, completed=report.done, loss=_told(report))
                now_s = time.monotonic()
                if now_s - saved_s >= _SAVE_EVERY_S:
                    saved_s = now_s
                    self.save()
                if board is not None:
                    drawn_s = self._record(board, report, drawn_s)
        if board is not None:
            board.sheet(self.trainer.step, self._sheet())
            board.close()
        self.save()

    def _sheet(self) -> Tensor:
        model = self.trainer.averaged
        return painted_sheet(partial(paint_still, model), model.styles)

    def _steps(self, stop: Stop) -> Iterator[StepReport]:
        try:
            for report in self.trainer.run():
                yield report
                if stop.asked:
                    self.save()
                    _log.warning("stopped after step %d; the same command with --resume goes on", report.step)
                    raise KeyboardInterrupt
        except torch.OutOfMemoryError as fault:
            raise TrainingError(
                "the GPU's memory is full",
                f"start again with a smaller --batch or --late-square-px, and --start {self.checkpoint}",
            ) from fault

    def _record(self, board: TensorBoard, report: StepReport, drawn_s: float) -> float:
        """Gives the moment of the last sheet."""
        if report.step % _SCALARS_EVERY_STEPS == 1:
            board.losses(report.step, report.losses)
        now_s = time.monotonic()
        if now_s - drawn_s < _SHEET_EVERY_S:
            return drawn_s
        board.sheet(report.step, self._sheet())
        return now_s


def _told(report: StepReport) -> str:
    losses: dict[str, Any] = report.losses
    return f"step {report.step}  content {losses['content']:.2f}  style {losses['style']:.2f}"
