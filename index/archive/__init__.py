"""The archive, Arshif's system of record: a SQLite file or a PostgreSQL database, with one writer thread per process
and any number of readers.

Each group of tables has a module of functions that take a Connection first, so that one transaction can combine them:

    archive.write(lambda connection: articles.store(connection, page), lease=lease).result()
    with archive.read() as connection:
        documents.documents(connection, ids)
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from index.archive import heartbeat, leases, near_window, sqlite
from index.archive.database import Database, SqliteFile
from index.archive.near_window import NearWindow
from index.errors import ArchiveError
from index.model.message import Message

__all__ = ["Archive"]

T = TypeVar("T")
_open: weakref.WeakSet[Archive] = weakref.WeakSet()


class Archive:
    """The archive in a file, or in a database, which is created if missing and migrated to the current schema.

    Safe to use from any thread and to pickle to a spawned process. A forked child can go on using it, provided no
    other thread was using it at the time of the fork. Near-duplicates are looked for among articles within `near`.

    :raises ArchiveError: when the file is damaged, newer than this program, not an archive or not writable; it is never
        replaced by an empty one.
    """

    def __init__(self, place: Path | str | Database, near: NearWindow | None = None) -> None:
        self.database = SqliteFile(Path(place).absolute()) if isinstance(place, Path | str) else place
        self.near = near or NearWindow()
        self.database.prepare()
        self._connect()
        _open.add(self)

    @property
    def name(self) -> str:
        """Where the archive is, for people to read."""
        return self.database.name

    @property
    def folder(self) -> Path:
        """The folder of what lies on this machine's disk beside the archive."""
        return self.database.folder

    @property
    def path(self) -> Path:
        """The archive's file.

        :raises ArchiveError: when it is in a database server, where what asks for a file cannot be done.
        """
        if isinstance(self.database, SqliteFile):
            return self.database.path
        raise ArchiveError(Message("archive.no_file", {"name": self.name}))

    def _connect(self) -> None:
        self._identity = self.database.identity()
        self._writer = self.database.open_engine(writer=True)
        self._reader = self.database.open_engine(writer=False)
        self._engines(lambda engine: near_window.use(engine, self.near))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive-writer")

    def write(self, fn: Callable[[Connection], T], lease: leases.Lease | None = None) -> Future[T]:
        """Run `fn` in a transaction of its own and return its result as a future, done once the commit is on disk.

        Within a process, transactions run in the order of the calls. If `fn` raises, the transaction is rolled back.
        In PostgreSQL, `fn` may be called again where nothing of it was committed: it must not depend on how often.
        The future raises that error, and these:

        :raises LeaseLost: when `lease` is no longer ours.
        :raises ArchiveError: when the file cannot be written.
        """
        return self._thread.submit(self._transact, fn, lease)

    def _transact(self, fn: Callable[[Connection], T], lease: leases.Lease | None) -> T:
        def work(connection: Connection) -> T:
            if self.database.identity() != self._identity:
                raise ArchiveError(Message("archive.replaced", {"path": self.name}))
            if lease is not None:
                leases.check(connection, lease)
            return fn(connection)

        with self._translating_errors():
            return self.database.transact(self._writer, work)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only connection that sees one snapshot of the archive for the duration of the block.

        :raises ArchiveError: when the file cannot be read.
        """
        with self._translating_errors(), self._reader.begin() as connection:
            yield connection

    def ask(self, fn: Callable[[Connection], T]) -> T:
        """The result of `fn`, called with a connection as `read` gives it. Where a server was lost, which may be
        starting anew, it is called again for up to a minute.

        :raises ArchiveError: when the archive cannot be read.
        """
        with self._translating_errors():
            return self.database.ask(self._reader, fn)

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            # A violated constraint or a faulty statement is our bug in one transaction; the place is not to blame
            if told := self.database.explain(error):
                raise told from error
            raise

    def close(self) -> None:
        """Finish all pending writes, then close the file."""
        self._thread.shutdown()
        heartbeat.stop(self._writer)
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

    def __reduce__(self) -> tuple[type[Archive], tuple[Database, NearWindow]]:
        return Archive, (self.database, self.near)


def _after_fork() -> None:
    for archive in list(_open):
        archive._forked()


os.register_at_fork(after_in_child=_after_fork)
