"""The state of sites: their health and schedule, recorded by the crawler and shown by the web interface and the CLI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Float, Integer, bindparam, select, update

from index.archive.tables import health, sites, turns
from index.archive.upsert import chunks, upsert
from index.model.message import Message


@dataclass(frozen=True, slots=True)
class SiteState:
    """What is known of a site. Times are UTC, None if it has not happened.

    `failures` counts failed runs in a row. `verdict` is a Verdict with its reason in `detail`, both None if all is
    normal: the verdict on the site's health, with an `example` and `since` when, or else the one on its last run.
    Nothing older than `horizon` is fetched. `rendered` is since when the site's pages are known to need a browser,
    `plain` when that was last checked. `revisit` are the ages (seconds) at which its pages are looked at again, by
    which their dates were last set; None: the default ones. `next_run` and `next_why` are its turn
    (`index/archive/turns.py`); a site that is switched off has none.
    """

    id: str
    name: str | None = None
    homepage: str | None = None
    country: str | None = None
    languages: tuple[str, ...] = ()
    enabled: bool = True
    verdict: str | None = None
    detail: Message | None = None
    example: str | None = None
    since: datetime | None = None
    failures: int = 0
    last_run: datetime | None = None
    last_success: datetime | None = None
    next_run: datetime | None = None
    next_why: Message | None = None
    horizon: datetime | None = None
    looked: float = 0.0
    changed: float = 0.0
    rendered: datetime | None = None
    plain: datetime | None = None
    revisit: tuple[float, ...] | None = None


def put(conn: Connection, site: str, **columns: Any) -> None:
    """Set these fields of SiteState for the site, known or not, apart from its turn; the others keep their values."""
    for name in ("languages", "revisit"):
        if columns.get(name) is not None:
            columns[name] = list(columns[name])
    upsert(conn, sites, {"id": site}, columns)


def unknown_ids(conn: Connection, ids: Sequence[str]) -> list[str]:
    """The ids among these that belong to no site known to the archive, in the given order."""
    known = set(conn.execute(select(sites.c.id).where(sites.c.id.in_(ids))).scalars()) if ids else set()
    return [one for one in ids if one not in known]


def record_revisit(conn: Connection, site: str, changed: bool, fade: float) -> None:
    """Count a revisit of one of the site's pages, and whether its text had changed; earlier counts decay by `fade`."""
    conn.execute(_LOOKED, {"site": site, "fade": fade, "found": int(changed)})


_LOOKED = (
    update(sites)
    .where(sites.c.id == bindparam("site"))
    .values(
        looked=sites.c.looked * bindparam("fade", type_=Float) + 1,
        changed=sites.c.changed * bindparam("fade", type_=Float) + bindparam("found", type_=Integer),
    )
)


def state(conn: Connection, site: str) -> SiteState:
    """What is known of the site; only its id is set if nothing is known."""
    row = conn.execute(_ALL.where(sites.c.id == site)).mappings().one_or_none()
    return _state(dict(row)) if row else SiteState(site)


def states(conn: Connection) -> list[SiteState]:
    """All known sites, by id."""
    return [_state(dict(row)) for row in conn.execute(_ALL.order_by(sites.c.id)).mappings()]


def some(conn: Connection, ids: Sequence[str]) -> dict[str, SiteState]:
    """Those of these sites of which something is known, by id."""
    rows = (row for piece in chunks(ids) for row in conn.execute(_ALL.where(sites.c.id.in_(piece))).mappings())
    return {state.id: state for state in (_state(dict(row)) for row in rows)}


_HEALTH = ("verdict", "detail", "example", "since")
_ALL = (
    select(
        sites,
        turns.c.at.label("next_run"),
        turns.c.why.label("next_why"),
        *(health.c[name].label(f"health_{name}") for name in _HEALTH),
    )
    .outerjoin(turns, turns.c.site == sites.c.id)
    .outerjoin(health, (health.c.site == sites.c.id) & health.c.verdict.is_not(None))
)


def _state(row: dict[str, Any]) -> SiteState:
    concluded = {name: row.pop(f"health_{name}") for name in _HEALTH}
    if concluded["verdict"] is not None:
        row |= concluded
    if not row["enabled"]:
        row |= {"next_run": None, "next_why": None}
    revisit = None if row["revisit"] is None else tuple(row["revisit"])
    return SiteState(**row | {"languages": tuple(row["languages"] or ()), "revisit": revisit})
