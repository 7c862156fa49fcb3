import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from murai.config import OutboxConfig
from murai.errors import OutboxError
from murai.publish.outbox import CANCELLED, Outbox, outbox_file
from murai.publish.posts import Hold, Media, NewPost, Post, PostState


class Clock:
    """The wall clock, set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now_s


def new(code: str, wait_s: float = 0.0) -> NewPost:
    return NewPost(code, Path(f"/pictures/{code}.jpg"), f"Painted #{code}", "alt", wait_s)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    with Outbox(tmp_path / "state" / "outbox.sqlite", clock) as opened:
        yield opened


def claimed(outbox: Outbox) -> Post:
    post = outbox.claim()
    assert post is not None
    return post


def only(outbox: Outbox) -> Post:
    (post,) = outbox.posts()
    return post


def test_a_post_survives_closing(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        post_id = outbox.add(new("AAA"))
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        post = only(outbox)
    assert (post.id, post.code, post.state, post.attempts) == (post_id, "AAA", PostState.READY, 0)
    assert (post.picture, post.text, post.alt_text) == (Path("/pictures/AAA.jpg"), "Painted #AAA", "alt")


def test_writes_are_on_the_disk_when_they_return(outbox: Outbox) -> None:
    connection = outbox._connection
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_each_post_is_claimed_once_by_however_many_threads(outbox: Outbox) -> None:
    for number in range(40):
        outbox.add(new(f"C{number}"))
    taken: list[int] = []

    def take() -> None:
        while (post := outbox.claim()) is not None:
            taken.append(post.id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(taken) == list(range(1, 41))


def test_a_post_waits_until_it_is_due(outbox: Outbox, clock: Clock) -> None:
    outbox.add(new("AAA", wait_s=8.0))
    clock.now_s += 7.9
    assert outbox.claim() is None
    clock.now_s += 0.2
    assert claimed(outbox).attempts == 1


def test_fresh_posts_come_before_failing_ones(outbox: Outbox) -> None:
    first = outbox.add(new("AAA"))
    outbox.later(claimed(outbox).id, 0.0, "failed")
    second = outbox.add(new("BBB"))
    assert [claimed(outbox).id, claimed(outbox).id] == [second, first]


def test_cancelling_works_until_it_is_sent(outbox: Outbox) -> None:
    first, second = outbox.add(new("AAA")), outbox.add(new("BBB"))
    assert outbox.cancel(second)
    assert claimed(outbox).id == first
    assert not outbox.cancel(first)
    assert not outbox.cancel(second)
    assert not outbox.cancel(99)
    assert outbox.claim() is None
    assert [(post.state, post.last_error) for post in outbox.posts()] == [("sending", ""), ("dead", CANCELLED)]


def test_what_a_killed_show_was_sending_is_due_again_after_recovery_only(tmp_path: Path) -> None:
    file = tmp_path / "outbox.sqlite"
    with Outbox(file) as killed:
        killed.add(new("AAA"))
        killed.keep_media(claimed(killed).id, Media("77", 2e9))
    with Outbox(file) as listing:
        assert only(listing).state == PostState.SENDING
        assert listing.claim() is None
    with Outbox(file) as show:
        assert show.recover() == 1
        post = claimed(show)
    assert (post.attempts, post.media) == (2, Media("77", 2e9))


def test_a_finished_post_keeps_where_it_is_public(outbox: Outbox) -> None:
    outbox.add(new("AAA"))
    post_id = claimed(outbox).id
    outbox.done(post_id, "123", "https://example.org/123")
    post = only(outbox)
    assert (post.state, post.public_id, post.url, post.last_error) == ("done", "123", "https://example.org/123", "")
    outbox.dead(post_id, "too late")
    assert only(outbox).state == PostState.DONE


def test_a_failed_attempt_counts_and_one_given_back_does_not(outbox: Outbox, clock: Clock) -> None:
    outbox.add(new("AAA"))
    outbox.give_back(claimed(outbox).id, "paused")
    assert (only(outbox).attempts, only(outbox).last_error) == (0, "paused")
    outbox.later(claimed(outbox).id, 30.0, "503")
    assert (only(outbox).attempts, only(outbox).not_before_unix_s) == (1, clock.now_s + 30.0)


def test_retry_makes_failed_posts_due_but_never_cancelled_or_done_ones(outbox: Outbox) -> None:
    for code in ("DEAD", "LATER", "DONE", "TAKEN BACK"):
        outbox.add(new(code))
    outbox.dead(claimed(outbox).id, "400")
    outbox.later(claimed(outbox).id, 900.0, "503")
    outbox.done(claimed(outbox).id, "1", "")
    outbox.cancel(4)
    assert outbox.retry_failed() == 2
    assert [str(post.state) for post in outbox.posts()] == ["ready", "ready", "done", "dead"]
    assert {claimed(outbox).code, claimed(outbox).code} == {"DEAD", "LATER"}
    assert [post.attempts for post in outbox.posts()] == [1, 1, 1, 0]


def test_one_post_can_be_retried_unless_it_is_done(outbox: Outbox) -> None:
    outbox.add(new("TAKEN BACK"))
    outbox.cancel(1)
    assert outbox.retry(1)
    assert only(outbox).last_error == ""
    outbox.done(claimed(outbox).id, "1", "")
    assert not outbox.retry(1)


def test_a_retried_post_still_tells_why_it_failed(outbox: Outbox) -> None:
    outbox.add(new("FAILED"))
    outbox.dead(claimed(outbox).id, "400")
    assert outbox.retry(1)
    assert only(outbox).last_error == "400"


def test_purge_forgets_old_finished_posts(outbox: Outbox, clock: Clock) -> None:
    outbox.add(new("OLD"))
    outbox.done(claimed(outbox).id, "1", "")
    clock.now_s += 86400.0
    outbox.add(new("YOUNG"))
    outbox.done(claimed(outbox).id, "2", "")
    outbox.add(new("WAITS"))
    clock.now_s += 3600.0
    assert outbox.purge(86400.0) == 1
    assert [post.code for post in outbox.posts()] == ["YOUNG", "WAITS"]


def test_a_hold_is_seen_by_others_and_keeps_its_beginning(outbox: Outbox) -> None:
    outbox.hold(Hold("402", True, 100.0, 400.0))
    outbox.hold(Hold("402 again", True, 400.0, 700.0))
    with Outbox(outbox.file) as other:
        assert other.current_hold() == Hold("402 again", True, 100.0, 700.0)
        other.release()
    assert outbox.current_hold() is None


def test_a_new_show_tries_a_paused_account_and_respects_a_limit(outbox: Outbox) -> None:
    outbox.hold(Hold("402", True, 1.0, 2e9))
    outbox.recover()
    assert outbox.current_hold() is None
    outbox.hold(Hold("429", False, 1.0, 2e9))
    outbox.recover()
    assert outbox.current_hold() is not None


def test_no_two_posts_share_a_code(outbox: Outbox) -> None:
    outbox.add(new("AAA"))
    assert outbox.has_code("AAA")
    assert not outbox.has_code("BBB")
    with pytest.raises(OutboxError):
        outbox.add(new("AAA"))


@pytest.mark.parametrize(
    "content", [b"this is text, and long enough to be looked at as a header of a database", bytes(8192)]
)
def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "outbox.sqlite"
    file.write_bytes(content)
    with pytest.raises(OutboxError, match=r"outbox\.sqlite is damaged.*move it away"):
        Outbox(file)
    assert file.read_bytes() == content


def test_a_damaged_page_is_told(tmp_path: Path) -> None:
    file = tmp_path / "outbox.sqlite"
    with Outbox(file) as outbox:
        for number in range(200):
            outbox.add(new(f"C{number}"))
    whole = bytearray(file.read_bytes())
    whole[5 * 4096 : 7 * 4096] = b"\xa5" * 8192
    file.write_bytes(whole)
    with pytest.raises(OutboxError, match=r"damaged.*move it away"):
        Outbox(file)


def test_a_newer_version_is_told(tmp_path: Path) -> None:
    file = tmp_path / "outbox.sqlite"
    Outbox(file).close()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(OutboxError, match=r"newer Murai.*version 9"):
        Outbox(file)


def test_a_strangers_database_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "stranger.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(OutboxError, match="another program"):
        Outbox(file)
    assert file.read_bytes() == before


def test_a_folder_in_its_place_and_one_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    with pytest.raises(OutboxError, match=r"unable to open.*outbox\.file"):
        Outbox(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match=r"can't make.*outbox\.file"):
        Outbox(tmp_path / "file" / "outbox.sqlite")


def test_a_full_disk_is_told_and_nothing_is_lost(outbox: Outbox) -> None:
    outbox.add(new("AAA"))
    pages = outbox._connection.execute("PRAGMA page_count").fetchone()[0]
    outbox._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxError, match=r"full.*free some space"):
        for number in range(1000):
            outbox.add(new(f"C{number}"))
    outbox._connection.execute("PRAGMA max_page_count = 100000")
    assert claimed(outbox).code == "AAA"


def test_another_process_that_holds_it_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "outbox.sqlite"
    with Outbox(file) as outbox, Outbox(file) as other:
        other._connection.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, lambda: other._connection.execute("COMMIT"))
        release.start()
        outbox.add(new("AAA"))
        release.join()
        assert only(outbox).code == "AAA"


def test_the_sqlite_tool_finds_it_whole(outbox: Outbox) -> None:
    outbox.add(new("AAA"))
    connection = sqlite3.connect(outbox.file)
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()


def test_the_file_is_the_configured_one_or_the_users() -> None:
    assert outbox_file(OutboxConfig(file=Path("/elsewhere/o.sqlite"))) == Path("/elsewhere/o.sqlite")
    assert outbox_file(OutboxConfig()).name == "outbox.sqlite"


def test_loading_this_room_loads_neither_torch_nor_opengl() -> None:
    script = (
        "import sys, murai.publish.service, murai.publish.twitter, murai.publish.publisher, murai.apps.outbox;"
        "print([name for name in ('torch', 'OpenGL', 'glfw') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
