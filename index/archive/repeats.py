"""Blocks of text that a site repeats from article to article, such as «اقرأ أيضاً»; counted once an article."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, insert, select

from index.archive.tables import repeats


def count(conn: Connection, site: str, article_id: str, blocks: Iterable[str]) -> None:
    """Note that this article has these blocks now (their hashes); the same call again changes nothing."""
    blocks = set(blocks)
    mine = repeats.c.article == article_id
    known = set(conn.execute(select(repeats.c.block).where(mine)).scalars())
    for block in known - blocks:
        conn.execute(delete(repeats).where(repeats.c.site == site, repeats.c.block == block, mine))
    if new := sorted(blocks - known):
        conn.execute(insert(repeats), [{"site": site, "block": block, "article": article_id} for block in new])


def repeated(conn: Connection, site: str, at_least: int = 3) -> frozenset[str]:
    """The blocks that stand in at least so many articles of the site."""
    often = (
        select(repeats.c.block).where(repeats.c.site == site).group_by(repeats.c.block).having(func.count() >= at_least)
    )
    return frozenset(conn.execute(often).scalars())
