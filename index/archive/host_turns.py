"""Turns at hosts, where several machines crawl into one archive: while one asks a host, and until its delay has passed,
no other does. By the database's clock, and so only in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, or_, select, update

from index.archive import dialect
from index.archive.heartbeat import clock
from index.archive.tables import host_turns

PATIENCE = timedelta(seconds=2)  # for which who had the last turn leaves the next to somebody else who asked for it
PAUSE = timedelta(milliseconds=50)  # between two attempts, at least
KEPT = timedelta(days=1)  # how long the row of a host that nobody asks is kept; longer than any delay


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn at a host, by its number; None: it is another's, for as long as `wait` at most."""

    number: int | None
    wait: timedelta = timedelta()


def take(conn: Connection, host: str, run: int, longest: timedelta, last: int | None = None) -> Turn:
    """Begin a run's turn, unless one is under way or its delay has not passed. It ends after `longest`, if not before.

    `last` is the turn that the asking process had before: if that was the last of all, and others have asked since, it
    is for one of them, as all wait for the same moment.
    """
    values = {"run": run, "until": clock(longest), "asked": None}
    new = dialect.of(conn).insert(host_turns).values(host=host, number=1, **values)
    other = host_turns.c.number != (last or 0)
    alone = or_(other, host_turns.c.asked.is_(None), host_turns.c.asked < clock(-PATIENCE))
    begin = new.on_conflict_do_update(
        index_elements=["host"],
        set_={"number": host_turns.c.number + 1} | values,
        where=(host_turns.c.until <= clock()) & alone,
    ).returning(host_turns.c.number)
    number = conn.execute(begin).scalar_one_or_none()
    if number is not None:
        return Turn(number)
    conn.execute(update(host_turns).where(host_turns.c.host == host, other).values(asked=clock()))
    row = conn.execute(select(host_turns.c.until, clock()).where(host_turns.c.host == host)).one_or_none()
    return Turn(None, PAUSE if row is None else max(row[0] - row[1], PAUSE))  # None: it has just expired


def end(conn: Connection, host: str, number: int, delay: timedelta) -> None:
    """End a turn: the next begins after this delay. One that ended by itself changes nothing."""
    mine = (host_turns.c.host == host) & (host_turns.c.number == number)
    conn.execute(update(host_turns).where(mine).values(until=clock(delay)))


def end_of(conn: Connection, runs: Sequence[int], delay: timedelta) -> None:
    """End the turns of runs that died: the next begin after this delay."""
    theirs = host_turns.c.run.in_(runs) & (host_turns.c.until > clock(delay))
    conn.execute(update(host_turns).where(theirs).values(until=clock(delay)))


def expire(conn: Connection) -> None:
    """Delete the rows of hosts that nobody has asked for KEPT."""
    conn.execute(delete(host_turns).where(host_turns.c.until < clock(-KEPT)))
