"""What happens to a picture after it was taken: kept, queued, posted."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from types import TracebackType

import numpy as np
import numpy.typing as npt

from murai.apps.show import Show
from murai.config import Config
from murai.core.worker import Worker
from murai.errors import MuraiError
from murai.publish.credentials import read_keys
from murai.publish.outbox import Outbox, outbox_file
from murai.publish.publisher import PublisherLoop
from murai.publish.service import Event, Kept, NotKept, Posting, SnapshotService, Taken
from murai.publish.snapshot import check_folder, snapshot_folder, sweep_folder
from murai.publish.text import Credit, PostTexts
from murai.publish.twitter import TwitterPublisher
from murai.stylize.pack import StyleFacts

_log = logging.getLogger(__name__)
_EVENTS_MOST = 64
_POST_AGAIN_S = 60.0


class Darkroom:
    """The snapshot thread and, where there are keys, the publisher thread, inside a `with` block.

    Raises:
        PublishError: pictures can't be kept, the outbox can't be used, or the keys are not whole.
        ConfigError: a template of [twitter] can't be used.
    """

    def __init__(self, config: Config) -> None:
        folder = snapshot_folder(config.snapshot)
        check_folder(folder)
        sweep_folder(folder)
        self._events: deque[Event] = deque(maxlen=_EVENTS_MOST)
        self._stopped = ""
        self._outbox: Outbox | None = None
        self._publisher: TwitterPublisher | None = None
        self._loop: PublisherLoop | None = None
        posting = self._open_outbox(config) if config.twitter.enabled else None
        self._service = SnapshotService(config.snapshot, posting, self._events.append)
        self._stack = ExitStack()

    def _open_outbox(self, config: Config) -> Posting:
        texts, keys = PostTexts(config.twitter), read_keys(config.twitter, os.environ)
        self._outbox = Outbox(outbox_file(config.outbox))
        if keys:
            self._publisher = TwitterPublisher(keys, config.twitter)
            self._loop = PublisherLoop(self._outbox, self._publisher, config.outbox.attempts)
        else:
            _log.info("no Twitter keys: pictures are kept, and wait in the outbox")
        return Posting(self._outbox, texts)

    @property
    def posting(self) -> bool:
        """Whether pictures go out, or only wait in the outbox."""
        return self._publisher is not None

    def __enter__(self) -> Darkroom:
        with ExitStack() as stack:
            if self._outbox:
                stack.enter_context(self._outbox)
            if self._publisher and self._loop:
                stack.callback(self._publisher.close)
                publish = partial(self._publish, self._loop)
                stack.enter_context(Worker("publisher", publish, partial(self._ended, "publisher")))
            # Left first: pictures that still wait are kept, however the show ends.
            stack.enter_context(Worker("snapshots", self._service.run, partial(self._ended, "snapshots"), 15.0))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, fault, trace)

    def take(self, pixels: npt.NDArray[np.uint8], style: StyleFacts) -> int:
        """Hands a picture, (H, W, 3) uint8, over to the snapshot thread; never waits. Main thread.

        Raises:
            SnapshotError: too many pictures wait for the disk.
        """
        credit = Credit(style.title, style.artist, style.year)
        return self._service.take(Taken(pixels, credit, datetime.now().astimezone()))

    def cancel(self, ticket: int) -> None:
        self._service.cancel(ticket)

    def tell(self, show: Show, now_s: float) -> None:
        """Passes on to the show what became of pictures since the last call. Main thread."""
        while self._events:
            match self._events.popleft():
                case Kept(ticket=ticket, post_id=post_id):
                    show.picture_kept(ticket, post_id is not None, self.posting, now_s)
                case NotKept(ticket=ticket, error=error, picture=picture):
                    show.picture_failed(ticket, error, picture is not None, now_s)
                case cancelled:
                    show.picture_cancelled(cancelled.in_time, now_s)
        show.status = self._status()

    def _publish(self, loop: PublisherLoop, stop: threading.Event) -> None:
        """The publisher thread: what nobody thought of stops posting for a while, and is told, not for days."""
        while not stop.is_set():
            try:
                loop.run(stop)
            except Exception as fault:  # a thread's edge
                _log.exception("posting stopped")
                self._stopped = f"Posting stopped, and is tried again in a minute: {fault!r}"
                stop.wait(_POST_AGAIN_S)
                self._stopped = ""

    def _status(self) -> str:
        if self._stopped:
            return self._stopped
        status = self._loop.status if self._loop else None
        if status is None:
            return ""
        if status.fault:
            return f"Posting paused: {status.fault}"
        if status.hold and status.hold.needs_somebody:
            return f"Posting paused, {status.waiting} waiting: {status.hold.reason}"
        return ""

    def _ended(self, thread: str, cause: BaseException | None) -> None:
        if cause is not None:
            _log.error("the %s thread failed", thread, exc_info=cause)
            error = cause if isinstance(cause, MuraiError) else MuraiError(f"the {thread} thread failed: {cause!r}")
            self._events.append(NotKept(0, error, None))
