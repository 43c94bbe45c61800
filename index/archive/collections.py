"""Collections: articles that people put together under a name, such as all of an investigation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, update

from index.archive.names import free_name
from index.archive.tables import articles, collected, collections, is_key
from index.archive.upsert import chunks, insert_missing
from index.errors import InvalidValue
from index.model.message import Message
from index.text.typed import one_line

MAX_COLLECTIONS = 500
MAX_ARTICLES = 10_000  # of a collection


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: its number, its name, when it was made (UTC), and how many articles are in it."""

    id: int
    name: str
    created: datetime
    articles: int = 0


def create(conn: Connection, name: str, now: datetime) -> int:
    """Make a collection and return its number.

    :raises InvalidValue: when the name is empty, too long or another collection's, or there are MAX_COLLECTIONS.
    """
    name = _free(conn, name)
    if conn.execute(select(func.count()).select_from(collections)).scalar_one() >= MAX_COLLECTIONS:
        raise InvalidValue(Message("collection.error.many", {"n": MAX_COLLECTIONS}))
    made = insert(collections).values(name=name, created=now).returning(collections.c.id)
    return int(conn.execute(made).scalar_one())


def rename(conn: Connection, number: int, name: str) -> bool:
    """Give a collection another name; return whether it exists.

    :raises InvalidValue: when the name is empty, too long or another collection's.
    """
    if get(conn, number) is None:
        return False
    values = {"name": _free(conn, name, number)}
    return conn.execute(update(collections).where(collections.c.id == number).values(**values)).rowcount > 0


def remove(conn: Connection, number: int) -> bool:
    """Delete a collection, whose articles stay in the archive; return whether it existed."""
    if not is_key(number):
        return False
    conn.execute(delete(collected).where(collected.c.collection == number))
    return conn.execute(delete(collections).where(collections.c.id == number)).rowcount > 0


def get(conn: Connection, number: int) -> Collection | None:
    """The collection of that number, or None."""
    return _one(conn, collections.c.id == number) if is_key(number) else None


def by_name(conn: Connection, name: str) -> Collection | None:
    """The collection of that name, or None."""
    return _one(conn, collections.c.name == one_line(name))


def all_collections(conn: Connection) -> list[Collection]:
    """All collections, by name."""
    return [Collection(**row) for row in conn.execute(_counted().order_by(collections.c.name)).mappings()]


def add(conn: Connection, number: int, ids: Sequence[str], now: datetime) -> int:
    """Put these articles into a collection; return how many are new to it. Unknown ids are left out.

    :raises InvalidValue: when there is no such collection or none of the articles, or it would have more than
        MAX_ARTICLES.
    """
    there = get(conn, number)
    if there is None:
        raise InvalidValue(Message("error.no_collection"))
    known = new = 0
    for piece in chunks(list(dict.fromkeys(ids))):
        held = select(articles.c.id).where(articles.c.id.in_(piece)).with_for_update(read=True, key_share=True)
        rows = [{"article": article, "added": now} for article in conn.execute(held).scalars()]
        known += len(rows)
        new += insert_missing(conn, collected, {"collection": number}, "article", rows)
    if not known:
        raise InvalidValue(Message("error.no_article"))
    if there.articles + new > MAX_ARTICLES:
        raise InvalidValue(Message("collection.error.full", {"n": MAX_ARTICLES}))
    return new


def take_out(conn: Connection, number: int, ids: Sequence[str]) -> int:
    """Take these articles out of a collection; return how many were in it."""
    if not is_key(number):
        return 0
    mine = collected.c.collection == number
    return sum(conn.execute(delete(collected).where(mine, collected.c.article.in_(p))).rowcount for p in chunks(ids))


def articles_of(conn: Connection, number: int) -> dict[str, datetime]:
    """The ids of a collection's articles with the time when each was put into it (UTC), the last one first."""
    if not is_key(number):
        return {}
    query = select(collected.c.article, collected.c.added).where(collected.c.collection == number)
    ordered = query.order_by(collected.c.added.desc(), collected.c.article)
    return {row.article: row.added for row in conn.execute(ordered)}


def of(conn: Connection, ids: Sequence[str]) -> dict[str, list[Collection]]:
    """The collections that these articles are in, by name; those in none are left out. They are not counted."""
    found: dict[str, list[Collection]] = {}
    query = select(collected.c.article, collections).join(collections, collections.c.id == collected.c.collection)
    for piece in chunks(ids):
        for row in conn.execute(query.where(collected.c.article.in_(piece)).order_by(collections.c.name)):
            found.setdefault(row.article, []).append(Collection(row.id, row.name, row.created))
    return found


def _free(conn: Connection, name: str, number: int = 0) -> str:
    """The name as it is stored, which no collection other than this one has."""
    return free_name(conn, collections, name, number, wrong="collection.error.name", taken="collection.error.taken")


def _one(conn: Connection, which: ColumnElement[bool]) -> Collection | None:
    row: Mapping[Any, Any] | None = conn.execute(_counted().where(which)).mappings().one_or_none()
    return Collection(**row) if row else None


def _counted() -> Select[Any]:
    """Asks for all fields of collections."""
    many = select(func.count()).where(collected.c.collection == collections.c.id).scalar_subquery()
    return select(collections, many.label("articles"))
