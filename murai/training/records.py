"""What a run was like: loss curves, and TensorBoard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from murai.errors import TrainingError

_MOST_POINTS = 400
_REMEDY = "install the extra 'training'"


class Curves:
    """The losses of a run, as means over equally many steps: at most 400 points, however long it is."""

    def __init__(self) -> None:
        self._window = 1
        self._points: list[tuple[int, dict[str, float]]] = []
        self._open: list[dict[str, float]] = []

    @property
    def points(self) -> list[tuple[int, dict[str, float]]]:
        """The last step of each window with the mean losses of those steps that had them."""
        return list(self._points)

    def add(self, step: int, losses: Mapping[str, float]) -> None:
        """Takes in a step's losses; each step may have others."""
        self._open.append(dict(losses))
        if len(self._open) == self._window:
            self._points.append((step, _mean(self._open)))
            self._open = []
        if len(self._points) == _MOST_POINTS:
            pairs = zip(self._points[::2], self._points[1::2], strict=True)
            self._points = [(later, _mean([one, other])) for (_, one), (later, other) in pairs]
            self._window *= 2

    def state(self) -> dict[str, Any]:
        return {"window": self._window, "points": list(self._points), "open": list(self._open)}

    def restore(self, state: dict[str, Any]) -> None:
        self._window = state["window"]
        self._points = [(step, losses) for step, losses in state["points"]]
        self._open = list(state["open"])

    def draw(self, file: Path, title: str) -> None:
        """Writes a picture of all curves, each in a frame of its own.

        Raises:
            TrainingError: matplotlib is missing, or the file can't be written.
        """
        if not self._points:
            return
        try:
            from matplotlib.figure import Figure  # training alone needs matplotlib
        except ImportError as fault:
            raise TrainingError(f"matplotlib can't be used: {fault}", _REMEDY) from fault
        names = list(dict.fromkeys(name for _, losses in self._points for name in losses))
        rows = math.ceil(len(names) / 2)
        figure = Figure(figsize=(10.0, 2.2 * rows + 0.6))
        figure.suptitle(title)
        axes = figure.subplots(rows, 2, squeeze=False)
        figure.subplots_adjust(left=0.07, right=0.98, bottom=0.3 / rows / 2.2, top=1.0 - 0.2 / rows, hspace=0.4)
        for name, frame in zip(names, axes.flat, strict=False):
            self._draw_one(name, frame)
        for frame in axes.flat[len(names) :]:
            frame.set_axis_off()
        try:
            figure.savefig(file, dpi=110)
        except OSError as fault:
            raise TrainingError(
                f"can't write {file}: {fault.strerror or fault}", "make room there, then use --resume"
            ) from fault

    def _draw_one(self, name: str, frame: Any) -> None:
        from matplotlib.ticker import NullFormatter

        steps, values = zip(*((step, losses[name]) for step, losses in self._points if name in losses), strict=True)
        frame.plot(steps, values, linewidth=1.0)
        if min(values) > 0.0:
            frame.set_yscale("log")
            frame.yaxis.set_minor_formatter(NullFormatter())
        frame.set_title(name, fontsize="small", loc="left")
        frame.tick_params(labelsize="x-small", which="both")
        frame.grid(visible=True, alpha=0.3)


def _mean(several: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for losses in several for name in losses)
    found = {name: [losses[name] for losses in several if name in losses] for name in names}
    return {name: sum(values) / len(values) for name, values in found.items()}


class TensorBoard:
    """Scalars and pictures for TensorBoard in a folder.

    Raises:
        TrainingError: TensorBoard is missing, or can't write there.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter  # training alone needs it
        except ImportError as fault:
            raise TrainingError(f"TensorBoard can't be used: {fault}", _REMEDY) from fault
        try:
            self._writer: Any = SummaryWriter(str(folder))
        except OSError as fault:
            raise TrainingError(
                f"can't write TensorBoard's records to {folder}: {fault.strerror or fault}",
                "name another folder",
            ) from fault

    def losses(self, step: int, losses: Mapping[str, float]) -> None:
        for name, value in losses.items():
            self._writer.add_scalar(f"losses/{name}", value, step)

    def sheet(self, step: int, picture: Tensor) -> None:
        """picture: (3, H, W) uint8 RGB."""
        self._writer.add_image("paintings", picture, step)

    def close(self) -> None:
        self._writer.close()
