"""Reading, painting and writing side by side, each in its own thread, with a few items between them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import Generic, TypeVar

from murai.core.slot import SlotClosed
from murai.core.worker import Worker

Item = TypeVar("Item")
_LOOK_UP_S = 0.2
_PATIENCE_S = 60.0  # a large PNG takes seconds to be written


class Pipe(Generic[Item]):
    """Hands items over in order, from one thread to another. Who puts waits while it is full.

    room: items that it holds at most.
    """

    def __init__(self, room: int) -> None:
        self._changed = threading.Condition()
        self._items: deque[Item] = deque()
        self._room = room
        self._closed = False
        self._cause: BaseException | None = None

    def put(self, item: Item, stop: Event) -> None:
        """Hands an item over, or drops it where `stop` is set.

        Raises:
            SlotClosed: nobody reads any more, with the reader's fault.
        """
        with self._changed:
            while len(self._items) >= self._room and not (self._closed or stop.is_set()):
                self._changed.wait(_LOOK_UP_S)
            if self._closed:
                raise SlotClosed(self._cause)
            if not stop.is_set():
                self._items.append(item)
                self._changed.notify_all()

    def take(self, stop: Event) -> Item:
        """The next item; those that were put before `close` are still given out, unless `stop` is set.

        Raises:
            SlotClosed: nothing more will come.
        """
        with self._changed:
            while not self._items and not (self._closed or stop.is_set()):
                self._changed.wait(_LOOK_UP_S)
            if stop.is_set() or not self._items:
                raise SlotClosed(self._cause)
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self, cause: BaseException | None = None) -> None:
        """Says that one side has ended, and why. The first cause counts."""
        with self._changed:
            self._closed, self._cause = True, self._cause or cause
            self._changed.notify_all()


@contextmanager
def read_ahead(items: Iterable[Item], room: int) -> Iterator[Iterator[Item]]:
    """Reads in a thread of its own; what the reader raises is raised where the next item would have come."""
    pipe: Pipe[Item] = Pipe(room)

    def read(stop: Event) -> None:
        for item in items:
            if stop.is_set():
                return
            pipe.put(item, stop)

    with Worker("reader", read, pipe.close, _PATIENCE_S):
        yield _taken(pipe, Event())
        pipe.close()


@contextmanager
def write_behind(write: Callable[[Item], None], room: int) -> Iterator[Callable[[Item], None]]:
    """Writes in a thread of its own. Ends when all is written; left by an error, what waits is dropped.

    What `write` raises is raised by the next call, or at the end.
    """
    pipe: Pipe[Item] = Pipe(room)
    ended: Pipe[None] = Pipe(1)

    def body(stop: Event) -> None:
        for item in _taken(pipe, stop):
            write(item)

    def end(cause: BaseException | None) -> None:
        pipe.close(cause)
        ended.close(cause)

    with Worker("writer", body, end, _PATIENCE_S):
        yield partial(_put, pipe)
        pipe.close()
        for _ in _taken(ended, Event()):
            pass  # nothing is ever put: it ends when the writer has


def _put(pipe: Pipe[Item], item: Item) -> None:
    try:
        pipe.put(item, Event())
    except SlotClosed as closed:
        raise (closed.cause or closed) from None


def _taken(pipe: Pipe[Item], stop: Event) -> Generator[Item, None, None]:
    while True:
        try:
            item = pipe.take(stop)
        except SlotClosed as closed:
            if closed.cause is not None:
                raise closed.cause from None
            return
        yield item
