"""Figures of a running show, of bounded size however many days it runs."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass


class Histogram:
    """Durations in bins of half a millisecond up to ten seconds. Any thread may call any method."""

    BIN_MS = 0.5
    BINS = 20_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bins = [0] * self.BINS
        self._count = 0

    def add_s(self, duration_s: float) -> None:
        """Counts one duration; what is under zero or over ten seconds goes to the outermost bin."""
        index = min(max(int(duration_s * 1e3 / self.BIN_MS), 0), self.BINS - 1)
        with self._lock:
            self._bins[index] += 1
            self._count += 1

    def percentiles_ms(self, *shares: float) -> list[float | None]:
        """For each share in [0, 1] the duration that this share stayed at or below; None without any."""
        with self._lock:
            bins, count = list(self._bins), self._count
        return [self._at(bins, count, share) for share in shares]

    def _at(self, bins: list[int], count: int, share: float) -> float | None:
        if count == 0:
            return None
        wanted, seen = max(share * count, 1), 0
        for index, held in enumerate(bins):
            seen += held
            if seen >= wanted:
                return (index + 1) * self.BIN_MS
        return self.BINS * self.BIN_MS


@dataclass(slots=True)
class FrameCounts:
    """How many frames reached each stage. Each field has one writing thread.

    dropped: frames that a newer one replaced in a slot; damaged: packets that gave no picture.
    """

    captured: int = 0
    decoded: int = 0
    stylized: int = 0
    shown: int = 0
    dropped: int = 0
    damaged: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)
