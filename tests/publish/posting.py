"""What tests of posting share: keys, paces without patience, pictures, and waiting with a limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from murai.config import TwitterConfig
from murai.core.worker import Worker
from murai.publish.credentials import TwitterKeys
from murai.publish.outbox import Outbox
from murai.publish.posts import NewPost
from murai.publish.publisher import Pace, PublisherLoop
from murai.publish.twitter import TwitterPublisher
from tests.fakes.twitter_server import Keys

KEYS = TwitterKeys(**vars(Keys()))
QUICK = Pace(poll_s=0.02, first_wait_s=0.05, longest_wait_s=0.1, probe_s=0.3, leave_s=0.3)


def twitter_config(url: str, **others: object) -> TwitterConfig:
    return TwitterConfig.model_validate({"api_url": url, "upload_url": url, "timeout_s": 5.0} | others)


def queue(outbox: Outbox, folder: Path, code: str, wait_s: float = 0.0) -> int:
    """Draws a picture of its own and queues it."""
    picture = folder / f"{code}.jpg"
    Image.new("RGB", (32, 24), (len(code) * 30 % 255, ord(code[-1]) % 255, 90)).save(picture)
    return outbox.add(NewPost(code, picture, f"Painted after a title. #{code}", f"alt {code}", wait_s))


def until(true: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Waits for it, and fails where it takes that long."""
    end_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end_s, "it never happened"
        time.sleep(0.01)


@contextmanager
def posting(outbox: Outbox, config: TwitterConfig, attempts: int = 5, pace: Pace = QUICK) -> Iterator[PublisherLoop]:
    """A publisher thread at work; whatever ends it early fails the test."""
    ended: list[BaseException | None] = []
    publisher = TwitterPublisher(KEYS, config)
    loop = PublisherLoop(outbox, publisher, attempts, pace)
    with Worker("publisher", loop.run, ended.append):
        yield loop
    publisher.close()
    assert ended == [None]
    assert all(thread.name != "publisher" for thread in threading.enumerate())
