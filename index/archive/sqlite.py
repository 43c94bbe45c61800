"""All that is particular to SQLite: how a connection is opened, begun, and kept out of forked children."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

BUSY_SECONDS = 30.0  # three processes that only write waited 0.33 s at most; more means that one hangs
WRITER_CACHE = 64 * 1024  # KiB: an article's signature goes to 32 places of an index, of which 2 MiB hold a few
READER_CACHE = 2 * 1024  # KiB, SQLite's own default
JOURNAL_BYTES = 64 * 1024 * 1024  # to which the WAL file is cut back after a checkpoint
# In the WAL before they go to the file. With SQLite's 1,000, pages of the signatures' index, of which each article
# touches 32, would be written anew for every few articles.
CHECKPOINT_PAGES = JOURNAL_BYTES // 4096
MAGIC = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html#magic_header_string

_orphans: list[
    Engine
] = []  # of a parent: SQLite forbids even closing them, https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_


def open_engine(path: Path, *, writer: bool) -> Engine:
    """An engine over this file, whose transactions begin IMMEDIATE for the writer and are read-only otherwise."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
        json_serializer=lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        pool_size=1 if writer else 5,
        max_overflow=0 if writer else -1,
    )
    begin = "BEGIN IMMEDIATE" if writer else "BEGIN"

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        # A commit is on disk when it returns, so that what it refers to (WARC, index) is never ahead of it.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # what is forgotten is overwritten, not only unlinked
        connection.execute(f"PRAGMA journal_size_limit={JOURNAL_BYTES}")
        connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE if writer else READER_CACHE}")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        if not writer:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        # The driver would begin at the first INSERT, after the reads that decided it: then the upgrade of the lock
        # fails at once, whatever the timeout.
        connection.exec_driver_sql(begin)

    return engine


def abandon(engine: Engine) -> None:
    """Leave a parent's connections alone for good, in its child."""
    _orphans.append(engine)
    engine.dispose(close=False)


def journal(path: Path) -> Path:
    """The write-ahead log of a database."""
    return path.with_name(path.name + "-wal")


def set_wal(path: Path) -> None:
    """Switch a database to write-ahead logging; the file remembers it."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def empty_journal(path: Path) -> bool:
    """Bring the write-ahead log into the database and cut it to nothing, so that it holds nothing that was deleted.

    False where a reader stood in the way."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        blocked, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not blocked
    finally:
        connection.close()


def is_database(path: Path) -> bool:
    """Whether the file begins as every SQLite database does."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


_CAUSES = {
    sqlite3.SQLITE_CORRUPT: "is damaged: restore it from a backup; its raw copies can fill a new one",
    sqlite3.SQLITE_NOTADB: "is no SQLite database: move it away, or restore it from a backup",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full, free some space",
    sqlite3.SQLITE_READONLY: "cannot be written: make the file and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: make the file and its folder readable and writable",
    sqlite3.SQLITE_BUSY: f"was locked by another process for {BUSY_SECONDS:.0f} s: end the one that hangs",
    sqlite3.SQLITE_IOERR: "cannot be read or written: look at the disk",
}


def blames_file(error: sqlite3.Error) -> bool:
    """Whether the error is of the file, disk or lock, and not of one statement."""
    return _code(error) in _CAUSES


def explain(error: sqlite3.Error, path: Path) -> str:
    """What happened to the archive and what to do, in a sentence."""
    return f"archive {path} {_CAUSES.get(_code(error), 'failed')} ({error})"


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", -1) & 0xFF  # without the extended part
