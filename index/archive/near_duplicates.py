"""Near-duplicates: articles of other sites with nearly the same text, found by MinHash and LSH in the database.

A signature of 128 numbers (`crawler/fingerprint.py`) is cut into 32 bands. Articles of about the same time
(`index/archive/near_window.py`) that agree in a band are compared by their signatures, and those that are similar
enough by their texts (`index/dedup/text_similarity.py`). Nothing is held in memory.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, delete, func, literal_column, select, update

from index.archive import dialect, near_window
from index.archive.near_window import month_of
from index.archive.readings import IS_SHOWN, shown
from index.archive.tables import articles, bands, readings, signatures, versions
from index.dedup import text_similarity

BANDS = 32
# Numbers per band. With a tenth of the words changed one by one, some band of 4 numbers still agrees in .977 of texts,
# some band of 3 in .998.
ROWS = 3
# Latest articles examined per band of a month, and of all that agree: a larger band shares a template or a wire report
MAX_BAND_MEMBERS = 64
# Three standard errors of 128 numbers below the similarity that the texts must have
MIN_SIGNATURE_SIMILARITY = text_similarity.MIN_SIMILARITY - 0.13
MAX_TEXTS_COMPARED = 8  # different texts read per article
UNPLACED = 0  # month of a signature that has no bands yet
PLACED = 1_000  # signatures of before 0033 whose bands are made in a transaction, 32 for each
DROPPED = 5_000  # signatures of an old month that are deleted in a transaction

_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio: mixes by multiplication (Knuth)
# Passed to the driver as plain SQL: 32 parameters cost more time in SQLAlchemy than in the database
_SIGN = "INSERT INTO signatures (article, month, signature) VALUES (?, ?, ?) RETURNING number"
_ADD = f"INSERT INTO bands (month, hash, number) VALUES {', '.join(['(?, ?, ?)'] * BANDS)}"  # by ones, each a message
_MINE = select(signatures).where(signatures.c.article == bindparam("article"))
# Without an order, which would have the rows that were placed passed over each time
_UNPLACED = (
    select(signatures.c.number, signatures.c.signature, articles.c.sort_date)
    .join(articles, articles.c.id == signatures.c.article)
    .where(signatures.c.month == UNPLACED)
    .limit(PLACED)
)
_PLACE = update(signatures).where(signatures.c.number == bindparam("its")).values(month=bindparam("to"))
_OLDEST = select(func.min(signatures.c.month))
_TEXT = (
    select(shown("headline"), shown("body"))
    .select_from(versions)
    .join(articles, (articles.c.id == versions.c.article) & (articles.c.number == versions.c.number))
    .outerjoin(readings, IS_SHOWN)
    .where(articles.c.id == bindparam("article"))
)
_IS_COMPARED = articles.c.mergeable & (articles.c.sort_date >= bindparam("since"))
_COMPARED = (
    select(articles.c.id, articles.c.content_hash, shown("headline"), shown("body"))
    .select_from(articles)
    .join(versions, (articles.c.id == versions.c.article) & (articles.c.number == versions.c.number))
    .outerjoin(readings, IS_SHOWN)
    .where(_IS_COMPARED, articles.c.id > bindparam("after"))
    .order_by(articles.c.id)
)
_UNSIGNED = _COMPARED.outerjoin(signatures, signatures.c.article == articles.c.id).where(signatures.c.article.is_(None))
_COUNT = select(func.count()).select_from(articles).where(_IS_COMPARED)
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
    """The 32 hashes (signed 64-bit integers) under which a signature is found, one per band, in ascending order.

    Of hashes of 32 bits, which save a third of the table in SQLite, .2 agree by chance in a look-up among a million
    articles, and 24 among a hundred million.
    """
    rows = np.frombuffer(signature, "<u4")[: BANDS * ROWS].astype(np.uint64).reshape(BANDS, ROWS)
    found = np.arange(1, BANDS + 1, dtype=np.uint64)  # so that equal numbers in different bands do not match
    for column in rows.T:
        found = (found ^ column) * _ODD
        found ^= found >> np.uint64(29)
    return tuple(sorted(found.view(np.int64).tolist()))


def resemblance(one: bytes, other: bytes) -> float:
    """The Jaccard similarity of the shingles of two texts, estimated from their signatures."""
    return float(np.mean(np.frombuffer(one, "<u4") == np.frombuffer(other, "<u4")))


def add(conn: Connection, article: str, signature: bytes, month: int) -> None:
    """Store the signature of an article that has none, under its month (`near_window.py`), if that is compared."""
    if month < near_window.of(conn).first():
        return
    number = conn.exec_driver_sql(dialect.of(conn).sql(_SIGN), (article, month, signature)).scalar_one()
    _add_bands(conn, number, signature, month)


def remove(conn: Connection, article: str) -> None:
    """Remove an article's signature, if it has one."""
    mine = conn.execute(_MINE, {"article": article}).one_or_none()
    if mine is not None:
        _remove_bands(conn, mine)
        conn.execute(delete(signatures).where(signatures.c.number == mine.number))


def replace(conn: Connection, article: str, signature: bytes | None, month: int) -> None:
    """Have an article found by this signature and in this month; None: not at all."""
    mine = conn.execute(_MINE, {"article": article}).one_or_none()
    if mine is not None and (mine.signature, mine.month) == (signature, month):
        return
    remove(conn, article)
    if signature is not None:
        add(conn, article, signature, month)


def move(conn: Connection, article: str, month: int) -> bytes | None:
    """Have an article found in this month; return its signature if it was found in another one, else None."""
    mine = conn.execute(_MINE, {"article": article}).one_or_none()
    if mine is None or mine.month == month:
        return None
    signature: bytes = mine.signature
    remove(conn, article)
    add(conn, article, signature, month)
    return signature


def place_some(conn: Connection) -> bool:
    """Have signatures from before revision 0033 found under the month of their article; return whether there may be
    more of them. What is committed is done, however often this is broken off."""
    dialect.of(conn).hold_articles(conn)
    found = conn.execute(_UNPLACED).all()
    months = {row.number: month_of(row.sort_date) for row in found}
    for month in dict.fromkeys(months.values()):
        dialect.of(conn).make_month(conn, month)
    if found:
        conn.execute(_PLACE, [{"its": number, "to": month} for number, month in months.items()])
        rows = [(months[row.number], one, row.number) for row in found for one in hashes(row.signature)]
        dialect.of(conn).fill_bands(conn, sorted(rows))
    return bool(found)


def drop_some(conn: Connection) -> bool:
    """Delete signatures from before the first month whose articles are compared, and once a month has none left, all
    its bands in one; return whether there may be more of them."""
    month = conn.execute(_OLDEST).scalar()
    if month is None or month >= near_window.of(conn).first():
        return False
    dialect.of(conn).hold_articles(conn)
    its = select(signatures.c.number).where(signatures.c.month == month).limit(DROPPED)
    conn.execute(delete(signatures).where(signatures.c.number.in_(its)))
    if conn.execute(_OLDEST).scalar() != month:
        dialect.of(conn).drop_month(conn, month)
    return True


def _add_bands(conn: Connection, number: int, signature: bytes, month: int) -> None:
    of = dialect.of(conn)
    of.make_month(conn, month)
    conn.exec_driver_sql(of.sql(_ADD), tuple(chain.from_iterable((month, one, number) for one in hashes(signature))))


def _remove_bands(conn: Connection, mine: Any) -> None:
    month = bands.c.month == literal_column(str(mine.month))  # so that PostgreSQL opens no other partition
    its = (month, bands.c.hash.in_(hashes(mine.signature)), bands.c.number == mine.number)
    conn.execute(delete(bands).where(*its))


def find(
    conn: Connection, article: str, site: str, signature: bytes, month: int, known: Collection[str] = ()
) -> list[Any]:
    """Articles of other sites and about the same time, but those that are `known` (ids), with the same text, perhaps
    edited, most similar first: rows with `id`, `site`, `story` and `content_hash`."""
    close = [row for row in similar_articles(conn, site, signature, month) if row.id not in (article, *known)]
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
    """Those of `compared` that have no signature, as in an archive of 0.1, which had none, or where it was dropped and
    the setting has changed."""
    return list(conn.execute(_UNSIGNED.limit(most), {"after": after, "since": _since(conn)}).all())


def compared(conn: Connection, after: str, most: int) -> list[Any]:
    """Mergeable articles that are to be compared: at most `most` rows with `id`, `content_hash`, `headline` and `body`,
    in the order of their ids, after the id `after`."""
    return list(conn.execute(_COMPARED.limit(most), {"after": after, "since": _since(conn)}).all())


def count_compared(conn: Connection) -> int:
    """How many articles are to be compared."""
    return int(conn.execute(_COUNT, {"since": _since(conn)}).scalar_one())


def _since(conn: Connection) -> datetime:
    return near_window.start_of(near_window.of(conn).first())


def is_text_of(conn: Connection, article: str, headline: str, body: str, *, claimed: bool) -> bool:
    """Whether this is the article's text, perhaps edited; `claimed` if the page is said to be the article's."""
    mine = text_similarity.comparable(headline, body)
    return text_similarity.is_same_text(mine, comparable_text(conn, article), claimed=claimed)


def similar_articles(conn: Connection, site: str, signature: bytes, month: int) -> list[Any]:
    """The articles of other sites and about the same time whose signatures are similar enough to compare their texts,
    most similar first."""
    numbers = _agreeing(conn, signature, month)
    if not numbers:
        return []
    rows = conn.execute(_THERE, {"numbers": numbers, "site": site})
    there = [(resemblance(signature, row.signature), row) for row in rows]
    close = [pair for pair in there if pair[0] >= MIN_SIGNATURE_SIMILARITY]
    return [row for _, row in sorted(close, key=lambda pair: (-pair[0], pair[1].id))]


def of_site(conn: Connection, site: str, signature: bytes, month: int) -> list[str]:
    """The ids of a site's own articles of about the same time with a similar signature, most similar first."""
    numbers = _agreeing(conn, signature, month)
    rows = conn.execute(_OWN, {"numbers": numbers, "site": site}) if numbers else ()
    there = sorted((-resemblance(signature, row.signature), row.id) for row in rows)
    return [one for distance, one in there if -distance >= MIN_SIGNATURE_SIMILARITY]


def _agreeing(conn: Connection, signature: bytes, month: int) -> list[int]:
    """The numbers of the signatures of about the same time that agree with this one in some band, those that do so in
    most bands first."""
    sql = dialect.of(conn).agreeing(*near_window.of(conn).around(month), BANDS, MAX_BAND_MEMBERS)
    return list(conn.exec_driver_sql(sql, hashes(signature)).scalars())


def comparable_text(conn: Connection, article: str) -> text_similarity.ComparableText:
    """The article's newest text, prepared for comparison."""
    row = conn.execute(_TEXT, {"article": article}).one()
    return text_similarity.comparable(row.headline, row.body)
