"""Taking a picture: countdown, flash, the picture frozen for a while."""

from __future__ import annotations

import math

from murai.config import SnapshotConfig
from murai.core.frame import Painted

_FLASH_S = 0.45
_MELT_S = 0.35


class Shutter:
    """The course of one picture after another. Owned by the main thread; all times are monotonic seconds."""

    def __init__(self, config: SnapshotConfig) -> None:
        self._config = config
        self._pressed_s: float | None = None
        self._taken_s = -math.inf
        self._kept: Painted | None = None

    @property
    def counting(self) -> bool:
        return self._pressed_s is not None

    def press(self, now_s: float) -> None:
        """Starts the countdown; while one runs, or a picture is being looked at, nothing happens."""
        if self._pressed_s is None and self.frozen(now_s) is None:
            self._pressed_s = now_s

    def abort(self) -> None:
        """Ends the countdown without a picture."""
        self._pressed_s = None

    def due(self, now_s: float) -> bool:
        """Whether the countdown has run out: now is the moment."""
        return self._pressed_s is not None and now_s - self._pressed_s >= self._config.countdown_s

    def take(self, painted: Painted, now_s: float) -> None:
        """Freezes what is on the screen."""
        self._pressed_s, self._taken_s, self._kept = None, now_s, painted

    def countdown(self, now_s: float) -> str | None:
        """The number to show: whole seconds that are left."""
        if self._pressed_s is None:
            return None
        return str(max(1, math.ceil(self._config.countdown_s - (now_s - self._pressed_s))))

    def flash(self, now_s: float) -> float:
        """How white the screen is, in [0, 1]: all at once at the start, then fading."""
        passed = (now_s - self._taken_s) / _FLASH_S
        return round((1.0 - passed) ** 2, 2) if 0.0 <= passed < 1.0 else 0.0

    def frozen(self, now_s: float) -> Painted | None:
        """The picture to show instead of the live one, while it is looked at."""
        if now_s - self._taken_s >= self._config.review_s:
            return None
        return self._kept

    def melting(self, now_s: float) -> tuple[Painted, float] | None:
        """After that, the frozen picture and how far the live one has come back, in [0, 1)."""
        since_s = now_s - self._taken_s - self._config.review_s
        if self._kept is not None and 0.0 <= since_s < _MELT_S:
            return self._kept, since_s / _MELT_S
        if since_s >= _MELT_S:
            self._kept = None
        return None
