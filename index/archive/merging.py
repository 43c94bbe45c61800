"""Merging two stored articles of a site that turned out to be one: a redirect or a canonical link that came later joins
their addresses.

The versions of both are one history, in the order in which they were first seen, each with its readings, raw copies,
hashes and place in the manifests. Nothing is dropped: what one article can have only one of, such as a note, is put
together. The id that is no more leads to the other (`merged`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import merge
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, insert, select, update

from index.archive import article_counts, dialect, edits, near_duplicates, outbox, past_versions, stories
from index.archive import tables as t
from index.archive.upsert import insert_missing
from index.model.codes import AliasReason, PageState

# What an article has one of for each value of a column: those that the other one has, too, are one
_SETS: tuple[tuple[Table, str], ...] = (
    (t.tags, "tag"),
    (t.collected, "collection"),
    (t.found, "search"),
    (t.absences, "since"),
    (t.notices, "seen"),
    (t.repeats, "block"),
)
_LISTS: tuple[Table, ...] = (t.aliases, t.redirects, t.requests, t.frontier, t.merged)  # what it has any number of
# Those whose rows go with their versions, and those that are about the newest text
OF_VERSIONS = (t.versions, t.readings, t.further_pages, t.facsimiles, t.facsimile_parts, t.edits)
OTHERS = (t.notes, t.signatures)
TABLES = frozenset((*OF_VERSIONS, *OTHERS, *_LISTS, *(table for table, _ in _SETS)))
_Place = tuple[datetime, int, int]  # when a version was first seen, whose it is (0, 1), and its number


def merge_articles(conn: Connection, gone: Any, home: Any, now: datetime, reason: AliasReason) -> int:
    """Make the article in the row `gone` a part of the one in the row `home`, of the same site, and its URL an alias
    for this reason; return the number of the newest version. The newest text is then to be made that of the article.

    It belongs in one transaction with what shows that they are one.
    """
    dialect.of(conn).hold_articles(conn)
    both = (home.id, gone.id)
    histories = [_history(conn, article, whose) for whose, article in enumerate(both)]
    whole = list(merge(*histories))
    followed = _follows(conn, both, histories)
    for number, (_, whose, before) in reversed([*enumerate(whole, start=1)]):
        if whose == 0:  # from the last on, so that each number is free
            past_versions.move(conn, home.id, before, home.id, number)
    for number, (_, whose, before) in enumerate(whole, start=1):
        if whose == 1:
            past_versions.move(conn, gone.id, before, home.id, number)
    joints = [number for number, (one, other) in enumerate(pairwise(whole), start=2) if one[1] != other[1]]
    if followed:
        edits.note(conn, home.id, *joints)
    else:
        past_versions.set_beside(conn, home.id, *joints)
    _give(conn, gone, home, now, reason)
    values = {"number": len(whole), "first_seen": min(home.first_seen, gone.first_seen)}
    conn.execute(update(t.articles).where(t.articles.c.id == home.id).values(**values))
    _delete(conn, gone, now)
    return len(whole)


def _history(conn: Connection, article: str, whose: int) -> list[_Place]:
    query = select(t.versions.c.seen, t.versions.c.number).where(t.versions.c.article == article)
    return [(row.seen, whose, row.number) for row in conn.execute(query.order_by(t.versions.c.number))]


def _follows(conn: Connection, both: Sequence[str], histories: Sequence[Sequence[_Place]]) -> bool:
    """Whether one article was seen for the last time before the other was first: what differs, the site changed."""
    earlier, later = (0, 1) if histories[0][0] <= histories[1][0] else (1, 0)
    newest = histories[earlier][-1][0]
    last = max(newest, past_versions.last_seen(conn, both[earlier]) or newest)
    return last <= histories[later][0][0]


def _give(conn: Connection, gone: Any, home: Any, now: datetime, reason: AliasReason) -> None:
    """Give the other article all that this one has besides its versions."""
    if gone.gone_since is not None:  # its address was; the article is there
        absence = {"since": gone.gone_since, "until": gone.gone_until, "back": now}
        insert_missing(conn, t.absences, {"article": home.id}, "since", [absence])
    for table, column in _SETS:
        mine = select(table.c[column]).where(table.c.article == home.id)
        its = table.c.article == gone.id
        conn.execute(update(table).where(its, table.c[column].not_in(mine)).values(article=home.id))
        conn.execute(delete(table).where(its))
    _one_page(conn, gone.id, home.id)
    _put_notes_together(conn, gone.id, home.id)
    both = (gone.id, home.id)  # one that was merged before, and then stored anew at its address
    conn.execute(delete(t.merged).where(t.merged.c.id.in_(both)))
    for table in _LISTS:
        conn.execute(update(table).where(table.c.article == gone.id).values(article=home.id))
    there = select(t.edits.c.at).where(t.edits.c.article == home.id, t.edits.c.version == 0)
    removals = (t.edits.c.article == gone.id) & (t.edits.c.version == 0)
    conn.execute(update(t.edits).where(removals, t.edits.c.at.not_in(there)).values(article=home.id))
    conn.execute(delete(t.edits).where(removals))
    alias = {"site": home.site, "url": gone.url, "article": home.id, "reason": reason, "seen": now}
    conn.execute(insert(t.aliases).values(**alias))
    conn.execute(insert(t.merged).values(id=gone.id, article=home.id, at=now))


def _one_page(conn: Connection, gone: str, home: str) -> None:
    """Of the pages of both, leave one to be revisited: the one that the article to stay has."""
    stored = t.frontier.c.state == PageState.STORED
    if conn.execute(select(t.frontier.c.id).where(t.frontier.c.article == home, stored)).first() is not None:
        its = and_(t.frontier.c.article == gone, stored)
        conn.execute(update(t.frontier).where(its).values(state=PageState.DUPLICATE, due=None))


def _put_notes_together(conn: Connection, gone: str, home: str) -> None:
    query = select(t.notes).where(t.notes.c.article.in_((gone, home))).order_by(t.notes.c.changed)
    found = conn.execute(query).all()
    conn.execute(delete(t.notes).where(t.notes.c.article.in_((gone, home))))
    if found:
        text = "\n\n".join(dict.fromkeys(row.text for row in found))
        conn.execute(insert(t.notes).values(article=home, text=text, changed=found[-1].changed))


def _delete(conn: Connection, gone: Any, now: datetime) -> None:
    """Delete an article whose versions another one has, here and from every index."""
    near_duplicates.remove(conn, gone.id)
    mine = t.articles.c.id == gone.id
    conn.execute(update(t.articles).where(mine).values(revision=t.articles.c.revision + 1, story=None, lead=True))
    outbox.enqueue(conn, [gone.id], now, "delete")
    conn.execute(delete(t.quarantine).where(t.quarantine.c.article == gone.id))
    conn.execute(delete(t.articles).where(mine))
    article_counts.add(conn, gone.site, -1)
    if gone.story is not None:
        stories.lead(conn, gone.story, now)
