"""What `murai outbox` does: the posts that wait, were sent or failed, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from murai.errors import OutboxError
from murai.publish.outbox import CANCELLED, Outbox
from murai.publish.posts import Hold, Post, PostState

_DAY_S = 86400.0
_ROOMY_COLUMNS = 140
_COLOURS = {PostState.READY: "yellow", PostState.SENDING: "cyan", PostState.DONE: "green", PostState.DEAD: "red"}


def list_posts(file: Path, console: Console) -> None:
    """A table of all posts, one line each where the console is narrow, and above it why nothing is sent at present.

    Raises:
        OutboxError: the outbox can't be used.
    """
    posts, hold = _read(file)
    if hold is not None:
        console.print(f"[bold]{escape(_held(hold))}[/bold]", highlight=False)
    if not posts:
        console.print(escape(f"no posts in {file}"), highlight=False)
        return
    console.print(_table(posts, roomy=console.width >= _ROOMY_COLUMNS))


def list_posts_json(file: Path, stream: TextIO) -> None:
    """The same as a JSON list; `held` says of a post that waits why nothing is sent at present.

    Raises:
        OutboxError: the outbox can't be used.
    """
    posts, hold = _read(file)
    json.dump([_as_json(post, hold) for post in posts], stream, indent=2, ensure_ascii=False)
    stream.write("\n")


def retry_posts(file: Path, ids: Sequence[int], console: Console) -> None:
    """Makes these posts due now, or without any all that failed and were not cancelled; ends a pause.

    Raises:
        OutboxError: the outbox can't be used, or one of them is missing or can't be tried again; then none is changed.
    """
    with _existing(file) as outbox:
        _change(outbox, ids, (PostState.DEAD, PostState.READY), outbox.retry, "neither dead nor waiting")
        count = len(set(ids)) or outbox.retry_failed()
        outbox.release()
    console.print(f"{_posts(count)} due now", highlight=False)


def cancel_posts(file: Path, ids: Sequence[int], console: Console) -> None:
    """Keeps posts that wait from being sent; their pictures stay.

    Raises:
        OutboxError: the outbox can't be used, or one of them is missing or doesn't wait; then none is changed.
    """
    with _existing(file) as outbox:
        _change(outbox, ids, (PostState.READY,), outbox.cancel, "not waiting to be sent")
    console.print(f"{_posts(len(set(ids)))} {CANCELLED}", highlight=False)


def purge_posts(file: Path, older_than_days: float, console: Console) -> None:
    """Forgets posts that were done or dead that long ago; their pictures stay.

    Raises:
        OutboxError: the outbox can't be used.
    """
    with _existing(file) as outbox:
        count = outbox.purge(older_than_days * _DAY_S)
    console.print(f"{_posts(count)} forgotten; the pictures stay", highlight=False)


def _read(file: Path) -> tuple[list[Post], Hold | None]:
    if not file.exists():
        return [], None
    with Outbox(file) as outbox:
        return outbox.posts(), outbox.current_hold()


def _table(posts: list[Post], roomy: bool) -> Table:
    table = Table("id", "state", "tries", "taken", expand=not roomy)
    if roomy:
        for heading in ("text", "last error", "picture"):
            table.add_column(heading)
    else:
        table.add_column("last error, or text", no_wrap=True, ratio=1)
        table.caption = "murai outbox list --json tells all"
    for post in posts:
        state = f"[{_COLOURS[post.state]}]{post.state}[/]"
        taken = f"{_local(post.created_unix_s):%Y-%m-%d %H:%M}"
        told = (post.text, post.last_error, post.picture.name) if roomy else (_one_line(post.last_error or post.text),)
        # Escaped: what others wrote may hold square brackets.
        table.add_row(str(post.id), state, str(post.attempts), taken, *(escape(part) for part in told))
    return table


def _change(
    outbox: Outbox, ids: Sequence[int], states: Sequence[PostState], change: Callable[[int], bool], otherwise: str
) -> None:
    """Changes these posts, or none where one is missing or in no such state; `otherwise` says so."""
    known = {post.id: post.state for post in outbox.posts()}
    for post_id in ids:
        if post_id not in known:
            raise OutboxError(f"there is no post {post_id}", "see murai outbox list")
        if known[post_id] not in states:
            raise OutboxError(f"post {post_id} is {known[post_id]}, {otherwise}", "see murai outbox list")
    for post_id in set(ids):
        if not change(post_id):  # the show took it meanwhile
            raise OutboxError(f"post {post_id} is now {otherwise}", "see murai outbox list")


def _existing(file: Path) -> Outbox:
    if not file.exists():
        raise OutboxError(f"there is no outbox {file} yet", "check outbox.file, or take a picture first")
    return Outbox(file)


def _as_json(post: Post, hold: Hold | None) -> dict[str, Any]:
    facts = asdict(post)
    del facts["media"]
    waits = post.state in (PostState.READY, PostState.SENDING)
    held = _held(hold) if hold is not None and waits else None
    return facts | {"state": str(post.state), "picture": str(post.picture), "held": held}


def _held(hold: Hold) -> str:
    kind = "paused" if hold.needs_somebody else "waiting"
    return f"{kind} until {_local(hold.until_unix_s):%Y-%m-%d %H:%M:%S}: {hold.reason}"


def _local(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s).astimezone()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _posts(count: int) -> str:
    return f"{count} post" if count == 1 else f"{count} posts"
