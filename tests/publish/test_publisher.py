import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from murai.publish.outbox import Outbox
from murai.publish.posts import Media, Post
from murai.publish.publisher import Pace, Posted, PublisherLoop
from tests.fakes.twitter_server import (
    METADATA,
    TWEETS,
    UPLOAD,
    Answer,
    CutAfter,
    CutBefore,
    FakeTwitter,
    Fault,
    Silent,
    TakenButSaid,
)
from tests.publish.posting import QUICK, posting, queue, twitter_config, until


@pytest.fixture
def twitter() -> Iterator[FakeTwitter]:
    with FakeTwitter() as server:
        yield server


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as opened:
        yield opened


@dataclass
class EndsTheShow:
    """A publisher during whose upload the show ends."""

    stop: threading.Event
    posts: int = 0

    def upload(self, post: Post) -> Media:
        self.stop.set()
        return Media("77", time.time() + 3600.0)

    def post(self, post: Post, media: Media) -> Posted:
        self.posts += 1
        return Posted("1", "")


def states(outbox: Outbox) -> list[str]:
    return [str(post.state) for post in outbox.posts()]


def only(outbox: Outbox) -> Post:
    (post,) = outbox.posts()
    return post


def test_what_waits_is_posted_in_order(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    for code in ("AAA", "BBB", "CCC"):
        queue(outbox, tmp_path, code)
    with posting(outbox, twitter_config(twitter.url)) as loop:
        until(lambda: states(outbox) == ["done"] * 3 and loop.status.waiting == 0)
    assert [text[-3:] for text in twitter.texts()] == ["AAA", "BBB", "CCC"]
    assert outbox.posts()[-1].url.endswith(twitter.tweets[-1].id)
    assert [post.public_id for post in outbox.posts()] == [tweet.id for tweet in twitter.tweets]


def test_a_post_within_the_cancel_window_is_not_sent(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    post_id = queue(outbox, tmp_path, "AAA", wait_s=60.0)
    queue(outbox, tmp_path, "BBB")
    with posting(outbox, twitter_config(twitter.url)):
        until(lambda: twitter.texts())
        assert outbox.cancel(post_id)
    assert [text[-3:] for text in twitter.texts()] == ["BBB"]


@pytest.mark.parametrize(
    "faults",
    [
        (Answer(503),),
        (Answer(500, ["odd"]), Answer(502, b"<html>"), Answer(504)),
        (CutBefore(),),
        (CutAfter(),),
        (TakenButSaid(503), CutAfter()),
        (Answer(200, b"<html>log in</html>"),),
        (Answer(302, headers=(("Location", "/login"),)),),
    ],
)
@pytest.mark.parametrize("path", [UPLOAD, METADATA, TWEETS])
def test_what_passes_is_tried_again_and_posted_once(
    twitter: FakeTwitter, outbox: Outbox, tmp_path: Path, faults: tuple[Fault, ...], path: str
) -> None:
    queue(outbox, tmp_path, "AAA")
    twitter.misbehave(path, *faults)
    with posting(outbox, twitter_config(twitter.url)):
        until(lambda: states(outbox) == ["done"])
    assert len(twitter.tweets) == 1
    assert twitter.tweets[0].pictures == ((tmp_path / "AAA.jpg").read_bytes(),)
    if (path, faults) != (METADATA, (Answer(200, b"<html>log in</html>"),)):
        assert twitter.tweets[0].alt_texts == ("alt AAA",)


def test_a_picture_is_uploaded_once_however_often_its_post_fails(
    twitter: FakeTwitter, outbox: Outbox, tmp_path: Path
) -> None:
    queue(outbox, tmp_path, "AAA")
    twitter.misbehave(TWEETS, Answer(503), Answer(503), CutBefore())
    with posting(outbox, twitter_config(twitter.url)):
        until(lambda: states(outbox) == ["done"])
    assert twitter.paths() == [UPLOAD, METADATA, TWEETS, TWEETS, TWEETS, TWEETS]
    assert only(outbox).attempts == 4


def test_an_expired_or_forgotten_upload_is_made_again(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    expired, forgotten = queue(outbox, tmp_path, "AAA"), queue(outbox, tmp_path, "BBB")
    outbox.keep_media(expired, Media("1", time.time() - 1.0))
    outbox.keep_media(forgotten, Media("2", time.time() + 1000.0))
    with posting(outbox, twitter_config(twitter.url)):
        until(lambda: states(outbox) == ["done", "done"])
    assert len(twitter.uploads) == 2
    assert twitter.paths().count(TWEETS) == 3  # only the forgotten one had to be found out


def test_silence_is_tried_again(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    twitter.misbehave(TWEETS, Silent())
    with posting(outbox, twitter_config(twitter.url, timeout_s=1.0)):
        until(lambda: states(outbox) == ["done"])
    assert len(twitter.tweets) == 1


def test_after_so_many_attempts_it_is_dead_and_says_why(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    twitter.misbehave(TWEETS, *[Answer(503)] * 3)
    with posting(outbox, twitter_config(twitter.url), attempts=3):
        until(lambda: states(outbox) == ["dead"])
    assert only(outbox).last_error == "given up after 3 attempts: Twitter answered 503: Service Unavailable: wait"
    assert twitter.paths().count(TWEETS) == 3


def test_giving_up_on_an_unknown_outcome_says_so(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    twitter.misbehave(TWEETS, CutAfter())
    with posting(outbox, twitter_config(twitter.url), attempts=1):
        until(lambda: states(outbox) == ["dead"])
    assert only(outbox).last_error.endswith("it may be public all the same")


def test_a_post_that_kills_the_show_again_and_again_ends(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    for _ in range(3):
        assert outbox.claim() is not None
        outbox.recover()
    with posting(outbox, twitter_config(twitter.url), attempts=3):
        until(lambda: states(outbox) == ["dead"])
    assert "given up after 3 attempts: interrupted" in only(outbox).last_error
    assert twitter.tweets == []


def test_400_is_dead_at_once_and_the_next_one_goes_on(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    queue(outbox, tmp_path, "BBB")
    twitter.misbehave(TWEETS, Answer(400, {"errors": [{"message": "Your text is odd."}]}))
    with posting(outbox, twitter_config(twitter.url)):
        until(lambda: states(outbox) == ["dead", "done"])
    assert "Twitter answered 400: Your text is odd." in outbox.posts()[0].last_error
    assert twitter.paths().count(TWEETS) == 2


def test_a_picture_that_is_gone_is_dead_with_its_reason(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    (tmp_path / "AAA.jpg").unlink()
    with posting(outbox, twitter_config(twitter.url)):
        until(lambda: states(outbox) == ["dead"])
    assert "is gone" in only(outbox).last_error


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(402, {"detail": "No credits left."}),
        Answer(401, {"detail": "Unauthorized"}),
        Answer(403, {"detail": "Your account is locked."}),
    ],
)
def test_a_refused_account_pauses_everything_and_is_probed(
    twitter: FakeTwitter, outbox: Outbox, tmp_path: Path, refusal: Answer
) -> None:
    queue(outbox, tmp_path, "AAA")
    queue(outbox, tmp_path, "BBB")
    twitter.misbehave(TWEETS, refusal, refusal)
    with posting(outbox, twitter_config(twitter.url)) as loop:
        until(lambda: loop.status.hold is not None)
        with Outbox(outbox.file) as elsewhere:
            hold = elsewhere.current_hold()
        assert hold is not None
        assert hold.needs_somebody
        assert refusal.body["detail"] in hold.reason
        assert loop.status.waiting == 2
        assert states(outbox) == ["ready", "ready"]
        assert [post.attempts for post in outbox.posts()] == [0, 0]
        until(lambda: states(outbox) == ["done", "done"] and loop.status.hold is None)
    assert twitter.paths().count(TWEETS) == 4


def test_retry_elsewhere_ends_a_pause_at_once(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    twitter.misbehave(TWEETS, Answer(402))
    with posting(outbox, twitter_config(twitter.url), pace=replace(QUICK, probe_s=3600.0)) as loop:
        until(lambda: loop.status.hold is not None)
        with Outbox(outbox.file) as elsewhere:
            elsewhere.release()
        until(lambda: states(outbox) == ["done"])


def test_a_limit_holds_all_posts_until_it_is_lifted(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    queue(outbox, tmp_path, "BBB")
    reset_s = int(time.time()) + 3
    twitter.misbehave(TWEETS, Answer(429, {}, (("x-rate-limit-reset", str(reset_s)),)))
    with posting(outbox, twitter_config(twitter.url), attempts=1) as loop:
        until(lambda: loop.status.hold is not None)
        assert loop.status.hold is not None
        assert not loop.status.hold.needs_somebody
        assert loop.status.hold.until_unix_s == pytest.approx(reset_s, abs=1.5)
        asked_s = time.time()
        until(lambda: states(outbox) == ["done", "done"])
    assert time.time() - asked_s > 0.5
    assert twitter.paths().count(TWEETS) == 3


def test_the_show_ends_soon_while_the_network_hangs(twitter: FakeTwitter, outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    twitter.misbehave(TWEETS, Silent())
    with posting(outbox, twitter_config(twitter.url, timeout_s=30.0)):
        until(lambda: TWEETS in twitter.paths())
    assert states(outbox) == ["sending"]
    with posting(outbox, twitter_config(twitter.url)):
        until(lambda: states(outbox) == ["done"])
    assert len(twitter.tweets) == 1


def test_no_post_begins_after_the_show_has_ended(outbox: Outbox, tmp_path: Path) -> None:
    queue(outbox, tmp_path, "AAA")
    stop = threading.Event()
    publisher = EndsTheShow(stop)
    PublisherLoop(outbox, publisher, attempts=5, pace=QUICK).run(stop)
    assert publisher.posts == 0
    assert (only(outbox).state, only(outbox).media is not None) == ("sending", True)


def test_killed_between_post_and_note_it_is_done_and_posted_once(
    twitter: FakeTwitter, outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(outbox, tmp_path, "AAA")
    # What a kill leaves there: the post is public, and the outbox still says `sending`.
    with monkeypatch.context() as killed:
        killed.setattr(Outbox, "done", lambda *_: None)
        with posting(outbox, twitter_config(twitter.url)):
            until(lambda: twitter.tweets)
    assert states(outbox) == ["sending"]
    with posting(outbox, twitter_config(twitter.url)):
        until(lambda: states(outbox) == ["done"])
    assert len(twitter.tweets) == 1
    assert twitter.paths() == [UPLOAD, METADATA, TWEETS, TWEETS]
    assert (only(outbox).public_id, only(outbox).last_error) == ("", "")


def test_an_outbox_that_fails_for_a_while_does_not_end_the_thread(
    twitter: FakeTwitter, outbox: Outbox, tmp_path: Path
) -> None:
    queue(outbox, tmp_path, "AAA")
    with posting(outbox, twitter_config(twitter.url), pace=replace(QUICK, probe_s=3600.0)) as loop:
        until(lambda: states(outbox) == ["done"])
        outbox._connection.execute("ALTER TABLE hold RENAME TO away")
        until(lambda: "can't be used" in loop.status.fault)
        outbox._connection.execute("ALTER TABLE away RENAME TO hold")
        queue(outbox, tmp_path, "BBB")
        until(lambda: states(outbox) == ["done", "done"] and not loop.status.fault)


def test_waits_grow_within_bounds() -> None:
    pace = Pace(first_wait_s=5.0, longest_wait_s=900.0)
    for attempts, longest_s in ((1, 5.0), (2, 10.0), (5, 80.0), (9, 900.0), (5000, 900.0)):
        waits = [pace.wait_s(attempts) for _ in range(50)]
        assert longest_s / 2 <= min(waits) < max(waits) <= longest_s
