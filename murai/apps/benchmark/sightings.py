"""Which number was sent out when, and when it was first seen again."""

from __future__ import annotations

import threading
from collections import OrderedDict

_KEPT = 512  # numbers under way: more than any delay that is worth measuring


class Sightings:
    """Latencies of numbers. Any thread may call `sent`; one thread the rest.

    latencies_s: of each number that was seen, in the order of seeing. unread: pictures without a number.
    """

    def __init__(self) -> None:
        self.latencies_s: list[float] = []
        self.unread = 0
        self._lock = threading.Lock()
        self._sent_s: OrderedDict[int, float] = OrderedDict()

    def sent(self, number: int, at_s: float) -> None:
        """A number went out; only the first time counts."""
        with self._lock:
            self._sent_s.setdefault(number, at_s)
            while len(self._sent_s) > _KEPT:
                self._sent_s.popitem(last=False)

    def seen(self, number: int | None, at_s: float) -> None:
        """A picture came in; only the first one with its number counts."""
        if number is None:
            self.unread += 1
            return
        with self._lock:
            sent_s = self._sent_s.pop(number, None)
        if sent_s is not None:
            self.latencies_s.append(at_s - sent_s)

    def forget_latencies(self) -> None:
        """What was seen so far doesn't count: it was the first pictures, which are late."""
        self.latencies_s.clear()
        self.unread = 0
