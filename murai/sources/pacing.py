"""Playing recordings at their own pace."""

from __future__ import annotations

import logging
import time
from threading import Event

_log = logging.getLogger(__name__)


class Pacer:
    """Tells when a moment of a recording is due, and waits for it. Owned by the capture thread.

    The first moment that is asked for is due at once. One that comes late is not shifted: its
    picture still counts as captured when it was due, so the latency figures show the delay, and
    what follows comes without a wait until the lag is made up. Only a lag of over `patience_s`
    (the machine is too slow, or slept) starts the clock anew, so that a lag never grows for ever.
    So does a lead of over `longest_wait_s` (the recording's time-stamps jump), which is longer, for
    a recording of slides may well stand still for seconds.
    """

    def __init__(self, patience_s: float = 1.0, longest_wait_s: float = 5.0) -> None:
        self._patience_s = patience_s
        self._longest_wait_s = longest_wait_s
        self._zero_s: float | None = None
        self._told = False

    def due_s(self, media_s: float) -> float:
        """When the recording's moment `media_s` is due, on the monotonic clock."""
        if self._zero_s is None:
            self._zero_s = time.monotonic() - media_s
        return self._zero_s + media_s

    def wait(self, media_s: float, stop: Event) -> bool:
        """Waits until the moment `media_s` is due; False where `stop` was set before."""
        wait_s = self.due_s(media_s) - time.monotonic()
        if 0 < wait_s <= self._longest_wait_s:
            return not stop.wait(wait_s)
        if wait_s > 0:
            self._go_on_from(media_s, f"the time-stamps jump {wait_s:.1f} s ahead, and playback with them")
        elif -wait_s > self._patience_s:
            behind = f"playback is {-wait_s:.1f} s behind and goes on from here"
            self._go_on_from(media_s, f"{behind}: too much for this machine")
        return not stop.is_set()

    def _go_on_from(self, media_s: float, reason: str) -> None:
        self._zero_s = time.monotonic() - media_s
        if not self._told:
            _log.warning("%s", reason)
            self._told = True
