"""Versions from before the newest: what was archived elsewhere finds its place among those that are there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from index.archive import tables as t
from index.archive.readings import IS_SHOWN, shown_columns
from index.model.codes import FetchOutcome

_VERSIONS = (
    select(*(t.versions.c[name] for name in ("number", "seen", "confirmed")), *shown_columns())
    .select_from(t.versions.outerjoin(t.readings, IS_SHOWN))
    .where(t.versions.c.article == bindparam("article"))
)
_OF_A_VERSION = (t.readings, t.further_pages, t.facsimiles, t.facsimile_parts, t.edits)
_HAD_IT = t.fetches.c.came.in_([one for one in FetchOutcome if one is not FetchOutcome.GONE])
_BEFORE = _VERSIONS.where(t.versions.c.seen <= bindparam("at")).order_by(t.versions.c.number.desc()).limit(1)
_AFTER = _VERSIONS.where(t.versions.c.seen > bindparam("at")).order_by(t.versions.c.number).limit(1)


def around(conn: Connection, article: str, at: datetime) -> tuple[Any, Any]:
    """The version that was the newest at a moment (UTC), and the one after it; None where there is none."""
    where = {"article": article, "at": at}
    return conn.execute(_BEFORE, where).one_or_none(), conn.execute(_AFTER, where).one_or_none()


def last_seen(conn: Connection, article: str) -> datetime | None:
    """When a page of the article was last fetched and had it (UTC), whether it had changed or not, as far as is known:
    a page that was not found, or was refused, does not show what it said. None if that is not known."""
    its = (t.frontier.c.article == article) & t.frontier.c.reason.is_(None)
    last = select(func.max(t.frontier.c.fetched)).where(its)
    noted = select(func.max(t.fetches.c.at)).join(t.frontier).where(t.frontier.c.article == article, _HAD_IT)
    back = select(func.max(t.absences.c.back)).where(t.absences.c.article == article)
    seen = [one for one in (conn.execute(query).scalar_one() for query in (last, noted, back)) if one is not None]
    return max(seen, default=None)


def set_seen(conn: Connection, article: str, number: int, at: datetime) -> None:
    """Record that a version was there at an earlier moment (UTC) already."""
    one = (t.versions.c.article == article) & (t.versions.c.number == number)
    conn.execute(update(t.versions).where(one).values(seen=at))


def set_beside(conn: Connection, article: str, *numbers: int) -> None:
    """Record of versions that the site did not change what differs from the versions before them: those were another
    page's, which was shown at the same time."""
    those = (t.versions.c.article == article) & t.versions.c.number.in_(numbers)
    conn.execute(update(t.versions).where(those).values(beside=True))


def make_room(conn: Connection, article: str, number: int) -> None:
    """Give the versions from this number on, and their readings, the number after theirs."""
    numbers = select(t.versions.c.number).where(t.versions.c.article == article, t.versions.c.number >= number)
    for later in sorted(conn.execute(numbers).scalars(), reverse=True):
        move(conn, article, later, article, later + 1)


def move(conn: Connection, article: str, number: int, to: str, place: int) -> None:
    """Give a version of an article, with all that belongs to it, to an article (often the same) under another number,
    which no version there has."""
    for table in _OF_A_VERSION:
        its = (table.c.article == article) & (table.c.version == number)
        conn.execute(update(table).where(its).values(article=to, version=place))
    for table in (t.versions, t.requests):
        its = (table.c.article == article) & (table.c.number == number)
        conn.execute(update(table).where(its).values(article=to, number=place))
    if to != article:
        its = (t.versions.c.article == to) & (t.versions.c.number == place) & t.versions.c.stored_as.is_(None)
        conn.execute(update(t.versions).where(its).values(stored_as=article))
