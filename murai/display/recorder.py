"""A film of what the screen showed, made without holding the show up."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from murai.core.slot import LatestSlot, SlotClosed
from murai.core.worker import Worker
from murai.display.canvas import Canvas
from murai.display.mp4 import Mp4Writer
from murai.display.read_back import ReadBack
from murai.errors import DisplayError

_LOG = logging.getLogger(__name__)

_LOOK_UP_S = 0.2

_Shown = tuple[NDArray[np.uint8], float]


class Recorder:
    """Writes what is drawn into a canvas as H.264, in a thread of its own, inside a `with` block.

    fps: the most pictures a second; a faster show is thinned out. What the thread can't keep up with is
    left out too. Each picture keeps the time at which it was shown.
    The film has the canvas's size at the start; a picture of another size (in full screen, or from a window
    that was resized) is scaled into it by the thread.

    Raises:
        DisplayError: at once, when the file can't be written.
    """

    def __init__(self, file: Path, canvas: Canvas, fps: float = 30.0) -> None:
        self._canvas = canvas
        self._period_s = 1.0 / fps
        self._due_s = float("-inf")
        self._writer = Mp4Writer(file, canvas.size_px, fps)
        self._read_back = ReadBack(canvas.size_px)
        self._slot: LatestSlot[_Shown] = LatestSlot()
        self._worker = Worker("recorder", self._write_all, self._ended)
        self._fault: DisplayError | None = None

    @property
    def fault(self) -> DisplayError | None:
        """Why the recording ended before its time; the show needs no recording. Any thread."""
        return self._fault

    def capture(self, now_s: float) -> None:
        """Takes what has been drawn, between `draw` and `swap`; main thread, monotonic seconds."""
        size_px = self._canvas.size_px
        if self._fault is not None or now_s < self._due_s or 0 in size_px:  # a window may be nothing but its title
            return
        self._due_s = max(self._due_s, now_s - self._period_s) + self._period_s
        if size_px != self._read_back.size_px:
            self._put(self._read_back.finish())
            self._read_back.close()
            self._read_back = ReadBack(size_px)
        self._put(self._read_back.exchange(self._canvas.framebuffer, now_s))

    def __enter__(self) -> Recorder:
        self._worker.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._put(self._read_back.finish())
        self._read_back.close()
        self._slot.close()
        self._worker.__exit__(kind, fault, trace)

    def _put(self, shown: _Shown | None) -> None:
        if shown is not None:
            self._slot.put(shown)

    def _write_all(self, stop: threading.Event) -> None:
        """The recorder's thread. The slot closes before `stop` is set, so nothing is left in it."""
        first_s: float | None = None
        with self._writer as writer:
            while True:
                try:
                    shown = self._slot.take(_LOOK_UP_S)
                except SlotClosed:
                    return
                if shown is not None:
                    upside_down, shown_s = shown
                    first_s = shown_s if first_s is None else first_s
                    writer.write(upside_down[::-1], shown_s - first_s)

    def _ended(self, cause: BaseException | None) -> None:
        if cause is None:
            return
        self._fault = cause if isinstance(cause, DisplayError) else DisplayError(f"the recording ended: {cause}")
        _LOG.error("%s", self._fault, exc_info=None if isinstance(cause, DisplayError) else cause)
