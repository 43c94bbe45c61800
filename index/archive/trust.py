"""Trust: whether a site's validators and dates, which save reading a page, have turned out to be true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, select

from index.archive.tables import trust
from index.archive.upsert import upsert
from index.model.message import Message

TrustTopic = Literal["validators", "source validators", "dates", "child dates"]

# Wrong statements in a row after which a site is no longer trusted. An unchanged ETag on a changed text is proof, or an
# accident if it happens once; a date that moves without a change may be an editor who only opened the article.
LIES = {"validators": 2, "source validators": 2, "dates": 10, "child dates": 2}
TRUTHS = 5  # correct statements in a row after which it is trusted again


@dataclass(frozen=True, slots=True)
class Trust:
    """A site's record on one topic: how many times in a row it was `wrong` or `right`, and `since` when it is not
    trusted (None: it is); `how` it was last wrong, at which URL, and when (UTC)."""

    site: str
    what: str
    wrong: int = 0
    right: int = 0
    since: datetime | None = None
    how: Message | None = None
    example: str | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrustObservation:
    """An observation about a site on one topic; `lie` is a message with a TrustReason, None if the site was right."""

    what: TrustTopic
    url: str
    lie: Message | None = None


_RECORD = select(trust).where(trust.c.site == bindparam("site"), trust.c.what == bindparam("what"))


def judge(before: Trust, finding: TrustObservation, now: datetime) -> Trust:
    """The record after an observation; a pure function."""
    if finding.lie is None:
        right = before.right + 1
        since = before.since if right < TRUTHS else None
        return Trust(before.site, before.what, 0, right, since, before.how, before.example, before.seen)
    wrong = before.wrong + 1
    since = before.since or (now if wrong >= LIES[finding.what] else None)
    return Trust(before.site, before.what, wrong, 0, since, finding.lie, finding.url, now)


def note(conn: Connection, site: str, finding: TrustObservation, now: datetime) -> Trust:
    """Store an observation; return the record after it."""
    row = conn.execute(_RECORD, {"site": site, "what": finding.what}).mappings().one_or_none()
    after = judge(Trust(**row) if row else Trust(site, finding.what), finding, now)
    values: dict[str, Any] = {name: getattr(after, name) for name in Trust.__slots__ if name not in ("site", "what")}
    upsert(conn, trust, {"site": site, "what": finding.what}, values)
    return after


def untrusted(conn: Connection, site: str) -> frozenset[str]:
    """The topics on which this site is not trusted now."""
    query = select(trust.c.what).where(trust.c.site == site, trust.c.since.is_not(None))
    return frozenset(conn.execute(query).scalars())


def all_untrusted(conn: Connection) -> list[Trust]:
    """The records of all sites that are not trusted on some topic, by site and topic."""
    query = select(trust).where(trust.c.since.is_not(None)).order_by(trust.c.site, trust.c.what)
    return [Trust(**row) for row in conn.execute(query).mappings()]
