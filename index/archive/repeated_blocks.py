"""Blocks of text that a site repeats across articles, such as «اقرأ أيضاً»; each counts once per article."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from index.archive.tables import learned, repeats
from index.archive.upsert import chunks, insert_missing


@dataclass(frozen=True, slots=True)
class LearnedBlock:
    """A block that was removed because it repeats: its text, the number of the site's articles that have it by now, and
    when it was first removed from one (UTC)."""

    block: str
    text: str
    articles: int
    since: datetime


# Built once: building a statement costs as much as running it.
_OF = select(repeats.c.block).where(repeats.c.article == bindparam("article"))
_AMONG = (
    select(repeats.c.block, func.count())
    .where(repeats.c.site == bindparam("site"), repeats.c.block.in_(bindparam("blocks", expanding=True)))
    .group_by(repeats.c.block)
)


def count(conn: Connection, site: str, article_id: str, blocks: Iterable[str]) -> None:
    """Record the hashes of the blocks that an article now has; idempotent."""
    blocks = set(blocks)
    known = of(conn, article_id)
    for block in known - blocks:
        mine = repeats.c.article == article_id
        conn.execute(delete(repeats).where(repeats.c.site == site, repeats.c.block == block, mine))
    if new := sorted(blocks - known):
        conn.execute(insert(repeats), [{"site": site, "block": block, "article": article_id} for block in new])


def of(conn: Connection, article_id: str) -> frozenset[str]:
    """The hashes of an article's blocks."""
    return frozenset(conn.execute(_OF, {"article": article_id}).scalars())


def repeated(conn: Connection, site: str, at_least: int) -> dict[str, int]:
    """The blocks in at least `at_least` of the site's articles, with the number of articles; reads all its blocks."""
    query = select(repeats.c.block, func.count()).where(repeats.c.site == site).group_by(repeats.c.block)
    return {row[0]: row[1] for row in conn.execute(query.having(func.count() >= at_least))}


def among(conn: Connection, site: str, blocks: Iterable[str]) -> dict[str, int]:
    """The number of the site's articles with each of these blocks; blocks in no article are left out."""
    found: dict[str, int] = {}
    for some in chunks(sorted(set(blocks))):
        found |= {row[0]: row[1] for row in conn.execute(_AMONG, {"site": site, "blocks": some})}
    return found


def holders_of_new(conn: Connection, site: str, blocks: Iterable[str], most: int) -> list[str]:
    """At most `most` articles with any of those of these blocks that were not recorded as learned before."""
    wanted = set(blocks)
    known = conn.execute(select(learned.c.block).where(learned.c.site == site, learned.c.block.in_(wanted))).scalars()
    new = sorted(wanted - set(known))
    query = select(repeats.c.article).where(repeats.c.site == site, repeats.c.block.in_(new)).distinct()
    return list(conn.execute(query.order_by(repeats.c.article).limit(most)).scalars())


def record_learned(conn: Connection, site: str, texts: Mapping[str, str], now: datetime) -> None:
    """Store the texts of blocks (by hash) removed from an article, so that people can see what was learned."""
    rows = [{"block": block, "text": text, "since": now} for block, text in texts.items()]
    insert_missing(conn, learned, {"site": site}, "block", rows)


def learned_blocks(conn: Connection, site: str) -> list[LearnedBlock]:
    """The blocks removed from a site's articles because they repeat, those in the most articles first."""
    rows = conn.execute(select(learned).where(learned.c.site == site)).all()
    articles = among(conn, site, (row.block for row in rows))
    found = [LearnedBlock(row.block, row.text, articles.get(row.block, 0), row.since) for row in rows]
    return sorted(found, key=lambda one: (-one.articles, one.block))
