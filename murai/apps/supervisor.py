"""Keeps pictures coming: what to do when a source or the stylist fails is decided here, and only here."""

from __future__ import annotations

import logging
import time
from types import TracebackType

from murai.apps.finder import Finder, Search
from murai.apps.lost_gpu import check_gpu
from murai.apps.pipeline import Pipeline, first_cause
from murai.core.frame import Painted
from murai.core.slot import SlotClosed
from murai.core.statistics import FrameCounts
from murai.errors import MuraiError, SourceError
from murai.sources.open import OpenedSource
from murai.stylize.stylist import Stylist

_log = logging.getLogger(__name__)
_LOOK_AGAIN_S = 0.5
_LONGEST_REST_S = 30.0
_SCOUT_EVERY_S = 5.0
_SILENCE_S = 4.0
_NEW_START_S = 15.0


class Supervisor:
    """Runs a pipeline, and another one when it has failed, inside a `with` block. Owned by the main thread.

    wanted_uri: what was asked for; `opened` may be something else in its place, until a camera is there.

    lost: why there are no pictures at present; None while there should be some.
    ended: the source has come to its end.
    """

    def __init__(
        self, wanted_uri: str, opened: OpenedSource, stylist: Stylist, device: str, counts: FrameCounts
    ) -> None:
        self.lost: str | None = None
        self.ended = False
        self._wanted_uri = wanted_uri
        self._opened = opened
        self._stylist = stylist
        self._device = device
        self._counts = counts
        self._pipeline: Pipeline | None = None
        self._finder: Finder | None = None
        self._rest_s = _LOOK_AGAIN_S
        self._painted_s = 0.0

    @property
    def source_title(self) -> str:
        return self._opened.source.info.title

    def __enter__(self) -> Supervisor:
        self._start(self._opened)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_finder()
        self._stop()

    def newest(self, timeout_s: float) -> Painted | None:
        """The newest painting, waiting up to `timeout_s` for one. For what fails, see `lost` and `ended`.

        Raises:
            GpuLost: something has failed, and the GPU answers no call any more; nothing else is ever raised.
        """
        if self._pipeline is None:
            self._take_found(timeout_s)
            return None
        if self._finder is not None:
            self._take_found(0.0)
        return self._paint(self._pipeline, timeout_s)

    def _paint(self, pipeline: Pipeline, timeout_s: float) -> Painted | None:
        try:
            painted = pipeline.paintings.take(timeout_s)
        except SlotClosed as closed:
            cause = first_cause(closed)
            self.ended = cause is None
            if cause is not None:
                self._lose(cause)
            return None
        pipeline.count_drops()
        if painted is None:
            self._watch_silence()
        else:
            self.lost, self._rest_s, self._painted_s = None, _LOOK_AGAIN_S, time.monotonic()
        return painted

    def _watch_silence(self) -> None:
        """A source may send, and yet nothing of it be painted: all of it damaged, or a thread that hangs."""
        silent_s = time.monotonic() - self._painted_s
        if silent_s > _NEW_START_S:
            told = f"{self.source_title} has given no picture for {_NEW_START_S:g} s"
            self._lose(SourceError(told, "starting again"), silent=True)
        elif silent_s > _SILENCE_S:
            self.lost = f"{self.source_title} gives no picture: look whether it is plugged in well"

    def _start(self, opened: OpenedSource) -> None:
        pipeline = Pipeline(opened, self._device, self._stylist, self._counts)
        pipeline.__enter__()
        self._pipeline, self._opened, self._painted_s = pipeline, opened, time.monotonic()
        if opened.notice:
            self._finder = Finder(Search(self._wanted_uri, _SCOUT_EVERY_S, camera=True))

    def _stop(self) -> None:
        if self._pipeline is not None:
            pipeline, self._pipeline = self._pipeline, None
            try:
                pipeline.__exit__(None, None, None)
            except MuraiError as fault:  # a thread that hangs in a driver: the next one does without it
                _log.error("%s", fault)

    def _stop_finder(self) -> None:
        if self._finder is not None:
            finder, self._finder = self._finder, None
            finder.close()

    def _lose(self, cause: BaseException, *, silent: bool = False) -> None:
        """Gives the pipeline up, says why, and looks for the source again. silent: see `check_gpu`.

        Raises:
            GpuLost: that would be no use.
        """
        check_gpu(cause, silent=silent)
        if isinstance(cause, MuraiError):
            self.lost = str(cause)
            _log.error("%s", cause)
        else:
            self.lost = f"The painting stopped ({cause}); starting again"
            _log.error("%s", self.lost, exc_info=cause)
        self._stop()
        self._stop_finder()
        self._finder = Finder(Search(self._opened.uri, self._rest_s))
        # A camera is awaited eagerly; what fails at every start is not to fill the log.
        if not isinstance(cause, SourceError):
            self._rest_s = min(2.0 * self._rest_s, _LONGEST_REST_S)

    def _take_found(self, timeout_s: float) -> None:
        """Goes on with what the finder has opened, if it has."""
        if self._finder is None:
            return
        try:
            opened = self._finder.found(timeout_s)
        except SlotClosed as closed:
            self._lose(closed.cause or closed)
            return
        if opened is None:
            if self._pipeline is None and self._finder.why:
                self.lost = self._finder.why
            return
        self._stop_finder()
        self._stop()
        try:
            self._start(opened)
        except Exception as fault:  # the supervisor's own: whatever it is, the show goes on
            self._lose(fault)
