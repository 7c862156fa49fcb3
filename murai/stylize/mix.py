"""Which styles the picture is painted in at a moment."""

from __future__ import annotations

import threading
import time


class StyleMix:
    """Shares of a pack's styles that glide from one mix to the next.

    The main thread calls `go_to`; the stylist calls `shares_at`.

    styles: how many there are.
    fade_s: how long a change takes.
    """

    def __init__(self, styles: int, fade_s: float) -> None:
        self._lock = threading.Lock()
        self._fade_s = fade_s
        self._from = self._to = [1.0] + [0.0] * (styles - 1)
        self._since_s = float("-inf")

    def go_to(self, shares: dict[int, float], now_s: float | None = None) -> None:
        """Glides to these shares, which sum to 1, from wherever the mix is; the rest goes to 0."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._lock:
            self._from = self._at(now_s)
            self._to = [shares.get(index, 0.0) for index in range(len(self._to))]
            self._since_s = now_s

    def jump_to(self, style: int) -> None:
        """Shows one style at once."""
        with self._lock:
            self._from = self._to = [float(index == style) for index in range(len(self._to))]

    def shares_at(self, now_s: float) -> list[float]:
        """The shares at a moment of the monotonic clock."""
        with self._lock:
            return self._at(now_s)

    def _at(self, now_s: float) -> list[float]:
        passed = (now_s - self._since_s) / self._fade_s if self._fade_s > 0 else 1.0
        part = min(max(passed, 0.0), 1.0)
        eased = part * part * (3.0 - 2.0 * part)
        return [a + (b - a) * eased for a, b in zip(self._from, self._to, strict=True)]
