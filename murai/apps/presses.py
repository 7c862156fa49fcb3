"""Keys pressed by the clock: `--press '2:Space,8:3'`."""

from __future__ import annotations

import math

from murai.config import key_name
from murai.errors import ConfigError


def parse_presses(text: str) -> list[tuple[float, str]]:
    """Seconds after the first painted frame and the key's name, in the order of time.

    Raises:
        ConfigError: a part is not SECONDS:KEY.
    """
    presses = []
    # Not a plain split: "," is a key too, as in "2:,".
    parts = text.replace(":,", ":comma").split(",")
    for part in parts:
        seconds, colon, key = part.partition(":")
        try:
            at_s = float(seconds)
        except ValueError:
            at_s = math.nan
        if not colon or not 0.0 <= at_s < math.inf:
            raise ConfigError(f"--press: '{part.strip()}' can't be used", "write SECONDS:KEY, such as 2:Space,8:3")
        presses.append((at_s, key_name(key)))
    return sorted(presses, key=lambda press: press[0])


class PressClock:
    """Gives each press out once its time has come. Owned by the main thread."""

    def __init__(self, presses: list[tuple[float, str]]) -> None:
        self._left = list(presses)

    def due(self, since_first_frame_s: float) -> list[str]:
        """The keys whose time has come since the last call."""
        due = []
        while self._left and self._left[0][0] <= since_first_frame_s:
            due.append(self._left.pop(0)[1])
        return due
