"""Stories: articles on different sites with the same text, verbatim or edited; one of them leads. Nothing is merged:
every copy stays an article of its own.

The lead is the one that others name as their source, by a canonical link or as an author, else the first to appear.
When it appeared is what we saw, and what its page says only where we could not have seen it: a copy that dates itself
back does not hide the original.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from index.archive import dialect, near_duplicates
from index.archive.documents import by_url, touch
from index.archive.near_window import month_of
from index.archive.readings import IS_SHOWN, shown
from index.archive.tables import articles, readings, run_sites, runs, sites, stories, versions
from index.model.codes import RunStatus
from index.text.analysis import fold

_WORD = re.compile(r"\w+")
_LEAST_OF_A_NAME = 3  # letters of an outlet's name by which it is recognised among authors

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
_FIRST, _NEWEST = versions.alias("first"), versions
_LOOK_BEFORE = (  # the last run before that in which it was first seen which read its site
    select(func.max(run_sites.c.run))
    .where(run_sites.c.site == articles.c.site, run_sites.c.run < _FIRST.c.run, run_sites.c.status == RunStatus.OK)
    .correlate(articles, _FIRST)
    .scalar_subquery()
)
_MEMBERS = (
    select(
        *_COLUMNS,
        *(articles.c[name] for name in ("url", "sort_date", "first_seen")),
        *(_FIRST.c.run, runs.c.started.label("looked_before"), sites.c.name),
        *(shown("canonical_url"), shown("authors")),
    )
    .select_from(articles)
    .join(_FIRST, (_FIRST.c.article == articles.c.id) & (_FIRST.c.number == 1))
    .join(_NEWEST, (_NEWEST.c.article == articles.c.id) & (_NEWEST.c.number == articles.c.number))
    .outerjoin(readings, IS_SHOWN)
    .outerjoin(runs, runs.c.id == _LOOK_BEFORE)
    .outerjoin(sites, sites.c.id == articles.c.site)
    .where(or_(articles.c.story == bindparam("story"), articles.c.id.in_(bindparam("joining", expanding=True))))
)
_OWN = select(articles).where(articles.c.id == bindparam("article"))


def settle(conn: Connection, article: str, signature: bytes | None, now: datetime, *, new: bool = False) -> None:
    """Assign a story to an article that is new, or whose text changed and which was taken out of its story before.

    The story is that of equal texts, and of similar ones on other sites of about the same time. Where these are of
    several stories, they are one from now on. Flashes and templates belong to none. Documents whose story or lead
    changed are enqueued for the indexes.
    """
    own = conn.execute(_OWN, {"article": article}).one()
    dialect.of(conn).hold_articles(conn)  # from here on, every other copy is there to see, or will see this one
    if not new:
        near_duplicates.remove(conn, article)
    if own.mergeable and signature is not None:
        near_duplicates.add(conn, article, signature, month_of(own.sort_date))
    if own.mergeable:
        _join(conn, own, _same(conn, own, signature), now)


def date(conn: Connection, article: str, now: datetime) -> None:
    """Have an article whose date may have changed, and whose text did not, be of the story of the copies that are of
    about the same time by now."""
    dialect.of(conn).hold_articles(conn)
    own = conn.execute(_OWN, {"article": article}).one()
    signature = near_duplicates.move(conn, article, month_of(own.sort_date))
    if signature is not None:
        _regroup(conn, own, signature, now)


def settle_again(conn: Connection, article: str, content_hash: str, signature: bytes | None, now: datetime) -> bool:
    """Have a mergeable article be found by this signature, and be of the story of the copies that are there; return
    whether that is another one. One that no longer has the text with this hash is left as it is: whoever changed it has
    settled it."""
    dialect.of(conn).hold_articles(conn)
    own = conn.execute(_OWN, {"article": article}).one_or_none()
    if own is None or own.content_hash != content_hash:
        return False
    near_duplicates.replace(conn, article, signature, month_of(own.sort_date))
    _regroup(conn, own, signature, now)
    return bool(conn.execute(_OWN, {"article": article}).one().story != own.story)


def _regroup(conn: Connection, own: Any, signature: bytes | None, now: datetime) -> None:
    """Have an article leave its story where none of its copies is, and join those that are."""
    same = _same(conn, own, signature)
    if own.story is not None and all(row.story != own.story for row in same):
        conn.execute(update(articles).where(articles.c.id == own.id).values(story=None, lead=True))
        touch(conn, [own.id], now)
        lead(conn, own.story, now)
        own = conn.execute(_OWN, {"article": own.id}).one()
        same = _same(conn, own, signature)  # those that were left alone in it are of none now
    _join(conn, own, same, now)


def _same(conn: Connection, own: Any, signature: bytes | None) -> list[Any]:
    """The other articles with the text of this one: equal ones, then similar ones of other sites."""
    same = conn.execute(_EQUAL, {"content_hash": own.content_hash, "article": own.id}).all()
    if signature is None:
        return list(same)
    known = {own.id, *(row.id for row in same)}
    return [*same, *near_duplicates.find(conn, own.id, own.site, signature, month_of(own.sort_date), known)]


def _join(conn: Connection, own: Any, same: Sequence[Any], now: datetime) -> None:
    """Make an article and those with its text one story, if they are of several sites."""
    if all(row.site == own.site for row in same):
        return
    there = list(dict.fromkeys(row.story for row in (own, *same) if row.story))
    joining = [row.id for row in (own, *same) if row.story is None]
    if len(there) > 1:
        others = articles.c.story.in_(there[1:])
        joining += conn.execute(select(articles.c.id).where(others)).scalars()
    lead(conn, there[0] if there else _found(conn, own.content_hash, own.id), now, joining)
    conn.execute(delete(stories).where(stories.c.id.in_(there[1:])))


def lead(conn: Connection, story: str, now: datetime, joining: Collection[str] = ()) -> None:
    """Choose a story's lead again, with these articles joining it: the one that the others name, then the first to
    appear. A story left with articles of only one site is dissolved."""
    dialect.of(conn).hold_articles(conn)
    members = _ranked(conn, conn.execute(_MEMBERS, {"story": story, "joining": list(joining)}).all())
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


def _ranked(conn: Connection, members: Sequence[Any]) -> list[Any]:
    """A story's members, the one that leads first."""
    naming = {member.id: _named_by(conn, member, members) for member in members}
    sources = {source for named in naming.values() for source in named}
    return sorted(
        members,
        key=lambda m: (
            bool(naming[m.id]) or m.id not in sources,
            bool(naming[m.id]),
            _appeared(m),
            m.sort_date,
            m.first_seen,
            m.id,
        ),
    )


def _named_by(conn: Connection, member: Any, members: Sequence[Any]) -> set[str]:
    """The members on other sites that this one names as its source: by its canonical link, or by an outlet's name among
    its authors."""
    others = {other.id: other for other in members if other.site != member.site}
    named: set[str] = set()
    if member.canonical_url and member.canonical_url != member.url:
        source = by_url(conn, member.canonical_url)
        if source is not None and source in others:
            named.add(source)
    authors = [f" {_words(author)} " for author in member.authors]
    for other in others.values():
        outlet = _words(other.name or "")
        if len(outlet) >= _LEAST_OF_A_NAME and any(f" {outlet} " in author for author in authors):
            named.add(other.id)
    return named


def _words(text: str) -> str:
    return " ".join(_WORD.findall(fold(text)))


def _appeared(member: Any) -> datetime:
    """When an article appeared on its site, as far as we can tell. What its page says is true where we had not looked
    since; if we had, it was not there yet, and what we saw counts."""
    could_be = member.run is not None and (member.looked_before is None or member.looked_before <= member.sort_date)
    return cast(datetime, member.sort_date if could_be else member.first_seen)


def _found(conn: Connection, content_hash: str, article: str) -> str:
    """A new story, named by the hash of the text that founds it; hashed again if a story that has since lost this text
    bears that name."""
    name = content_hash
    while conn.execute(select(stories.c.id).where(stories.c.id == name)).first():
        name = sha256(name.encode()).hexdigest()
    conn.execute(insert(stories).values(id=name, lead=article))
    return name
