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
    """

    def __init__(self, patience_s: float = 1.0) -> None:
        self._patience_s = patience_s
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
        if wait_s > 0:
            return not stop.wait(wait_s)
        if -wait_s > self._patience_s:
            self._zero_s = time.monotonic() - media_s
            if not self._told:
                _log.warning("playback is %.1f s behind and goes on from here: too much for this machine", -wait_s)
                self._told = True
        return not stop.is_set()
