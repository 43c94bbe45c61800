"""Near-duplicates: articles of other sites with nearly the same text, found by MinHash and LSH in the database.

A signature of 128 numbers (`crawler/fingerprint.py`) is cut into 32 bands. Articles that agree in a band are compared
by their signatures, and those that are similar enough by their texts (`index/dedup/text_similarity.py`). Nothing is
held in memory.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain, islice
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, delete, select

from index.archive import dialect
from index.archive.readings import IS_SHOWN, shown
from index.archive.tables import articles, bands, readings, signatures, versions
from index.dedup import text_similarity

BANDS = 32
# Numbers per band. With a tenth of the words changed one by one, some band of 4 numbers still agrees in .977 of texts,
# some band of 3 in .998.
ROWS = 3
MAX_BAND_MEMBERS = 64  # latest articles examined per band: a larger band shares a template or a wire report
# Three standard errors of 128 numbers below the similarity that the texts must have
MIN_SIGNATURE_SIMILARITY = text_similarity.MIN_SIMILARITY - 0.13
MAX_TEXTS_COMPARED = 8  # different texts read per article

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio: mixes by multiplication (Knuth)
# Passed to the driver as plain SQL: 32 parameters cost more time in SQLAlchemy than in the database. The latest of a
# band come first, as copies appear within days.
_IN_BAND = f"SELECT number FROM (SELECT number FROM bands WHERE hash = ? ORDER BY number DESC LIMIT {MAX_BAND_MEMBERS})"
_AGREEING = (
    f"SELECT number FROM ({' UNION ALL '.join([_IN_BAND] * BANDS)})"
    f" GROUP BY number ORDER BY count(*) DESC, number DESC LIMIT {MAX_BAND_MEMBERS}"
)
_SIGN = "INSERT INTO signatures (article, signature) VALUES (?, ?) RETURNING number"
_ADD = f"INSERT INTO bands (hash, number) VALUES {', '.join(['(?, ?)'] * BANDS)}"  # by ones, each costs a message
_MINE = select(signatures.c.number, signatures.c.signature).where(signatures.c.article == bindparam("article"))
_TEXT = (
    select(shown("headline"), shown("body"))
    .select_from(versions)
    .join(articles, (articles.c.id == versions.c.article) & (articles.c.number == versions.c.number))
    .outerjoin(readings, IS_SHOWN)
    .where(articles.c.id == bindparam("article"))
)
_UNSIGNED = (
    select(articles.c.id, shown("headline"), shown("body"))
    .select_from(articles)
    .join(versions, (articles.c.id == versions.c.article) & (articles.c.number == versions.c.number))
    .outerjoin(readings, IS_SHOWN)
    .outerjoin(signatures, signatures.c.article == articles.c.id)
    .where(articles.c.mergeable, signatures.c.article.is_(None), articles.c.id > bindparam("after"))
    .order_by(articles.c.id)
)
_OWN = (
    select(articles.c.id, signatures.c.signature)
    .join(signatures, signatures.c.article == articles.c.id)
    .where(signatures.c.number.in_(bindparam("numbers", expanding=True)), articles.c.site == bindparam("site"))
)
_THERE = (
    select(articles.c.id, articles.c.site, articles.c.story, articles.c.content_hash, signatures.c.signature)
    .join(signatures, signatures.c.article == articles.c.id)
    .where(
        signatures.c.number.in_(bindparam("numbers", expanding=True)),
        articles.c.site != bindparam("site"),
        articles.c.mergeable,
    )
)


@lru_cache(maxsize=8)  # a signature is looked up and stored right after
def hashes(signature: bytes) -> tuple[int, ...]:
    """The 32 hashes (signed 32-bit integers) under which a signature is found, one per band, in ascending order.

    Hashes of 64 bits made the table half as large again, which costs more than the candidates that agree by chance:
    one per 40 lookups among 100,000 articles.
    """
    rows = np.frombuffer(signature, "<u4")[: BANDS * ROWS].astype(np.uint64).reshape(BANDS, ROWS)
    found = np.arange(1, BANDS + 1, dtype=np.uint64)  # so that equal numbers in different bands do not match
    for column in rows.T:
        found = (found ^ column) * _ODD
        found ^= found >> np.uint64(29)
    return tuple(sorted((found >> np.uint64(32)).astype(np.uint32).view(np.int32).tolist()))


def resemblance(one: bytes, other: bytes) -> float:
    """The Jaccard similarity of the shingles of two texts, estimated from their signatures."""
    return float(np.mean(np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")))


def keep(conn: Connection, article: str, signature: bytes | None) -> None:
    """Replace an article's signature, or remove it if None."""
    mine = conn.execute(_MINE, {"article": article}).one_or_none()
    if mine is not None and mine.signature == signature:
        return
    if mine is not None:
        conn.execute(delete(bands).where(bands.c.hash.in_(hashes(mine.signature)), bands.c.number == mine.number))
        conn.execute(delete(signatures).where(signatures.c.number == mine.number))
    if signature is not None:
        add(conn, article, signature)


def add(conn: Connection, article: str, signature: bytes) -> None:
    """Store the first signature of an article."""
    sql = dialect.of(conn).sql
    number = conn.exec_driver_sql(sql(_SIGN), (article, signature)).scalar_one()
    conn.exec_driver_sql(sql(_ADD), tuple(chain.from_iterable((one, number) for one in hashes(signature))))


def find(conn: Connection, article: str, site: str, signature: bytes) -> list[Any]:
    """Articles of other sites with the same text, perhaps edited, most similar first: rows with `id`, `site`, `story`
    and `content_hash`."""
    close = [row for row in similar_articles(conn, site, signature) if row.id != article]
    if not close:
        return []
    mine = comparable_text(conn, article)
    texts = dict.fromkeys(row.content_hash for row in close)  # in order; each distinct text is read once
    example = {row.content_hash: row.id for row in close}
    same = {
        found
        for found in islice(texts, MAX_TEXTS_COMPARED)
        if text_similarity.is_same_text(mine, comparable_text(conn, example[found]))
    }
    return [row for row in close if row.content_hash in same]


def unsigned(conn: Connection, after: str, most: int) -> list[Any]:
    """Mergeable articles without a signature, as in an archive of 0.1, which had none: at most `most` rows with `id`,
    `headline` and `body`, in the order of their ids, after the id `after`."""
    return list(conn.execute(_UNSIGNED.limit(most), {"after": after}).all())


def is_text_of(conn: Connection, article: str, headline: str, body: str, *, claimed: bool) -> bool:
    """Whether this is the article's text, perhaps edited; `claimed` if the page is said to be the article's."""
    mine = text_similarity.comparable(headline, body)
    return text_similarity.is_same_text(mine, comparable_text(conn, article), claimed=claimed)


def similar_articles(conn: Connection, site: str, signature: bytes) -> list[Any]:
    """The articles of other sites whose signatures are similar enough to compare their texts, most similar first."""
    numbers = conn.exec_driver_sql(dialect.of(conn).sql(_AGREEING), hashes(signature)).scalars().all()
    if not numbers:
        return []
    rows = conn.execute(_THERE, {"numbers": list(numbers), "site": site})
    there = [(resemblance(signature, row.signature), row) for row in rows]
    close = [pair for pair in there if pair[0] >= MIN_SIGNATURE_SIMILARITY]
    return [row for _, row in sorted(close, key=lambda pair: (-pair[0], pair[1].id))]


def of_site(conn: Connection, site: str, signature: bytes) -> list[str]:
    """The ids of a site's own articles with a similar signature, most similar first."""
    numbers = conn.exec_driver_sql(dialect.of(conn).sql(_AGREEING), hashes(signature)).scalars().all()
    rows = conn.execute(_OWN, {"numbers": list(numbers), "site": site}) if numbers else ()
    there = sorted((-resemblance(signature, row.signature), row.id) for row in rows)
    return [one for distance, one in there if -distance >= MIN_SIGNATURE_SIMILARITY]


def comparable_text(conn: Connection, article: str) -> text_similarity.ComparableText:
    """The article's newest text, prepared for comparison."""
    row = conn.execute(_TEXT, {"article": article}).one()
    return text_similarity.comparable(row.headline, row.body)
