"""Site health: the evidence in the archive, the conclusions drawn from it, and the alerts to send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from index.archive import pending_notifications
from index.archive.column_types import joined
from index.archive.readings import IS_SHOWN, shown
from index.archive.tables import alerts, articles, frontier, health, readings, sources, versions
from index.archive.upsert import chunks, upsert
from index.model.codes import PageState, Verdict
from index.model.message import Message

HISTORY = timedelta(days=56)  # eight of each weekday
PAGES, SAMPLES = 200, 300  # how many of the newest are examined: some weeks of a typical site
AGE = timedelta(days=30)  # articles older than this when first seen are back-fill and do not show the site's rhythm


@dataclass(frozen=True, slots=True)
class SourceSeen:
    """A source named in the site's file: why its last poll failed, or what was left out of its response, and when it
    last succeeded (UTC)."""

    url: str
    problem: Message | None
    polled: datetime | None
    failures: int


@dataclass(frozen=True, slots=True)
class PageSeen:
    """What became of a candidate after its discovery; `state` and `reason` are as in the frontier."""

    url: str
    discovered: datetime
    state: str
    reason: Message | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A stored article: which of its fields are filled, and how long its text is."""

    url: str
    first_seen: datetime
    published: datetime | None
    headline: str
    filled: frozenset[str]
    length: int  # characters of its body


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a site, newest first; times are UTC. `arrivals` are the publication times of the articles of the
    last weeks or, where there is none, the times when they were first seen."""

    sources: tuple[SourceSeen, ...] = ()
    pages: tuple[PageSeen, ...] = ()
    samples: tuple[Sample, ...] = ()
    arrivals: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """The conclusion about a site: its `verdict` (None: as usual), the reason in `detail`, an `example` URL that shows
    it, and `since` when. `suspect` is a verdict not yet confirmed ("" for "as usual"), suspected since `suspected`;
    `turns` are the times when the verdict changed, newest last."""

    verdict: Verdict | None = None
    detail: Message | None = None
    example: str | None = None
    since: datetime | None = None
    suspect: str | None = None
    suspected: datetime | None = None
    turns: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """A change of a site's health to notify people of; `sent` is when the last recipient was notified, and `waiting`
    are digests of the addresses still to be notified."""

    id: int
    site: str
    verdict: Verdict | None
    detail: Message | None
    example: str | None
    at: datetime
    sent: datetime | None
    waiting: tuple[str, ...]


def evidence(conn: Connection, site: str, urls: Sequence[str], now: datetime) -> Evidence:
    """The evidence about a site in the archive; `urls` are the sources that its file names."""
    return Evidence(
        _sources(conn, site, urls), _pages(conn, site, now), _samples(conn, site), _arrivals(conn, site, now)
    )


def _sources(conn: Connection, site: str, urls: Sequence[str]) -> tuple[SourceSeen, ...]:
    mine = (sources.c.site == site) & sources.c.url.in_(list(urls))
    found = conn.execute(select(sources).where(mine))
    return tuple(SourceSeen(r.url, joined(r.reason, r.problem) or r.problem, r.polled, r.failures) for r in found)


def _pages(conn: Connection, site: str, now: datetime) -> tuple[PageSeen, ...]:
    """Candidates that were fetched at least once; pending and old ones are no evidence."""
    columns = (frontier.c.url, frontier.c.discovered, frontier.c.state, frontier.c.reason, frontier.c.detail)
    tried = (
        (frontier.c.site == site)
        & frontier.c.state.not_in((PageState.PENDING, PageState.OLD))
        & (frontier.c.discovered <= now)
    )
    query = select(*columns).where(tried).order_by(frontier.c.id.desc()).limit(PAGES)
    return tuple(PageSeen(r.url, r.discovered, r.state, joined(r.reason, r.detail)) for r in conn.execute(query))


def _samples(conn: Connection, site: str) -> tuple[Sample, ...]:
    newest = (versions.c.article == articles.c.id) & (versions.c.number == articles.c.number)
    columns = [shown(name) for name in ("published", "headline", "authors", "section", "images")]
    query = (
        select(articles.c.url, articles.c.first_seen, *columns, func.length(shown("body").element).label("length"))
        .join(versions, newest)
        .outerjoin(readings, IS_SHOWN)
        .where(articles.c.site == site)
        .order_by(articles.c.first_seen.desc(), articles.c.id)
        .limit(SAMPLES)
    )
    return tuple(_sample(row) for row in conn.execute(query))


def _sample(row: Any) -> Sample:
    named = {"published": row.published, "authors": row.authors, "section": row.section, "images": row.images}
    filled = frozenset(name for name, value in named.items() if value)
    return Sample(row.url, row.first_seen, row.published, row.headline, filled, row.length)


def _arrivals(conn: Connection, site: str, now: datetime) -> tuple[datetime, ...]:
    since = now - HISTORY
    recent = (articles.c.site == site) & (articles.c.first_seen > since)
    query = select(articles.c.sort_date, articles.c.first_seen).where(recent).order_by(articles.c.first_seen.desc())
    found = (min(row.sort_date, row.first_seen) for row in conn.execute(query) if row.first_seen - row.sort_date < AGE)
    return tuple(sorted((moment for moment in found if moment > since), reverse=True))


# --- conclusions ---------------------------------------------------------------------------------------------------


def state(conn: Connection, site: str) -> Health:
    """The last conclusion about the site's health."""
    return some(conn, [site]).get(site, Health())


def some(conn: Connection, sites: Sequence[str]) -> dict[str, Health]:
    """The last conclusions about these sites, by id."""
    pieces = (select(health).where(health.c.site.in_(piece)) for piece in chunks(sites))
    return {row["site"]: _health(row) for query in pieces for row in conn.execute(query).mappings()}


def states(conn: Connection) -> dict[str, Health]:
    """The last conclusions about all sites, by id."""
    return {row["site"]: _health(row) for row in conn.execute(select(health)).mappings()}


def unsettled(conn: Connection) -> set[str]:
    """The sites that something is wrong with, or whose verdict may be about to change."""
    either = health.c.verdict.is_not(None) | health.c.suspected.is_not(None)
    return set(conn.execute(select(health.c.site).where(either)).scalars())


def _health(row: Any) -> Health:
    values = {field.name: row[field.name] for field in fields(Health)} | {"verdict": _verdict(row["verdict"])}
    return Health(**values | {"turns": tuple(datetime.fromisoformat(turn) for turn in row["turns"] or ())})


def put(conn: Connection, site: str, found: Health) -> None:
    """Store a conclusion about a site."""
    values = {field.name: getattr(found, field.name) for field in fields(Health)}
    upsert(conn, health, {"site": site}, values | {"turns": [turn.isoformat() for turn in found.turns]})


def alert(conn: Connection, site: str, found: Health, now: datetime, addresses: Sequence[str]) -> None:
    """Store an alert: these addresses are to be notified of this state of the site."""
    said = {"verdict": found.verdict, "detail": found.detail, "example": found.example}
    conn.execute(insert(alerts).values(site=site, at=now, waiting=list(addresses) or None, **said))


def last_alert(conn: Connection, site: str) -> Alert | None:
    """The newest alert of a site."""
    mine = select(alerts).where(alerts.c.site == site)
    return next(iter(_alerts(conn, mine.order_by(alerts.c.id.desc()).limit(1))), None)


def unsent(conn: Connection) -> list[Alert]:
    """The alerts of which someone is still to be notified, oldest first."""
    return _alerts(conn, select(alerts).where(alerts.c.waiting.is_not(None)).order_by(alerts.c.id))


def recent_alerts(conn: Connection, n: int, site: str | None = None) -> list[Alert]:
    """The last n alerts, of all sites or of one, newest first."""
    asked = select(alerts) if site is None else select(alerts).where(alerts.c.site == site)
    return _alerts(conn, asked.order_by(alerts.c.id.desc()).limit(n))


def mark_notified(conn: Connection, ids: Sequence[int], address: str, now: datetime) -> None:
    """Record that these alerts were sent to an address."""
    these = alerts.c.id.in_(list(ids))
    pending_notifications.mark_notified(conn, alerts, these, address)
    conn.execute(update(alerts).where(these, alerts.c.waiting.is_(None)).values(sent=now))


def _alerts(conn: Connection, query: Any) -> list[Alert]:
    return [_alert(row) for row in conn.execute(query).mappings()]


def _alert(row: Any) -> Alert:
    values = {field.name: row[field.name] for field in fields(Alert)} | {"verdict": _verdict(row["verdict"])}
    return Alert(**values | {"waiting": tuple(row["waiting"] or ())})


def _verdict(stored: str | None) -> Verdict | None:
    return None if stored is None else Verdict(stored)
