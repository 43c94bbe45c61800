"""Saved searches, the articles that are new to them, and who has been notified of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from index.archive import pending_notifications
from index.archive.names import free_name
from index.archive.tables import articles, found, is_key, outbox, searches, targets
from index.archive.upsert import chunks, insert_missing
from index.errors import InvalidValue
from index.model.codes import Digest
from index.model.message import Message
from index.model.query import MAX_QUERY_CHARACTERS

MAX_SAVED_SEARCHES = 200  # each is run again whenever new articles arrive


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A saved search: its number, its name, its query, when it was saved, and up to when new articles have been matched
    against it (UTC); how often people are told of them, None for at once."""

    id: int
    name: str
    query: str
    created: datetime
    looked: datetime
    digest: str | None = None


def add(conn: Connection, name: str, query: str, now: datetime, digest: Digest | None = None) -> int:
    """Save a search and return its number. Articles already in the archive are not new to it.

    :raises InvalidValue: when name or query is empty or too long, the name is another search's, or there are
        MAX_SAVED_SEARCHES already.
    """
    name, query = _free(conn, name), query.strip()
    if not 0 < len(query) <= MAX_QUERY_CHARACTERS:
        raise InvalidValue(Message("saved.error.length", {"n": MAX_QUERY_CHARACTERS}))
    if conn.execute(select(func.count()).select_from(searches)).scalar_one() >= MAX_SAVED_SEARCHES:
        raise InvalidValue(Message("saved.error.many", {"n": MAX_SAVED_SEARCHES}))
    values = {"name": name, "query": query, "created": now, "looked": now, "digest": digest}
    key = conn.execute(insert(searches).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def rename(conn: Connection, number: int, name: str) -> bool:
    """Give a saved search another name; return whether it exists.

    :raises InvalidValue: when the name is empty, too long or another search's.
    """
    if get(conn, number) is None:
        return False
    values = {"name": _free(conn, name, number)}
    return conn.execute(update(searches).where(searches.c.id == number).values(**values)).rowcount > 0


def set_digest(conn: Connection, number: int, digest: Digest | None) -> bool:
    """Set how often people are told of what is new to a saved search, None for at once; return whether it exists."""
    if not is_key(number):
        return False
    return conn.execute(update(searches).where(searches.c.id == number).values(digest=digest)).rowcount > 0


def remove(conn: Connection, number: int) -> bool:
    """Delete a saved search; return whether it existed."""
    if not is_key(number):
        return False
    conn.execute(delete(found).where(found.c.search == number))
    return conn.execute(delete(searches).where(searches.c.id == number)).rowcount > 0


def get(conn: Connection, number: int) -> SavedSearch | None:
    """The saved search of that number, or None."""
    if not is_key(number):
        return None
    row = conn.execute(select(searches).where(searches.c.id == number)).mappings().one_or_none()
    return _saved(row) if row else None


def all_saved(conn: Connection) -> list[SavedSearch]:
    """All saved searches, newest first."""
    return [_saved(row) for row in conn.execute(select(searches).order_by(searches.c.id.desc())).mappings()]


def _free(conn: Connection, name: str, number: int = 0) -> str:
    """The name as it is stored, which no saved search other than this one has."""
    return free_name(conn, searches, name, number, wrong="saved.error.name", taken="saved.error.taken")


def _saved(row: Any) -> SavedSearch:
    return SavedSearch(**{field.name: row[field.name] for field in fields(SavedSearch)})


# --- new articles --------------------------------------------------------------------------------------------------


def first_seen(conn: Connection, since: datetime) -> dict[str, datetime]:
    """The ids of the articles first seen since then, with the time when each was (UTC)."""
    query = select(articles.c.id, articles.c.first_seen).where(articles.c.first_seen >= since)
    return {row.id: row.first_seen for row in conn.execute(query.order_by(articles.c.first_seen, articles.c.id))}


def unshipped(conn: Connection, engine: str) -> set[str]:
    """The ids of the articles that the current index of this engine has yet to receive."""
    current = select(targets.c.name).where(targets.c.engine == engine, targets.c.state == "current")
    return set(conn.execute(select(outbox.c.article).where(outbox.c.target.in_(current))).scalars())


def keep(
    conn: Connection, number: int, ids: Sequence[str], looked: datetime, now: datetime, addresses: Sequence[str]
) -> int:
    """Record the articles that a saved search found, and up to when it looked; return how many are new to it. The
    addresses are to be notified of those."""
    if get(conn, number) is None:
        return 0  # removed meanwhile
    many, unless_nobody = 0, list(addresses) or None
    for piece in chunks(ids):
        kept = conn.execute(select(articles.c.id).where(articles.c.id.in_(piece))).scalars()  # the others were erased
        rows = [{"article": article, "at": now, "waiting": unless_nobody} for article in kept]
        many += insert_missing(conn, found, {"search": number}, "article", rows)
    conn.execute(update(searches).where(searches.c.id == number).values(looked=looked))
    return many


def expire(conn: Connection, before: datetime) -> None:
    """Delete the finds from before then, whether anyone was notified or not."""
    conn.execute(delete(found).where(found.c.at < before))


def unnotified(conn: Connection, number: int, before: datetime | None = None) -> dict[str, list[str]]:
    """The articles found by a saved search of which an address is still to be notified, by address and in the order of
    publication; only those found `before` then, if that is given."""
    mine = (found.c.search == number) & found.c.waiting.is_not(None)
    if before is not None:
        mine &= found.c.at < before
    query = select(found.c.article, found.c.waiting).join(articles, articles.c.id == found.c.article).where(mine)
    lists: dict[str, list[str]] = {}
    for row in conn.execute(query.order_by(articles.c.sort_date, articles.c.id)):
        for address in row.waiting:
            lists.setdefault(address, []).append(row.article)
    return lists


def mark_notified(conn: Connection, number: int, ids: Sequence[str], address: str) -> None:
    """Record that an address was notified of these articles, found by the saved search."""
    for piece in chunks(ids):
        pending_notifications.mark_notified(
            conn, found, (found.c.search == number) & found.c.article.in_(piece), address
        )
