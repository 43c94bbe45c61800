"""What sites changed and removed, newest first, of all sites or some, and of all kinds or some.

An edit is noted in the transaction that stores its version or reads it better, and compared soon after, outside of it
(`comparisons.py`): a page of the list costs as much as it shows, however large the archive is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from itertools import groupby
from typing import Any, get_args

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, literal, or_, select, tuple_

from index.archive import notices
from index.archive import tables as t
from index.archive.column_types import EPOCH, MICROSECOND, Instant
from index.archive.notices import Notice
from index.archive.readings import IS_SHOWN, shown
from index.archive.upsert import chunks
from index.errors import QueryError
from index.model.change import Change, Kind, confirmed_alike
from index.model.message import Message

GONE = "gone"  # the kind of a removal: of an article from its site, not of text from an article
KINDS: tuple[str, ...] = (*(kind for kind in get_args(Kind) if kind != "moved"), GONE)
NOT_COMPARED = ""
_CURSOR = re.compile(r"(\d{1,18})-(\d{1,9})-(.{1,200})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that a site made to an article (id), or its removal.

    `at` is when it was first seen (UTC), `version` the number of the version with it, None for a removal. `headline`
    and `language` are that version's, of a removal the newest one's. `kinds` are those of the change, the most obvious
    first, or GONE; None while the two versions are yet to be compared. `removed` and `added` are numbers of words.
    `maybe_ours` says that the two versions were not read by the same rules, so that the difference may not be the
    site's. `back` is when a removed article was found again (UTC), None if it was not, and `notice` what the page had
    in its place until then, the last if there were several.
    """

    at: datetime
    article: str
    site: str
    url: str
    headline: str
    language: str | None
    version: int | None
    kinds: tuple[str, ...] | None
    removed: int = 0
    added: int = 0
    maybe_ours: bool = False
    back: datetime | None = None
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version of an article (id), first seen `at` (UTC), that is yet to be compared with the one before."""

    article: str
    site: str
    version: int
    at: datetime


Shown = tuple[int, int, datetime]  # a version's number, the number of its reading that is shown, and when it was seen


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list: its edits, newest first, and the cursor of those after them, None at the end."""

    edits: tuple[Edit, ...]
    cursor: str | None = None


# --- writing -------------------------------------------------------------------------------------------------------


def note(conn: Connection, article: str, *numbers: int) -> None:
    """Note that these versions of an article (id) are to be compared with those before them, as they read now."""
    conn.execute(delete(t.edits).where(t.edits.c.article == article, t.edits.c.version.in_(numbers)))
    query = (
        select(
            *(t.versions.c.article, t.articles.c.site),
            *(t.versions.c.number.label("version"), t.versions.c.seen.label("at")),
        )
        .join(t.articles, t.articles.c.id == t.versions.c.article)
        .where(t.versions.c.article == article, t.versions.c.number.in_(numbers), t.versions.c.number > 1)
        .where(~t.versions.c.beside)
    )
    if rows := [dict(row) for row in conn.execute(query).mappings()]:
        conn.execute(insert(t.edits), [{**row, "kind": NOT_COMPARED, "place": 0, "kinds": []} for row in rows])


def record(conn: Connection, waiting: Waiting, change: Change) -> bool:
    """Record what a version changed, if it still waits; return whether there is less to list than was noted: what no
    reader would notice is no edit."""
    one = (t.edits.c.article == waiting.article) & (t.edits.c.version == waiting.version) & (t.edits.c.at == waiting.at)
    if not conn.execute(delete(t.edits).where(one, t.edits.c.kind == NOT_COMPARED)).rowcount:
        return False
    its = {"article": waiting.article, "site": waiting.site, "version": waiting.version, "at": waiting.at}
    told = {"kinds": list(change.kinds), "removed": change.removed, "added": change.added}
    if rows := [{**its, **told, "kind": kind, "place": place} for place, kind in enumerate(change.kinds)]:
        conn.execute(insert(t.edits), rows)
    return not rows


def shown_readings(conn: Connection, waiting: Waiting) -> tuple[Shown, ...]:
    """Which readings of a version, and of the one before it, are shown now."""
    mine = t.versions.c.article == waiting.article
    numbers = t.versions.c.number.in_((waiting.version - 1, waiting.version))
    query = select(t.versions.c.number, t.versions.c.reading, t.versions.c.seen).where(mine, numbers)
    return tuple((row.number, row.reading, row.seen) for row in conn.execute(query.order_by(t.versions.c.number)))


def record_removal(conn: Connection, article: str, site: str, at: datetime) -> None:
    """Record that an article (id) is gone from its site, since `at` (UTC)."""
    row = {"article": article, "site": site, "version": 0, "at": at, "kind": GONE, "place": 0, "kinds": [GONE]}
    conn.execute(insert(t.edits).values(**row))


# --- reading -------------------------------------------------------------------------------------------------------


def page(
    conn: Connection,
    limit: int,
    *,
    sites: Collection[str] = (),
    kinds: Collection[str] = (),
    since: datetime | None = None,
    cursor: str | None = None,
) -> Page:
    """So many edits and removals, newest first; of these sites (ids), of these kinds (of KINDS), and from `since` on
    (aware), if given. `cursor` is that of the page before.

    :raises QueryError: when the cursor is none of ours.
    """
    bounds = [t.edits.c.at >= since] if since else []
    if cursor:
        at, version, article = _position(cursor)
        position = tuple_(literal(at, Instant), literal(article), literal(version))
        bounds.append(tuple_(*_ORDER) < position)
    of_kinds = [t.edits.c.kind == kind for kind in kinds] or [t.edits.c.place == 0]
    of_sites = [[t.edits.c.site == site] for site in sites] or [[]]
    each = [_keys(conn, [kind, *site, *bounds], limit + 1) for kind in of_kinds for site in of_sites]
    found = [key for key, _ in groupby(merge(*each, reverse=True))]
    page, more = found[:limit], len(found) > limit
    return Page(tuple(_edits(conn, page)), _cursor(page[-1]) if more else None)


def times(conn: Connection, articles: Sequence[str]) -> dict[str, tuple[datetime, ...]]:
    """When each of these articles (ids) was edited (UTC), oldest first; those that were not are left out."""
    found: dict[str, list[datetime]] = {}
    for piece in chunks(articles):
        its = t.edits.c.article.in_(piece) & (t.edits.c.version > 0) & (t.edits.c.place == 0)
        for row in conn.execute(select(t.edits.c.article, t.edits.c.at).where(its)):
            found.setdefault(row.article, []).append(row.at)
    return {article: tuple(sorted(moments)) for article, moments in found.items()}


def waiting(conn: Connection, most: int) -> list[Waiting]:
    """Versions that are yet to be compared, at most so many, newest first."""
    query = select(*(t.edits.c[name] for name in ("article", "site", "version", "at")))
    query = query.where(t.edits.c.kind == NOT_COMPARED).order_by(*(column.desc() for column in _ORDER)).limit(most)
    return [Waiting(*row) for row in conn.execute(query)]


def count_waiting(conn: Connection) -> int:
    """How many versions are yet to be compared; until then they are found by no kind."""
    query = select(func.count()).select_from(t.edits).where(t.edits.c.kind == NOT_COMPARED)
    return int(conn.execute(query).scalar_one())


_Key = tuple[datetime, str, int]  # when, the article's id, the version's number or 0
_ORDER = (t.edits.c.at, t.edits.c.article, t.edits.c.version)


def _cursor(key: _Key) -> str:
    at, article, version = key
    return f"{(at - EPOCH) // MICROSECOND}-{version}-{article}"


def _position(cursor: str) -> tuple[datetime, int, str]:
    match = _CURSOR.fullmatch(cursor)
    try:
        if match:
            return EPOCH + int(match[1]) * MICROSECOND, int(match[2]), match[3]
    except OverflowError:
        pass
    raise QueryError(Message("error.cursor"), 0)


def _keys(conn: Connection, which: Sequence[ColumnElement[bool]], limit: int) -> list[_Key]:
    query = select(*_ORDER).where(*which).order_by(*(column.desc() for column in _ORDER)).limit(limit)
    return [(row.at, row.article, row.version) for row in conn.execute(query)]


def _edits(conn: Connection, keys: Sequence[_Key]) -> Iterator[Edit]:
    """The edits with these keys, in their order."""
    found: dict[_Key, Edit] = {}
    for piece in chunks(keys):
        for row in conn.execute(_TOLD.where(or_(*map(_is, piece)))):  # by the primary key: IN would look at every row
            found[row.at, row.article, row.version] = _edit(row)
    for notice in notices.of_articles(conn, [edit.article for edit in found.values() if edit.version is None]):
        for key, edit in found.items():
            if (edit.article, edit.version) == (notice.article, None) and notice.within(edit.at, edit.back):
                found[key] = replace(edit, notice=notice)
    return (found[key] for key in keys)


_BEFORE = t.versions.alias("before")
_TOLD = (
    select(
        *(t.edits.c[name] for name in ("at", "article", "site", "version", "kind", "kinds", "removed", "added")),
        *(t.articles.c.url, t.absences.c.back, t.versions.c.confirmed, _BEFORE.c.confirmed.label("confirmed_before")),
        *(shown(name) for name in ("headline", "language")),
    )
    .join(t.articles, t.articles.c.id == t.edits.c.article)
    .join(
        t.versions,
        (t.versions.c.article == t.edits.c.article)
        & (t.versions.c.number == case((t.edits.c.version == 0, t.articles.c.number), else_=t.edits.c.version)),
    )
    .outerjoin(t.readings, IS_SHOWN)
    .outerjoin(_BEFORE, (_BEFORE.c.article == t.edits.c.article) & (_BEFORE.c.number == t.edits.c.version - 1))
    .outerjoin(
        t.absences,
        (t.absences.c.article == t.edits.c.article) & (t.absences.c.since == t.edits.c.at) & (t.edits.c.version == 0),
    )
)


def _is(key: _Key) -> ColumnElement[bool]:
    at, article, version = key
    edit = t.edits.c
    return and_(edit.article == article, edit.version == version, edit.at == at, edit.place == 0)


def _edit(row: Any) -> Edit:
    return Edit(
        at=row.at,
        article=row.article,
        site=row.site,
        url=row.url,
        headline=row.headline,
        language=row.language,
        version=row.version or None,
        kinds=None if row.kind == NOT_COMPARED else tuple(row.kinds),
        removed=row.removed,
        added=row.added,
        maybe_ours=row.version > 0 and not confirmed_alike(row.confirmed_before, row.confirmed),
        back=row.back,
    )
