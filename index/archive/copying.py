"""Copying an archive from a file into a PostgreSQL database or back, for the same data folder.

Tables are copied one after the other, each in the order of its keys and in transactions of some thousand rows, so that
a copy that was broken off goes on after the last row. Then each row is compared with its original, and only if all are
equal does the data folder belong to the copy. All of it is one transaction of the original, so nobody writes meanwhile.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, Table, func, insert, literal, select, tuple_
from sqlalchemy.exc import DBAPIError

from index.archive import Archive, data_folder, dialect, leases, sqlite
from index.archive import tables as t
from index.archive.backup import KEEPING, shared
from index.archive.database import Database, SqliteFile, StillHeld
from index.archive.postgresql import PostgresqlDatabase, freeze, other_processes
from index.archive.upsert import streamed
from index.errors import ArchiveError, Busy
from index.model.message import Message

LEFT_OUT = {t.processes, t.machines, t.host_turns, t.data_folder}  # who is alive, and which folder it belongs to
TABLES = [table for table in t.metadata.sorted_tables if table not in LEFT_OUT]  # those that others refer to come first
DRAFT = "copying"  # folder in the data folder: the file that is made from a database
LOCKS = ("daemon", KEEPING, "shipper-embedded", "shipper-elasticsearch")
BATCH = 2_000  # rows of a transaction

Told = Callable[[int, int], None]  # how many rows are copied or compared, and how many there are to copy and compare


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy: the rows and the SHA-256 of each table, by its name, and the folder that now holds the file it was made
    from, if it was one."""

    tables: dict[str, tuple[int, str]]
    aside: Path | None = None

    @property
    def rows(self) -> int:
        """How many rows all tables have."""
        return sum(rows for rows, _ in self.tables.values())


def into_database(source: SqliteFile, target: PostgresqlDatabase, told: Told | None = None) -> Copied:
    """Copy the archive in a file into a database, and have the data folder belong to that.

    :raises Busy: when another process is working with the archive.
    :raises ArchiveError: when the database is another archive, or differs from the file where it was copied before.
    """
    target.create()
    with _writing(target) as writer:
        ours = target.transact(writer, lambda conn: data_folder.owner(conn, target.folder))
        if ours is False:
            raise ArchiveError(Message("archive.copy_into_another", {"name": target.name}))
        if ours:  # since a copy that was killed before the file was moved: that may have changed
            data_folder.unsettle(target.folder)

        def copy(conn: Connection) -> tuple[dict[str, tuple[int, str]], Path | None]:
            tables = _copied(conn, target, writer, told)
            target.transact(writer, _count_on)
            target.claim(instead_of_file=True)
            # while nobody can write: a web server that waits to is told then that its archive is gone
            return tables, _aside(source)

        try:
            with Archive(source) as archive, alone(archive):
                return Copied(*archive.write(copy).result())
        except BaseException:
            if ours:
                data_folder.settle(target.folder)
            raise


def into_file(source: PostgresqlDatabase, told: Told | None = None) -> Copied:
    """Copy the archive in a database into a file in its data folder, which then belongs to that.

    :raises Busy: when another process is working with the archive.
    :raises ArchiveError: when the file differs from the database where it was copied before.
    """
    draft = SqliteFile(source.folder / DRAFT / sqlite.FILE)

    def copy(conn: Connection) -> dict[str, tuple[int, str]]:
        freeze(conn, TABLES)
        with _writing(draft) as writer:
            return _copied(conn, draft, writer, told)

    with Archive(source) as archive, alone(archive):
        draft.prepare()
        tables = archive.write(copy).result()
        sqlite.empty_journal(draft.path)
        _aside(SqliteFile(source.folder / sqlite.FILE))  # SQLite would apply the journal of an older file to this one
        os.replace(draft.path, source.folder / sqlite.FILE)
        data_folder.give_up(source.folder)
    shutil.rmtree(draft.folder)
    return Copied(tables)


def is_done(source: Database, to: PostgresqlDatabase | None) -> bool:
    """Whether a copy of the archive that was there into this database, or into a file, was killed once all of it was
    done; what such a copy has left is removed.

    :raises ArchiveError: when the database cannot be asked.
    """
    file, draft = source.folder / sqlite.FILE, source.folder / DRAFT
    if to is not None:
        return not file.exists() and to.exists() and to.belongs()
    done = file.exists() and draft.exists() and not data_folder.is_settled(source.folder)
    if done:
        shutil.rmtree(draft)
    return done


@contextmanager
def alone(archive: Archive) -> Iterator[StillHeld]:
    """Keep daemons, indexers, backups and erasures away for the duration of the block, which is given a function that
    makes sure of that.

    :raises Busy: when one of them, or a crawl, is at work, or any process of ours is connected to the database.
    """
    with ExitStack() as stack:
        held = [stack.enter_context(archive.database.lock(name)) for name in LOCKS]
        with archive.read() as conn:
            if isinstance(archive.database, PostgresqlDatabase):
                for process in other_processes(conn):
                    raise Busy(Message("archive.connected", {"process": process}))
            for site in conn.execute(select(t.leases.c.site).where(t.leases.c.owner.is_not(None))).scalars().all():
                if (holder := leases.holder(conn, site)) is not None:
                    raise Busy(Message("archive.being_crawled", {"process": holder.pid, "site": site}))

        def still_alone() -> None:
            for still_held in held:
                still_held()

        yield still_alone


@contextmanager
def _writing(target: Database) -> Iterator[Engine]:
    engine = target.open_engine(writer=True)
    try:
        yield engine
    except DBAPIError as error:
        raise target.explain(error) or error from error
    finally:
        engine.dispose()


def _copied(source: Connection, target: Database, writer: Engine, told: Told | None) -> dict[str, tuple[int, str]]:
    """The rows and digests of the tables, once all are copied and equal, while nobody writes to the source."""
    there = sum(_count(table, source) for table in TABLES)
    done = 0

    def add(rows: int) -> None:
        nonlocal done
        done += rows
        if told is not None:
            told(done, 2 * there)  # each row is copied, then compared

    for table in TABLES:
        add(_copy(table, source, target, writer))
    reader = target.open_engine(writer=False)
    try:
        with reader.begin() as copy:
            return {table.name: _compared(table, source, copy, target.name, add) for table in TABLES}
    finally:
        reader.dispose()


def _copy(table: Table, source: Connection, target: Database, writer: Engine) -> int:
    """Copy what the target lacks of a table; return how many rows it has."""
    last, there = target.transact(writer, lambda conn: (_last(table, conn), _count(table, conn)))
    with closing(streamed(source, _ordered(table, last))) as rows:
        while batch := list(islice(rows, BATCH)):
            values = [_kept(row) for row in batch]
            target.transact(writer, lambda conn, values=values: _add(conn, table, values))  # type: ignore[misc]
            there += len(batch)
    return there


def _add(conn: Connection, table: Table, values: list[dict[str, Any]]) -> None:
    if table is t.bands:
        for month in dict.fromkeys(row["month"] for row in values):
            dialect.of(conn).make_month(conn, month)
    conn.execute(insert(table), values)


def _last(table: Table, conn: Connection) -> Sequence[Any] | None:
    """The last key of a table, None if it is empty."""
    keys = list(table.primary_key)
    return conn.execute(select(*keys).order_by(*(key.desc() for key in keys)).limit(1)).one_or_none()


def _count(table: Table, conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


def _ordered(table: Table, after: Sequence[Any] | None = None) -> Select[Any]:
    """A table in the order of its keys, which sort alike in both kinds of database, or its rows after this key."""
    keys = list(table.primary_key)
    query = select(table).order_by(*keys)
    if after is None:
        return query
    beyond = tuple_(*(literal(value, key.type) for key, value in zip(keys, after, strict=True)))
    return query.where(tuple_(*keys) > beyond)


def _kept(row: Row[Any]) -> dict[str, Any]:
    """The values of a row by name, as PostgreSQL keeps them: it has no U+0000 in texts."""
    return {
        name: value.replace("\0", "\ufffd") if isinstance(value, str) else value for name, value in row._mapping.items()
    }


def _compared(
    table: Table, source: Connection, copy: Connection, name: str, add: Callable[[int], None]
) -> tuple[int, str]:
    """The rows of a table and their digest.

    :raises ArchiveError: when they are not equal to those of the copy, called `name`.
    """
    digest, rows = hashlib.sha256(), 0
    ordered = _ordered(table)
    with closing(streamed(source, ordered)) as originals, closing(streamed(copy, ordered)) as copies:
        for ours, theirs in zip_longest(originals, copies):
            value = None if ours is None else _kept(ours)
            if value is None or theirs is None or value != theirs._mapping:
                raise ArchiveError(Message("archive.copy_differs", {"name": name, "table": table.name}))
            digest.update(repr(sorted(value.items())).encode("utf-8", "surrogatepass"))
            rows += 1
            if rows % BATCH == 0:
                add(BATCH)
    add(rows % BATCH)
    return rows, digest.hexdigest()


def _count_on(conn: Connection) -> None:
    """Let the numbers that PostgreSQL gives to new rows go on after the last one."""
    for table in TABLES:
        column = table.autoincrement_column
        if column is not None and column.autoincrement is not False:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            last = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
            conn.execute(select(func.setval(sequence, last, False)))


def _aside(source: SqliteFile) -> Path | None:
    """Move a file with its journal into a folder of its own, which is returned; None if there is nothing to move."""
    there = [path for path in (source.path, sqlite.journal(source.path), shared(source.path)) if path.exists()]
    if not there:
        return None
    aside = source.folder / f"before-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    aside.mkdir()
    for path in there:
        os.replace(path, aside / path.name)
    return aside
