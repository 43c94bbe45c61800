"""Versions from before the newest: what was archived elsewhere finds its place among those that are there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from index.archive import facsimiles, warc_records
from index.archive import tables as t
from index.archive.readings import IS_SHOWN, shown_columns

_VERSIONS = (
    select(*(t.versions.c[name] for name in ("number", "seen", "confirmed")), *shown_columns())
    .select_from(t.versions.outerjoin(t.readings, IS_SHOWN))
    .where(t.versions.c.article == bindparam("article"))
)
_BEFORE = _VERSIONS.where(t.versions.c.seen <= bindparam("at")).order_by(t.versions.c.number.desc()).limit(1)
_AFTER = _VERSIONS.where(t.versions.c.seen > bindparam("at")).order_by(t.versions.c.number).limit(1)


def around(conn: Connection, article: str, at: datetime) -> tuple[Any, Any]:
    """The version that was the newest at a moment (UTC), and the one after it; None where there is none."""
    where = {"article": article, "at": at}
    return conn.execute(_BEFORE, where).one_or_none(), conn.execute(_AFTER, where).one_or_none()


def last_seen(conn: Connection, article: str) -> datetime | None:
    """When a page of the article was last fetched (UTC), whether it had changed or not; None if that is not known."""
    found: datetime | None = conn.execute(
        select(func.max(t.frontier.c.fetched)).where(t.frontier.c.article == article)
    ).scalar_one()
    return found


def set_seen(conn: Connection, article: str, number: int, at: datetime) -> None:
    """Record that a version was there at an earlier moment (UTC) already."""
    one = (t.versions.c.article == article) & (t.versions.c.number == number)
    conn.execute(update(t.versions).where(one).values(seen=at))


def make_room(conn: Connection, article: str, number: int) -> None:
    """Give the versions from this number on, and their readings, the number after theirs."""
    numbers = select(t.versions.c.number).where(t.versions.c.article == article, t.versions.c.number >= number)
    for later in sorted(conn.execute(numbers).scalars(), reverse=True):
        its = (t.readings.c.article == article) & (t.readings.c.version == later)
        conn.execute(update(t.readings).where(its).values(version=later + 1))
        warc_records.renumber_further_pages(conn, article, later, later + 1)
        facsimiles.renumber(conn, article, later, later + 1)
        one = (t.versions.c.article == article) & (t.versions.c.number == later)
        conn.execute(update(t.versions).where(one).values(number=later + 1))
