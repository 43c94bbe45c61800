"""Sites that people want to add, by the address of their home page: a queue, and what a look at each has found.

A preview waits until a process claims it for a run, and is done once it has found something or a problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from index.archive.tables import is_key, runs, site_previews
from index.errors import InvalidValue
from index.model.codes import RequestReason, RequestState, RunDetail
from index.model.message import Message

MAX_WAITING = 5  # each takes a minute or two
_OPEN = site_previews.c.ended.is_(None)


@dataclass(frozen=True, slots=True)
class SitePreview:
    """A look at a site: when it was asked for and when it was done (UTC), how far it is (`step`), the `problem` if it
    failed, else what it `found` (as `crawler/onboarding/preview.py` has it) and the text of the site's `file`."""

    id: int
    url: str
    asked: datetime
    run: int | None = None
    ended: datetime | None = None
    step: Message | None = None
    problem: Message | None = None
    found: Mapping[str, Any] | None = None
    file: str | None = None

    @property
    def state(self) -> RequestState:
        """How far it is."""
        return RequestState.of(self.run, self.ended)


def ask(conn: Connection, url: str, now: datetime) -> SitePreview:
    """The preview of the site with this home page (in canonical form); one that is open already is not added again.

    :raises InvalidValue: when MAX_WAITING wait already.
    """
    if known := _one(conn, _OPEN & (site_previews.c.url == url)):
        return known
    if conn.execute(select(func.count()).where(_OPEN)).scalar_one() >= MAX_WAITING:
        raise InvalidValue(Message(RequestReason.QUEUE_FULL, {"n": MAX_WAITING}))
    values = {"url": url, "asked": now}
    number = conn.execute(insert(site_previews).values(**values).returning(site_previews.c.id)).scalar_one()
    return SitePreview(number, url, now)


def get(conn: Connection, number: int) -> SitePreview | None:
    """The preview of that number, or None."""
    return _one(conn, site_previews.c.id == number) if is_key(number) else None


def next_waiting(conn: Connection) -> SitePreview | None:
    """The oldest preview that no run has claimed, or None."""
    return _one(conn, _OPEN & site_previews.c.run.is_(None))


def claim(conn: Connection, number: int, run: int) -> None:
    """Claim a preview for a run."""
    conn.execute(update(site_previews).where(site_previews.c.id == number, _OPEN).values(run=run))


def record_step(conn: Connection, number: int, step: Message) -> None:
    """Record how far a preview is."""
    conn.execute(update(site_previews).where(site_previews.c.id == number, _OPEN).values(step=step))


def settle(conn: Connection, number: int, found: Mapping[str, Any], file: str, now: datetime) -> None:
    """Record what a preview found."""
    values = {"found": dict(found), "file": file, "step": None, "ended": now}
    conn.execute(update(site_previews).where(site_previews.c.id == number, _OPEN).values(**values))


def fail(conn: Connection, number: int, problem: Message, now: datetime) -> None:
    """Record why a preview found nothing."""
    values = {"problem": problem, "step": None, "ended": now}
    conn.execute(update(site_previews).where(site_previews.c.id == number, _OPEN).values(**values))


def let_go(conn: Connection, run: int) -> None:
    """What a run that was ended on purpose has not done waits for the next one."""
    conn.execute(update(site_previews).where(_OPEN, site_previews.c.run == run).values(run=None))


def claimed(conn: Connection) -> list[int]:
    """The runs that have claimed a preview and not done it."""
    query = select(site_previews.c.run).where(_OPEN, site_previews.c.run.is_not(None))
    return list(conn.execute(query).scalars())


def settle_orphans(conn: Connection, now: datetime) -> None:
    """End the previews whose run has ended without them, as its process died: they may be why."""
    ended = select(runs.c.id).where(runs.c.ended.is_not(None))
    died = {"problem": Message(RunDetail.PROCESS_DIED), "ended": now}
    conn.execute(update(site_previews).where(_OPEN, site_previews.c.run.in_(ended)).values(**died))


def _one(conn: Connection, which: ColumnElement[bool]) -> SitePreview | None:
    query = select(site_previews).where(which).order_by(site_previews.c.id).limit(1)
    row = conn.execute(query).mappings().one_or_none()
    return SitePreview(**row) if row else None
