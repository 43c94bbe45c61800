"""Stories: articles on different sites with the same text, verbatim or edited; the earliest leads. Nothing is merged:
every copy stays an article of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from index.archive import near_duplicates
from index.archive.documents import touch
from index.archive.tables import articles, stories

_COLUMNS = (articles.c.id, articles.c.site, articles.c.story, articles.c.lead, articles.c.content_hash)
_EQUAL = (  # built once, like the other hot statements
    select(*_COLUMNS)
    .where(
        articles.c.content_hash == bindparam("content_hash"),
        articles.c.mergeable,
        articles.c.id != bindparam("article"),
    )
    .order_by(articles.c.sort_date, articles.c.first_seen, articles.c.id)
)
_MEMBERS = (
    select(*_COLUMNS)
    .where(or_(articles.c.story == bindparam("story"), articles.c.id.in_(bindparam("joining", expanding=True))))
    .order_by(articles.c.sort_date, articles.c.first_seen, articles.c.id)
)
_OWN = select(articles).where(articles.c.id == bindparam("article"))


def settle(conn: Connection, article: str, signature: bytes | None, now: datetime, *, new: bool = False) -> None:
    """Assign a story to an article that is new, or whose text changed and which was taken out of its story before.

    The story is that of equal texts, else that of the most similar ones on other sites. Flashes and templates belong to
    none. Documents whose story or lead changed are enqueued for the indexes.
    """
    own = conn.execute(_OWN, {"article": article}).one()
    if not new:
        near_duplicates.keep(conn, article, signature if own.mergeable else None)
    elif signature is not None and own.mergeable:
        near_duplicates.add(conn, article, signature)
    if not own.mergeable:
        return
    same: Sequence[Any] = conn.execute(_EQUAL, {"content_hash": own.content_hash, "article": article}).all()
    if signature is not None and all(row.site == own.site for row in same):
        same = [*same, *near_duplicates.find(conn, article, own.site, signature)]
    if all(row.site == own.site for row in same):
        return
    story = next((row.story for row in same if row.story), None)
    joining = [article, *(row.id for row in same if row.story is None)]
    lead(conn, story or _found(conn, own.content_hash, article), now, joining)


def lead(conn: Connection, story: str, now: datetime, joining: Collection[str] = ()) -> None:
    """Choose a story's lead again, with these articles joining it: the one published first, then the one first seen.
    A story left with articles of only one site is dissolved."""
    members = conn.execute(_MEMBERS, {"story": story, "joining": list(joining)}).all()
    shared = len({member.site for member in members}) > 1
    changed = []
    for place, member in enumerate(members):
        now_in, leads = (story, place == 0) if shared else (None, True)
        if (member.story, member.lead) != (now_in, leads):
            conn.execute(update(articles).where(articles.c.id == member.id).values(story=now_in, lead=leads))
            changed.append(member.id)
    if shared:
        conn.execute(update(stories).where(stories.c.id == story).values(lead=members[0].id))
    else:
        conn.execute(delete(stories).where(stories.c.id == story))
    touch(conn, changed, now)


def _found(conn: Connection, content_hash: str, article: str) -> str:
    """A new story, named by the hash of the text that founds it; hashed again if a story that has since lost this text
    bears that name."""
    name = content_hash
    while conn.execute(select(stories.c.id).where(stories.c.id == name)).first():
        name = sha256(name.encode()).hexdigest()
    conn.execute(insert(stories).values(id=name, lead=article))
    return name
