import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from murai.config import SnapshotConfig, TwitterConfig
from murai.core.worker import Worker
from murai.errors import OutboxError, SnapshotError
from murai.publish import service as service_module
from murai.publish.outbox import Outbox
from murai.publish.service import Cancelled, Event, Kept, NotKept, Posting, SnapshotService, Taken
from murai.publish.snapshot import save_snapshot
from murai.publish.text import Credit, PostTexts
from tests.publish.posting import until

WHEN = datetime(2031, 5, 9, 23, 4, 5, tzinfo=UTC)
CREDIT = Credit("Nuit étoilée", "Vincent van Gogh", "1889")


class Desk:
    """A service at work, and what it said."""

    def __init__(self, folder: Path, outbox: Outbox | None, cancel_s: float) -> None:
        self.events: list[Event] = []
        posting = Posting(outbox, PostTexts(TwitterConfig())) if outbox else None
        config = SnapshotConfig(folder=folder, cancel_s=cancel_s, format="png")
        self.service = SnapshotService(config, posting, self.events.append)

    def wait(self, count: int) -> list[Event]:
        until(lambda: len(self.events) >= count)
        return self.events


@contextmanager
def desk(folder: Path, outbox: Outbox | None, cancel_s: float = 8.0) -> Iterator[Desk]:
    ended: list[BaseException | None] = []
    made = Desk(folder, outbox, cancel_s)
    with Worker("snapshots", made.service.run, ended.append):
        yield made
    assert ended == [None]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as opened:
        yield opened


def taken(shade: int = 0) -> Taken:
    return Taken(np.full((24, 32, 3), shade, np.uint8), CREDIT, WHEN)


def test_a_picture_is_saved_then_queued(tmp_path: Path, outbox: Outbox) -> None:
    with desk(tmp_path / "pictures", outbox) as front:
        ticket = front.service.take(taken(77))
        (kept,) = front.wait(1)
    assert isinstance(kept, Kept)
    (post,) = outbox.posts()
    assert (kept.ticket, kept.post_id, kept.code) == (ticket, post.id, post.code)
    assert post.picture == kept.picture
    assert post.code in kept.picture.name
    assert post.text.endswith(f"#{post.code}")
    assert "van Gogh" in post.alt_text
    assert post.not_before_unix_s == pytest.approx(post.created_unix_s + 8.0)
    with Image.open(kept.picture) as picture:
        assert (np.asarray(picture) == 77).all()


def test_without_posting_it_is_only_saved(tmp_path: Path) -> None:
    with desk(tmp_path, None) as front:
        ticket = front.service.take(taken())
        front.wait(1)
        front.service.cancel(ticket)
        kept, cancelled = front.wait(2)
    assert isinstance(kept, Kept)
    assert kept.post_id is None
    assert kept.picture.exists()
    assert cancelled == Cancelled(ticket, False)


def test_cancelling_keeps_the_picture_and_not_the_post(tmp_path: Path, outbox: Outbox) -> None:
    with desk(tmp_path / "pictures", outbox) as front:
        first = front.service.take(taken())
        second = front.service.take(taken())
        front.service.cancel(first)
        front.service.cancel(first)
        events = front.wait(3)
        front.service.cancel(first)
    assert [event for event in events if isinstance(event, Cancelled)] == [Cancelled(first, True)]
    assert [str(post.state) for post in outbox.posts()] == ["dead", "ready"]
    assert len(list((tmp_path / "pictures").rglob("*.png"))) == 2
    assert second == first + 1


def test_cancelling_after_it_was_sent_says_so(tmp_path: Path, outbox: Outbox) -> None:
    with desk(tmp_path / "pictures", outbox, cancel_s=0.0) as front:
        ticket = front.service.take(taken())
        front.wait(1)
        assert outbox.claim() is not None
        front.service.cancel(ticket)
        assert front.wait(2)[1] == Cancelled(ticket, False)


@pytest.fixture
def may_go_on(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Until it is set, the disk takes no picture."""
    event = threading.Event()

    def slow(*arguments: Any) -> Path:
        event.wait(20.0)
        return save_snapshot(*arguments)

    monkeypatch.setattr(service_module, "save_snapshot", slow)
    return event


def test_pictures_that_wait_at_the_end_are_still_saved(
    tmp_path: Path, outbox: Outbox, may_go_on: threading.Event
) -> None:
    with desk(tmp_path / "pictures", outbox) as front:
        for _ in range(3):
            front.service.take(taken())
        threading.Timer(0.2, may_go_on.set).start()
    assert len(front.events) == 3
    assert len(outbox.posts()) == len(list((tmp_path / "pictures").rglob("*.png"))) == 3


def test_taking_never_waits_and_says_when_too_many_do(
    tmp_path: Path, outbox: Outbox, may_go_on: threading.Event
) -> None:
    with desk(tmp_path / "pictures", outbox) as front:
        began_s = time.monotonic()
        with pytest.raises(SnapshotError, match="still wait"):
            for _ in range(20):
                front.service.take(taken())
        assert time.monotonic() - began_s < 10.0  # the pictures alone would take 20 s
        may_go_on.set()
        until(lambda: len(front.events) >= 4)
        front.service.take(taken())
    assert all(isinstance(event, Kept) for event in front.events)


def test_a_folder_that_fails_is_told_and_the_next_picture_goes_on(tmp_path: Path, outbox: Outbox) -> None:
    folder = tmp_path / "pictures"
    folder.write_text("in the way")
    with desk(folder, outbox) as front:
        ticket = front.service.take(taken())
        (failed,) = front.wait(1)
        assert isinstance(failed, NotKept)
        assert (failed.ticket, failed.picture) == (ticket, None)
        assert isinstance(failed.error, SnapshotError)
        folder.unlink()
        front.service.take(taken())
        assert isinstance(front.wait(2)[1], Kept)
    assert len(outbox.posts()) == 1


def test_an_outbox_that_fails_costs_the_post_and_not_the_picture(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite")
    outbox.close()
    with desk(tmp_path / "pictures", outbox) as front:
        front.service.take(taken())
        (failed,) = front.wait(1)
    assert isinstance(failed, NotKept)
    assert isinstance(failed.error, OutboxError)
    assert failed.picture is not None
    assert failed.picture.exists()


def test_pixels_that_are_no_picture_are_told(tmp_path: Path, outbox: Outbox) -> None:
    with desk(tmp_path / "pictures", outbox) as front:
        front.service.take(Taken(np.zeros((24, 32, 5), np.uint8), CREDIT, WHEN))
        front.service.take(taken())
        failed, kept = front.wait(2)
    assert isinstance(failed, NotKept)
    assert "the picture was lost" in str(failed.error)
    assert isinstance(kept, Kept)


def test_a_code_that_is_taken_is_not_used_again(
    tmp_path: Path, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["SAME22", "SAME22", "SAME22", "OTHER3"])
    monkeypatch.setattr(service_module, "new_code", lambda: next(codes))
    with desk(tmp_path / "pictures", outbox) as front:
        front.service.take(taken())
        front.service.take(taken())
        front.wait(2)
    assert [post.code for post in outbox.posts()] == ["SAME22", "OTHER3"]
