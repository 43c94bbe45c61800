"""Times that a clock from the future wrote are no times: the one guard against them.

A machine that boots without a battery, or a virtual one that was paused, may run ahead for a while. What it wrote then
would be taken for "just now" for as long as it was ahead: nothing due, every candidate too old, hosts waiting.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, case, func, literal, or_, select, type_coerce, update

from index.archive import dialect, frontier, stories, turns
from index.archive import tables as t
from index.archive.column_types import MICROSECOND, Instant
from index.archive.documents import touch
from index.archive.hosts import LONGEST_WAIT
from index.archive.upsert import chunks
from index.model.codes import PageState

BUILT = datetime(2026, 11, 1, tzinfo=UTC)  # a clock before this program's release is itself the wrong one
SKEW = timedelta(minutes=1)  # how far the clocks of those that write to an archive may differ

# What a site or its pages say, in whose time zone and truth we have no part
_CLAIMS: frozenset[Column[Any]] = frozenset(
    (t.articles.c.published, t.articles.c.modified, t.sources.c.modified, t.frontier.c.carried)
)
# What the archive has recorded of pages, as evidence: it stays as it was written, whichever clock was right
RECORDED: frozenset[Column[Any]] = frozenset(
    (
        *(t.articles.c.first_seen, t.articles.c.gone_since, t.articles.c.gone_until, t.aliases.c.seen),
        *(t.versions.c.seen, t.versions.c.corrected, t.readings.c.at, t.raws.c.fetched, *t.absences.c, t.edits.c.at),
        *(table.c.stored for table in (t.articles, t.versions, t.readings, t.raws)),
        t.targets.c.filled,  # of articles' own
    )
)
# When something is to be done: too far ahead is not at all
_PLANS: frozenset[Column[Any]] = frozenset((t.hosts.c.not_before, t.sources.c.retry_at, t.turns.c.at))
# When something was last done: it is done again, rather than taken for just done
_LAST_DONE: frozenset[Column[Any]] = frozenset(
    (
        *(t.hosts.c.answered, t.sources.c.polled, t.sources.c.asked, t.sources.c.forced, t.sources.c.changed),
        *(t.sites.c.last_run, t.sites.c.last_success, t.sites.c.plain, t.sites.c.horizon),
    )
)
# Who is alive and who may ask a host, by the database's clock, which holds for all machines: `heartbeat.mend`
BY_DATABASE: frozenset[Column[Any]] = frozenset((*t.processes.c, *t.machines.c, *t.host_turns.c))

_KEPT = _CLAIMS | RECORDED | BY_DATABASE | {t.frontier.c.due}


def ahead(conn: Connection, now: datetime) -> datetime | None:
    """The latest time in the archive that a wrong clock wrote, as runs, sites and hosts tell; None if there is none."""
    facts = (
        *(t.runs.c.started, t.runs.c.ended, t.sites.c.last_run, t.sites.c.horizon),
        *(t.sources.c.asked, t.hosts.c.answered),
    )
    latest: list[datetime | None] = [conn.execute(select(func.max(column))).scalar_one() for column in facts]
    waits: datetime | None = conn.execute(select(func.max(t.hosts.c.not_before))).scalar_one()
    times = [*latest, waits and waits - LONGEST_WAIT]
    return max((moment for moment in times if moment is not None and moment > now + SKEW), default=None)


def mend(conn: Connection, now: datetime, first_visit: timedelta) -> datetime | None:
    """Mend the times that a clock from the future wrote, if one did; return the latest of them, None if none did.

    `now` is of the clock by which the archive's times are right (`Dialect.now`): by one that is behind, those of all
    others would be mended. Nothing is mended by a clock that is itself before this program's release, and what was
    recorded of pages stays. What was done in the future is done again, what began or came there began now, and what
    failed there is tried again. A host waits for as much less as the clock was ahead: when its Retry-After came is not
    recorded, so that whichever clock noted it, it waits from now no longer than it asked. A site whose horizon is later
    than that of a first visit today, `first_visit` back, gets that one, and the candidates that were too old for the
    other are taken.
    """
    latest = ahead(conn, now) if now >= BUILT else None
    if latest is None:
        return None
    dialect.of(conn).hold_articles(conn)
    limit = now + SKEW
    early = list(conn.execute(select(t.sites.c.id).where(t.sites.c.horizon > limit - first_visit)).scalars())
    seen = t.articles.c.first_seen > limit
    articles = list(conn.execute(select(t.articles.c.id).where(seen)).scalars())
    undated = or_(t.articles.c.published.is_(None), t.articles.c.published > now)
    dated = case((undated, literal(now, Instant)), else_=t.articles.c.published)
    conn.execute(update(t.articles).where(seen).values(sort_date=dated))
    _mend_pages(conn, now, limit)
    conn.execute(update(t.sources).where(t.sources.c.polled > limit).values(habit=None))
    conn.execute(update(t.sources).where(t.sources.c.asked > limit).values(retry_at=None))
    _shorten_waits(conn, now, latest)
    for table in t.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Instant) and column not in _KEPT:
                _mend_column(conn, column, now, limit)
    turns.mark_all(conn)
    for site in early:
        frontier.extend_horizon(conn, site, now - first_visit, now)
    for piece in chunks(articles):
        touch(conn, piece, now)
    for article in articles:
        stories.date(conn, article, now)
    return latest


def _mend_pages(conn: Connection, now: datetime, limit: datetime) -> None:
    """Pages asked for or found in the future, or put off too long after a failure, are due; so are those that seemed
    too old then to be fetched ever again."""
    page = t.frontier.c
    failed_then = page.id.in_(select(t.fetches.c.page).where(t.fetches.c.at > limit))
    off = (page.tries > 0) & or_(page.due > now + LONGEST_WAIT, failed_then)
    again = page.due.is_not(None) & or_(page.fetched > limit, page.discovered > limit, off)
    given_up = page.due.is_(None) & page.state.in_((PageState.STORED, PageState.GONE)) & (page.fetched > limit)
    conn.execute(update(t.frontier).where(or_(again, given_up)).values(due=now))


def _shorten_waits(conn: Connection, now: datetime, latest: datetime) -> None:
    """Hosts wait for as much less as the clock was ahead, those that no host can have asked for not at all."""
    until = t.hosts.c.not_before
    less = type_coerce(type_coerce(until, BigInteger) - (latest - now) // MICROSECOND, Instant)
    asked = until.between(now, now + LONGEST_WAIT)
    conn.execute(update(t.hosts).where(asked).values(not_before=less))


def _mend_column(conn: Connection, column: Column[Any], now: datetime, limit: datetime) -> None:
    late = column > (now + LONGEST_WAIT if column in _PLANS else limit)
    gone = column in _PLANS or column in _LAST_DONE
    conn.execute(update(column.table).where(late).values({column: None if gone else now}))
