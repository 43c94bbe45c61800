"""Blocks of text that a site repeats across articles, such as «اقرأ أيضاً»: each counts once per article, with its place
there; and those that were found to be the site's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from index.archive.readings import IS_SHOWN, shown
from index.archive.tables import articles, learned, readings, repeats, versions
from index.archive.upsert import chunks, insert_missing


@dataclass(frozen=True, slots=True)
class LearnedBlock:
    """A block that was found to be its site's own: its text, the number of the site's articles that have it by now,
    when it was found (UTC), and why (`crawler.boilerplate.repeated_blocks.Ground`)."""

    block: str
    text: str
    articles: int
    since: datetime
    ground: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands in an article: the number of paragraphs above and below it, and whether its element is apart
    from those of the article's paragraphs."""

    above: int
    below: int
    apart: bool


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A block in an article: its place (None: not known), whether all paragraphs above it, or all below it, are
    repeated as well, and what the article is about. `day` is when it was published, else first seen (UTC).

    `first_text` is what the article said before its first edit, as it was read then; None if it has one version."""

    article: str
    place: Place | None
    at_end: bool
    headline: str
    keywords: tuple[str, ...]
    story: str | None
    day: date
    first_text: str | None


_first = versions.alias("first")

# Built once: building a statement costs as much as running it.
_OF = select(repeats.c.block).where(repeats.c.article == bindparam("article"))
_PLACES = select(repeats.c.block, repeats.c.above, repeats.c.below, repeats.c.apart).where(
    repeats.c.article == bindparam("article")
)
_HOLDERS = (
    select(
        *(repeats.c[name] for name in ("article", "above", "below", "apart")),
        *(articles.c[name] for name in ("story", "sort_date")),
        *(shown("headline"), shown("keywords")),
        _first.c.body.label("first_text"),
    )
    .select_from(repeats)
    .join(articles, articles.c.id == repeats.c.article)
    .join(versions, (versions.c.article == articles.c.id) & (versions.c.number == articles.c.number))
    .outerjoin(readings, IS_SHOWN)
    .outerjoin(_first, (_first.c.article == articles.c.id) & (_first.c.number == 1) & (articles.c.number > 1))
    .where(repeats.c.site == bindparam("site"), repeats.c.block == bindparam("block"))
    .order_by(repeats.c.article)
)
_FIRST_TEXT = select(versions.c.body).where(versions.c.article == bindparam("article"), versions.c.number == 1)
_AMONG = (
    select(repeats.c.block, func.count())
    .where(repeats.c.site == bindparam("site"), repeats.c.block.in_(bindparam("blocks", expanding=True)))
    .group_by(repeats.c.block)
)

_KEYWORDS = (
    select(shown("keywords"))
    .select_from(articles)
    .join(versions, (versions.c.article == articles.c.id) & (versions.c.number == articles.c.number))
    .outerjoin(readings, IS_SHOWN)
    .where(articles.c.site == bindparam("site"))
    .order_by(articles.c.id)
)


def count(conn: Connection, site: str, article_id: str, now: Mapping[str, Place | None]) -> None:
    """Record the blocks that an article has now, by their hashes, each with its place if that is known; idempotent."""
    known = {row.block: _place(row) for row in conn.execute(_PLACES, {"article": article_id})}
    for block in known.keys() - {block for block, place in now.items() if known.get(block, ...) == place}:
        mine = repeats.c.article == article_id
        conn.execute(delete(repeats).where(repeats.c.site == site, repeats.c.block == block, mine))
        del known[block]
    if new := sorted(now.keys() - known.keys()):
        rows = [{"site": site, "block": block, "article": article_id, **_columns(now[block])} for block in new]
        conn.execute(insert(repeats), rows)


def _columns(place: Place | None) -> dict[str, object]:
    return asdict(place) if place is not None else dict.fromkeys(("above", "below", "apart"))


def _place(row: Any) -> Place | None:
    return None if row.above is None else Place(row.above, row.below, row.apart)


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


def occurrences(conn: Connection, site: str, block: str, at_least: int, most: int) -> list[Occurrence]:
    """At most `most` of the site's articles with this block; those in at least `at_least` articles are repeated."""
    found = conn.execute(_HOLDERS.limit(most), {"site": site, "block": block}).all()
    there = {
        row.article: {r.block: _place(r) for r in conn.execute(_PLACES, {"article": row.article})} for row in found
    }
    counts = among(conn, site, {name for places in there.values() for name in places})
    return [
        Occurrence(
            row.article,
            place := _place(row),
            place is not None and _is_at_end(place, there[row.article], counts, at_least),
            row.headline,
            tuple(row.keywords),
            row.story,
            row.sort_date.date(),
            row.first_text,
        )
        for row in found
    ]


def first_text(conn: Connection, article_id: str) -> str | None:
    """What a stored article said when it was first read; None if it is no more."""
    text: str | None = conn.execute(_FIRST_TEXT, {"article": article_id}).scalar_one_or_none()
    return text


def usual_keywords(conn: Connection, site: str, most: int) -> frozenset[str]:
    """The keywords that more than half of some of the site's articles have, which say nothing of their topics: at most
    `most` articles, in the order of their ids, which is none of time or topic."""
    given = [set(row.keywords) for row in conn.execute(_KEYWORDS.limit(most), {"site": site})]
    counts = Counter(keyword for keywords in given for keyword in keywords)
    return frozenset(keyword for keyword, n in counts.items() if 2 * n > len(given))


def _is_at_end(place: Place, others: Mapping[str, Place | None], counts: Mapping[str, int], at_least: int) -> bool:
    once = [other for name, other in others.items() if other is not None and counts.get(name, 0) < at_least]
    return all(one.above < place.above for one in once) or all(one.below < place.below for one in once)


def holders_of_new(conn: Connection, site: str, blocks: Iterable[str], most: int) -> list[str]:
    """At most `most` articles with any of those of these blocks that were not recorded as learned before."""
    wanted = set(blocks)
    known = conn.execute(select(learned.c.block).where(learned.c.site == site, learned.c.block.in_(wanted))).scalars()
    new = sorted(wanted - set(known))
    query = select(repeats.c.article).where(repeats.c.site == site, repeats.c.block.in_(new)).distinct()
    return list(conn.execute(query.order_by(repeats.c.article).limit(most)).scalars())


def record_learned(
    conn: Connection, site: str, texts: Mapping[str, str], now: datetime, grounds: Mapping[str, str] | None = None
) -> None:
    """Store blocks (texts and grounds by hash) that were found to be the site's own."""
    rows = [{"block": block, "text": text, "since": now, "ground": (grounds or {}).get(block)}
            for block, text in texts.items()]  # fmt: skip
    insert_missing(conn, learned, {"site": site}, "block", rows)


def unlearn(conn: Connection, site: str, blocks: Iterable[str]) -> None:
    """Forget that these blocks were found to be the site's own."""
    for some in chunks(sorted(blocks)):
        conn.execute(delete(learned).where(learned.c.site == site, learned.c.block.in_(some)))


def learned_blocks(conn: Connection, site: str) -> list[LearnedBlock]:
    """The blocks that were found to be the site's own, those in the most articles first."""
    rows = conn.execute(select(learned).where(learned.c.site == site)).all()
    counts = among(conn, site, (row.block for row in rows))
    found = [LearnedBlock(row.block, row.text, counts.get(row.block, 0), row.since, row.ground) for row in rows]
    return sorted(found, key=lambda one: (-one.articles, one.block))
