"""How many articles each site has, counted as they come and go, so that nobody need read them all to know."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, func, select

from index.archive import dialect
from index.archive.tables import article_counts
from index.archive.upsert import chunks

_OF_SITE = select(article_counts.c.articles).where(article_counts.c.site == bindparam("site"))
# As plain SQL: it runs with each new article
_ADD = (
    "INSERT INTO article_counts (site, articles) VALUES (?, ?)"
    " ON CONFLICT (site) DO UPDATE SET articles = article_counts.articles + excluded.articles"
)


def add(conn: Connection, site: str, articles: int) -> None:
    """Note that a site has so many articles more, or fewer.

    Call it where articles are held (`hold_articles`), so that no two transactions wait for each other.
    """
    conn.exec_driver_sql(dialect.of(conn).sql(_ADD), (site, articles))


def of_site(conn: Connection, site: str) -> int:
    """The number of a site's articles."""
    return conn.execute(_OF_SITE, {"site": site}).scalar_one_or_none() or 0


def of_sites(conn: Connection, sites: Sequence[str] | None = None) -> dict[str, int]:
    """The number of articles of each of these sites, or of all, without sites that have none."""
    query = select(article_counts.c.site, article_counts.c.articles).where(article_counts.c.articles > 0)
    asked = [query] if sites is None else [query.where(article_counts.c.site.in_(piece)) for piece in chunks(sites)]
    return {row.site: row.articles for one in asked for row in conn.execute(one)}


def of_all(conn: Connection) -> int:
    """The number of all articles."""
    return int(conn.execute(select(func.sum(article_counts.c.articles))).scalar_one() or 0)
