"""Near-duplicates: which articles of other sites say what this one does, found by MinHash in the database.

A signature of 128 numbers (`crawler/identify.py`) is cut into 32 bands; articles that agree in a band are looked at: by
their signatures, and those that still look alike by their texts (`index/alike.py`). Nothing is held in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, delete, insert, select, text

from index import alike
from index.archive.tables import articles, bands, signatures, versions

BANDS = 32
ROWS = 3  # numbers a band: a tenth of the words changed one by one leaves 4 equal ones in .977 of texts, 3 in .998
CROWD = 64  # articles of one band that are looked at, the latest: more have a template in common, or a wire report
RESEMBLING = alike.LEAST - 0.13  # three standard errors of 128 numbers below what the texts must have in common
READ = 8  # different texts that are read for one article

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio: mixes by multiplication (Knuth)
_NAMES = [f"h{n}" for n in range(BANDS)]
_IN_BAND = (
    f"SELECT number FROM (SELECT number FROM bands WHERE hash = :{{}} ORDER BY number DESC LIMIT {CROWD}) AS {{}}"
)
# As text and once: SQLAlchemy takes longer to compile 32 parts than the database to answer them.
_AGREEING = text(
    "SELECT number FROM ("
    + " UNION ALL ".join(_IN_BAND.format(name, f"band_{name}") for name in _NAMES)
    + f") AS found GROUP BY number ORDER BY count(*) DESC, number DESC LIMIT {CROWD}"
)
_ADD = text("INSERT INTO bands (hash, number) VALUES " + ", ".join(f"(:{name}, :number)" for name in _NAMES))
_MINE = select(signatures.c.number, signatures.c.signature).where(signatures.c.article == bindparam("article"))
_TEXT = (
    select(versions.c.headline, versions.c.body)
    .join(articles, (articles.c.id == versions.c.article) & (articles.c.number == versions.c.number))
    .where(articles.c.id == bindparam("article"))
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


def hashes(signature: bytes) -> list[int]:
    """The 32 numbers (signed, of 64 bits) under which a signature is found, one for each band, in ascending order."""
    rows = np.frombuffer(signature, "<u4")[: BANDS * ROWS].astype(np.uint64).reshape(BANDS, ROWS)
    found = np.arange(1, BANDS + 1, dtype=np.uint64)  # equal numbers of different bands are no agreement
    for column in rows.T:
        found = (found ^ column) * _ODD
        found ^= found >> np.uint64(29)
    return sorted(found.view(np.int64).tolist())


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
        row = insert(signatures).values(article=article, signature=signature).returning(signatures.c.number)
        number = conn.execute(row).scalar_one()
        conn.execute(_ADD, dict(zip(_NAMES, hashes(signature), strict=True)) | {"number": number})


def find(conn: Connection, article: str, site: str, signature: bytes) -> list[Any]:
    """The articles of other sites that say what this one does, the most similar first: rows with `id`, `site`, `story`
    and `content_hash`."""
    numbers = conn.execute(_AGREEING, dict(zip(_NAMES, hashes(signature), strict=True))).scalars().all()
    if not numbers:
        return []
    there = [(resemblance(signature, row.signature), row) for row in _rows(conn, numbers, site) if row.id != article]
    close = sorted((pair for pair in there if pair[0] >= RESEMBLING), key=lambda pair: (-pair[0], pair[1].id))
    if not close:
        return []
    mine = _read(conn, article)
    texts = dict.fromkeys(row.content_hash for _, row in close)  # in order; copies of one text are read once
    example = {row.content_hash: row.id for _, row in close}
    same = {found for found in islice(texts, READ) if alike.alike(mine, _read(conn, example[found]))}
    return [row for _, row in close if row.content_hash in same]


def _rows(conn: Connection, numbers: Sequence[int], site: str) -> Sequence[Any]:
    return conn.execute(_THERE, {"numbers": list(numbers), "site": site}).all()


def _read(conn: Connection, article: str) -> alike.Text:
    row = conn.execute(_TEXT, {"article": article}).one()
    return alike.read(row.headline, row.body)
