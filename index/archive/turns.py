"""Turns: when each site is crawled next, and why, as it was last computed; found by when that is to be done again.

Computing a turn (`crawler/session/site_turns.py`) reads the site's last run, its sources and its pages. A stored one is
not trusted for longer than it is true:

- Whoever begins to write for a site, by its lease, and whoever ends a run, marks it, in the same transaction: it is
  computed again once nobody crawls the site.
- It is stored only if no mark came after that which it was computed from was read (`marks`).
- It is computed again when it has come, before the site is crawled; when the site's schedule is another (`basis`);
  when the clock by which it was computed was ahead; and after RECHECK.

So a turn that has moved to later costs a look, and none that has moved to earlier is missed: but one that waits for a
host whose Retry-After was shortened meanwhile may be as late as RECHECK.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, select, update

from index.archive import dialect
from index.archive.column_types import EPOCH
from index.archive.tables import run_sites, turns
from index.archive.upsert import chunks, streamed
from index.model.message import Message

RECHECK = timedelta(hours=6)  # after which a turn is computed again, though nothing is known to have happened


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """When a site is crawled next (UTC), and why, as last computed: both None if it was not yet. `marks` counts what
    happened since that may change it."""

    site: str
    at: datetime | None = None
    why: Message | None = None
    marks: int = 0


@dataclass(frozen=True, slots=True)
class NewTurn:
    """A turn as it is now: in place of `before`, computed for the schedule `basis`."""

    before: StoredTurn
    at: datetime
    why: Message
    basis: str


def follow(conn: Connection, bases: Mapping[str, str], now: datetime) -> None:
    """Have a turn for each of the sites that are crawled, and no other: `bases` has what tells their schedules, by id.
    Those that were computed for another schedule, or too long ago, are marked."""
    known = {row.site: row.basis for row in conn.execute(select(turns.c.site, turns.c.basis))}
    for piece in chunks(sorted(known.keys() - bases.keys())):
        conn.execute(delete(turns).where(turns.c.site.in_(piece)))
    if new := [{"site": site, "look": EPOCH} for site in sorted(bases.keys() - known.keys())]:
        conn.execute(dialect.of(conn).insert(turns).on_conflict_do_nothing(), new)
    mark(conn, (site for site, basis in known.items() if bases.get(site, basis) != basis))
    conn.execute(update(turns).where(turns.c.made < now - RECHECK, turns.c.look > now).values(_MARKED))


_MARKED = {turns.c.look: EPOCH, turns.c.marks: turns.c.marks + 1}
_MARK = update(turns).where(turns.c.site == bindparam("of")).values(_MARKED)
_SETTLE = update(turns).where(turns.c.site == bindparam("of"), turns.c.marks == bindparam("seen"))


def mark(conn: Connection, sites: Iterable[str]) -> None:
    """Have the turns of these sites computed again: something happens that they depend on."""
    if them := [{"of": site} for site in sorted(set(sites))]:
        conn.execute(_MARK, them)


def mark_run(conn: Connection, run: int) -> None:
    """Have the turns of a run's sites computed again."""
    mine = select(run_sites.c.site).where(run_sites.c.run == run)
    conn.execute(update(turns).where(turns.c.site.in_(mine)).values(_MARKED))


def mark_all(conn: Connection) -> None:
    """Have all turns computed again."""
    conn.execute(update(turns).values(_MARKED))


def to_compute(conn: Connection, now: datetime, latest: datetime) -> Iterator[StoredTurn]:
    """The turns that have come and those that are to be computed again, the latter first, then the longest overdue.
    What was computed after `latest`, by another clock, is nothing worth."""
    columns = (turns.c.site, turns.c.at, turns.c.why, turns.c.marks)
    # Two questions, each of which has an index: SQLite would answer one with an OR by reading all
    for come in (turns.c.look <= now, (turns.c.made > latest) & (turns.c.look > now)):
        for row in streamed(conn, select(*columns).where(come).order_by(turns.c.look, turns.c.site)):
            yield StoredTurn(*row)


def next_look(conn: Connection, now: datetime) -> datetime | None:
    """When the first of the turns that have not come yet does; None if there is none."""
    first: datetime | None = conn.execute(select(func.min(turns.c.look)).where(turns.c.look > now)).scalar_one()
    return first


def settle(conn: Connection, new: Iterable[NewTurn], now: datetime) -> None:
    """Store these turns, but none whose site was marked since it was read."""
    rows = [
        {"of": one.before.site, "seen": one.before.marks, "at": one.at, "why": one.why, "look": one.at}
        | {"basis": one.basis, "made": now}
        for one in sorted(new, key=lambda one: one.before.site)
    ]
    if rows:
        conn.execute(_SETTLE, rows)
