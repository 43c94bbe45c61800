"""The history of an article: how its versions differ, where it moved, when it was gone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from index.archive import notices
from index.archive import tables as t
from index.archive.documents import aliases, versions
from index.dedup.version_diff import same_rules, version_change
from index.model.article import Version
from index.model.change import UNCHANGED, Change
from index.model.codes import AliasReason


@dataclass(frozen=True, slots=True)
class Event:
    """An observation at a time (UTC). "new" and "changed" have the `number` of the version stored then and its
    `headline`; "changed" has the `change`; "moved" the new `url`; "gone" the time `until` which the article was last
    seen to be gone; "notice" the `text` that its page had in its place, and its number among the article's, `notice`.
    `reading` is the number of the version's reading, `corrected` when a further one was made because
    its page is read better now. `maybe_ours` says that the two versions were not read by the same rules."""

    at: datetime
    what: Literal["new", "changed", "moved", "gone", "notice", "back"]
    number: int | None = None
    headline: str = ""
    change: Change = UNCHANGED
    url: str | None = None
    until: datetime | None = None
    corrected: datetime | None = None
    reading: int | None = None
    maybe_ours: bool | None = None
    text: str = ""
    notice: int | None = None

    def fields(self) -> dict[str, Any]:
        """What is known of it, ready for JSON but for its times; of a change its kinds and the counts of words."""
        known = {name: value for name, value in asdict(self).items() if value not in (None, "") and name != "change"}
        if self.what == "changed":
            known |= {"kinds": self.change.kinds, "removed": self.change.removed, "added": self.change.added}
        return known


def change(conn: Connection, article: str, number: int) -> Event | None:
    """The event of one version: what it changed, or that it was the first; None if there is no such version."""
    found = versions(conn, article, (number - 1, number))
    if not found or found[-1].number != number:
        return None
    return _event(found[0] if len(found) > 1 else None, found[-1])


def _event(before: Version | None, now: Version) -> Event:
    before = None if now.beside else before
    change = version_change(before, now) if before is not None else UNCHANGED
    what: Literal["new", "changed"] = "new" if before is None else "changed"
    ours = None if before is None or same_rules(before, now) else True
    return Event(now.seen, what, now.number, now.article.headline, change, None, None, now.corrected, now.reading, ours)


def history(conn: Connection, article: str) -> list[Event]:
    """The events of an article, oldest first; empty if there is no such article."""
    said = versions(conn, article)
    events = [_event(before, now) for before, now in zip([None, *said], said, strict=False)]
    moves = (alias for alias in aliases(conn, article) if alias.reason == AliasReason.MOVED)
    events += [Event(move.seen, "moved", url=move.url) for move in moves]
    state = select(t.articles.c.gone_since, t.articles.c.gone_until).where(t.articles.c.id == article)
    row = conn.execute(state).one_or_none()
    if row is not None and row.gone_since is not None:
        events.append(Event(row.gone_since, "gone", until=row.gone_until))
    for past in conn.execute(select(t.absences).where(t.absences.c.article == article)):
        events += [Event(past.since, "gone", until=past.until), Event(past.back, "back")]
    for notice in notices.of_articles(conn, [article]):
        events.append(Event(notice.seen, "notice", text=notice.text, notice=notice.number))
    return sorted(events, key=lambda event: event.at)
