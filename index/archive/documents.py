"""Reading documents, versions and aliases, and marking documents as changed for the indexes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    union_all,
    update,
)

from index.archive import article_counts, dialect, edits, outbox
from index.archive import tables as t
from index.archive.readings import IS_SHOWN, article_of, shown_columns
from index.archive.upsert import CHUNK, chunks, streamed
from index.archive.warc_records import LOCATION, ref_of
from index.model.article import CANONICAL_ELSEWHERE, IndexDocument, Version
from index.model.codes import AliasReason, ReadingReason
from index.warc.record import WarcRef


def _leads_to(*of: str) -> Any:
    """Asks for the article with this URL as its own, else as an alias, by these columns."""
    own = select(t.articles.c.id.label("article"), literal(0).label("rank"))
    alias = select(t.aliases.c.article, literal(1))
    both = ((own, t.articles), (alias, t.aliases))
    asked = [query.where(*(table.c[name] == bindparam(name) for name in of)) for query, table in both]
    return union_all(*asked).order_by("rank").limit(1)


# By whether only one site is searched; built once: building statements costs as much as running them
_LEADS_TO = {False: _leads_to("url"), True: _leads_to("url", "site")}
_AMONG = tuple(  # aliases, then articles' own URLs, which take precedence
    select(url, article).where(site == bindparam("site"), url.in_(bindparam("urls", expanding=True)))
    for url, article, site in (
        (t.aliases.c.url, t.aliases.c.article, t.aliases.c.site),
        (t.articles.c.url, t.articles.c.id, t.articles.c.site),
    )
)


@dataclass(frozen=True, slots=True)
class Alias:
    """Another URL of an article, why it is one, and since when (UTC)."""

    url: str
    reason: AliasReason
    seen: datetime


@dataclass(frozen=True, slots=True)
class Merged:
    """The id of the article that another one was merged into, and the numbers there of the other's versions, oldest
    first."""

    article: str
    versions: tuple[int, ...]


def document(conn: Connection, article_id: str) -> IndexDocument | None:
    """The article's document as an index gets it, or None if there is no such article."""
    return next(iter(documents(conn, [article_id])), None)


def documents(conn: Connection, ids: Sequence[str]) -> list[IndexDocument]:
    """The documents of these articles, in the given order; unknown ids are left out."""
    found: dict[str, IndexDocument] = {}
    for piece in chunks(ids):
        rows = conn.execute(_NEWEST, {"ids": piece}).mappings().all()
        edited = edits.times(conn, [row["id"] for row in rows if row["number"] > 1])
        found |= {row["id"]: _document(dict(row), edited.get(row["id"], ())) for row in rows}
    return [found[article_id] for article_id in ids if article_id in found]


def by_url(conn: Connection, url: str, site: str | None = None) -> str | None:
    """The id of the article with this URL, as its own or as an alias, on one site or on any; None if there is none."""
    asked = {"url": url} if site is None else {"url": url, "site": site}
    found: str | None = conn.execute(_LEADS_TO[site is not None], asked).scalar()
    return found


def merged_into(conn: Connection, article_id: str) -> Merged | None:
    """The article that this one, which is no more, was merged into; None if it was not."""
    found = conn.execute(select(t.merged.c.article).where(t.merged.c.id == article_id)).scalar_one_or_none()
    if found is None:
        return None
    its = (t.versions.c.article == found) & (t.versions.c.stored_as == article_id)
    numbers = select(t.versions.c.number).where(its).order_by(t.versions.c.number)
    return Merged(found, tuple(conn.execute(numbers).scalars()))


def by_urls(conn: Connection, urls: Sequence[str], site: str) -> dict[str, str]:
    """The ids of a site's articles by URL, own or alias, in the order of the URLs; unknown URLs are left out."""
    found: dict[str, str] = {}
    for piece in chunks(urls):
        asked = {"site": site, "urls": piece}
        found |= {row[0]: row[1] for query in _AMONG for row in conn.execute(query, asked)}
    return {url: found[url] for url in urls if url in found}


def named_urls(conn: Connection, site: str, most: int) -> list[str]:
    """The URLs of a site's latest articles, at most so many, and the ones elsewhere that they name as canonical."""
    query = (
        select(t.articles.c.url, t.versions.c.origins)
        .join(t.versions, (t.articles.c.id == t.versions.c.article) & (t.articles.c.number == t.versions.c.number))
        .where(t.articles.c.site == site)
        .order_by(t.articles.c.first_seen.desc())
        .limit(most)
    )
    found = conn.execute(query).all()
    elsewhere = (row.origins.get(CANONICAL_ELSEWHERE) for row in found)
    return [*(row.url for row in found), *filter(None, elsewhere)]


def versions(conn: Connection, article_id: str, numbers: Sequence[int] | None = None) -> list[Version]:
    """The versions of an article, oldest first; only those of these numbers if given."""
    query = _VERSIONS if numbers is None else _VERSIONS.where(t.versions.c.number.in_(numbers))
    return [_version(row) for row in conn.execute(query, {"article": article_id}).mappings()]


def version_documents(
    conn: Connection, ids: Sequence[str], only: Collection[tuple[str, int]] | None = None
) -> list[IndexDocument]:
    """Documents of these articles' replaced versions, oldest first, with their `number` and `current` False; `only`
    those of these articles (ids) and numbers, if given.

    Story, date and state are those of the article today.
    """
    found: dict[str, list[IndexDocument]] = {}
    for piece in chunks(ids):
        query = _stored(t.versions.c.number < t.articles.c.number).where(t.articles.c.id.in_(piece))
        if only is not None:
            mine = set(piece)
            asked = [(article, number) for article, number in only if article in mine]
            query = query.where(tuple_(t.versions.c.article, t.versions.c.number).in_(asked))
        edited = edits.times(conn, piece)
        for row in conn.execute(query.order_by(t.versions.c.number)).mappings():
            past = replace(
                _document(dict(row), edited.get(row["id"], ())),
                number=row["number"],
                changed=row["seen"],
                current=False,
            )
            found.setdefault(row["id"], []).append(past)
    return [document for article_id in ids for document in found.get(article_id, ())]


def aliases(conn: Connection, article_id: str) -> list[Alias]:
    """The other URLs of the article, oldest first."""
    rows = conn.execute(
        select(t.aliases).where(t.aliases.c.article == article_id).order_by(t.aliases.c.seen, t.aliases.c.url)
    )
    return [Alias(row.url, AliasReason(row.reason), row.seen) for row in rows]


def others(conn: Connection, stories: Sequence[str]) -> dict[str, int]:
    """The number of articles in each of these stories, not counting its lead."""
    found: dict[str, int] = {}
    for piece in chunks(stories):
        query = (
            select(t.articles.c.story, func.count().label("n"))
            .where(t.articles.c.story.in_(piece))
            .group_by(t.articles.c.story)
        )
        found |= {row.story: row.n - 1 for row in conn.execute(query)}
    return found


def raw_of(conn: Connection, article_id: str, number: int | None = None) -> tuple[WarcRef, str] | None:
    """The location of a version's raw response (by default the newest version's) and the URL of its record, or None."""
    query = (
        select(*(t.raws.c[name] for name in (*LOCATION, "url")))
        .join(t.versions, t.versions.c.raw == t.raws.c.id)
        .join(t.articles, t.articles.c.id == t.versions.c.article)
        .where(
            t.articles.c.id == article_id, t.versions.c.number == (t.articles.c.number if number is None else number)
        )
    )
    row = conn.execute(query).one_or_none()
    return (ref_of(row), row.url) if row else None


def sites(conn: Connection) -> dict[str, str]:
    """The sites that have articles, by their ids, each with the URL of one of them."""
    article = t.articles.c
    rows = conn.execute(select(article.site, func.min(article.url)).group_by(article.site).order_by(article.site))
    return {row[0]: row[1] for row in rows}


def ids(conn: Connection, site: str | None = None) -> Iterator[tuple[str, int]]:
    """The id and document version of every article, or of a site's, in the order of the ids: what a complete index
    holds."""
    last = ""
    query = select(t.articles.c.id, t.articles.c.revision).order_by(t.articles.c.id).limit(CHUNK)
    query = query if site is None else query.where(t.articles.c.site == site)
    while rows := conn.execute(query.where(t.articles.c.id > last)).all():
        yield from ((row.id, row.revision) for row in rows)
        last = rows[-1].id


def stored(conn: Connection) -> Iterator[tuple[str, datetime]]:
    """The id of every article, and when it was stored (UTC)."""
    for row in streamed(conn, select(t.articles.c.id, t.articles.c.stored)):
        yield row.id, row.stored


def months(conn: Connection) -> Iterator[tuple[date, list[tuple[str, int]]]]:
    """The months (in UTC) by which articles are sorted by date, in order, each by its first day, with the id and
    document version of each of its articles, in the order of the ids."""
    first = conn.execute(select(func.min(t.articles.c.sort_date))).scalar()
    while first is not None:
        begin = date(first.year, first.month, 1)
        end = datetime.combine(begin + timedelta(days=31), time(), UTC).replace(day=1)
        query = select(t.articles.c.id, t.articles.c.revision).order_by(t.articles.c.id)
        within = (t.articles.c.sort_date >= first) & (t.articles.c.sort_date < end)
        yield begin, [(row.id, row.revision) for row in streamed(conn, query.where(within))]
        first = conn.execute(select(func.min(t.articles.c.sort_date)).where(t.articles.c.sort_date >= end)).scalar()


def earlier(conn: Connection) -> Iterator[tuple[str, int, int]]:
    """The article id, version number and document version of every replaced version."""
    query = select(t.versions.c.article, t.versions.c.number, t.articles.c.revision)
    query = query.join(t.articles, t.articles.c.id == t.versions.c.article)
    for row in streamed(conn, query.where(t.versions.c.number < t.articles.c.number)):
        yield row.article, row.number, row.revision


def count(conn: Connection, site: str | None = None) -> int:
    """The number of articles, of one site or of all."""
    return article_counts.of_all(conn) if site is None else article_counts.of_site(conn, site)


def touch(conn: Connection, changed: Sequence[str], now: datetime) -> None:
    """Increment these documents' versions and enqueue them for every index; call it after changing them."""
    dialect.of(conn).hold_articles(conn)
    for piece in chunks(changed):
        conn.execute(update(t.articles).where(t.articles.c.id.in_(piece)).values(revision=t.articles.c.revision + 1))
    outbox.enqueue(conn, changed, now)


def count_on(conn: Connection, indexed: Mapping[str, int], now: datetime) -> None:
    """Raise these documents' versions above the one that an index has of each, and enqueue them for every index."""
    dialect.of(conn).hold_articles(conn)
    for article_id, version in indexed.items():
        mine = (t.articles.c.id == article_id) & (t.articles.c.revision <= version)
        conn.execute(update(t.articles).where(mine).values(revision=version + 1))
    outbox.enqueue(conn, list(indexed), now)


# --- rows to values ------------------------------------------------------------------------------------------------


def _stored(which: ColumnElement[bool]) -> Select[Any]:
    state = ("id", "site", "revision", "first_seen", "sort_date", "stored", "story", "lead", "gone_since")
    return select(
        *(t.articles.c[name] for name in state),
        *(t.articles.c.url.label("own_url"), t.articles.c.number.label("newest")),
        *shown_columns(),
        t.versions.c.number,
        t.versions.c.seen,
    ).select_from(
        t.articles.join(t.versions, (t.versions.c.article == t.articles.c.id) & which).outerjoin(t.readings, IS_SHOWN)
    )


_VERSIONS = (
    select(
        *(t.articles.c.id, t.articles.c.site, t.articles.c.url.label("own_url")),
        *(t.versions.c[name] for name in ("number", "seen", "reading", "corrected", "confirmed", "beside")),
        *(t.readings.c.at, t.readings.c.reason),
        *shown_columns(),
    )
    .join(t.articles, t.articles.c.id == t.versions.c.article)
    .outerjoin(t.readings, IS_SHOWN)
    .where(t.versions.c.article == bindparam("article"))
    .order_by(t.versions.c.number)
)
_NEWEST = _stored(t.versions.c.number == t.articles.c.number).where(  # built once, as _LEADS_TO
    t.articles.c.id.in_(bindparam("ids", expanding=True))
)


def _version(row: RowMapping) -> Version:
    return Version(
        number=row["number"],
        seen=row["seen"],
        article=article_of(dict(row)),
        reading=row["reading"],
        read=row["at"] or row["seen"],
        reason=ReadingReason(row["reason"] or ReadingReason.FIRST),
        confirmed=row["confirmed"],
        corrected=row["corrected"],
        beside=row["beside"],
    )


def _document(row: dict[str, Any], edited: tuple[datetime, ...]) -> IndexDocument:
    return IndexDocument(
        article=article_of(row),
        version=row["revision"],
        first_seen=row["first_seen"],
        sort_date=row["sort_date"],
        stored=row["stored"],
        lead=row["lead"],
        story=row["story"],
        gone=row["gone_since"] is not None,
        changed=_changed(row),
        number=row["number"],
        versions=row["newest"],
        edits=edited,
        removed=row["gone_since"],
    )


def _changed(row: dict[str, Any]) -> datetime | None:
    """When the version replaced the previous one, or the date of a change after publication that the page states."""
    if row["number"] > 1:
        return cast(datetime, row["seen"])
    published, modified = row["published"], row["modified"]
    later = published and modified and published < modified <= row["seen"]
    return cast(datetime, modified) if later else None
