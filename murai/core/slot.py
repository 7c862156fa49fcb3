"""A hand-over that never queues."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

Item = TypeVar("Item")


class SlotClosed(Exception):
    """The writer has ended. `cause` is why it failed, or None where it simply came to its end."""

    def __init__(self, cause: BaseException | None) -> None:
        super().__init__("closed" if cause is None else f"closed: {cause}")
        self.cause = cause


class LatestSlot(Generic[Item]):
    """Holds one item for one reader; a newer item replaces it, which counts as a drop.

    Any thread may call any method. What the reader gets is always the newest item there is.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._closed = False
        self._cause: BaseException | None = None
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Items that were replaced before the reader came."""
        with self._changed:
            return self._dropped

    def put(self, item: Item) -> None:
        """Hands an item over. After `close` it is silently dropped: the reader is going away."""
        with self._changed:
            if self._closed:
                return
            if self._item is not None:
                self._dropped += 1
            self._item = item
            self._changed.notify()

    def take(self, timeout_s: float) -> Item | None:
        """The newest item, waiting up to `timeout_s` for one; None when none came.

        An item that was put before `close` is still given out.

        Raises:
            SlotClosed: the writer has ended and everything was taken.
        """
        end_s = time.monotonic() + timeout_s
        with self._changed:
            while self._item is None:
                if self._closed:
                    raise SlotClosed(self._cause)
                left_s = end_s - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    break
            item, self._item = self._item, None
            if item is None and self._closed:
                raise SlotClosed(self._cause)
            return item

    def close(self, cause: BaseException | None = None) -> None:
        """Says that nothing more will come, and why. The first call counts."""
        with self._changed:
            if not self._closed:
                self._closed, self._cause = True, cause
                self._changed.notify_all()
