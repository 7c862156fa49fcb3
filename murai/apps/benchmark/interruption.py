"""A measurement that somebody ends by a signal: what was measured until then is kept."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """SIGINT (Ctrl+C) or SIGTERM came. status: what the process is to end with, as shells have it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.status = 128 + number


class Interruption:
    """SIGINT and SIGTERM inside a `with` block: they end the measurement, not what follows it. Main thread.

    cause: of the end; None while no signal has come. An impatient second signal is not heard.
    """

    def __init__(self) -> None:
        self.cause: Interrupted | None = None
        self._breaks = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        self._before = {number: signal.signal(number, self._came) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def breaks(self) -> Iterator[None]:
        """What a signal breaks off, by `Interrupted`; outside of it signals are not heard."""
        self._breaks = True
        try:
            yield
        except Interrupted:
            pass
        finally:
            self._breaks = False

    def _came(self, number: int, frame: FrameType | None) -> None:
        if self._breaks and self.cause is None:
            self.cause = Interrupted(number)
            raise self.cause
