"""What stands in the outbox."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class PostState(StrEnum):
    READY = "ready"
    SENDING = "sending"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class NewPost:
    """A picture to be posted.

    code: in `text` too; no two posts share one.
    wait_s: not sent before that, so that it can be cancelled.
    """

    code: str
    picture: Path
    text: str
    alt_text: str
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Media:
    """A picture that the other side has, not yet in a post.

    until_unix_s: wall clock; afterwards the other side has forgotten it.
    """

    id: str
    until_unix_s: float


@dataclass(frozen=True, slots=True)
class Post:
    """A post as it stood when it was read. Times are wall clock, seconds since 1970.

    attempts: how often it was tried, the present try included.
    last_error: why the last try failed, or why it is dead; empty where nothing went wrong.
    public_id, url: empty until it is done, and where only "duplicate" is known.
    """

    id: int
    code: str
    state: PostState
    picture: Path
    text: str
    alt_text: str
    attempts: int
    not_before_unix_s: float
    created_unix_s: float
    changed_unix_s: float
    media: Media | None
    last_error: str
    public_id: str
    url: str

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Post:
        known = row["media_id"] is not None
        return cls(
            id=row["id"],
            code=row["code"],
            state=PostState(row["state"]),
            picture=Path(row["picture"]),
            text=row["text"],
            alt_text=row["alt_text"],
            attempts=row["attempts"],
            not_before_unix_s=row["not_before_unix_s"],
            created_unix_s=row["created_unix_s"],
            changed_unix_s=row["changed_unix_s"],
            media=Media(row["media_id"], row["media_until_unix_s"]) if known else None,
            last_error=row["last_error"],
            public_id=row["public_id"],
            url=row["url"],
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing at all is sent. Times are wall clock, seconds since 1970.

    needs_somebody: the account or its keys have to be seen to; otherwise it only takes time.
    until_unix_s: when it is tried again.
    """

    reason: str
    needs_somebody: bool
    since_unix_s: float
    until_unix_s: float

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Hold:
        return cls(row["reason"], bool(row["needs_somebody"]), row["since_unix_s"], row["until_unix_s"])
