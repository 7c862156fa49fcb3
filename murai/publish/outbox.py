"""Posts that wait, were sent or failed, in one SQLite file that survives a power cut.

    add ──▶ ready ──claim──▶ sending ──done──▶ done
             │ ▲ ▲               │ │
      cancel │ │ └─ later, give_back, recover
             ▼ │                   │
            dead ◀──────dead───────┘      retry: dead ──▶ ready

Only the publisher that claimed a post takes it out of `sending`, or `recover` at the start of a show.
So a kill at any point leaves each post in a state that leads on.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from murai.config import OutboxConfig
from murai.core.paths import state_folder
from murai.publish.outbox_file import explain, open_file
from murai.publish.posts import Hold, Media, NewPost, Post

CANCELLED = "cancelled"


def outbox_file(config: OutboxConfig) -> Path:
    """The outbox: as configured, or in the user's state folder."""
    return config.file or state_folder() / "outbox.sqlite"


class Outbox:
    """The queue of posts. Any thread may call any method, and other processes may have the file open too.

    Every method that changes something returns when the change is on the disk, so none belongs in
    the thread that draws. Each raises OutboxError where the file can't be used.

    file: made, with its folder, where it is missing.
    clock: wall clock, seconds since 1970.
    """

    def __init__(self, file: Path, clock: Callable[[], float] = time.time) -> None:
        self.file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = open_file(file)

    def __enter__(self) -> Outbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    # What the show does.

    def recover(self) -> int:
        """At the start of a show: `sending` goes back to `ready`, and whoever paused gets another try.

        Returns how many posts a killed show had been sending.
        """
        self._run("DELETE FROM hold WHERE needs_somebody")
        return self._run("UPDATE post SET state = 'ready', changed_unix_s = ? WHERE state = 'sending'", self._clock())

    def add(self, post: NewPost) -> int:
        """Queues a post and returns its id."""
        now_s = self._clock()
        rows = self._rows(
            "INSERT INTO post (code, picture, text, alt_text, not_before_unix_s, created_unix_s, changed_unix_s)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
            *(post.code, str(post.picture.absolute()), post.text, post.alt_text, now_s + post.wait_s, now_s, now_s),
        )
        return int(rows[0]["id"])

    def has_code(self, code: str) -> bool:
        return bool(self._rows("SELECT 1 FROM post WHERE code = ?", code))

    def cancel(self, post_id: int) -> bool:
        """Keeps a post from being sent; False where it is too late or there is no such post."""
        return bool(
            self._run(
                "UPDATE post SET state = 'dead', last_error = ?, changed_unix_s = ? WHERE id = ? AND state = 'ready'",
                *(CANCELLED, self._clock(), post_id),
            )
        )

    # What the publisher does.

    def claim(self) -> Post | None:
        """Takes the next post that is due, fresh ones first, as `sending`; counts an attempt."""
        now_s = self._clock()
        rows = self._rows(
            "UPDATE post SET state = 'sending', attempts = attempts + 1, changed_unix_s = ?1 WHERE id ="
            " (SELECT id FROM post WHERE state = 'ready' AND not_before_unix_s <= ?1 ORDER BY attempts, id LIMIT 1)"
            " RETURNING *",
            now_s,
        )
        return Post.from_row(rows[0]) if rows else None

    def keep_media(self, post_id: int, media: Media | None) -> None:
        """Remembers what was uploaded for a post, or with None forgets it."""
        self._run(
            "UPDATE post SET media_id = ?, media_until_unix_s = ? WHERE id = ?",
            *((media.id, media.until_unix_s) if media else (None, None)),
            post_id,
        )

    def done(self, post_id: int, public_id: str, url: str) -> None:
        """It is public. Both are empty where only Twitter's word for a duplicate is known."""
        self._leave_sending(post_id, "state = 'done', last_error = '', public_id = ?, url = ?", public_id, url)

    def dead(self, post_id: int, reason: str) -> None:
        """It will not be tried again by itself."""
        self._leave_sending(post_id, "state = 'dead', last_error = ?", reason)

    def later(self, post_id: int, wait_s: float, reason: str) -> None:
        """It failed and is tried again after `wait_s`."""
        until_s = self._clock() + wait_s
        self._leave_sending(post_id, "state = 'ready', last_error = ?, not_before_unix_s = ?", reason, until_s)

    def give_back(self, post_id: int, reason: str) -> None:
        """It could not be tried, for no fault of its own: the attempt doesn't count."""
        self._leave_sending(post_id, "state = 'ready', last_error = ?, attempts = max(attempts - 1, 0)", reason)

    def hold(self, hold: Hold) -> None:
        """Nothing is sent until then. `since_unix_s` of a hold for the same kind of reason stays."""
        self._run(
            "INSERT INTO hold (only_one, reason, needs_somebody, since_unix_s, until_unix_s) VALUES (1, ?1, ?2, ?3, ?4)"
            " ON CONFLICT (only_one) DO UPDATE SET reason = ?1, needs_somebody = ?2, until_unix_s = ?4,"
            " since_unix_s = CASE WHEN needs_somebody = ?2 THEN since_unix_s ELSE ?3 END",
            *(hold.reason, hold.needs_somebody, hold.since_unix_s, hold.until_unix_s),
        )

    def release(self) -> None:
        """Sending goes on."""
        self._run("DELETE FROM hold")

    def current_hold(self) -> Hold | None:
        """Why nothing is sent, also after `until_unix_s`, until a post went through or somebody said `retry`."""
        rows = self._rows("SELECT * FROM hold")
        return Hold.from_row(rows[0]) if rows else None

    # What people do.

    def posts(self) -> list[Post]:
        """All of them, oldest first."""
        return [Post.from_row(row) for row in self._rows("SELECT * FROM post ORDER BY id")]

    def waiting(self) -> int:
        """How many are still to be sent."""
        return int(self._rows("SELECT count(*) AS n FROM post WHERE state IN ('ready', 'sending')")[0]["n"])

    def retry(self, post_id: int) -> bool:
        """Makes a post that is dead or waits due now, its attempts counted anew; False where it is neither."""
        return bool(
            self._run(
                "UPDATE post SET state = 'ready', attempts = 0, not_before_unix_s = 0, changed_unix_s = ?,"
                " last_error = CASE last_error WHEN ? THEN '' ELSE last_error END"
                " WHERE id = ? AND state IN ('dead', 'ready')",
                *(self._clock(), CANCELLED, post_id),
            )
        )

    def retry_failed(self) -> int:
        """Makes all due now that failed, but none that was cancelled; returns how many."""
        return self._run(
            "UPDATE post SET state = 'ready', attempts = 0, not_before_unix_s = 0, changed_unix_s = ?"
            " WHERE (state = 'dead' AND last_error != ?) OR (state = 'ready' AND attempts > 0)",
            *(self._clock(), CANCELLED),
        )

    def purge(self, older_than_s: float) -> int:
        """Forgets posts that were done or dead before then; their pictures stay. Returns how many."""
        return self._run(
            "DELETE FROM post WHERE state IN ('done', 'dead') AND changed_unix_s <= ?", self._clock() - older_than_s
        )

    def _leave_sending(self, post_id: int, change: str, *values: str | float) -> None:
        statement = f"UPDATE post SET {change}, changed_unix_s = ? WHERE id = ? AND state = 'sending'"
        self._run(statement, *values, self._clock(), post_id)

    def _run(self, statement: str, *values: str | float | None) -> int:
        with self._told() as connection:
            return connection.execute(statement, values).rowcount

    def _rows(self, statement: str, *values: str | float | None) -> Sequence[sqlite3.Row]:
        with self._told() as connection:
            rows: list[sqlite3.Row] = connection.execute(statement, values).fetchall()
            return rows

    @contextmanager
    def _told(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._connection
        except sqlite3.Error as fault:
            raise explain(fault, self.file) from fault
