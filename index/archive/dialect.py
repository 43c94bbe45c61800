"""Where SQLite and PostgreSQL need different SQL, or keep other processes away by different means: all of it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Connection, Select, Table, bindparam, select, true
from sqlalchemy.dialects import sqlite

from index.archive import heartbeat, liveness
from index.archive.tables import leases, processes

CHANNEL = "arshif_articles"  # of PostgreSQL's NOTIFY: articles, or what indexes receive, have changed
_HELD_IN = "arshif articles"  # where a connection keeps the transaction that holds them, and its number
_MONTHS = "arshif months"  # where a connection keeps for which months there is a place
_MADE_IN = "arshif month made"  # and the last transaction that made one
_HINT = re.compile(r" INDEXED BY \w+")
_OF_SITE = leases.c.site == bindparam("site")
_NUMBER = "SELECT pg_current_xact_id()::text"  # of a transaction


def transaction_number(conn: Connection) -> str:
    """The number under which PostgreSQL knows the transaction of a connection; asked for only where it did not come
    with the hold on articles, as each question to a server costs time."""
    held = _number_of_holder(conn)
    return held if held is not None else str(conn.exec_driver_sql(_NUMBER).scalar_one())


def _number_of_holder(conn: Connection) -> str | None:
    """The number of the transaction of a connection, if it holds articles."""
    transaction, number = conn.info.get(_HELD_IN, (None, None))
    return number if transaction is not None and transaction is conn.get_transaction() else None


class Dialect(Hashable, Protocol):
    """What the modules of tables ask of a database in its own way."""

    def fence(self) -> Select[Any]:
        """Asks for `fence`, `owner` and `alive` of the lease of `site`, which then stays as it is until the commit."""

    def insert(self, table: Table) -> Any:
        """An INSERT that can have ON CONFLICT."""

    def sql(self, statement: str) -> str:
        """SQLite's plain SQL, with its parameters as `?`, as the driver wants it."""

    def make_month(self, conn: Connection, month: int) -> None:
        """Have a place for the bands of this month, in a transaction that holds articles."""

    def fill_bands(self, conn: Connection, rows: Sequence[tuple[int, int, int]]) -> None:
        """Add many bands (month, hash, number), for whose months there is a place."""

    def drop_month(self, conn: Connection, month: int) -> None:
        """Delete the bands of this month at once."""

    def agreeing(self, first: int, last: int, bands: int, most: int) -> str:
        """Plain SQL, as the driver wants it, that gives the signatures of these months that agree in some of so many
        bands: at most so many of the latest of each band of a month, and of all those that agree in most bands. Its
        parameters are the hashes."""

    def hold_articles(self, conn: Connection) -> None:
        """Let no other transaction change known articles, or what indexes receive, until this one has ended, and let
        the indexers know once it is committed.

        Call it before the first such change: who holds an article and then waits for this would stop both.
        """

    def hold_starts(self, conn: Connection) -> None:
        """Let no other transaction begin a run until this one has ended: what it sees from now on is still so then."""

    def announce(self, conn: Connection, pid: int, born: str, boot: str) -> None:
        """Let others see that this process is alive, for as long as it is."""

    def now(self, conn: Connection) -> datetime:
        """The time (UTC) that all who write to the archive agree on: where they are on several machines, its own."""

    def living(self, conn: Connection) -> liveness.IsAlive:
        """Tells of a process by its pid, start and boot id whether it is alive."""


class _Sqlite:
    """One transaction writes at a time, and the lock on a file shows that a process is alive."""

    @cache  # noqa: B019 - there is one of it
    def fence(self) -> Select[Any]:
        return select(leases.c.fence, leases.c.owner, true().label("alive")).where(_OF_SITE)

    def insert(self, table: Table) -> Any:
        return sqlite.insert(table)

    def sql(self, statement: str) -> str:
        return statement

    def make_month(self, conn: Connection, month: int) -> None:
        pass

    def fill_bands(self, conn: Connection, rows: Sequence[tuple[int, int, int]]) -> None:
        conn.connection.cursor().executemany("INSERT INTO bands (month, hash, number) VALUES (?, ?, ?)", rows)

    def drop_month(self, conn: Connection, month: int) -> None:
        conn.exec_driver_sql("DELETE FROM bands WHERE month = ?", (month,))

    @cache  # noqa: B019
    def agreeing(self, first: int, last: int, bands: int, most: int) -> str:
        # Its months are those that the table has: each is one step in its key, however wide the window
        return (
            f"WITH RECURSIVE there(month) AS (SELECT min(month) FROM bands WHERE month BETWEEN {first} AND {last}"
            f" UNION ALL SELECT (SELECT min(month) FROM bands WHERE month > there.month AND month <= {last})"
            f" FROM there WHERE month IS NOT NULL), asked(hash) AS (VALUES {', '.join(['(?)'] * bands)})"
            " SELECT number FROM there CROSS JOIN asked CROSS JOIN bands USING (month, hash)"
            " WHERE number >= ifnull((SELECT latest.number FROM bands AS latest"
            " WHERE latest.month = there.month AND latest.hash = asked.hash"
            f" ORDER BY latest.number DESC LIMIT 1 OFFSET {most - 1}), 0)"
            f" GROUP BY number ORDER BY count(*) DESC, number DESC LIMIT {most}"
        )

    def hold_articles(self, conn: Connection) -> None:
        pass

    def hold_starts(self, conn: Connection) -> None:
        pass

    def announce(self, conn: Connection, pid: int, born: str, boot: str) -> None:
        liveness.announce(liveness.folder_of(conn), pid, born, boot)

    def now(self, conn: Connection) -> datetime:  # noqa: ARG002 - there is one machine
        return datetime.now(UTC)

    def living(self, conn: Connection) -> liveness.IsAlive:
        return liveness.living(liveness.folder_of(conn))


class _Postgresql:
    """Transactions write at once: constraints, row locks, an advisory lock and the database's clock keep them apart."""

    @cache  # noqa: B019 - there is one of it
    def fence(self) -> Select[Any]:
        is_alive = (
            select(processes.c.pid)
            .where(
                *(processes.c[name] == leases.c[name] for name in ("pid", "born", "boot")),
                processes.c.expires > heartbeat.clock(heartbeat.SILENCE),
            )
            .exists()
        )
        asked = select(leases.c.fence, leases.c.owner, is_alive.label("alive")).where(_OF_SITE)
        return asked.with_for_update(read=True, of=leases)

    def insert(self, table: Table) -> Any:
        from sqlalchemy.dialects import postgresql  # imported here: 0.03 s that no one else needs to spend

        return postgresql.insert(table)

    def sql(self, statement: str) -> str:
        return _translated(statement)

    def make_month(self, conn: Connection, month: int) -> None:
        made: set[int] = conn.info.setdefault(_MONTHS, set())
        if month in made:
            return
        name = _partition(month)
        if conn.exec_driver_sql("SELECT to_regclass(%s)", (name,)).scalar() is None:
            # ATTACH, unlike CREATE ... PARTITION OF, lets others go on reading and writing the other months
            conn.exec_driver_sql(f"CREATE TABLE {name} (LIKE bands INCLUDING ALL)")
            conn.exec_driver_sql(f"ALTER TABLE bands ATTACH PARTITION {name} FOR VALUES IN ({month})")
            conn.info[_MADE_IN] = conn.get_transaction()  # which may yet be rolled back
        elif conn.info.get(_MADE_IN) is not conn.get_transaction():
            made.add(month)

    def fill_bands(self, conn: Connection, rows: Sequence[tuple[int, int, int]]) -> None:
        with conn.connection.cursor().copy("COPY bands (month, hash, number) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def drop_month(self, conn: Connection, month: int) -> None:
        # What is left is an empty partition: to drop it would take a lock on all of them. Who dumps the database holds
        # this one: it is for the next time then
        conn.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
        conn.exec_driver_sql(f"TRUNCATE {_partition(month)}")

    @cache  # noqa: B019
    def agreeing(self, first: int, last: int, bands: int, most: int) -> str:
        # With the months as constants, the partitions of others are not even planned for
        return (
            f"SELECT number FROM (VALUES {', '.join(['(%s::bigint)'] * bands)}) AS asked(hash)"
            f" CROSS JOIN generate_series({first}, {last}) AS there(month) CROSS JOIN LATERAL (SELECT number FROM bands"
            f" WHERE month BETWEEN {first} AND {last} AND month = there.month AND hash = asked.hash"
            f" ORDER BY number DESC LIMIT {most}) AS latest"
            f" GROUP BY number ORDER BY count(*) DESC, number DESC LIMIT {most}"
        )

    def hold_articles(self, conn: Connection) -> None:
        if _number_of_holder(conn) is None:
            asked = f"{_NUMBER}, pg_advisory_xact_lock(hashtext('arshif articles')), pg_notify('{CHANNEL}', '')"
            conn.info[_HELD_IN] = conn.get_transaction(), conn.exec_driver_sql(asked).scalar_one()

    def hold_starts(self, conn: Connection) -> None:
        conn.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('arshif starts'))")

    def announce(self, conn: Connection, pid: int, born: str, boot: str) -> None:
        heartbeat.announce(conn.engine, (pid, born, boot))

    def now(self, conn: Connection) -> datetime:
        return conn.execute(select(heartbeat.clock())).scalar_one()

    def living(self, conn: Connection) -> liveness.IsAlive:
        return heartbeat.living(conn)


def _partition(month: int) -> str:
    return f"bands_{month // 12:04}_{month % 12 + 1:02}"


@cache
def _translated(statement: str) -> str:
    return _HINT.sub("", statement).replace("?", "%s")


_DIALECTS: dict[str, Dialect] = {"sqlite": _Sqlite(), "postgresql": _Postgresql()}


def of(conn: Connection) -> Dialect:
    """The dialect of a connection."""
    return _DIALECTS[conn.dialect.name]
