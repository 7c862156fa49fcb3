"""The thread that empties the outbox, one post at a time."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from murai.errors import OutboxError, PostLater, PostRefused, PostUncertain, PublisherPaused, PublishError
from murai.publish.outbox import Outbox
from murai.publish.posts import Hold, Media, Post

Result = TypeVar("Result")
_LOOK_UP_S = 0.1
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a post is public; both are empty where the other side only said that it has it already."""

    public_id: str
    url: str


class Publisher(Protocol):
    """Another side that takes pictures. Owned by the publisher thread.

    Two steps, so that what was uploaded is remembered before anything becomes public. Both raise
    PostRefused, PublisherPaused, PostLater; `post` also PostUncertain. Posting the same text again
    succeeds without a second post.
    """

    def upload(self, post: Post) -> Media: ...

    def post(self, post: Post, media: Media) -> Posted: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How patiently it is tried.

    poll_s: how often the outbox is looked at.
    first_wait_s, longest_wait_s: after a failure, doubled each time, with up to half of it off at random.
    probe_s: how often a paused account is tried again.
    leave_s: at the end of the show, how long an answer is still waited for.
    """

    poll_s: float = 0.5
    first_wait_s: float = 5.0
    longest_wait_s: float = 900.0
    probe_s: float = 300.0
    leave_s: float = 3.0

    def wait_s(self, attempts: int) -> float:
        longest = min(self.first_wait_s * 2.0 ** min(attempts - 1, 30), self.longest_wait_s)
        return longest * random.uniform(0.5, 1.0)


@dataclass(frozen=True, slots=True)
class PublisherStatus:
    """For the screen.

    waiting: posts still to be sent.
    hold: why nothing is sent at present.
    fault: why the outbox can't be used at present, or empty.
    """

    waiting: int = 0
    hold: Hold | None = None
    fault: str = ""


class _ShowEnded(Exception):
    """The show ended before the answer came; the post stays in `sending` until the next one."""


class PublisherLoop:
    """The body of the publisher thread: `Worker("publisher", loop.run, …)`.

    attempts: how often a post is tried before it is dead.
    """

    def __init__(self, outbox: Outbox, publisher: Publisher, attempts: int, pace: Pace | None = None) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._attempts = attempts
        self._pace = pace or Pace()
        self._status = PublisherStatus()

    @property
    def status(self) -> PublisherStatus:
        """As of the last look at the outbox. Any thread; never waits."""
        return self._status

    def run(self, stop: threading.Event) -> None:
        """Sends what is due until `stop` is set. Whatever a killed show was sending is due again."""
        recovered = False
        while not stop.is_set():
            try:
                if not recovered:
                    self._outbox.recover()
                    recovered = True
                busy = self._step(stop)
                self._look()
            except _ShowEnded:
                return
            except OutboxError as fault:
                # A full disk, say: the post in hand stays in `sending`, so it is recovered afterwards.
                log.error("%s", fault)
                self._status = replace(self._status, fault=str(fault))
                recovered = busy = False
            if not busy:
                stop.wait(self._pace.poll_s)

    def _step(self, stop: threading.Event) -> bool:
        hold = self._outbox.current_hold()
        if hold is not None and time.time() < hold.until_unix_s:
            return False
        post = self._outbox.claim()
        if post is None:
            return False
        if post.attempts > self._attempts:
            # Only a kill in mid-attempt, again and again, leads here.
            self._outbox.dead(post.id, f"given up after {self._attempts} attempts: {post.last_error or 'interrupted'}")
            return True
        try:
            posted = self._send(post, stop)
        except PublishError as fault:
            self._failed(post, fault)
        else:
            self._outbox.done(post.id, posted.public_id, posted.url)
            self._outbox.release()
            log.info("posted %s: %s", post.code, posted.url or "it was there already")
        return True

    def _send(self, post: Post, stop: threading.Event) -> Posted:
        media, reused = post.media, True
        if media is None or media.until_unix_s <= time.time():
            media, reused = self._abandonable(lambda: self._publisher.upload(post), stop), False
            self._outbox.keep_media(post.id, media)
        sent = media
        try:
            return self._abandonable(lambda: self._publisher.post(post, sent), stop)
        except PostRefused as fault:
            if not reused:
                raise
            # The picture may be what has expired on the other side: it gets one more try with a new one.
            self._outbox.keep_media(post.id, None)
            raise PostLater(fault.what, fault.remedy) from fault

    def _failed(self, post: Post, fault: PublishError) -> None:
        log.warning("%s not posted: %s", post.code, fault)
        now_s = time.time()
        if isinstance(fault, PublisherPaused):
            self._outbox.give_back(post.id, str(fault))
            self._outbox.hold(Hold(str(fault), True, now_s, now_s + self._pace.probe_s))
        elif isinstance(fault, PostLater) and fault.retry_at_unix_s is not None:
            # Limits are the account's, not the post's: the others would only be refused as well.
            until_s = max(fault.retry_at_unix_s, now_s + self._pace.first_wait_s)
            self._outbox.give_back(post.id, str(fault))
            self._outbox.hold(Hold(str(fault), False, now_s, until_s))
        elif isinstance(fault, (PostLater, PostUncertain)):
            self._again(post, fault)
        else:
            self._outbox.dead(post.id, str(fault))

    def _again(self, post: Post, fault: PublishError) -> None:
        if post.attempts < self._attempts:
            self._outbox.later(post.id, self._pace.wait_s(post.attempts), str(fault))
            return
        doubt = "; it may be public all the same" if isinstance(fault, PostUncertain) else ""
        self._outbox.dead(post.id, f"given up after {post.attempts} attempts: {fault}{doubt}")

    def _look(self) -> None:
        self._status = replace(self._status, waiting=self._outbox.waiting(), hold=self._outbox.current_hold(), fault="")

    def _abandonable(self, call: Callable[[], Result], stop: threading.Event) -> Result:
        """Runs a call that may hang on the network, without holding up the end of the show.

        The call goes on in a thread of its own that nobody waits for once the show has ended; and none
        begins then, for two waits of `leave_s` are more than a Worker's patience.
        """
        if stop.is_set():
            raise _ShowEnded
        answer: Future[Result] = Future()

        def attempt() -> None:
            try:
                answer.set_result(call())
            except Exception as fault:  # a thread's edge: whoever waits for the answer gets the fault
                answer.set_exception(fault)

        threading.Thread(target=attempt, name="posting", daemon=True).start()
        while not wait((answer,), timeout=_LOOK_UP_S).done:
            if stop.is_set() and not wait((answer,), timeout=self._pace.leave_s).done:
                raise _ShowEnded
        return answer.result()
