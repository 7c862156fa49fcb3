"""The outbox's SQLite file: its schema, its opening, and what is said of a file that can't be used."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from murai.errors import OutboxError

VERSION = 1
_APPLICATION_ID = 0x4D755261  # "MuRa": a stranger's database is not written to
_PATIENCE_S = 5.0

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS post (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'sending', 'done', 'dead')),
    picture TEXT NOT NULL,
    text TEXT NOT NULL UNIQUE,
    alt_text TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before_unix_s REAL NOT NULL,
    created_unix_s REAL NOT NULL,
    changed_unix_s REAL NOT NULL,
    media_id TEXT,
    media_until_unix_s REAL,
    last_error TEXT NOT NULL DEFAULT '',
    public_id TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS post_due ON post (state, not_before_unix_s);
CREATE TABLE IF NOT EXISTS hold (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    reason TEXT NOT NULL,
    needs_somebody INTEGER NOT NULL,
    since_unix_s REAL NOT NULL,
    until_unix_s REAL NOT NULL
) STRICT;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {VERSION};
COMMIT;
"""

_REMEDIES = {
    sqlite3.SQLITE_FULL: "free some space on that disk",
    sqlite3.SQLITE_READONLY: "let this user write to it and to its folder, or set outbox.file",
    sqlite3.SQLITE_CANTOPEN: "let this user write to it and to its folder, or set outbox.file",
    sqlite3.SQLITE_PERM: "let this user write to it and to its folder, or set outbox.file",
    sqlite3.SQLITE_BUSY: "another program holds it: close that one",
    sqlite3.SQLITE_IOERR: "check that disk",
}
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_MOVE_AWAY = "move it away with its -wal and -shm files, then start again; the pictures stay where they are"


def open_file(file: Path) -> sqlite3.Connection:
    """A connection for any thread, one at a time, to a whole outbox of this version.

    Each statement is its own transaction, on the disk when it returns.

    Raises:
        OutboxError: the file can't be made, written or read, or is none of ours.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise OutboxError(f"can't make {file.parent}: {fault.strerror}", "set outbox.file") from fault
    try:
        connection = sqlite3.connect(file, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
        try:
            _set_up(connection, file)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as fault:
        raise explain(fault, file) from fault
    return connection


def explain(fault: sqlite3.Error, file: Path) -> OutboxError:
    """What SQLite said, with what to do about it."""
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED:
        return OutboxError(f"the outbox {file} is damaged: {fault}", _MOVE_AWAY)
    return OutboxError(f"the outbox {file} can't be used: {fault}", _REMEDIES.get(code, "report this fault"))


def _set_up(connection: sqlite3.Connection, file: Path) -> None:
    connection.row_factory = sqlite3.Row
    _check_owner(connection, file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if _pragma(connection, "user_version") == 0:
        connection.executescript(_SCHEMA)
    with closing(connection.execute("PRAGMA quick_check(1)")) as answer:
        found = answer.fetchone()[0]
    if found != "ok":
        raise OutboxError(f"the outbox {file} is damaged: {found}", _MOVE_AWAY)


def _check_owner(connection: sqlite3.Connection, file: Path) -> None:
    version = _pragma(connection, "user_version")
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        return
    if _pragma(connection, "application_id") != _APPLICATION_ID:
        raise OutboxError(f"{file} is another program's database", "set outbox.file to one of its own")
    if version > VERSION:
        raise OutboxError(
            f"a newer Murai wrote the outbox {file} (version {version}; this one reads {VERSION})",
            "update Murai, or set outbox.file to a new one",
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
