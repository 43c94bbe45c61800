"""The archive's references to raw responses: which articles they belong to, their size, and their expiry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    delete,
    func,
    insert,
    null,
    select,
    union_all,
    update,
)

from index.archive import tables as t
from index.archive.readings import IS_SHOWN, article_of, shown, shown_columns
from index.archive.upsert import CHUNK, chunks, streamed
from index.model.article import Article
from index.model.candidate import Candidate
from index.model.codes import RecordProblem
from index.warc.record import WarcRef

SAID = ("title", "published", "modified", "language")  # what a source gives for a candidate
LOCATION = ("id", "file", "offset", "length", "digest")  # the columns of `raws` that say where a record lies
MONTH = timedelta(days=30)  # the period over which growth is measured and reported


@dataclass(frozen=True, slots=True)
class FurtherPage:
    """The raw response of a further page of an article: its URL after redirects, and when it was fetched (UTC)."""

    ref: WarcRef
    final_url: str
    fetched: datetime


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """The raw response of a version: the article as extracted from it, the version's number, the requested URL and the
    final one, when it was fetched (UTC), the candidate as its source offered it, the `state` by which it last gave
    the reading shown (None: not known), and the further pages of an article in several, in their order."""

    article: Article
    number: int
    ref: WarcRef
    url: str
    final_url: str
    fetched: datetime
    offered: Candidate
    state: str | None = None
    further: tuple[FurtherPage, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirect:
    """A response on the way to a page, which only led on: the URL that it is of, and when it was fetched (UTC). `raw`
    writes it and returns its location."""

    url: str
    fetched: datetime
    raw: Callable[[], WarcRef]


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """A raw response of this article (id), with the URL of its record: of a version, with the headline that is shown
    for it, or None of a further page of it, of a response that only led there, of a part of a facsimile, and of what a
    page had in place of the article."""

    article: str
    ref: WarcRef
    url: str
    headline: str | None


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record that is to be checked: its id, its location, the URL that it must be the response of, and its hash in a
    manifest (None: it is in none yet)."""

    id: int
    ref: WarcRef
    url: str
    hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class DamagedRecord:
    """A record that was found damaged or missing when it was last `checked` (UTC), with its URL; and the version of an
    article that was read from it, or whose facsimile it is a part of, if there is one: that can no longer be shown as
    it was, or read again. Of a page that led to an article, or took its place, only the article is given."""

    ref: WarcRef
    url: str
    checked: datetime
    problem: RecordProblem
    article: str | None
    version: int | None


@dataclass(frozen=True, slots=True)
class Extent:
    """The size of the raw responses that the archive keeps: the bytes now, and those added within the last MONTH,
    extrapolated to a whole month if the archive is younger; and how many others lie `outside`, in files of others."""

    copies: int
    bytes: int
    month: int
    outside: int


def copies(conn: Connection, site: str, since: datetime | None = None, after: str = "") -> Iterator[StoredRecord]:
    """The raw responses of the newest versions of a site's articles, in the order of their ids, after the id `after`;
    with `since`, only of pages fetched since then."""
    last = after
    while rows := conn.execute(_newest(site, since, last)).mappings().all():
        yield from _stored_records(conn, rows)
        last = rows[-1]["id"]


def newest(conn: Connection, article: str) -> StoredRecord | None:
    """The raw response of the newest version of this article (id), or None if it is not stored."""
    row = conn.execute(_EACH.where(_IS_NEWEST, t.articles.c.id == article)).mappings().one_or_none()
    return next(_stored_records(conn, [row])) if row is not None else None


def of_article(conn: Connection, article: str, most: int) -> list[StoredRecord]:
    """The raw responses of an article's versions that are stored, the newest first: at most `most`."""
    query = _EACH.where(t.articles.c.id == article).order_by(t.versions.c.number.desc()).limit(most)
    return list(_stored_records(conn, conn.execute(query).mappings().all()))


def _stored_records(conn: Connection, rows: Sequence[RowMapping]) -> Iterator[StoredRecord]:
    further = _further_pages(conn, [row["id"] for row in rows])
    for row in rows:
        offered = Candidate(row["page_url"], *(row[f"said_{name}"] for name in SAID))
        ref = WarcRef(row["file"], row["offset"], row["length"], row["record"], row["digest"])
        urls = row["page_url"], row["final_url"]
        pages = tuple(further.get((row["id"], row["number"]), ()))
        article = article_of(dict(row))
        yield StoredRecord(article, row["number"], ref, *urls, row["fetched"], offered, row["confirmed"], pages)


def _further_pages(conn: Connection, articles: Sequence[str]) -> dict[tuple[str, int], list[FurtherPage]]:
    """The further pages of these articles' versions, by article and version."""
    found: dict[tuple[str, int], list[FurtherPage]] = {}
    page = t.further_pages.c
    query = select(page.article, page.version, t.raws).join(t.raws, t.raws.c.id == page.raw)
    for piece in chunks(list(dict.fromkeys(articles))):
        for row in conn.execute(query.where(page.article.in_(piece)).order_by(page.number)):
            ref = ref_of(row)
            found.setdefault((row.article, row.version), []).append(FurtherPage(ref, row.url, row.fetched))
    return found


def add_further_pages(conn: Connection, article: str, version: int, raws: Sequence[int]) -> None:
    """Record the raw responses (ids) of a version's pages after the first, in their order."""
    rows = [{"article": article, "version": version, "number": n, "raw": raw} for n, raw in enumerate(raws, start=2)]
    if rows:
        conn.execute(insert(t.further_pages), rows)


def copy_further_pages(conn: Connection, article: str, version: int, later: int) -> None:
    """Record that a later version has the same further pages as this one."""
    page = t.further_pages.c
    its = (page.article == article) & (page.version == version)
    raws = conn.execute(select(page.raw).where(its).order_by(page.number)).scalars().all()
    add_further_pages(conn, article, later, raws)


def ref_of(row: Any) -> WarcRef:
    """The location in a row that has the columns `LOCATION` of `raws`."""
    return WarcRef(row.file, row.offset, row.length, row.id, row.digest)


def location(conn: Connection, record: int) -> WarcRef | None:
    """Where a record (id) lies; None if the archive refers to it no longer."""
    row = conn.execute(select(*_LOCATION).where(t.raws.c.id == record)).one_or_none()
    return ref_of(row) if row is not None else None


MOST_REDIRECTS = 100  # of an article, of which a server can have others at each visit
_LOCATION = [t.raws.c[name] for name in LOCATION]
_ANY_FURTHER = select(t.further_pages.c.raw).limit(1)
_IS_NEWEST = t.articles.c.number == t.versions.c.number
_EACH = (
    select(
        t.versions.c.number,
        t.versions.c.confirmed,
        *shown_columns(),
        t.articles.c.id,
        t.articles.c.site,
        t.articles.c.url.label("own_url"),
        t.versions.c.url.label("page_url"),
        t.raws.c.url.label("final_url"),
        t.raws.c.id.label("record"),
        *(t.raws.c[name] for name in ("fetched", "file", "offset", "length", "digest")),
        *(t.frontier.c[name].label(f"said_{name}") for name in SAID),
    )
    .select_from(t.versions)
    .join(t.articles, t.articles.c.id == t.versions.c.article)
    .outerjoin(t.readings, IS_SHOWN)
    .join(t.raws, t.raws.c.id == t.versions.c.raw)
    .outerjoin(t.frontier, and_(t.frontier.c.site == t.articles.c.site, t.frontier.c.url == t.versions.c.url))
)


def _newest(site: str, since: datetime | None, after: str) -> Select[Any]:
    """The statement that selects one chunk of rows for `copies`."""
    query = _EACH.where(_IS_NEWEST, t.articles.c.site == site, t.articles.c.id > after)
    if since is not None:
        query = query.where(t.raws.c.fetched >= since)
    return query.order_by(t.articles.c.id).limit(CHUNK)


def for_replay(conn: Connection, articles: Sequence[str]) -> list[ReplayRecord]:
    """The raw responses of all pages of all versions of these articles, those that led to them, the parts of their
    facsimiles, and what the pages said in their place; in the order of the articles' ids, then of fetching."""
    found: list[Any] = []
    for piece in chunks(articles):
        found += conn.execute(_OF_VERSIONS.where(t.versions.c.article.in_(piece)))
        for query, table in _OTHERS:
            found += conn.execute(query.where(table.c.article.in_(piece)))
    found.sort(key=lambda row: (row.article, row.fetched, row.id))
    return [ReplayRecord(row.article, ref_of(row), row.url, row.headline) for row in found]


_PLACE = [t.raws.c[name] for name in ("fetched", "url", *LOCATION)]
_OF_VERSIONS = (
    select(t.versions.c.article, shown("headline"), *_PLACE)
    .select_from(t.versions)
    .outerjoin(t.readings, IS_SHOWN)
    .join(t.raws, t.raws.c.id == t.versions.c.raw)
)
_OTHERS = [
    (select(table.c.article, null().label("headline"), *_PLACE).join(t.raws, t.raws.c.id == table.c.raw), table)
    for table in (t.redirects, t.further_pages, t.facsimile_parts, t.notices)
]


def add(conn: Connection, site: str, ref: WarcRef, url: str, fetched: datetime, body_hash: str | None = None) -> int:
    """Record where a raw response of a site (id) was written; return the number of that record."""
    place = {"file": ref.file, "offset": ref.offset, "length": ref.length, "digest": ref.digest}
    what = {"site": site, "url": url, "fetched": fetched, "body_hash": body_hash}
    return int(conn.execute(_ADD, {**place, **what}).scalar_one())


def are_there(conn: Connection, ids: Iterable[int]) -> bool:
    """Whether the archive has all raw responses with these numbers, none of which was erased or deleted."""
    rest = iter(ids)
    while some := set(islice(rest, CHUNK)):
        found = conn.execute(select(func.count()).where(t.raws.c.id.in_(some))).scalar_one()
        if found != len(some):
            return False
    return True


def is_referred(conn: Connection, ref: WarcRef) -> bool:
    """Whether the archive refers to the record at this location."""
    there = (t.raws.c.file == ref.file) & (t.raws.c.offset == ref.offset)
    return conn.execute(select(t.raws.c.id).where(there)).first() is not None


_ADD = insert(t.raws).returning(t.raws.c.id)  # built once: that costs as much as running it


def keep_redirects(
    conn: Connection, site: str, article: str, redirects: Sequence[Redirect], *, again: bool = False
) -> None:
    """Write the responses that led to this article (id), and record where they are, so that the addresses it was found
    by lead to it in the archive, too. Those of URLs of which it has one are only written `again` with a version, and
    so are those beyond MOST_REDIRECTS of an article."""
    if not redirects:
        return
    known = set() if again else set(conn.execute(_REDIRECTED.where(t.redirects.c.article == article)).scalars())
    for one in redirects:
        if one.url in known or len(known) >= MOST_REDIRECTS:
            continue
        if not again:
            known.add(one.url)
        record = add(conn, site, one.raw(), one.url, one.fetched)
        conn.execute(insert(t.redirects).values(raw=record, article=article))


_REDIRECTED = select(t.raws.c.url).join(t.redirects, t.redirects.c.raw == t.raws.c.id)


def refs(conn: Connection, site: str | None = None, since: datetime | None = None) -> Iterator[WarcRef]:
    """The locations of the raw responses, in their order on disk."""
    query = select(*_LOCATION).order_by(t.raws.c.file, t.raws.c.offset)
    if site is not None:
        query = query.where(t.raws.c.site == site)
    if since is not None:
        query = query.where(t.raws.c.fetched >= since)
    for row in streamed(conn, query):
        yield ref_of(row)


def count_newest(conn: Connection, sites: Sequence[str], since: datetime | None = None) -> int:
    """How many raw responses `copies` gives for all of these sites together."""
    whole = t.versions.join(t.articles, t.articles.c.id == t.versions.c.article).join(
        t.raws, t.raws.c.id == t.versions.c.raw
    )
    query = select(func.count()).select_from(whole).where(_IS_NEWEST, t.articles.c.site.in_(sites))
    query = query if since is None else query.where(t.raws.c.fetched >= since)
    return int(conn.execute(query).scalar_one())


def to_check(conn: Connection, before: datetime, after: int, most: int) -> list[CheckedRecord]:
    """At most `most` records, in the order of their ids after the id `after`, that were not checked since `before`."""
    rows = conn.execute(_CHECKED.where(_unchecked(before), t.raws.c.id > after).order_by(t.raws.c.id).limit(most))
    return [CheckedRecord(row.id, ref_of(row), row.url, row.hash) for row in rows]


def count_to_check(conn: Connection, before: datetime) -> int:
    """How many records were not checked since `before`."""
    return int(conn.execute(select(func.count()).select_from(t.raws).where(_unchecked(before))).scalar_one())


def _unchecked(before: datetime) -> ColumnElement[bool]:
    return t.raws.c.checked.is_(None) | (t.raws.c.checked < before)


def of_file(conn: Connection, file: str) -> list[CheckedRecord]:
    """The records of a file, in their order on disk."""
    rows = conn.execute(_CHECKED.where(t.raws.c.file == file).order_by(t.raws.c.offset))
    return [CheckedRecord(row.id, ref_of(row), row.url, row.hash) for row in rows]


_CHECKED = select(t.raws, t.manifest_entries.c.hash).select_from(
    t.raws.outerjoin(t.manifest_entries, t.manifest_entries.c.id == t.raws.c.entry)
)


def mark_checked(conn: Connection, problems: Mapping[int, RecordProblem | None], now: datetime) -> None:
    """Record what was wrong with these records (by id); None: nothing."""
    by_problem: dict[RecordProblem | None, list[int]] = {}
    for record, problem in problems.items():
        by_problem.setdefault(problem, []).append(record)
    for problem, ids in by_problem.items():
        for piece in chunks(ids):
            conn.execute(update(t.raws).where(t.raws.c.id.in_(piece)).values(checked=now, problem=problem))


def damaged(conn: Connection, article: str | None = None) -> list[DamagedRecord]:
    """The records with a problem and the versions that were read from them, of one article or of all."""
    columns = (*_LOCATION, *(t.raws.c[name] for name in ("url", "checked", "problem")))
    first, further, part = t.versions.c, t.further_pages.c, t.facsimile_parts.c
    beside = (
        select(of.c.raw, of.c.article, null().label("number")).where(of.c.raw.is_not(None))
        for of in (t.redirects, t.notices)
    )
    read = union_all(
        select(first.raw, first.article, first.number).where(first.raw.is_not(None)),
        select(further.raw, further.article, further.version),
        select(part.raw, part.article, part.version),
        *beside,
    ).subquery()
    query = (
        select(*columns, read.c.article, read.c.number)
        .select_from(t.raws.outerjoin(read, read.c.raw == t.raws.c.id))
        .where(t.raws.c.problem.is_not(None))
        .order_by(t.raws.c.file, t.raws.c.offset, read.c.article, read.c.number)
    )
    if article is not None:
        query = query.where(read.c.article == article)
    found = []
    for row in conn.execute(query):
        problem = RecordProblem(row.problem)
        found.append(DamagedRecord(ref_of(row), row.url, row.checked, problem, row.article, row.number))
    return found


def extent(conn: Connection, now: datetime) -> Extent:
    """The size of the raw responses, and their growth per month."""
    own, size = t.raws.c.digest.is_(None), func.coalesce(func.sum(t.raws.c.length), 0)
    query = select(func.count(), size, func.min(t.raws.c.fetched).label("first"))
    number, total, first = conn.execute(query.where(own)).one()
    lately = conn.execute(select(size).where(own, t.raws.c.fetched > now - MONTH)).scalar_one()
    age = now - first if first is not None else MONTH
    share = min(max(age / MONTH, timedelta(days=1) / MONTH), 1.0)  # one hour says too little about a month
    outside = conn.execute(select(func.count()).select_from(t.raws).where(~own)).scalar_one()
    return Extent(number, total, round(lately / share), outside)


def remove(conn: Connection, which: ColumnElement[bool]) -> list[WarcRef]:
    """Remove references to these raw responses; return their locations. A version that lacks one of its pages has no
    raw response any more: of the others, only a part of its text could be extracted."""
    gone = conn.execute(select(*_LOCATION).where(which)).all()
    page = t.further_pages.c
    for piece in chunks([row.id for row in gone]):
        first = select(t.versions.c.article, t.versions.c.number).where(t.versions.c.raw.in_(piece))
        parts = select(page.article, page.version).where(page.raw.in_(piece))
        for row in conn.execute(parts.union(first)).all() if conn.execute(_ANY_FURTHER).first() else ():
            one = (t.versions.c.article == row.article) & (t.versions.c.number == row.version)
            conn.execute(update(t.versions).where(one).values(raw=None))
            conn.execute(delete(t.further_pages).where(page.article == row.article, page.version == row.version))
        conn.execute(update(t.versions).where(t.versions.c.raw.in_(piece)).values(raw=None))
        conn.execute(update(t.notices).where(t.notices.c.raw.in_(piece)).values(raw=None))
        for table in (t.redirects, t.facsimile_parts):
            conn.execute(delete(table).where(table.c.raw.in_(piece)))
        conn.execute(delete(t.raws).where(t.raws.c.id.in_(piece)))
    return [ref_of(row) for row in gone]
