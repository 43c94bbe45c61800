"""Everything specific to PostgreSQL, 16 or newer, through psycopg: connecting, creating the archive, transactions that
outlive a lost connection, and locks among machines.

A password comes from the environment (PGPASSWORD) or from a file (PGPASSFILE, ~/.pgpass, a service file), as libpq has
it: https://www.postgresql.org/docs/current/libpq-envars.html. It is never part of the URL.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NullPool, QueuePool, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, ResourceClosedError

from index.archive import data_folder, heartbeat, migrate
from index.archive.column_types import to_json
from index.archive.database import StillHeld, Wait
from index.archive.dialect import CHANNEL, transaction_number
from index.errors import ArchiveError, Busy
from index.file_lock import hold
from index.model.message import Message

T = TypeVar("T")

DRIVER = "postgresql+psycopg"
OLDEST = 160_000  # server_version_num: a sub-select without a name came with 16
CONNECT_SECONDS = 10
# After how many seconds without an answer the other end of a connection counts as gone, at either end: less than a
# process has to live (`heartbeat.LIFE`), so that a machine that was cut off holds no lock once its sites are free.
# Of the kernel's own, two hours: https://www.postgresql.org/docs/current/runtime-config-connection.html
GONE_SECONDS = 25
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
LOCK_SECONDS = 30  # for a row or an advisory lock; longer means that one hangs, as in SQLite
WAIT_SECONDS = 60.0  # for a database that does not answer: a restart, a failover
_PROGRAM = "arshif "  # what the names of our connections begin with
_BREATH = 1.0  # s between two looks at whether a process that waits for changes is to end
_SILENCE = 60  # such breaths after which it looks for changes although none was announced
_PAUSE = 0.25  # seconds between two attempts

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_AGAIN = {"40001", "40P01"}  # not serializable, deadlock: nothing was written, and the same may do now
_LOST = {"57P01", "57P02", "57P03", "25P03"}  # shut down, crashed, starting; silent for too long within a transaction
_BLAMED = {"55P03", "53100", "53300", "25006", "42501", "58030"}  # lock, disk full, connections, read-only, rights, I/O


@dataclass(frozen=True)
class PostgresqlDatabase:
    """An archive in a PostgreSQL database; WARC files and lock files are in `folder`, on this machine's disk. An empty
    folder `joins` those of other machines, if their raw copies are elsewhere."""

    url: str
    folder: Path
    joins: bool = False
    shared = True

    @property
    def name(self) -> str:
        """The URL, whose password would be shown as `***`."""
        return make_url(self.url).render_as_string(hide_password=True)

    def exists(self) -> bool:
        """Whether the database has our tables.

        :raises ArchiveError: when the server cannot be reached.
        """
        with self._reached() as engine, engine.connect() as conn:
            return migrate.version(conn) is not None

    def belongs(self) -> bool:
        """Whether the database, which has our tables, belongs to the folder.

        :raises ArchiveError: when the server cannot be reached.
        """
        with self._reached() as engine, engine.connect() as conn:
            return data_folder.owner(conn, self.folder) is True

    def identity(self) -> None:
        """A server does not open another database under a connection."""

    def prepare(self) -> None:
        """Create the tables in an empty database, or bring them to the current schema; it belongs to the folder then.

        :raises ArchiveError: when the server cannot be reached or used, or the database is not an archive of ours, or
            belongs to another folder.
        """
        with self._reached() as engine, engine.connect() as conn:
            ready = migrate.version(conn) == migrate.HEAD and data_folder.belong_together(conn, self.folder)
            if ready and not migrate.is_left(conn):
                return
        self.claim()

    def claim(self, *, instead_of_file: bool = False) -> None:
        """Prepare the database, whatever it is, and have it belong to the folder, also if that has an archive in a file
        of which it is to take the place.

        :raises ArchiveError: as `prepare` does.
        """
        with hold(self.folder / "database.lock", wait=True):
            with self._reached() as engine:
                with engine.begin() as conn:
                    self._upgrade(conn)
                    data_folder.claim(conn, self.folder, self.name, instead_of_file=instead_of_file, joins=self.joins)
                    left = migrate.is_left(conn)
                if left:
                    migrate.finish(engine)
            data_folder.settle(self.folder)

    def create(self) -> None:
        """Prepare the database, without having it belong to the folder."""
        with self._reached() as engine, engine.begin() as conn:
            self._upgrade(conn)

    @contextmanager
    def _reached(self) -> Iterator[Engine]:
        """Connections for a moment.

        :raises ArchiveError: when the server cannot be reached or used.
        """
        engine = self._engine(poolclass=NullPool)
        try:
            yield engine
        except DBAPIError as error:
            raise self.explain(error) or error from error
        finally:
            engine.dispose()

    def _upgrade(self, conn: Connection) -> None:
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('arshif migration'))"))
        found = migrate.version(conn)
        if found is None:
            self._check_server(conn)
            if inspect(conn).get_table_names():
                raise ArchiveError(Message("archive.foreign", {"name": self.name}))
            migrate.create(conn)
        elif found != migrate.HEAD:
            migrate.known(found, self.name)
            migrate.migrate(conn)

    def _check_server(self, conn: Connection) -> None:
        version, encoding, locale = conn.execute(
            text(
                "SELECT current_setting('server_version_num')::int, pg_encoding_to_char(encoding), datcollate"
                " FROM pg_database WHERE datname = current_database()"
            )
        ).one()
        if version < OLDEST:
            raise ArchiveError(Message("archive.old_server", {"name": self.name, "version": version // 10_000}))
        if encoding != "UTF8" or locale not in ("C", "POSIX"):
            raise ArchiveError(Message("archive.locale", {"name": self.name, "encoding": encoding, "locale": locale}))

    def open_engine(self, *, writer: bool) -> Engine:
        """Connections whose transactions are READ COMMITTED, or read-only and REPEATABLE READ, which is one snapshot.

        A writer has a second connection, for its heartbeat. It does not try a connection before each transaction, as
        one that was lost has that run again anyway (`transact`)."""
        size = {"pool_size": 2, "max_overflow": 0} if writer else {"pool_size": 5, "max_overflow": -1}
        engine = self._engine(poolclass=QueuePool, pool_pre_ping=not writer, **size)
        silence = round(heartbeat.SILENCE.total_seconds() * 1000) if writer else 0

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _: Any) -> None:
            import psycopg

            connection.autocommit = True
            connection.execute(f"SET idle_in_transaction_session_timeout = {silence}")
            connection.autocommit = False
            if not writer:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True

        return engine

    def _engine(self, **options: Any) -> Engine:
        at_server = _KEEPALIVES | {"user_timeout": GONE_SECONDS * 1000}
        noticed = " ".join(f"-c tcp_{name}={value}" for name, value in at_server.items())
        try:
            engine = create_engine(
                self.url,
                connect_args={
                    "connect_timeout": CONNECT_SECONDS,
                    **_KEEPALIVES,
                    "tcp_user_timeout": GONE_SECONDS * 1000,
                    "application_name": f"{_PROGRAM}{os.getpid()} on {socket.gethostname()}",
                    "options": f"-c lock_timeout={LOCK_SECONDS}s -c idle_session_timeout=0 -c jit=off -c timezone=UTC"
                    f" {noticed}",
                },
                json_serializer=to_json,
                **options,
            )
        except ModuleNotFoundError as error:
            raise ArchiveError(Message("archive.no_driver", {"name": self.name})) from error
        except (ArgumentError, ValueError) as error:  # such as ports that are none, in the query
            raise ArchiveError(Message("archive.no_server", {"name": self.name})) from error
        event.listen(engine, "connect", _adapt)
        return engine

    def transact(self, writer: Engine, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction and return its result once that is committed.

        Where nothing was committed because the connection was lost, or because of a deadlock, it is run again; where
        the connection was lost at the COMMIT, the server is asked what became of it.
        """
        end: float | None = None  # from the first failure on: this process may have been frozen before
        while True:
            committing = xid = None
            try:
                with writer.connect() as conn, conn.begin() as transaction:
                    result = work(conn)
                    xid = transaction_number(conn)
                    committing = True
                    transaction.commit()
                return result
            except DBAPIError as error:
                end = end or time.monotonic() + WAIT_SECONDS
                if committing and _is_lost(error):
                    if self._was_committed(writer, str(xid), end):
                        return result
                elif not _is_lost(error) and _state(error) not in _AGAIN:
                    raise
                if time.monotonic() > end:
                    raise
            time.sleep(_PAUSE)

    def ask(self, reader: Engine, work: Callable[[Connection], T]) -> T:
        """Return the result of `work` on one snapshot; where the connection was lost, it is run again."""
        end: float | None = None
        while True:
            try:
                with reader.begin() as conn:
                    return work(conn)
            except DBAPIError as error:
                end = end or time.monotonic() + WAIT_SECONDS
                if not _is_lost(error) or time.monotonic() > end:
                    raise
            time.sleep(_PAUSE)

    def _was_committed(self, engine: Engine, xid: str, end: float) -> bool:
        """What became of a transaction whose COMMIT got no answer.

        :raises ArchiveError: when the server cannot be asked in time.
        """
        while True:
            try:
                with engine.connect() as conn:
                    found = conn.execute(text("SELECT pg_xact_status(CAST(:xid AS xid8))"), {"xid": xid}).scalar_one()
                if found != "in progress":
                    return bool(found == "committed")
            except DBAPIError as error:
                if not _is_lost(error) or time.monotonic() > end:
                    raise ArchiveError(Message("archive.commit_unknown", {"name": self.name})) from error
            time.sleep(_PAUSE)

    def explain(self, error: DBAPIError) -> ArchiveError | None:
        """That the server cannot be reached, or refuses to write."""
        if _is_lost(error) or (_state(error) or "") in _BLAMED or error.connection_invalidated:
            said = " ".join(str(error.orig).split())
            return ArchiveError(Message("archive.unreachable", {"name": self.name, "error": said}))
        return None

    def purge(self) -> Message:
        """Remove nothing: deleted rows stay in the tables' files until VACUUM FULL, which locks everyone out for a long
        time, samples of them among the planner's statistics until ANALYZE before that, and all of it in the write-ahead
        log for as long as the server keeps it."""
        return Message("archive.left_on_server", {"name": self.name})

    def lock(self, name: str) -> AbstractContextManager[StillHeld]:
        """Hold an advisory lock on a connection of its own, so that it ends with the process, however that ends. Where
        the connection was lost, making sure of the lock takes it again.

        :raises Busy: when another process holds it.
        """
        return self._holding(name)

    def daemon_lock(self, machine: str) -> AbstractContextManager[StillHeld]:
        """Hold the lock of this machine's daemon, and with those of other machines `lock("daemon")`."""
        return self._holding(f"daemon {machine}", "daemon")

    @contextmanager
    def _holding(self, name: str, with_others: str = "") -> Iterator[StillHeld]:
        engine = self._engine(poolclass=NullPool, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
        held = [self._take(engine, name, with_others)]

        def make_sure() -> None:
            if not held[0].closed:
                try:
                    held[0].execute(text("SELECT 1"))
                    return
                except DBAPIError:  # nothing but a lost connection can make this fail
                    held[0].close()
            held[0] = self._take(engine, name, with_others)

        try:
            yield make_sure
        finally:
            with suppress(DBAPIError, ResourceClosedError):  # the connection was lost
                held[0].execute(_RELEASE)  # the server would do it later than its connection ends here
            held[0].close()
            engine.dispose()

    @contextmanager
    def changes(self) -> Iterator[Wait]:
        """A connection that LISTENs. After a minute of silence or a loss of it, it is time to look all the same."""
        import psycopg

        engine = self._engine(poolclass=NullPool, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)
        listening: Connection | None = None

        def wait(stop: Event) -> None:
            nonlocal listening
            try:
                if listening is None:
                    listening = engine.connect()
                    listening.exec_driver_sql(f"LISTEN {CHANNEL}")
                    return  # what was announced before it listened
                driver: Any = listening.connection.driver_connection
                for _ in range(_SILENCE):
                    if stop.is_set() or next(driver.notifies(timeout=_BREATH, stop_after=1), None) is not None:
                        return
            except (DBAPIError, psycopg.Error):  # nothing but a lost connection can make this fail
                if listening is not None:
                    listening.invalidate()
                    listening.close()
                    listening = None
                stop.wait(_BREATH)

        try:
            yield wait
        finally:
            if listening is not None:
                listening.close()
            engine.dispose()

    def _take(self, engine: Engine, name: str, with_others: str) -> Connection:
        """A connection that holds this lock, and the other one together with others."""
        try:
            conn = engine.connect()
            key = {"key": f"arshif {with_others}"}
            free = not with_others or conn.execute(_TRY_WITH_OTHERS, key).scalar()
            if free:
                key = {"key": f"arshif {name}"}
                if conn.execute(_TRY, key).scalar():
                    return conn
            holder = str(conn.execute(_HOLDER, key).scalar() or "unknown").removeprefix(_PROGRAM)
            conn.close()
        except DBAPIError as error:
            raise self.explain(error) or error from error
        raise Busy(Message("error.lock_held", {"process": holder, "path": f"{self.name} ({name})"}))


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself: its version, the size of the database in bytes, and which settings let it lose what
    it has confirmed, by name."""

    version: str
    bytes: int
    unsafe: tuple[str, ...]


def server(conn: Connection) -> Server:
    """The server of a connection."""
    size = conn.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    said = {name: str(conn.execute(text(f"SHOW {name}")).scalar_one()) for name in ("server_version", *_DURABLE)}
    unsafe = tuple(name for name in _DURABLE if said[name] == "off")
    return Server(said["server_version"].split()[0], size, unsafe)


def freeze(conn: Connection, tables: Sequence[Table]) -> None:
    """Let nobody write to these tables until the transaction of this connection ends."""
    conn.execute(text(f"LOCK TABLE {', '.join(table.name for table in tables)} IN SHARE MODE"))


# https://www.postgresql.org/docs/current/runtime-config-wal.html
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
_TRY = text("SELECT pg_try_advisory_lock(hashtext('arshif'), hashtext(:key))")
_TRY_WITH_OTHERS = text("SELECT pg_try_advisory_lock_shared(hashtext('arshif'), hashtext(:key))")
_RELEASE = text("SELECT pg_advisory_unlock_all()")
_HOLDER = text(  # https://www.postgresql.org/docs/current/view-pg-locks.html
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
    " AND classid::bigint = hashtext('arshif')::bigint & 4294967295"
    " AND objid::bigint = hashtext(:key)::bigint & 4294967295"
)


_OTHERS = text(
    "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
    " AND starts_with(application_name, :program) AND application_name <> current_setting('application_name')"
    " ORDER BY 1"
)


def other_processes(conn: Connection) -> list[str]:
    """Which other processes of ours are connected to this database, each by its number and host."""
    return [name.removeprefix(_PROGRAM) for name in conn.execute(_OTHERS, {"program": _PROGRAM}).scalars()]


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _is_lost(error: DBAPIError) -> bool:
    """Whether there was no connection, or there is none any more."""
    import psycopg

    state = _state(error)
    if state is None:
        return isinstance(error.orig, psycopg.OperationalError)
    return state.startswith("08") or state in _LOST


def _adapt(connection: Any, _: Any) -> None:
    """Give and take values as SQLite does."""
    from psycopg.adapt import Loader
    from psycopg.types.string import StrDumperUnknown

    class WithoutNul(StrDumperUnknown):
        """No text of PostgreSQL can hold U+0000, which no reader would see either."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)

    class Number(Loader):
        """sum() of integers is NUMERIC."""

        def load(self, data: Any) -> int | float:
            digits = bytes(data)
            return float(digits) if b"." in digits else int(digits)

    connection.adapters.register_dumper(str, WithoutNul)
    connection.adapters.register_loader("numeric", Number)
