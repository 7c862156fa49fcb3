"""Keeps pictures coming: what to do when a source or the stylist fails is decided here, and only here."""

from __future__ import annotations

import logging
from threading import Event
from types import TracebackType

from murai.apps.pipeline import Pipeline, first_cause
from murai.core.frame import Painted
from murai.core.slot import LatestSlot, SlotClosed
from murai.core.statistics import FrameCounts
from murai.core.worker import Worker
from murai.errors import MuraiError, SourceError
from murai.sources.open import OpenedSource, open_source
from murai.stylize.stylist import Stylist

_log = logging.getLogger(__name__)
_LOOK_AGAIN_S = 0.5


class Supervisor:
    """Runs a pipeline, and another one when it has failed, inside a `with` block. Owned by the main thread.

    lost: why there are no pictures at present; None while there should be some.
    ended: the source has come to its end.
    """

    def __init__(self, opened: OpenedSource, stylist: Stylist, device: str, counts: FrameCounts) -> None:
        self.lost: str | None = None
        self.ended = False
        self._opened = opened
        self._stylist = stylist
        self._device = device
        self._counts = counts
        self._pipeline: Pipeline | None = None
        self._reopener: Worker | None = None
        self._reopened: LatestSlot[OpenedSource] = LatestSlot()

    @property
    def source_title(self) -> str:
        return self._opened.source.info.title

    def __enter__(self) -> Supervisor:
        self._start(self._opened)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_looking()
        if self._pipeline is not None:
            self._pipeline.__exit__(kind, fault, trace)

    def newest(self, timeout_s: float) -> Painted | None:
        """The newest painting, waiting up to `timeout_s` for one. Never raises: see `lost` and `ended`."""
        if self._pipeline is None:
            self._go_on(timeout_s)
            return None
        try:
            painted = self._pipeline.paintings.take(timeout_s)
        except SlotClosed as closed:
            self._stop()
            cause = first_cause(closed)
            self.ended = cause is None
            if cause is not None:
                self._lose(cause)
            return None
        self._pipeline.count_drops()
        if painted is not None:
            self.lost = None
        return painted

    def _start(self, opened: OpenedSource) -> None:
        pipeline = Pipeline(opened, self._device, self._stylist, self._counts)
        pipeline.__enter__()
        self._pipeline, self._opened = pipeline, opened

    def _stop(self) -> None:
        if self._pipeline is not None:
            pipeline, self._pipeline = self._pipeline, None
            try:
                pipeline.__exit__(None, None, None)
            except MuraiError as fault:  # a thread that hangs in a driver: the next one does without it
                _log.error("%s", fault)

    def _lose(self, cause: BaseException) -> None:
        self.lost = str(cause) if isinstance(cause, MuraiError) else f"The painting stopped ({cause}); starting again"
        _log.error("%s", self.lost, exc_info=None if isinstance(cause, MuraiError) else cause)
        self._stop_looking()
        self._reopener = Worker("reopener", self._reopen, lambda fault: self._reopened.close(fault))
        self._reopener.__enter__()

    def _reopen(self, stop: Event) -> None:
        """The reopener's thread: a camera may take its time to open, and the screen must not wait for it."""
        while not stop.wait(_LOOK_AGAIN_S):
            try:
                self._reopened.put(open_source(self._opened.uri))
            except SourceError as fault:
                self.lost = str(fault)
            else:
                return

    def _go_on(self, timeout_s: float) -> None:
        try:
            opened = self._reopened.take(timeout_s)
        except SlotClosed as closed:
            self._lose(closed.cause or closed)
            return
        if opened is None:
            return
        self._stop_looking()
        try:
            self._start(opened)
        except MuraiError as fault:
            self._lose(fault)

    def _stop_looking(self) -> None:
        """Ends the reopener; a source that it has just opened is closed again."""
        if self._reopener is None:
            return
        self._reopener.__exit__(None, None, None)
        self._reopener = None
        try:
            left_over = self._reopened.take(0.0)
        except SlotClosed:
            left_over = None
        if left_over is not None:
            left_over.source.close()
        self._reopened = LatestSlot()
