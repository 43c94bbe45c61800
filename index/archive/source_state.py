"""The state of sources: what is remembered of a feed, sitemap or section page between polls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from index.archive.tables import sources
from index.archive.upsert import upsert
from index.model.message import Message


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source after its last poll. Times are UTC.

    `polled` is the time of the last response, `changed` of the last one with a different body, `forced` of the last one
    to a request without validators, `asked` of the last attempt; `modified` is the date that a sitemap index gave for
    the source. `failures` counts failed polls in a row, `strikes` their total weight; `reason` is the code of the last
    one's `problem`. `habit` and `said` are kept by the crawler for its schedule.
    """

    site: str
    url: str
    kind: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    modified: datetime | None = None
    polled: datetime | None = None
    changed: datetime | None = None
    status: int | None = None
    found: int | None = None
    failures: int = 0
    reason: str | None = None
    problem: Message | None = None
    retry_at: datetime | None = None
    asked: datetime | None = None
    strikes: float = 0.0
    forced: datetime | None = None
    habit: dict[str, Any] | None = None
    said: dict[str, Any] | None = None

    @property
    def left(self) -> bool:
        """Whether the last poll succeeded but not all of the response was used; `problem` tells what was left out."""
        return self.problem is not None and not self.failures


@dataclass(frozen=True, slots=True)
class SourceResponse:
    """A source's complete response: validators, hash of the body, and the number of candidates `found` in it. `forced`
    is when it came, if no validators had been sent; `problem` tells what was left out."""

    status: int = 200
    kind: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    modified: datetime | None = None
    found: int | None = None
    forced: datetime | None = None
    problem: Message | None = None


def state(conn: Connection, site: str, url: str) -> SourceState:
    """The state of the source; only its site and URL are set if it was never polled."""
    key = (sources.c.site == site) & (sources.c.url == url)
    row = conn.execute(select(sources).where(key)).mappings().one_or_none()
    return SourceState(**row) if row else SourceState(site, url)


def states(conn: Connection, site: str) -> list[SourceState]:
    """All sources of the site that were ever polled, children of sitemap indexes included."""
    rows = conn.execute(select(sources).where(sources.c.site == site).order_by(sources.c.url)).mappings()
    return [SourceState(**row) for row in rows]


def some(conn: Connection, site: str, urls: Sequence[str]) -> list[SourceState]:
    """The states of those of these sources of the site that were ever polled."""
    where = (sources.c.site == site) & sources.c.url.in_(urls)
    return [SourceState(**row) for row in conn.execute(select(sources).where(where)).mappings()]


def last_polled(conn: Connection) -> datetime | None:
    """When a source last answered, of whichever site; None if none ever did."""
    last: datetime | None = conn.execute(select(func.max(sources.c.polled))).scalar_one()
    return last


def put(conn: Connection, site: str, url: str, **columns: Any) -> None:
    """Set these fields of SourceState for the source, known or not; the others keep their values."""
    upsert(conn, sources, {"site": site, "url": url}, columns)


def polled(conn: Connection, site: str, url: str, answer: SourceResponse, now: datetime) -> None:
    """Record a complete response; belongs in the transaction that offers its candidates to the frontier."""
    before = state(conn, site, url)
    values = {field.name: getattr(answer, field.name) for field in fields(answer)}
    values["forced"] = answer.forced or before.forced
    same = answer.body_hash is not None and answer.body_hash == before.body_hash
    values |= {"polled": now, "changed": before.changed if same else now, "failures": 0, "reason": None}
    upsert(conn, sources, {"site": site, "url": url}, values | {"retry_at": None})


def unchanged(conn: Connection, site: str, url: str, now: datetime, modified: datetime | None = None) -> None:
    """Record that the source answered 304; `modified` is the date that its sitemap index now gives for it."""
    before = state(conn, site, url)
    left = None if before.failures else before.problem  # what was too long before still is
    values = {"polled": now, "status": 304, "failures": 0, "reason": None, "problem": left, "retry_at": None}
    upsert(conn, sources, {"site": site, "url": url}, values | ({"modified": modified} if modified else {}))


def failed(
    conn: Connection, site: str, url: str, problem: Message, retry_at: datetime | None, status: int | None = None
) -> int:
    """Record that the source could not be fetched or read and is not to be polled before `retry_at`; return its
    failures in a row."""
    failures = state(conn, site, url).failures + 1
    values = {"reason": problem.code, "problem": problem, "retry_at": retry_at, "status": status, "failures": failures}
    upsert(conn, sources, {"site": site, "url": url}, values)
    return failures
