"""Everything specific to SQLite: opening connections, beginning transactions, abandoning both in forked children."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from index.archive.column_types import to_json
from index.errors import ArchiveError

FILE = "archive.sqlite3"  # the archive's name in its data folder
BUSY_SECONDS = 30.0  # three processes that did nothing but write waited 0.33 s at most; longer means that one hangs
WRITER_CACHE = 64 * 1024  # KiB: a signature touches 32 places in an index, of which 2 MiB can hold only a few
READER_CACHE = 2 * 1024  # KiB, SQLite's own default
JOURNAL_BYTES = 64 * 1024 * 1024  # the WAL file is truncated to this after a checkpoint
# Pages in the WAL before a checkpoint. With SQLite's default of 1,000, the pages of the signatures' index, of which
# each article touches 32, would be rewritten every few articles.
CHECKPOINT_PAGES = JOURNAL_BYTES // 4096

# A parent's engines, kept because SQLite forbids a child even to close them:
# https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_
_orphans: list[Engine] = []


def open_engine(path: Path, *, writer: bool) -> Engine:
    """A SQLAlchemy engine for this file; a writer's transactions begin IMMEDIATE, all others are read-only."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
        json_serializer=to_json,
        pool_size=1 if writer else 5,
        max_overflow=0 if writer else -1,
    )
    begin = "BEGIN IMMEDIATE" if writer else "BEGIN"

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        # A commit is on disk when it returns, so that indexes and WARC files never depend on one that gets lost.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # erased data is overwritten, not only unlinked
        connection.execute(f"PRAGMA journal_size_limit={JOURNAL_BYTES}")
        connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE if writer else READER_CACHE}")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        if not writer:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        # The driver would begin the transaction at the first INSERT, after the reads that led to it; upgrading the lock
        # then fails at once, whatever the timeout.
        connection.exec_driver_sql(begin)

    return engine


def abandon(engine: Engine) -> None:
    """Abandon a parent's connections in its child, without ever closing them."""
    _orphans.append(engine)
    engine.dispose(close=False)


def journal(path: Path) -> Path:
    """The path of a database's write-ahead log."""
    return path.with_name(path.name + "-wal")


def set_wal(path: Path) -> None:
    """Switch a database to write-ahead logging, a setting that its file retains."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def empty_journal(path: Path) -> bool:
    """Checkpoint the write-ahead log and truncate it to zero bytes, so that no deleted data remains in it.

    Returns whether that succeeded: it does not while a reader holds it up.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        blocked, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not blocked
    finally:
        connection.close()


def is_database(path: Path) -> bool:
    """Whether SQLite takes the file for a database. It alone opens the file: closing it otherwise would drop the locks
    of an archive that this process has open (https://www.sqlite.org/howtocorrupt.html, 2.2), and the next process that
    closes it would take the journal away.
    """
    if not path.stat().st_size:
        return False
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA schema_version")
    except sqlite3.DatabaseError as error:
        if _code(error) != sqlite3.SQLITE_NOTADB:
            raise
        return False
    finally:
        connection.close()
    return True


_CAUSES = {
    sqlite3.SQLITE_CORRUPT: "is damaged: restore it from a backup; its raw copies can fill a new one",
    sqlite3.SQLITE_NOTADB: "is no SQLite database: move it away, or restore it from a backup",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full, free some space",
    sqlite3.SQLITE_READONLY: "cannot be written: make the file and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: make the file and its folder readable and writable",
    sqlite3.SQLITE_BUSY: f"was locked by another process for {BUSY_SECONDS:.0f} s: end the one that hangs",
    sqlite3.SQLITE_IOERR: "cannot be read or written: look at the disk",
}


def explained(error: DBAPIError, path: Path) -> ArchiveError | None:
    """The error for people if the file, the disk or a lock is its cause, rather than one statement; else None."""
    cause = error.orig
    if isinstance(cause, sqlite3.DatabaseError) and _code(cause) in _CAUSES:
        return ArchiveError(explain(cause, path))
    return None


def explain(error: sqlite3.Error, path: Path) -> str:
    """What happened to the archive and what to do, in a sentence."""
    return f"archive {path} {_CAUSES.get(_code(error), 'failed')} ({error})"


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", -1) & 0xFF  # without the extended bits
