import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from murai.apps.outbox import cancel_posts, list_posts, list_posts_json, purge_posts, retry_posts
from murai.errors import OutboxError
from murai.publish.outbox import Outbox
from murai.publish.posts import Hold, NewPost


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three posts: one done, one dead, one that waits; the account is paused."""
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        for code in ("DDD", "XXX", "WWW"):
            outbox.add(NewPost(code, Path(f"/pictures/{code}.jpg"), f"Painted [red] #{code}", "alt"))
        outbox.claim()
        outbox.claim()
        outbox.done(1, "77", "https://example.org/77")
        outbox.dead(2, "Twitter answered 400: [odd]")
        outbox.hold(Hold("Twitter answered 402: no credit", True, time.time(), time.time() + 300))
    return tmp_path / "outbox.sqlite"


def console(width: int = 200) -> Console:
    return Console(file=io.StringIO(), width=width)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def listed(file: Path) -> list[dict[str, object]]:
    stream = io.StringIO()
    list_posts_json(file, stream)
    told: list[dict[str, object]] = json.loads(stream.getvalue())
    return told


def test_the_table_says_what_happened_to_each(file: Path) -> None:
    out = console()
    list_posts(file, out)
    for told in ("paused until", "402: no credit", "DDD.jpg", "done", "dead", "400: [odd]", "Painted [red] #WWW"):
        assert told in written(out)


def test_eighty_columns_take_one_line_a_post(file: Path) -> None:
    long = "Painted after\nThe Great Wave off Kanagawa by Katsushika Hokusai. [bold] #murai #LLL"
    with Outbox(file) as outbox:
        outbox.release()
        outbox.add(NewPost("LLL", Path("/pictures/2031-05-09_23-04-05_LLL.jpg"), long, "alt"))
    out = console(80)
    list_posts(file, out)
    heading, *lines = [line for line in written(out).splitlines() if line[:1] in "│┃"]
    assert "last error, or text" in heading
    assert [line.split()[1] for line in lines] == ["1", "2", "3", "4"]
    assert "400: [odd]" in lines[1]
    assert "Painted after" in lines[3]
    assert "…" in lines[3]
    assert "--json" in written(out)


def test_the_json_list_has_what_a_machine_needs(file: Path) -> None:
    done, dead, waits = listed(file)
    assert done["url"] == "https://example.org/77"
    assert done["held"] is None
    assert {name: dead[name] for name in ("id", "state", "attempts", "last_error", "text", "picture")} == {
        "id": 2,
        "state": "dead",
        "attempts": 1,
        "last_error": "Twitter answered 400: [odd]",
        "text": "Painted [red] #XXX",
        "picture": "/pictures/XXX.jpg",
    }
    assert "402: no credit" in str(waits["held"])


def test_listing_changes_nothing(file: Path) -> None:
    with Outbox(file) as outbox:
        outbox.claim()
    list_posts(file, console())
    assert listed(file)[2]["state"] == "sending"


def test_an_outbox_that_is_not_there_yet_is_empty_and_not_made(tmp_path: Path) -> None:
    out = console()
    list_posts(tmp_path / "none.sqlite", out)
    assert "no posts" in written(out)
    assert listed(tmp_path / "none.sqlite") == []
    assert not (tmp_path / "none.sqlite").exists()
    with pytest.raises(OutboxError, match="no outbox"):
        retry_posts(tmp_path / "none.sqlite", [], out)


def test_retry_brings_back_what_failed_and_ends_the_pause(file: Path) -> None:
    out = console()
    retry_posts(file, [], out)
    assert written(out) == "1 post due now\n"
    assert [post["state"] for post in listed(file)] == ["done", "ready", "ready"]
    assert listed(file)[2]["held"] is None


def test_retry_of_a_post_that_is_done_is_told(file: Path) -> None:
    with pytest.raises(OutboxError, match="post 1 is done, neither dead nor waiting"):
        retry_posts(file, [1], console())


def test_a_post_that_is_not_there_is_told(file: Path) -> None:
    for change in (retry_posts, cancel_posts):
        with pytest.raises(OutboxError, match="there is no post 99"):
            change(file, [99], console())


def test_where_one_of_several_cannot_be_changed_none_is(file: Path) -> None:
    before = listed(file)
    with pytest.raises(OutboxError, match="no post 999"):
        cancel_posts(file, [3, 999], console())
    with pytest.raises(OutboxError, match="post 1 is done"):
        retry_posts(file, [2, 3, 1], console())
    assert listed(file) == before


def test_a_post_named_twice_counts_once(file: Path) -> None:
    out = console()
    cancel_posts(file, [3, 3], out)
    retry_posts(file, [3, 3], out)
    assert written(out) == "1 post cancelled\n1 post due now\n"


def test_cancel_keeps_a_post_from_being_sent(file: Path) -> None:
    out = console()
    cancel_posts(file, [3], out)
    assert written(out) == "1 post cancelled\n"
    assert listed(file)[2]["state"] == "dead"
    with pytest.raises(OutboxError, match="post 3 is dead, not waiting to be sent"):
        cancel_posts(file, [3], out)


def test_purge_forgets_finished_posts(file: Path) -> None:
    out = console()
    purge_posts(file, 1.0, out)
    purge_posts(file, 0.0, out)
    assert written(out) == "0 posts forgotten; the pictures stay\n2 posts forgotten; the pictures stay\n"
    assert [post["id"] for post in listed(file)] == [3]
