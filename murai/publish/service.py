"""The thread that keeps pictures: it saves each one, then queues it for posting."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from murai.config import SnapshotConfig
from murai.errors import MuraiError, OutboxError, SnapshotError
from murai.publish.outbox import Outbox
from murai.publish.posts import NewPost
from murai.publish.snapshot import SnapshotFacts, save_snapshot, snapshot_folder
from murai.publish.text import Credit, PostTexts, new_code

log = logging.getLogger(__name__)
_LOOK_UP_S = 0.2
_WAITING_MOST = 4
_REMEMBERED_MOST = 16


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture as it was taken.

    pixels: (H, W, 3) uint8, full range, in host memory; nobody writes to it any more.
    taken_at: wall clock with its offset from UTC.
    """

    pixels: npt.NDArray[np.uint8]
    credit: Credit
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """The picture is saved. `post_id` is its place in the outbox, None where nothing is posted."""

    ticket: int
    picture: Path
    code: str
    post_id: int | None


@dataclass(frozen=True, slots=True)
class NotKept:
    """Something failed. `picture` is where it lies if only the queuing did."""

    ticket: int
    error: MuraiError
    picture: Path | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The visitor took it back; `in_time` is False where it was sent already or never queued."""

    ticket: int
    in_time: bool


Event = Kept | NotKept | Cancelled


@dataclass(frozen=True, slots=True)
class Posting:
    """Where pictures go after they are saved."""

    outbox: Outbox
    texts: PostTexts


@dataclass(frozen=True, slots=True)
class _Order:
    """To keep a picture, or with None to cancel its post."""

    ticket: int
    taken: Taken | None


class SnapshotService:
    """Takes pictures from the thread that draws, which never waits: `Worker("snapshots", service.run, …)`.

    posting: None saves only.
    on_event: called in the snapshot thread with what became of each picture; must return soon.
    """

    def __init__(self, config: SnapshotConfig, posting: Posting | None, on_event: Callable[[Event], None]) -> None:
        self._config = config
        self._folder = snapshot_folder(config)
        self._posting = posting
        self._on_event = on_event
        self._changed = threading.Condition()
        self._waiting: deque[_Order] = deque()
        self._last_ticket = 0
        self._last_cancelled = 0
        self._post_ids: dict[int, int] = {}

    def take(self, taken: Taken) -> int:
        """Hands a picture over and returns its ticket, which its events carry. Any thread; never waits.

        Raises:
            SnapshotError: the disk is so slow that several pictures wait already.
        """
        with self._changed:
            if sum(order.taken is not None for order in self._waiting) >= _WAITING_MOST:
                raise SnapshotError(f"{_WAITING_MOST} pictures still wait for the disk", "try again in a moment")
            self._last_ticket += 1
            self._hand_over(_Order(self._last_ticket, taken))
            return self._last_ticket

    def cancel(self, ticket: int) -> None:
        """Asks for a picture not to be posted; it stays saved. Any thread; never waits.

        One `Cancelled` follows, however often the key is pressed.
        """
        with self._changed:
            if ticket != self._last_cancelled:
                self._last_cancelled = ticket
                self._hand_over(_Order(ticket, None))

    def run(self, stop: threading.Event) -> None:
        """Keeps pictures until `stop` is set, and then those that still wait."""
        while not stop.is_set():
            self._work(_LOOK_UP_S)
        while self._work(0.0):
            pass

    def _hand_over(self, order: _Order) -> None:
        self._waiting.append(order)
        self._changed.notify()

    def _work(self, timeout_s: float) -> bool:
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout_s)
            if not self._waiting:
                return False
            order = self._waiting.popleft()
        self._on_event(self._done(order))
        return True

    def _done(self, order: _Order) -> Event:
        try:
            return self._cancel(order.ticket) if order.taken is None else self._keep(order.ticket, order.taken)
        except MuraiError as fault:
            log.error("%s", fault)
            return NotKept(order.ticket, fault, None)
        except Exception as fault:  # a thread's edge: one picture that can't be encoded doesn't end the others
            log.exception("a picture was lost")
            return NotKept(order.ticket, SnapshotError(f"the picture was lost: {fault}", "report this fault"), None)

    def _cancel(self, ticket: int) -> Cancelled:
        post_id = self._post_ids.pop(ticket, None)
        in_time = self._posting is not None and post_id is not None and self._posting.outbox.cancel(post_id)
        return Cancelled(ticket, in_time)

    def _keep(self, ticket: int, taken: Taken) -> Event:
        code = self._unused_code()
        facts = SnapshotFacts(code, taken.taken_at, taken.credit)
        picture = save_snapshot(taken.pixels, facts, self._folder, self._config)
        log.info("kept %s", picture)
        if self._posting is None:
            return Kept(ticket, picture, code, None)
        texts = self._posting.texts
        post = NewPost(
            code, picture, texts.text(taken.credit, code), texts.alt_text(taken.credit, code), self._config.cancel_s
        )
        try:
            post_id = self._posting.outbox.add(post)
        except OutboxError as fault:
            log.error("%s", fault)
            return NotKept(ticket, fault, picture)
        self._remember(ticket, post_id)
        return Kept(ticket, picture, code, post_id)

    def _unused_code(self) -> str:
        code = new_code()
        try:
            while self._posting is not None and self._posting.outbox.has_code(code):
                code = new_code()
        except OutboxError:
            # The picture comes first; queuing it will tell what is wrong.
            log.debug("the outbox can't tell whether %s is taken", code)
        return code

    def _remember(self, ticket: int, post_id: int) -> None:
        self._post_ids[ticket] = post_id
        while len(self._post_ids) > _REMEMBERED_MOST:
            del self._post_ids[next(iter(self._post_ids))]
