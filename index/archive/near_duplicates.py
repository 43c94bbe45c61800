"""Near-duplicates: which articles of other sites say what this one does, found by MinHash in the database.

A signature of 128 numbers (`crawler/fingerprint.py`) is cut into 32 bands. Articles that agree in a band are compared
by their signatures, and those that still look alike by their texts (`index/dedup/text_similarity.py`). Nothing is
held in memory.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, delete, select

from index.archive.tables import articles, bands, signatures, versions
from index.dedup import text_similarity

BANDS = 32
ROWS = 3  # numbers a band: a tenth of the words changed one by one leaves 4 equal ones in .977 of texts, 3 in .998
MAX_BAND_MEMBERS = (
    64  # articles of one band that are looked at, the latest: more have a template in common, or a wire report
)
MIN_SIGNATURE_SIMILARITY = (
    text_similarity.MIN_SIMILARITY - 0.13
)  # three standard errors of 128 numbers below what the texts must have in common
MAX_TEXTS_COMPARED = 8  # different texts that are read for one article

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio: mixes by multiplication (Knuth)
# Handed to the driver as they are: 32 parameters cost SQLAlchemy more than the database. The latest of a band come
# first, for copies come within days.
_IN_BAND = f"SELECT number FROM (SELECT number FROM bands WHERE hash = ? ORDER BY number DESC LIMIT {MAX_BAND_MEMBERS})"
_AGREEING = (
    f"SELECT number FROM ({' UNION ALL '.join([_IN_BAND] * BANDS)})"
    f" GROUP BY number ORDER BY count(*) DESC, number DESC LIMIT {MAX_BAND_MEMBERS}"
)
_SIGN = "INSERT INTO signatures (article, signature) VALUES (?, ?) RETURNING number"
_ADD = "INSERT INTO bands (hash, number) VALUES (?, ?)"
_MINE = select(signatures.c.number, signatures.c.signature).where(signatures.c.article == bindparam("article"))
_TEXT = (
    select(versions.c.headline, versions.c.body)
    .join(articles, (articles.c.id == versions.c.article) & (articles.c.number == versions.c.number))
    .where(articles.c.id == bindparam("article"))
)
_UNSIGNED = (
    select(articles.c.id, versions.c.headline, versions.c.body)
    .join(versions, (articles.c.id == versions.c.article) & (articles.c.number == versions.c.number))
    .outerjoin(signatures, signatures.c.article == articles.c.id)
    .where(articles.c.mergeable, signatures.c.article.is_(None), articles.c.id > bindparam("after"))
    .order_by(articles.c.id)
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


@lru_cache(maxsize=8)  # it is looked for and kept right after
def hashes(signature: bytes) -> tuple[int, ...]:
    """The 32 numbers (signed, of 32 bits) under which a signature is found, one for each band, in ascending order.

    Of 64 bits they made the table half as large again, which costs more than the candidates that agree by chance:
    one for each 40 articles that are looked for among 100,000."""
    rows = np.frombuffer(signature, "<u4")[: BANDS * ROWS].astype(np.uint64).reshape(BANDS, ROWS)
    found = np.arange(1, BANDS + 1, dtype=np.uint64)  # equal numbers of different bands are no agreement
    for column in rows.T:
        found = (found ^ column) * _ODD
        found ^= found >> np.uint64(29)
    return tuple(sorted((found >> np.uint64(32)).astype(np.uint32).view(np.int32).tolist()))


def resemblance(one: bytes, other: bytes) -> float:
    """The estimated Jaccard similarity of the shingles of two texts, by their signatures."""
    return float(np.mean(np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")))


def keep(conn: Connection, article: str, signature: bytes | None) -> None:
    """Let an article be found by this signature from now on; by none if it is None."""
    mine = conn.execute(_MINE, {"article": article}).one_or_none()
    if mine is not None and mine.signature == signature:
        return
    if mine is not None:
        conn.execute(delete(bands).where(bands.c.hash.in_(hashes(mine.signature)), bands.c.number == mine.number))
        conn.execute(delete(signatures).where(signatures.c.number == mine.number))
    if signature is not None:
        add(conn, article, signature)


def add(conn: Connection, article: str, signature: bytes) -> None:
    """Let an article be found by its first signature."""
    number = conn.exec_driver_sql(_SIGN, (article, signature)).scalar_one()
    conn.exec_driver_sql(_ADD, [(one, number) for one in hashes(signature)])


def find(conn: Connection, article: str, site: str, signature: bytes) -> list[Any]:
    """The articles of other sites that say what this one does, the most similar first: rows with `id`, `site`, `story`
    and `content_hash`."""
    close = [row for row in similar_articles(conn, site, signature) if row.id != article]
    if not close:
        return []
    mine = _read(conn, article)
    texts = dict.fromkeys(row.content_hash for row in close)  # in order; copies of one text are read once
    example = {row.content_hash: row.id for row in close}
    same = {
        found
        for found in islice(texts, MAX_TEXTS_COMPARED)
        if text_similarity.is_same_text(mine, _read(conn, example[found]))
    }
    return [row for row in close if row.content_hash in same]


def unsigned(conn: Connection, after: str, most: int) -> list[Any]:
    """Articles that could be found and are not, in the order of their ids from that one on: rows with `id`, `headline`
    and `body`. Those of an archive of 0.1, which had no signatures."""
    return list(conn.execute(_UNSIGNED.limit(most), {"after": after}).all())


def is_text_of(conn: Connection, article: str, headline: str, body: str) -> bool:
    """Whether this is the text of that article, perhaps edited."""
    return text_similarity.is_same_text(text_similarity.comparable(headline, body), _read(conn, article))


def similar_articles(conn: Connection, site: str, signature: bytes) -> list[Any]:
    """The articles of other sites whose signatures make it worth while to read them, the most similar first."""
    numbers = conn.exec_driver_sql(_AGREEING, hashes(signature)).scalars().all()
    if not numbers:
        return []
    rows = conn.execute(_THERE, {"numbers": list(numbers), "site": site})
    there = [(resemblance(signature, row.signature), row) for row in rows]
    close = [pair for pair in there if pair[0] >= MIN_SIGNATURE_SIMILARITY]
    return [row for _, row in sorted(close, key=lambda pair: (-pair[0], pair[1].id))]


def _read(conn: Connection, article: str) -> text_similarity.ComparableText:
    row = conn.execute(_TEXT, {"article": article}).one()
    return text_similarity.comparable(row.headline, row.body)
