"""Erasure on request: of an article with every trace of it, or of a whole site; a mark prevents crawling it again.

A mark is a digest of a URL or of a text, so that it does not reveal what was erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import ColumnElement, Connection, bindparam, delete, or_, select, update

from index.archive import article_counts, dialect, facsimiles, near_duplicates, outbox, readings, stories, warc_records
from index.archive import tables as t
from index.archive.upsert import chunks, insert_missing
from index.warc.record import WarcRef

WHOLE_SITE = "site"  # the mark of a site that must not be crawled at all
EVERY_SITE = "*"  # holds the marks of URLs that no site's sources may bring back


@dataclass(frozen=True, slots=True)
class ErasableArticle:
    """Every trace of an article in the archive: its URLs, the hashes of its texts, and its raw responses."""

    article: str
    site: str
    headline: str
    versions: int
    urls: tuple[str, ...]
    texts: tuple[str, ...]
    refs: tuple[WarcRef, ...]


def find(conn: Connection, article: str) -> ErasableArticle:
    """Every trace of this article (id).

    :raises KeyError: when there is no such article.
    """
    own = conn.execute(select(t.articles).where(t.articles.c.id == article)).one_or_none()
    if own is None:
        raise KeyError(article)
    urls = {own.url}
    for table in (t.aliases, t.frontier, t.versions):
        urls.update(conn.execute(select(table.c.url).where(table.c.article == article)).scalars())
    read = select(t.versions.c.headline).where(t.versions.c.article == article)
    said = conn.execute(read.order_by(t.versions.c.number)).all()
    refs = conn.execute(select(t.raws).where(_raws(article, own.site, sorted(urls)))).all()
    # An address on the way need not be the article's alone: a page for consent leads to many. Nor need an image's, or
    # that of a page that took its place
    passed: set[int] = set()
    for table in (t.redirects, t.notices):
        its = select(table.c.raw).where(table.c.article == article, table.c.raw.is_not(None))
        passed.update(conn.execute(its).scalars())
    passed |= set(conn.execute(select(t.raws.c.id).where(facsimiles.only_of(article))).scalars())
    return ErasableArticle(
        article=article,
        site=own.site,
        headline=said[-1].headline if said else "",
        versions=len(said),
        urls=tuple(sorted(urls | {row.url for row in refs if row.id not in passed})),
        texts=tuple({own.content_hash, *readings.hashes(conn, article)}),
        refs=tuple(map(warc_records.ref_of, refs)),
    )


def everywhere(conn: Connection, url: str) -> list[ErasableArticle]:
    """Every article of any site that has this URL, or one of the other URLs of such an article: several sites may list
    one page, and each keeps an article of its own."""
    found: dict[str, ErasableArticle] = {}
    urls, looked = {url}, set[str]()
    while new := sorted(urls - looked):
        looked |= urls
        for table in (t.articles, t.aliases, t.frontier):
            identifier = table.c.id if table is t.articles else table.c.article
            for piece in chunks(new):
                ids = conn.execute(select(identifier).where(table.c.url.in_(piece), identifier.is_not(None))).scalars()
                found |= {one: find(conn, one) for one in set(ids) - found.keys()}
        urls |= {url for one in found.values() for url in one.urls}
    return sorted(found.values(), key=lambda one: (one.site, one.article))


def forget(conn: Connection, what: ErasableArticle, now: datetime) -> None:
    """Remove an article from every table, mark it, and enqueue its deletion for every index."""
    dialect.of(conn).hold_articles(conn)
    mine = t.articles.c.id == what.article
    story = conn.execute(select(t.articles.c.story).where(mine)).scalar_one()
    conn.execute(update(t.articles).where(mine).values(revision=t.articles.c.revision + 1))
    outbox.enqueue(conn, [what.article], now, "delete")
    conn.execute(delete(t.quarantine).where(t.quarantine.c.article == what.article))
    near_duplicates.remove(conn, what.article)
    blocks = set(conn.execute(select(t.repeats.c.block).where(t.repeats.c.article == what.article)).scalars())
    urls = list(what.urls)
    gone = warc_records.remove(conn, _raws(what.article, what.site, urls))
    assert set(gone) <= set(what.refs), "a crawl wrote meanwhile"
    for table in reversed(t.metadata.sorted_tables):
        for column in table.columns:
            if any(key.column is t.articles.c.id for key in column.foreign_keys):
                conn.execute(delete(table).where(column == what.article))
    conn.execute(delete(t.articles).where(mine))
    article_counts.add(conn, what.site, -1)
    _unlearn(conn, what.site, blocks)
    if story is not None:
        stories.lead(conn, story, now)
    refuse(conn, what.site, urls, what.texts, now)


def refuse(conn: Connection, site: str, urls: Sequence[str], texts: Iterable[str], now: datetime) -> None:
    """Mark these URLs, for every site, and text hashes, for this one, so that no crawl stores them again; drop the URLs
    from the site's frontier."""
    dialect.of(conn).hold_articles(conn)
    for piece in chunks(urls):
        conn.execute(delete(t.frontier).where(t.frontier.c.site == site, t.frontier.c.url.in_(piece)))
        conn.execute(delete(t.requests).where(t.requests.c.url.in_(piece)))
        for table in (t.health, t.alerts):
            shown = (table.c.site == site) & table.c.example.in_(piece)
            conn.execute(update(table).where(shown).values(example=None))
    _forget_previews(conn)
    _mark(conn, site, [*map(_digest, urls), *map(_digest, texts)], now)
    _mark(conn, EVERY_SITE, map(_digest, urls), now)


def forget_site(conn: Connection, site: str) -> None:
    """Remove what is left of a site from every table once its articles are gone; the mark stays."""
    for table in reversed(t.metadata.sorted_tables):
        name = "id" if table is t.sites else "site"
        if name in table.columns and table not in (t.forgotten, t.leases):
            conn.execute(delete(table).where(table.c[name] == site))


def refuse_site(conn: Connection, site: str, now: datetime) -> None:
    """Mark a whole site, so that nothing on it is crawled any more."""
    dialect.of(conn).hold_articles(conn)
    _forget_previews(conn)
    _mark(conn, site, [WHOLE_SITE], now)


def urls_of(conn: Connection, site: str) -> frozenset[str]:
    """The URLs of a whole site that the archive knows: those of its articles, those that it was offered, and those of
    its raw responses."""
    tables = (t.articles, t.aliases, t.frontier, t.raws)
    return frozenset(
        url for table in tables for url in conn.execute(select(table.c.url).where(table.c.site == site)).scalars()
    )


def articles_of(conn: Connection, site: str) -> list[str]:
    """The ids of a site's articles."""
    return list(
        conn.execute(select(t.articles.c.id).where(t.articles.c.site == site).order_by(t.articles.c.id)).scalars()
    )


def sites(conn: Connection) -> frozenset[str]:
    """The ids of the sites that must not be crawled at all."""
    return frozenset(conn.execute(select(t.forgotten.c.site).where(t.forgotten.c.mark == WHOLE_SITE)).scalars())


_ANY = select(t.forgotten.c.mark).where(t.forgotten.c.site.in_((bindparam("site"), EVERY_SITE))).limit(1)


def among(conn: Connection, site: str, signs: Iterable[str]) -> frozenset[str]:
    """The URLs and text hashes among these that must not be crawled again."""
    if conn.execute(_ANY, {"site": site}).first() is None:
        return frozenset()  # true of nearly every site
    marks = {_digest(sign): sign for sign in signs}
    if site in sites(conn):
        return frozenset(marks.values())
    found: set[str] = set()
    for piece in chunks(list(marks)):
        here = t.forgotten.c.site.in_((site, EVERY_SITE)) & t.forgotten.c.mark.in_(piece)
        found.update(conn.execute(select(t.forgotten.c.mark).where(here)).scalars())
    return frozenset(marks[mark] for mark in found)


def _raws(article: str, site: str, urls: Sequence[str]) -> ColumnElement[bool]:
    """The condition for an article's raw responses: those it was extracted from, those that led to it or took its
    place, and those of any of its URLs; and for the parts of its facsimiles, but for images that another article has,
    too."""
    its = select(t.versions.c.raw).where(t.versions.c.article == article, t.versions.c.raw.is_not(None))
    others = (
        select(of.c.raw).where(of.c.article == article, of.c.raw.is_not(None))
        for of in (t.redirects, t.further_pages, t.notices)
    )
    own = [t.raws.c.id.in_(raws) for raws in (its, *others)]
    return or_(*own, facsimiles.only_of(article), (t.raws.c.site == site) & t.raws.c.url.in_(urls))


def _forget_previews(conn: Connection) -> None:
    """Deletes what looks at sites have found, as it shows texts of pages; one that is under way leaves out what is
    marked by then (`crawler/onboarding/preview.py`)."""
    conn.execute(delete(t.site_previews).where(t.site_previews.c.ended.is_not(None)))


def _unlearn(conn: Connection, site: str, blocks: Iterable[str]) -> None:
    """Delete the stored text of repeated blocks that only this article still had."""
    for piece in chunks(sorted(blocks)):
        left = select(t.repeats.c.block).where(t.repeats.c.site == site, t.repeats.c.block.in_(piece))
        kept = set(conn.execute(left).scalars())
        gone = [block for block in piece if block not in kept]
        conn.execute(delete(t.learned).where(t.learned.c.site == site, t.learned.c.block.in_(gone)))


def _mark(conn: Connection, site: str, marks: Iterable[str], now: datetime) -> None:
    rows = [{"mark": mark, "since": now} for mark in sorted(set(marks))]
    insert_missing(conn, t.forgotten, {"site": site}, "mark", rows)


def _digest(sign: str) -> str:
    return blake2b(sign.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
