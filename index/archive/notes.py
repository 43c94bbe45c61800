"""What people add to articles: tags, and a note. Indexes know nothing of it; an erased article's goes with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from index.archive import collections
from index.archive.tables import articles, notes, tags
from index.archive.upsert import chunks, insert_missing, upsert
from index.errors import InvalidValue
from index.model.article import Annotations, IndexDocument
from index.model.message import Message
from index.text.typed import lines, one_line

MAX_NOTE = 10_000  # characters
MAX_TAG = 60  # characters
MAX_TAGS = 50  # of an article
TAG_BREAKS = re.compile(r"[,،;؛\n]")  # between tags in one text


@dataclass(frozen=True, slots=True)
class Note:
    """A note on an article (its id), and when it was last changed (UTC)."""

    article: str
    text: str
    changed: datetime


def of(conn: Connection, ids: Sequence[str]) -> dict[str, Annotations]:
    """What was added to these articles; those without anything are left out."""
    told: dict[str, str] = {}
    tagged: dict[str, list[str]] = {}
    for piece in chunks(ids):
        told |= {row.article: row.text for row in conn.execute(select(notes).where(notes.c.article.in_(piece)))}
        for row in conn.execute(select(tags).where(tags.c.article.in_(piece)).order_by(tags.c.tag)):
            tagged.setdefault(row.article, []).append(row.tag)
    held = collections.of(conn, ids)
    return {
        one: Annotations(tuple(tagged.get(one, ())), told.get(one, ""), tuple(c.name for c in held.get(one, ())))
        for one in told.keys() | tagged.keys() | held.keys()
    }


def annotated(conn: Connection, documents: Sequence[IndexDocument]) -> list[IndexDocument]:
    """These documents with what was added to their articles."""
    found = of(conn, [document.article.id for document in documents])
    none = Annotations()
    return [replace(one, annotations=found.get(one.article.id, none)) for one in documents]


# --- notes -----------------------------------------------------------------------------------------------------------


def note(conn: Connection, article: str) -> Note | None:
    """The note on an article, or None."""
    row = conn.execute(select(notes).where(notes.c.article == article)).mappings().one_or_none()
    return Note(**row) if row else None


def all_notes(conn: Connection) -> list[Note]:
    """All notes, the one that was changed last first."""
    rows = conn.execute(select(notes).order_by(notes.c.changed.desc(), notes.c.article)).mappings()
    return [Note(**row) for row in rows]


def noted(conn: Connection) -> list[str]:
    """The ids of the articles with a note, the one whose note was changed last first."""
    return list(conn.execute(select(notes.c.article).order_by(notes.c.changed.desc(), notes.c.article)).scalars())


def set_note(conn: Connection, article: str, text: str, now: datetime) -> None:
    """Write the note on an article in place of any there; an empty one removes it.

    :raises InvalidValue: when it is longer than MAX_NOTE and than the one that is there, or there is no such article.
    """
    text = lines(text)
    _hold(conn, article)
    before = note(conn, article)
    most = max(MAX_NOTE, len(before.text) if before else 0)  # that of a merged article is made of two
    if len(text) > most:
        raise InvalidValue(Message("note.error.length", {"n": most}))
    if not text:
        conn.execute(delete(notes).where(notes.c.article == article))
    elif before is None or before.text != text:
        upsert(conn, notes, {"article": article}, {"text": text, "changed": now})


def replace_note(conn: Connection, article: str, text: str, seen: datetime | None, now: datetime) -> bool:
    """Write the note on an article in place of the one that was last changed at `seen` (None: in place of none); return
    whether that was done. It is not if there is another by now, which stays.

    :raises InvalidValue: as set_note.
    """
    _hold(conn, article)
    there = note(conn, article)
    if (there and there.changed) != seen and (there.text if there else "") != lines(text):
        return False
    set_note(conn, article, text, now)
    return True


# --- tags ------------------------------------------------------------------------------------------------------------


def tags_of(conn: Connection, article: str) -> list[str]:
    """The tags of an article, in the order of their letters."""
    return list(conn.execute(select(tags.c.tag).where(tags.c.article == article).order_by(tags.c.tag)).scalars())


def all_tags(conn: Connection) -> dict[str, int]:
    """The number of articles with each tag, in the order of the tags' letters."""
    query = select(tags.c.tag, func.count()).group_by(tags.c.tag).order_by(tags.c.tag)
    return {row[0]: row[1] for row in conn.execute(query)}


def tagged(conn: Connection, tag: str) -> list[str]:
    """The ids of the articles with a tag, the newest first."""
    query = select(tags.c.article).join(articles, articles.c.id == tags.c.article).where(tags.c.tag == one_line(tag))
    return list(conn.execute(query.order_by(articles.c.sort_date.desc(), articles.c.id)).scalars())


def set_tags(conn: Connection, article: str, wanted: Iterable[str]) -> None:
    """Give an article these tags and no others.

    :raises InvalidValue: when a tag is too long, there are more than MAX_TAGS and than it has, or no such article.
    """
    _hold(conn, article)
    chosen = tags_in(wanted, _most(conn, article))
    conn.execute(delete(tags).where(tags.c.article == article, tags.c.tag.not_in(chosen)))
    insert_missing(conn, tags, {"article": article}, "tag", [{"tag": tag} for tag in chosen])


def change_tags(conn: Connection, article: str, seen: Iterable[str], wanted: Iterable[str]) -> None:
    """Turn the tags that somebody saw into those they want, and leave what has changed meanwhile as it is.

    :raises InvalidValue: as set_tags.
    """
    _hold(conn, article)
    before, after = _apart(seen), tags_in(wanted, _most(conn, article))
    kept = [tag for tag in tags_of(conn, article) if tag in after or tag not in before]
    set_tags(conn, article, [*kept, *(tag for tag in after if tag not in before)])


def rename_tag(conn: Connection, tag: str, name: str) -> int:
    """Give the articles with a tag another one in its place, or none if that is empty; return how many had it.

    :raises InvalidValue: when the other tag is too long, or several: an article could have more than MAX_TAGS by them.
    """
    old, new = one_line(tag), tags_in([name])
    if len(new) > 1:
        raise InvalidValue(Message("tag.error.one"))
    mine = list(conn.execute(select(tags.c.article).where(tags.c.tag == old)).scalars())
    if new != [old]:
        conn.execute(delete(tags).where(tags.c.tag == old))
        for one in new:
            insert_missing(conn, tags, {"tag": one}, "article", [{"article": article} for article in mine])
    return len(mine)


def tags_in(given: Iterable[str], most: int = MAX_TAGS) -> list[str]:
    """Tags as they are stored: each once, those in one text apart, without those that are empty.

    :raises InvalidValue: when one is too long, or there are more than `most`.
    """
    chosen = _apart(given)
    if too_long := [tag for tag in chosen if len(tag) > MAX_TAG]:
        raise InvalidValue(Message("tag.error.length", {"tag": too_long[0][:MAX_TAG], "n": MAX_TAG}))
    if len(chosen) > most:
        raise InvalidValue(Message("tag.error.many", {"n": most}))
    return chosen


def _most(conn: Connection, article: str) -> int:
    """How many tags an article may have: as many as it has, where it was made of two."""
    return max(MAX_TAGS, len(tags_of(conn, article)))


def _apart(given: Iterable[str]) -> list[str]:
    parts = (one_line(part) for text in given for part in TAG_BREAKS.split(text))
    return list(dict.fromkeys(filter(None, parts)))


def _hold(conn: Connection, article: str) -> None:
    """Keep an article from being erased, and its tags and note from being changed, until the end of the transaction.

    :raises InvalidValue: when there is none of this id.
    """
    query = select(articles.c.id).where(articles.c.id == article).with_for_update(key_share=True)
    if conn.execute(query).first() is None:
        raise InvalidValue(Message("error.no_article"))
