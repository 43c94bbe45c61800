"""Readings: what was read from a version's page, the first time and, with better rules, again.

What the site said is the raw copy; a reading is what one extractor, with what it had learned by then, made of it. The
first is stored with its version and never changes; further ones are added beside it. One of them is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Label, and_, bindparam, case, insert, select, update

from index.archive.tables import articles, readings, versions
from index.model.article import Article, Image
from index.model.codes import ReadingReason

_PLAIN = tuple(  # fields of Article that are columns as they are
    field.name
    for field in fields(Article)
    if field.name not in {"id", "site", "url", "keywords", "authors", "images", "origins"}
)
COLUMNS = (*_PLAIN, "keywords", "authors", "images", "origins")
_INTERNAL = {"extractor", "origins", "signature", "template"}  # how it was read: no difference for readers
_CONTENT = tuple(name for name in COLUMNS if name not in _INTERNAL)

IS_SHOWN = and_(  # the condition for an outer join of a version to its further reading, if that is the one shown
    readings.c.article == versions.c.article,
    readings.c.version == versions.c.number,
    readings.c.number == versions.c.reading,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of an article's version: its number, from 1; when it was made (UTC), why, and whether it is shown.

    `state` names the extractor, the site's rules and the learned blocks it was made with; None if that is not known.
    """

    version: int
    number: int
    at: datetime
    reason: ReadingReason
    state: str | None
    shown: bool
    article: Article


def shown(name: str) -> Label[Any]:
    """A column of the reading shown, in a query that joins `versions` to `readings` by IS_SHOWN."""
    return case((readings.c.number.is_not(None), readings.c[name]), else_=versions.c[name]).label(name)


def shown_columns() -> list[Label[Any]]:
    """All columns of the reading shown, from which `article_of` makes an article."""
    return [shown(name) for name in COLUMNS]


def columns_of(article: Article) -> dict[str, Any]:
    """An article as column values of `versions` and `readings`."""
    return {name: getattr(article, name) for name in _PLAIN} | {
        "keywords": list(article.keywords),
        "authors": list(article.authors),
        "images": [asdict(image) for image in article.images],
        "origins": dict(article.origins),
    }


def article_of(row: Mapping[str, Any]) -> Article:
    """The article in a row with these columns that also has `id`, `site` and `own_url` of its article."""
    return Article(
        **{name: row[name] for name in _PLAIN},
        id=row["id"],
        site=row["site"],
        url=row["own_url"],
        keywords=tuple(row["keywords"]),
        authors=tuple(row["authors"]),
        images=tuple(Image(**image) for image in row["images"]),
        origins=row["origins"],
    )


def add(
    conn: Connection, article: Article, version: int, at: datetime, reason: ReadingReason, state: str | None
) -> bool:
    """Show this reading of a version of `article.id`, and return whether it says anything else than the one shown.

    A reading that says the same as an earlier one of the version is not stored again: that one is shown.

    :raises KeyError: when there is no such version.
    """
    one = (versions.c.article == article.id) & (versions.c.number == version)
    first = conn.execute(select(versions).where(one)).mappings().one_or_none()
    if first is None:
        raise KeyError((article.id, version))
    mine = (readings.c.article == article.id) & (readings.c.version == version)
    further = conn.execute(select(readings).where(mine).order_by(readings.c.number)).mappings().all()
    values = columns_of(article)
    equal = [n for n, row in enumerate((first, *further), start=1) if all(row[c] == values[c] for c in _CONTENT)]
    if first["reading"] in equal:
        if state is not None:
            conn.execute(update(versions).where(one).values(confirmed=state))
        return False
    number = equal[0] if equal else len(further) + 2
    if not equal:
        how = {"article": article.id, "version": version, "number": number, "at": at, "reason": reason, "state": state}
        conn.execute(insert(readings).values(**how, **values))
    conn.execute(update(versions).where(one).values(reading=number, corrected=at, confirmed=state))
    return True


def of(conn: Connection, article: str) -> list[Reading]:
    """All readings of an article's versions, in the order of versions and readings."""
    return _read(conn, versions.c.article == article, readings.c.article == article)


def with_hash(conn: Connection, content_hash: str) -> list[Reading]:
    """The readings with this content hash, whether they are shown or not, by article, version and number."""
    return _read(conn, versions.c.content_hash == content_hash, readings.c.content_hash == content_hash)


def hashes(conn: Connection, article: str) -> set[str]:
    """The content hashes of all readings of an article."""
    return {str(found) for query in _HASHES for found in conn.execute(query, {"article": article}).scalars()}


def images(conn: Connection, article: str) -> set[str]:
    """The URLs of the images in all readings of an article."""
    return {
        image["url"]
        for table in (versions, readings)
        for its in conn.execute(select(table.c.images).where(table.c.article == article)).scalars()
        for image in its
    }


_HASHES = tuple(
    select(table.c.content_hash).where(table.c.article == bindparam("article")) for table in (versions, readings)
)
_OWN = (articles.c.id, articles.c.site, articles.c.url.label("own_url"))


def _read(conn: Connection, first: ColumnElement[bool], further: ColumnElement[bool]) -> list[Reading]:
    """The first readings and the further ones that meet these conditions."""
    is_first = select(
        *_OWN, versions.c.number.label("version"), versions.c.seen.label("at"), versions.c.reading.label("which"),
        versions.c.state, *(versions.c[name] for name in COLUMNS),
    ).join(articles, articles.c.id == versions.c.article).where(first)  # fmt: skip
    is_further = (
        select(
            *_OWN, readings.c.version, readings.c.number, readings.c.at, readings.c.reason,
            versions.c.reading.label("which"), readings.c.state, *(readings.c[name] for name in COLUMNS),
        )
        .join(articles, articles.c.id == readings.c.article)
        .join(versions, (versions.c.article == readings.c.article) & (versions.c.number == readings.c.version))
        .where(further)
    )  # fmt: skip
    rows = [{"number": 1, "reason": ReadingReason.FIRST, **row} for row in conn.execute(is_first).mappings()]
    rows += [dict(row) for row in conn.execute(is_further).mappings()]
    rows.sort(key=lambda row: (row["id"], row["version"], row["number"]))
    return [
        Reading(
            row["version"], row["number"], row["at"], ReadingReason(row["reason"]), row["state"],
            row["which"] == row["number"], article_of(row),
        )
        for row in rows
    ]  # fmt: skip
