"""Where an archive lives, and what its transactions rest on there: a SQLite file, or a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from index.archive import migrate, sqlite
from index.errors import ArchiveError
from index.file_lock import hold
from index.model.message import Message

POLL = 1.0  # s between two looks at what nobody announces

T = TypeVar("T")
Wait = Callable[[Event], None]  # returns when articles may have changed, or the event is set
StillHeld = Callable[[], None]  # makes sure that a lock is held; raises Busy when it was lost to another process


class Database(Protocol):
    """A place for an archive. It can be pickled, and opened from several processes at once."""

    @property
    def name(self) -> str:
        """What people call it: a path, or a URL without its password."""

    @property
    def folder(self) -> Path:
        """The folder of what lies on this machine's disk beside the archive: lock files and raw responses."""

    @property
    def shared(self) -> bool:
        """Whether several machines may crawl into it at once."""

    def prepare(self) -> None:
        """Create the archive, or bring it to the current schema.

        :raises ArchiveError: when it is damaged, newer than this program, not an archive or not writable.
        """

    def exists(self) -> bool:
        """Whether there is an archive; none is created.

        :raises ArchiveError: when that cannot be found out.
        """

    def identity(self) -> object:
        """Equal as long as the name leads to the same archive."""

    def open_engine(self, *, writer: bool) -> Engine:
        """Connections to it; those that are not a writer's are read-only and see one snapshot in a transaction."""

    def transact(self, writer: Engine, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction and return its result once that is committed; if it raises, nothing is."""

    def ask(self, reader: Engine, work: Callable[[Connection], T]) -> T:
        """Return the result of `work` on one snapshot."""

    def explain(self, error: DBAPIError) -> ArchiveError | None:
        """The error for people if the place is to blame; None if a statement is."""

    def purge(self) -> Message | None:
        """Remove what was deleted from what the database keeps beside its tables; return where it still is, and what
        removes it there, or None if it is nowhere."""

    def lock(self, name: str) -> AbstractContextManager[StillHeld]:
        """Hold a lock of this name among all that use the archive, for the duration of the block, which is given a
        function to make sure of that now and then: a lock in a server ends with the connection.

        :raises Busy: when another process holds it.
        """

    def daemon_lock(self, machine: str) -> AbstractContextManager[StillHeld]:
        """Hold the lock of the only daemon, or where it is shared of the one of this machine, as `lock` does.

        :raises Busy: when another process holds it, or `lock("daemon")`.
        """

    def changes(self) -> AbstractContextManager[Wait]:
        """What waits for others to change articles: what they do between two calls ends the second one at once."""


@dataclass(frozen=True)
class SqliteFile:
    """An archive in a file, with its lock files beside it."""

    path: Path
    shared = False

    @property
    def name(self) -> str:
        """The path of the file."""
        return str(self.path)

    @property
    def folder(self) -> Path:
        """The folder of the file."""
        return self.path.parent

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.path.exists()

    def prepare(self) -> None:
        """Create the file or migrate it."""
        migrate.prepare(self.path)

    def identity(self) -> tuple[int, int] | None:
        """The file that the path leads to, whatever its name: a restored archive is another. None if there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def open_engine(self, *, writer: bool) -> Engine:
        """Connections to the file."""
        return sqlite.open_engine(self.path, writer=writer)

    def transact(self, writer: Engine, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction that began IMMEDIATE."""
        with writer.begin() as connection:
            return work(connection)

    def ask(self, reader: Engine, work: Callable[[Connection], T]) -> T:
        """Return the result of `work` in a read transaction."""
        with reader.begin() as connection:
            return work(connection)

    def explain(self, error: DBAPIError) -> ArchiveError | None:
        """What is wrong with the file, the disk or a lock."""
        return sqlite.explained(error, self.path)

    def purge(self) -> Message | None:
        """Empty the journal."""
        return None if sqlite.empty_journal(self.path) else Message("archive.left_in_journal")

    @contextmanager
    def lock(self, name: str) -> Iterator[StillHeld]:
        """A lock on a file beside the archive."""
        with hold(self.folder / f"{name}.lock", wait=False):
            yield lambda: None

    def daemon_lock(self, machine: str) -> AbstractContextManager[StillHeld]:  # noqa: ARG002
        """The lock of the only daemon."""
        return self.lock("daemon")

    @contextmanager
    def changes(self) -> Iterator[Wait]:
        """A file announces nothing."""

        def wait(stop: Event) -> None:
            stop.wait(POLL)

        yield wait
