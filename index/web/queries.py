"""The web interface's queries of the archive other than documents: counts, the newest articles, a story's articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime

from sqlalchemy import Connection, select

from index.archive import documents, facsimiles
from index.archive.history import change
from index.archive.tables import articles, sites, versions
from index.model.article import IndexDocument
from index.model.change import Change


def newest(conn: Connection, n: int) -> list[IndexDocument]:
    """The n newest articles that lead their story and are still on their site, newest first."""
    query = (
        select(articles.c.id)
        .where(articles.c.lead, articles.c.gone_since.is_(None))
        .order_by(articles.c.sort_date.desc(), articles.c.id)
        .limit(n)
    )
    return documents.documents(conn, conn.execute(query).scalars().all())


def newest_of(conn: Connection, site: str, n: int) -> list[IndexDocument]:
    """The n newest articles of a site, newest first, those that it removed among them."""
    query = select(articles.c.id).where(articles.c.site == site).order_by(articles.c.sort_date.desc(), articles.c.id)
    return documents.documents(conn, conn.execute(query.limit(n)).scalars().all())


def names(conn: Connection) -> dict[str, str]:
    """The names of the sites that have one, by id."""
    query = select(sites.c.id, sites.c.name).where(sites.c.name.is_not(None))
    return {row[0]: row[1] for row in conn.execute(query)}


def same_story(conn: Connection, document: IndexDocument) -> list[IndexDocument]:
    """The other articles of this document's story, its lead first."""
    if document.story is None:
        return []
    query = (
        select(articles.c.id)
        .where(articles.c.story == document.story, articles.c.id != document.article.id)
        .order_by(articles.c.lead.desc(), articles.c.sort_date, articles.c.id)
    )
    return documents.documents(conn, conn.execute(query).scalars().all())


def with_copies(conn: Connection, article: str) -> list[int]:
    """The numbers of the versions of which a page is stored: its raw response, or what it looked like."""
    query = select(versions.c.number).where(versions.c.article == article, versions.c.raw.is_not(None))
    return sorted({*conn.execute(query).scalars(), *facsimiles.versions(conn, article)})


def last_change(conn: Connection, article: str) -> Change | None:
    """What the newest version of an article changed; None if it is the first."""
    number = conn.execute(select(articles.c.number).where(articles.c.id == article)).scalar()
    event = change(conn, article, number) if number else None
    return event.change if event is not None and event.what == "changed" else None


# --- a site ----------------------------------------------------------------------------------------------------------


def by_day(conn: Connection, site: str, since: datetime) -> Mapping[date, int]:
    """The number of articles of a site by the UTC day of their date, from `since` on."""
    recent = (articles.c.site == site) & (articles.c.sort_date >= since)
    dates = conn.execute(select(articles.c.sort_date).where(recent)).scalars()
    return Counter(moment.astimezone(UTC).date() for moment in dates)
