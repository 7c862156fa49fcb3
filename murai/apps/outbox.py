"""What `murai outbox` does: the posts that wait, were sent or failed, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
_COLOURS = {PostState.READY: "yellow", PostState.SENDING: "cyan", PostState.DONE: "green", PostState.DEAD: "red"}


def list_posts(file: Path, console: Console) -> None:
    """A table of all posts, and above it why nothing is sent at present.

    Raises:
        OutboxError: the outbox can't be used.
    """
    posts, hold = _read(file)
    if hold is not None:
        console.print(f"[bold]{escape(_held(hold))}[/bold]", highlight=False)
    if not posts:
        console.print(escape(f"no posts in {file}"), highlight=False)
        return
    table = Table("id", "state", "tries", "taken", "text", "last error", "picture")
    for post in posts:
        state = f"[{_COLOURS[post.state]}]{post.state}[/]"
        taken = f"{_local(post.created_unix_s):%Y-%m-%d %H:%M}"
        # Escaped: what others wrote may hold square brackets.
        told = (escape(part) for part in (post.text, post.last_error, post.picture.name))
        table.add_row(str(post.id), state, str(post.attempts), taken, *told)
    console.print(table)


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
        OutboxError: the outbox can't be used, or has no such post that could be tried again.
    """
    with _existing(file) as outbox:
        for post_id in ids:
            if not outbox.retry(post_id):
                raise OutboxError(f"post {post_id} is neither dead nor waiting", "see murai outbox list")
        count = len(ids) or outbox.retry_failed()
        outbox.release()
    console.print(f"{_posts(count)} due now", highlight=False)


def cancel_posts(file: Path, ids: Sequence[int], console: Console) -> None:
    """Keeps posts that wait from being sent; their pictures stay.

    Raises:
        OutboxError: the outbox can't be used, or one of them doesn't wait.
    """
    with _existing(file) as outbox:
        for post_id in ids:
            if not outbox.cancel(post_id):
                raise OutboxError(f"post {post_id} doesn't wait to be sent", "see murai outbox list")
    console.print(f"{_posts(len(ids))} {CANCELLED}", highlight=False)


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


def _posts(count: int) -> str:
    return f"{count} post" if count == 1 else f"{count} posts"
