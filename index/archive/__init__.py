"""The archive: the store of record. One SQLite file, one writer thread a process, any number of readers.

The groups of tables are modules of functions that take a Connection first, so that several go into one transaction:

    archive.write(lambda connection: articles.store(connection, page), lease=lease).result()
    with archive.read() as connection:
        documents.documents(connection, ids)
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from index.archive import leases, migrate, sqlite
from index.errors import ArchiveError

__all__ = ["Archive"]

T = TypeVar("T")
_open: weakref.WeakSet[Archive] = weakref.WeakSet()


class Archive:
    """The archive in this file, created where there is none and brought to today's tables.

    May be used from any thread, pickled to a spawned process, and used on in a forked one if no other thread was in it
    at the fork. Raises ArchiveError where the file is damaged, newer than this program, no archive or not writable: it
    never starts an empty one instead.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).absolute()
        migrate.prepare(self.path)
        self._connect()
        _open.add(self)

    def _connect(self) -> None:
        self._writer = sqlite.open_engine(self.path, writer=True)
        self._reader = sqlite.open_engine(self.path, writer=False)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive-writer")

    def write(self, fn: Callable[[Connection], T], lease: leases.Lease | None = None) -> Future[T]:
        """What `fn` gives for a connection, in a transaction of its own, on disk when the future is done.

        Transactions of a process run in the order of the calls. An error of `fn` rolls back and is the future's;
        LeaseLost if `lease` is no longer ours, ArchiveError if the file cannot be written.
        """
        return self._thread.submit(self._transact, fn, lease)

    def _transact(self, fn: Callable[[Connection], T], lease: leases.Lease | None) -> T:
        with self._translating_errors(), self._writer.begin() as connection:
            if lease is not None:
                leases.check(connection, lease)
            return fn(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees the archive as it is now, unchanged for the length of the block; it cannot write."""
        with self._translating_errors(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            cause = error.orig
            # A broken constraint or statement is a fault of ours in one transaction, and none of the file
            if isinstance(cause, sqlite3.DatabaseError) and sqlite.blames_file(cause):
                raise ArchiveError(sqlite.explain(cause, self.path)) from error
            raise

    def close(self) -> None:
        """Finish what was asked to be written, then let go of the file."""
        self._thread.shutdown()
        self._engines(Engine.dispose)

    def _engines(self, fn: Callable[[Engine], None]) -> None:
        for engine in (self._writer, self._reader):
            fn(engine)

    def _forked(self) -> None:
        self._engines(sqlite.abandon)
        self._connect()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[Archive], tuple[Path]]:
        return Archive, (self.path,)


def _after_fork() -> None:
    for archive in list(_open):
        archive._forked()


os.register_at_fork(after_in_child=_after_fork)
