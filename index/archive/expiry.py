"""Forgetting what no one needs any more, so that an archive grows with its articles alone.

Each call deletes a bounded number of rows, as it holds up every other writer; the next one goes on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select

from index.archive import tables as t
from index.model.codes import PageState, RunStatus

RUNS_FOR = timedelta(days=90)  # the parts that sites had in runs, and runs that stored nothing
REQUESTS_FOR = RUNS_FOR  # addresses that people asked for, and what came of them
PREVIEWS_FOR = timedelta(days=7)  # sites that people looked at before they added them
ALERTS_FOR = timedelta(days=365)
HOSTS_FOR = timedelta(days=30)  # robots.txt is used for a day
SILENT_HOSTS_FOR = timedelta(days=365)  # whose robots.txt does not answer: 30 days of that open it again
SOURCES_FOR = timedelta(days=90)  # child sitemaps, pages of an API, sources that a file no longer names
REFUSED_FOR = timedelta(days=180)  # candidates that are no articles, or are gone; one still listed is looked at again
OLD_FOR = timedelta(days=180)  # candidates too old to be fetched; one still listed is noted again
FAILED_FOR = timedelta(days=365)  # candidates that could not be fetched in all this time
MOST = 2_000  # rows of each kind in one call


def expire(conn: Connection, now: datetime, sites: Collection[str] = (), most: int = MOST) -> int:
    """Delete what is old: runs, requests, previews and alerts, hosts and sources not met for long, and of these sites
    candidates that became no articles; return how many rows, at most `most` of each kind. What is newest of its kind
    stays, as do runs that a version names."""
    candidates = 0
    for site in sites:
        if candidates < most:
            candidates += _expire_candidates(conn, site, now, most - candidates)
    return candidates + sum(
        (
            _expire_parts(conn, now - RUNS_FOR, most),
            _delete(conn, t.requests.c.id, t.requests.c.ended < now - REQUESTS_FOR, most),
            _delete(conn, t.site_previews.c.id, t.site_previews.c.ended < now - PREVIEWS_FOR, most),
            _expire_runs(conn, now - RUNS_FOR, most),
            _expire_alerts(conn, now - ALERTS_FOR, most),
            _expire_hosts(conn, now, most),
            _expire_sources(conn, now - SOURCES_FOR, most),
        )
    )


def _expire_parts(conn: Connection, before: datetime, most: int) -> int:
    part, other = t.run_sites.c, t.run_sites.alias()
    newest = select(func.max(other.c.run)).where(other.c.site == part.site, other.c.status != RunStatus.BUSY)
    old = select(part.run, part.site).join(t.runs).where(t.runs.c.started < before, t.runs.c.ended.is_not(None))
    rows = conn.execute(old.where(part.run < newest.scalar_subquery()).limit(most)).all()
    for row in rows:
        conn.execute(delete(t.run_sites).where(part.run == row.run, part.site == row.site))
    return len(rows)


def _expire_runs(conn: Connection, before: datetime, most: int) -> int:
    run = t.runs.c
    needed = or_(
        *(exists().where(table.c.run == run.id) for table in (t.run_sites, t.versions, t.requests, t.site_previews))
    )
    return _delete(conn, run.id, (run.started < before) & run.ended.is_not(None) & ~needed, most)


def _expire_alerts(conn: Connection, before: datetime, most: int) -> int:
    alert, other = t.alerts.c, t.alerts.alias()
    newest = select(func.max(other.c.id)).where(other.c.site == alert.site).scalar_subquery()
    return _delete(conn, alert.id, (alert.at < before) & alert.waiting.is_(None) & (alert.id < newest), most)


def _expire_hosts(conn: Connection, now: datetime, most: int) -> int:
    host = t.hosts.c
    unused = or_(host.answered.is_(None), host.answered < now - HOSTS_FOR)
    heard = or_(host.silent.is_(None), host.silent < now - SILENT_HOSTS_FOR)
    free = or_(host.not_before.is_(None), host.not_before < now)
    return _delete(conn, host.origin, unused & heard & free, most)


def _expire_sources(conn: Connection, before: datetime, most: int) -> int:
    source = t.sources.c
    times = (source.polled, source.asked, source.retry_at)
    old = [or_(moment.is_(None), moment < before) for moment in times]
    rows = conn.execute(select(source.site, source.url).where(*old).limit(most)).all()
    for row in rows:
        conn.execute(delete(t.sources).where(source.site == row.site, source.url == row.url))
    return len(rows)


def _expire_candidates(conn: Connection, site: str, now: datetime, most: int) -> int:
    page = t.frontier.c
    refused = (page.state == PageState.REFUSED) & (page.fetched < now - REFUSED_FOR) & page.due.is_(None)
    gone = (page.state == PageState.GONE) & (page.fetched < now - REFUSED_FOR)
    failed = (page.state == PageState.FAILED) & (page.discovered < now - FAILED_FOR)
    too_old = (page.state == PageState.OLD) & (page.discovered < now - OLD_FOR)
    unwanted = (page.site == site) & page.article.is_(None) & or_(refused, gone, failed, too_old)
    return _delete(conn, page.id, unwanted, most)


def _delete(conn: Connection, key: ColumnElement[object], which: ColumnElement[bool], most: int) -> int:
    keys = select(key).where(which).limit(most)
    return conn.execute(delete(key.table).where(key.in_(keys))).rowcount
