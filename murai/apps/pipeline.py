"""From one open source to paintings: the capture thread and the stylist thread."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from threading import Event
from types import TracebackType

from murai.core.frame import Frame, Painted
from murai.core.media import Decoder
from murai.core.slot import LatestSlot, SlotClosed
from murai.core.statistics import FrameCounts
from murai.core.worker import Worker
from murai.sources.capture import capture
from murai.sources.decoders import open_decoder
from murai.sources.open import OpenedSource
from murai.stylize.stylist import Stylist


class Pipeline:
    """Runs from `__enter__` to `__exit__`, and closes the source then.

    paintings: for the main thread; closed with the cause when capture or stylist fails.
    """

    def __init__(self, opened: OpenedSource, device: str, stylist: Stylist, counts: FrameCounts) -> None:
        self._opened = opened
        self._device = device
        self._stylist = stylist
        self._counts = counts
        self._frames: LatestSlot[Frame] = LatestSlot()
        self.paintings: LatestSlot[Painted] = LatestSlot()
        self._stack = ExitStack()
        self._dropped_before = counts.dropped

    @property
    def dropped(self) -> int:
        """Frames and paintings of this pipeline that a newer one replaced."""
        return self._frames.dropped + self.paintings.dropped

    def __enter__(self) -> Pipeline:
        with ExitStack() as stack:
            stack.callback(self._opened.source.close)
            decoder = open_decoder(self._opened.source.info, self._device)
            stack.callback(decoder.close)
            paint = partial(self._stylist.run, self._frames, self.paintings)
            # The stylist first: capture ends before it, and what is decoded by then is still painted.
            stack.enter_context(Worker("stylist", paint, self.paintings.close))
            stack.enter_context(Worker("capture", partial(self._capture, decoder), self._frames.close))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, fault, trace)
        self.count_drops()

    def _capture(self, decoder: Decoder, stop: Event) -> None:
        capture(self._opened.source, decoder, self._frames, stop, self._counts)

    def count_drops(self) -> None:
        """Brings the counts' `dropped` up to date."""
        self._counts.dropped = self._dropped_before + self.dropped


def first_cause(closed: SlotClosed) -> BaseException | None:
    """Why the first of the slots in a chain was closed; None when the source came to its end."""
    cause: BaseException | None = closed
    while isinstance(cause, SlotClosed):
        cause = cause.cause
    return cause
