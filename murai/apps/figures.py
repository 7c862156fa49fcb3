"""Figures of the running show: for the screen, and for `--stats`."""

from __future__ import annotations

import json
import logging
from collections import deque
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any

from murai.core.files import open_stream
from murai.core.statistics import FrameCounts, Histogram
from murai.errors import ConfigError

_log = logging.getLogger(__name__)
_WINDOW_S = 2.0


@dataclass(frozen=True, slots=True)
class ShowFacts:
    """What doesn't change from frame to frame."""

    style: str
    pack: str
    device: str
    engine: str
    source: str


class Figures:
    """Counts what the screen shows. Owned by the main thread, except for `counts`.

    started_s: when the process was started, monotonic seconds.
    """

    def __init__(self, counts: FrameCounts, started_s: float) -> None:
        self.counts = counts
        self.latency = Histogram()
        self.first_shown_s: float | None = None
        self._started_s = started_s
        self._last_shown_s = started_s
        self._recent: deque[float] = deque(maxlen=1000)

    def shown(self, captured_s: float, swapped_s: float) -> None:
        """A painting that was not on the screen before is there now."""
        if self.first_shown_s is None:
            self.first_shown_s = swapped_s
        self._last_shown_s = swapped_s
        self._recent.append(swapped_s)
        self.counts.shown += 1
        self.latency.add_s(swapped_s - captured_s)

    def recent_fps(self, now_s: float) -> float:
        """Paintings shown a second, over the last two seconds."""
        while self._recent and self._recent[0] < now_s - _WINDOW_S:
            self._recent.popleft()
        if len(self._recent) < 2:
            return 0.0
        return (len(self._recent) - 1) / max(self._recent[-1] - self._recent[0], 1e-6)

    def shown_fps(self) -> float:
        """Paintings shown a second, from the first to the last one."""
        if self.first_shown_s is None or self.counts.shown < 2:
            return 0.0
        return (self.counts.shown - 1) / max(self._last_shown_s - self.first_shown_s, 1e-6)

    def as_dict(self, fps: float, facts: ShowFacts) -> dict[str, Any]:
        """One line of `--stats`."""
        p50, p95, p99 = self.latency.percentiles_ms(0.50, 0.95, 0.99)
        first_s = None if self.first_shown_s is None else round(self.first_shown_s - self._started_s, 3)
        return {
            "shown_fps": round(fps, 2),
            "latency_ms": {"p50": p50, "p95": p95, "p99": p99},
            "frames": self.counts.as_dict(),
            "first_frame_s": first_s,
            "style": facts.style,
            "pack": facts.pack,
            "device": facts.device,
            "engine": facts.engine,
            "source": facts.source,
        }

    def rows(self, now_s: float, facts: ShowFacts) -> tuple[tuple[str, str], ...]:
        """The same for the screen."""
        p50, p95 = self.latency.percentiles_ms(0.50, 0.95)
        counts = self.counts
        latency = "" if p50 is None or p95 is None else f"{p50:.0f} / {p95:.0f} ms"
        return (
            ("pictures a second", f"{self.recent_fps(now_s):.1f}"),
            ("latency p50 / p95", latency),
            ("captured, shown", f"{counts.captured}, {counts.shown}"),
            ("dropped, damaged", f"{counts.dropped}, {counts.damaged}"),
            ("source", facts.source),
            ("pack", facts.pack),
            ("device", f"{facts.device}, {facts.engine}"),
        )


class StatsFile:
    """JSON lines: one a second, and the summary at the end. Owned by the main thread.

    fault: why it ended before its time, "" where it didn't.

    Raises:
        ConfigError: the file can't be written, found out at once.
    """

    def __init__(self, file: Path) -> None:
        self.fault = ""
        self._file = file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: what a full disk refused would otherwise be tried again when the file is closed.
            self._stream: FileIO | None = open_stream(file)
        except OSError as fault:
            raise ConfigError(
                f"can't write --stats {file}: {fault.strerror}", "name a file that can be written"
            ) from fault

    def __enter__(self) -> StatsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def write(self, line: dict[str, Any]) -> None:
        """Adds a line. A full disk ends the file, not the show."""
        if self._stream is None:
            return
        try:
            self._stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        except OSError as fault:
            self.fault = f"no more figures in {self._file} ({fault.strerror}): make room, then start again"
            _log.error("%s", self.fault)
            self._stream.close()
            self._stream = None
