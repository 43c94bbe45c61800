"""Stories: articles that carry the same text on different sites; the earliest leads. Nothing is merged."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from index.archive.documents import touch
from index.archive.tables import articles, stories

_MEMBERS = (  # built once
    select(articles.c.id, articles.c.site, articles.c.story, articles.c.lead)
    .where(articles.c.content_hash == bindparam("content_hash"), articles.c.mergeable)
    .order_by(articles.c.sort_date, articles.c.first_seen, articles.c.id)
)


def settle(conn: Connection, content_hash: str, now: datetime) -> None:
    """Decide anew whether the articles with this text are a story and which one leads it: the one published first,
    then first seen. Documents whose story or lead changed go to the indexes. Flashes and templates are never one."""
    members = conn.execute(_MEMBERS, {"content_hash": content_hash}).all()
    shared = len({member.site for member in members}) > 1
    if shared:
        _keep(conn, content_hash, members[0].id)
    story = content_hash if shared else None
    changed = []
    for place, member in enumerate(members):
        lead = place == 0 or not shared
        if (member.story, member.lead) != (story, lead):
            conn.execute(update(articles).where(articles.c.id == member.id).values(story=story, lead=lead))
            changed.append(member.id)
    if changed and not shared:
        conn.execute(delete(stories).where(stories.c.id == content_hash))
    touch(conn, changed, now)


def _keep(conn: Connection, story: str, lead: str) -> None:
    known = conn.execute(select(stories.c.lead).where(stories.c.id == story)).scalar_one_or_none()
    if known is None:
        conn.execute(insert(stories).values(id=story, lead=lead))
    elif known != lead:
        conn.execute(update(stories).where(stories.c.id == story).values(lead=lead))
