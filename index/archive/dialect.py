"""Where SQLite and PostgreSQL need different SQL, or keep other processes away by different means: all of it."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import cache
from typing import Any, Protocol

from sqlalchemy import Connection, Select, Table, bindparam, select, true
from sqlalchemy.dialects import sqlite

from index.archive import heartbeat, liveness
from index.archive.tables import leases, processes

CHANNEL = "arshif_articles"  # of PostgreSQL's NOTIFY: articles, or what indexes receive, have changed
_HELD_IN = "arshif articles"  # where a connection keeps the transaction that holds them
_HINT = re.compile(r" INDEXED BY \w+")
_OF_SITE = leases.c.site == bindparam("site")


class Dialect(Hashable, Protocol):
    """What the modules of tables ask of a database in its own way."""

    def fence(self) -> Select[Any]:
        """Asks for `fence`, `owner` and `alive` of the lease of `site`, which then stays as it is until the commit."""

    def insert(self, table: Table) -> Any:
        """An INSERT that can have ON CONFLICT."""

    def sql(self, statement: str) -> str:
        """SQLite's plain SQL, with its parameters as `?`, as the driver wants it."""

    def hold_articles(self, conn: Connection) -> None:
        """Let no other transaction change known articles, or what indexes receive, until this one has ended, and let
        the indexers know once it is committed.

        Call it before the first such change: who holds an article and then waits for this would stop both.
        """

    def hold_starts(self, conn: Connection) -> None:
        """Let no other transaction begin a run until this one has ended: what it sees from now on is still so then."""

    def announce(self, conn: Connection, pid: int, born: str, boot: str) -> None:
        """Let others see that this process is alive, for as long as it is."""

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

    def hold_articles(self, conn: Connection) -> None:
        pass

    def hold_starts(self, conn: Connection) -> None:
        pass

    def announce(self, conn: Connection, pid: int, born: str, boot: str) -> None:
        liveness.announce(liveness.folder_of(conn), pid, born, boot)

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

    def hold_articles(self, conn: Connection) -> None:
        transaction = conn.get_transaction()
        if conn.info.get(_HELD_IN) is not transaction:
            conn.exec_driver_sql(
                f"SELECT pg_advisory_xact_lock(hashtext('arshif articles')), pg_notify('{CHANNEL}', '')"
            )
            conn.info[_HELD_IN] = transaction

    def hold_starts(self, conn: Connection) -> None:
        conn.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('arshif starts'))")

    def announce(self, conn: Connection, pid: int, born: str, boot: str) -> None:
        heartbeat.announce(conn.engine, (pid, born, boot))

    def living(self, conn: Connection) -> liveness.IsAlive:
        return heartbeat.living(conn)


@cache
def _translated(statement: str) -> str:
    return _HINT.sub("", statement).replace("?", "%s")


_DIALECTS: dict[str, Dialect] = {"sqlite": _Sqlite(), "postgresql": _Postgresql()}


def of(conn: Connection) -> Dialect:
    """The dialect of a connection."""
    return _DIALECTS[conn.dialect.name]
