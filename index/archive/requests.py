"""Addresses that people asked to have fetched now: a queue, and what came of each.

A request waits until a process claims it for a run, and is done once it has an outcome. If it is still without one when
that run ends, it waits again, unless the run died with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from index.archive.tables import requests, runs
from index.archive.upsert import chunks
from index.errors import InvalidValue
from index.model.codes import (
    FetchOutcome,
    RequestReason,
    RequestResult,
    RequestState,
    RequestWay,
    RunDetail,
)
from index.model.message import Message

RESULTS: Mapping[str, RequestResult] = {
    FetchOutcome.NEW: RequestResult.NEW,
    FetchOutcome.CHANGED: RequestResult.CHANGED,
    FetchOutcome.SAME: RequestResult.UNCHANGED,
    FetchOutcome.NOT_MODIFIED: RequestResult.UNCHANGED,
    FetchOutcome.SAME_BYTES: RequestResult.UNCHANGED,
    FetchOutcome.COPY: RequestResult.COPY,
    FetchOutcome.GONE: RequestResult.GONE,
}
HOUR = timedelta(hours=1)
_OPEN = requests.c.ended.is_(None)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be asked of the server: requests in an hour, and those that wait at once."""

    hourly: int = 60
    waiting: int = 30


@dataclass(frozen=True, slots=True)
class AddressRequest:
    """A request for an address: when it was made and when it was done (UTC), and what came of it.

    `outcome` is a FetchOutcome, or why there is none; `article` the id of the address's article, if it has one, and
    `number` that of its newest version then. `facsimile` is whether a copy that looks like the page was asked for.
    """

    id: int
    url: str
    site: str
    way: str
    asked: datetime
    facsimile: bool = False
    run: int | None = None
    ended: datetime | None = None
    outcome: Message | None = None
    article: str | None = None
    number: int | None = None

    @property
    def state(self) -> RequestState:
        """How far it is."""
        return RequestState.of(self.run, self.ended)

    @property
    def host(self) -> str:
        """The host of its address."""
        return urlsplit(self.url).hostname or ""

    @property
    def result(self) -> RequestResult | None:
        """What came of it; None until it is done."""
        came = self.outcome
        if came is not None and came.code == FetchOutcome.REDIRECTED:
            inner = came.params["outcome"]
            came = inner if isinstance(inner, Message) else came
        return RESULTS.get(came.code, RequestResult.REFUSED) if came is not None else None

    @property
    def archived(self) -> bool:
        """Whether the archive has the address's article as it was found now."""
        return self.result not in (None, RequestResult.GONE, RequestResult.REFUSED)


def ask(
    conn: Connection,
    url: str,
    site: str,
    way: RequestWay,
    now: datetime,
    limits: Limits | None = None,
    *,
    facsimile: bool = False,
) -> AddressRequest:
    """The request for this address (in canonical form) of this site, with a `facsimile` or without. It is added unless
    one is open already, which then asks for a facsimile, too; the command's is its own.

    :raises InvalidValue: when there are as many as `limits` allow; the code is a RequestReason.
    """
    same = _OPEN & (requests.c.url == url) & _by_others()
    if facsimile:  # what a run has begun without one gets none any more
        same &= requests.c.facsimile | requests.c.run.is_(None)
    if way != RequestWay.COMMAND and (known := _found(conn, same)):
        if facsimile:
            conn.execute(update(requests).where(requests.c.id == known[0].id).values(facsimile=True))
        return replace(known[0], facsimile=facsimile or known[0].facsimile)
    if limits is not None:
        asked = conn.execute(select(func.count()).where(requests.c.asked > now - HOUR, _by_others())).scalar_one()
        if asked >= limits.hourly:
            raise InvalidValue(Message(RequestReason.TOO_MANY, {"n": limits.hourly}))
        if conn.execute(select(func.count()).where(_OPEN, _by_others())).scalar_one() >= limits.waiting:
            raise InvalidValue(Message(RequestReason.QUEUE_FULL, {"n": limits.waiting}))
    values = {"url": url, "site": site, "way": way, "asked": now, "facsimile": facsimile}
    number = conn.execute(insert(requests).values(**values).returning(requests.c.id)).scalar_one()
    return AddressRequest(number, url, site, way, now, facsimile)


def get(conn: Connection, number: int) -> AddressRequest | None:
    """The request of that number, or None."""
    return next(iter(_found(conn, requests.c.id == number)), None)


def recent(conn: Connection, n: int) -> list[AddressRequest]:
    """The last n requests, newest first."""
    return _found(conn, None, requests.c.id.desc(), n)


def waiting(conn: Connection) -> list[AddressRequest]:
    """The requests that no run has claimed, oldest first."""
    return _found(conn, _OPEN & requests.c.run.is_(None))


def running(conn: Connection) -> list[AddressRequest]:
    """The requests that a run has claimed and that are not done, oldest first."""
    return _found(conn, _OPEN & requests.c.run.is_not(None))


def of_run(conn: Connection, run: int) -> list[AddressRequest]:
    """The requests that this run has claimed, oldest first."""
    return _found(conn, requests.c.run == run)


def claim(conn: Connection, numbers: Collection[int], run: int) -> None:
    """Claim these requests for a run."""
    for piece in chunks(sorted(numbers)):
        conn.execute(update(requests).where(requests.c.id.in_(piece), _OPEN).values(run=run))


def settle(
    conn: Connection,
    numbers: Sequence[int],
    outcome: Message,
    now: datetime,
    article: str | None = None,
    version: int | None = None,
) -> None:
    """Record what came of these requests."""
    values = {"outcome": outcome, "ended": now, "article": article, "number": version}
    for piece in chunks(numbers):
        conn.execute(update(requests).where(requests.c.id.in_(piece), _OPEN).values(**values))


def let_go(conn: Connection, run: int, now: datetime, why: Message, sites: Collection[str] | None = None) -> None:
    """What a run has left of its requests, of all sites or these (ids), waits for the next one; the command's own,
    which nobody waits for any more, end for this reason."""
    mine = _OPEN & (requests.c.run == run)
    if sites is not None:
        mine &= requests.c.site.in_(sites)
    own = mine & (requests.c.way == RequestWay.COMMAND)
    conn.execute(update(requests).where(own).values(outcome=why, ended=now))
    conn.execute(update(requests).where(mine).values(run=None))


def settle_orphans(conn: Connection, now: datetime) -> None:
    """End the requests whose run has ended without letting go of them, as its process died: they may be why."""
    ended = select(runs.c.id).where(runs.c.ended.is_not(None))
    died = {"outcome": Message(RunDetail.PROCESS_DIED), "ended": now}
    conn.execute(update(requests).where(_OPEN, requests.c.run.in_(ended)).values(**died))


def _by_others() -> ColumnElement[bool]:
    return requests.c.way != RequestWay.COMMAND


def _found(
    conn: Connection, which: ColumnElement[bool] | None, order: Any = requests.c.id, most: int | None = None
) -> list[AddressRequest]:
    query = select(requests).order_by(order).limit(most)
    rows = conn.execute(query if which is None else query.where(which)).mappings()
    return [AddressRequest(**row) for row in rows]
