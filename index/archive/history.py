"""The history of an article: how its versions differ, where it moved, when it was gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select

from index.archive import tables as t
from index.archive.documents import aliases, versions
from index.dedup.version_diff import Change, classify_change
from index.model.codes import AliasReason

UNCHANGED = Change(())


@dataclass(frozen=True, slots=True)
class Event:
    """An observation at a time (UTC). "new" and "changed" have the `number` of the version stored then and its
    `headline`; "changed" has the `change`; "moved" the new `url`; "gone" the time `until` which the article was last
    seen to be gone. `corrected` is when the version was last corrected because its page is read better now."""

    at: datetime
    what: Literal["new", "changed", "moved", "gone", "back"]
    number: int | None = None
    headline: str = ""
    change: Change = UNCHANGED
    url: str | None = None
    until: datetime | None = None
    corrected: datetime | None = None


def history(conn: Connection, article: str) -> list[Event]:
    """The events of an article, oldest first; empty if there is no such article."""
    read = select(t.versions.c.number, t.versions.c.corrected).where(t.versions.c.article == article)
    corrected = {row.number: row.corrected for row in conn.execute(read)}
    said = versions(conn, article)
    events = []
    for before, now in zip([None, *said], said, strict=False):
        change = classify_change(before.article, now.article) if before is not None else UNCHANGED
        what: Literal["new", "changed"] = "new" if before is None else "changed"
        headline, mended = now.article.headline, corrected[now.number]
        events.append(Event(now.seen, what, now.number, headline, change, corrected=mended))
    moves = (alias for alias in aliases(conn, article) if alias.reason == AliasReason.MOVED)
    events += [Event(move.seen, "moved", url=move.url) for move in moves]
    state = select(t.articles.c.gone_since, t.articles.c.gone_until).where(t.articles.c.id == article)
    row = conn.execute(state).one_or_none()
    if row is not None and row.gone_since is not None:
        events.append(Event(row.gone_since, "gone", until=row.gone_until))
    for past in conn.execute(select(t.absences).where(t.absences.c.article == article)):
        events += [Event(past.since, "gone", until=past.until), Event(past.back, "back")]
    return sorted(events, key=lambda event: event.at)
