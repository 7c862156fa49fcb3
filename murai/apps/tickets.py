"""Pictures that can still be kept from being posted."""

from __future__ import annotations

import math


class Tickets:
    """The tickets of pictures that were taken, each for as long as it can be cancelled. Owned by the main thread.

    window_s: how long that is, once the picture is kept.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._until_s: dict[int, float] = {}

    def taken(self, ticket: int) -> None:
        """A picture was taken; it is not yet kept."""
        self._until_s[ticket] = math.inf

    def kept(self, ticket: int, now_s: float) -> None:
        """From now on it waits to be posted."""
        if ticket in self._until_s:
            self._until_s[ticket] = now_s + self._window_s

    def drop(self, ticket: int) -> None:
        """It will not be posted anyway."""
        self._until_s.pop(ticket, None)

    def cancel(self, now_s: float) -> int | None:
        """Gives up the newest one that can still be cancelled; None where there is none."""
        self._until_s = {ticket: until_s for ticket, until_s in self._until_s.items() if now_s < until_s}
        return self._until_s.popitem()[0] if self._until_s else None
