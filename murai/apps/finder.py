"""Opens a source in the background: a camera may take its time, and the screen must not wait for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from threading import Event

from murai.core.slot import LatestSlot, SlotClosed
from murai.core.worker import Worker
from murai.errors import MuraiError, SourceError
from murai.sources.open import OpenedSource, open_camera_for, open_source

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for.

    uri: to be opened; every_s: how long between two tries.
    camera: nothing but a camera will do: see `open_camera_for`.
    """

    uri: str
    every_s: float
    camera: bool = False


class Finder:
    """Tries to open a source until it can, in a thread of its own. Owned by the main thread.

    why: what went wrong the last time, "" before that.
    """

    def __init__(self, search: Search) -> None:
        self.why = ""
        self._search = search
        self._found: LatestSlot[OpenedSource] = LatestSlot()
        self._worker = Worker("finder", self._look, self._found.close)
        self._worker.__enter__()

    def found(self, timeout_s: float) -> OpenedSource | None:
        """The open source, once, waiting up to `timeout_s` for it.

        Raises:
            SlotClosed: the thread failed; its cause says why.
        """
        return self._found.take(timeout_s)

    def close(self) -> None:
        """Ends the search. A source that nobody has taken is closed again."""
        try:
            self._worker.__exit__(None, None, None)
        except MuraiError as fault:  # it hangs in a driver or a server's answer, and ends after that
            _log.warning("%s", fault)
        try:
            left_over = self._found.take(0.0)
        except SlotClosed:
            return
        if left_over is not None:
            left_over.source.close()

    def _look(self, stop: Event) -> None:
        while not stop.wait(self._search.every_s):
            try:
                opened = open_camera_for(self._search.uri) if self._search.camera else open_source(self._search.uri)
            except SourceError as fault:
                self.why = str(fault)
                continue
            if opened is None:
                continue
            if stop.is_set():  # it took so long that nobody waits for it any more
                opened.source.close()
            else:
                self._found.put(opened)
            return
