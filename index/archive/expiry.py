"""Forgetting what no one needs any more, so that an archive grows with its articles alone.

Each call deletes a bounded number of rows, as it holds up every other writer; the next one goes on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select

from index.archive import tables as t
from index.archive.frontier import SIZE
from index.archive.hosts import origin
from index.archive.upsert import chunks
from index.model.codes import PageState, RunStatus

RUNS_FOR = timedelta(days=90)  # the parts that sites had in runs, and runs that stored nothing
REQUESTS_FOR = RUNS_FOR  # addresses that people asked for, and what came of them
PREVIEWS_FOR = timedelta(days=7)  # sites that people looked at before they added them
JOBS_FOR = RUNS_FOR  # large jobs that were killed and that nobody continued
ALERTS_FOR = timedelta(days=365)
HOSTS_FOR = timedelta(days=30)  # robots.txt is used for a day
SILENT_HOSTS_FOR = timedelta(days=365)  # whose robots.txt does not answer: 30 days of that open it again
SOURCES_FOR = timedelta(days=90)  # child sitemaps, pages of an API, sources that a file no longer names
REFUSED_FOR = timedelta(days=180)  # candidates that are no articles, or are gone; one still listed is looked at again
OLD_FOR = timedelta(days=180)  # candidates too old to be fetched; one still listed is noted again
FAILED_FOR = timedelta(days=365)  # candidates that could not be fetched in all this time
MOST = 2_000  # rows of each kind in one call
# However young: of each site the latest of what became no article or only led to one, and of what its sources lead to;
# and of hosts that are no site's, the latest. More than that only a site has that lists others each time.
MOST_CANDIDATES, CANDIDATE_BYTES = 50_000, 20_000_000
FEW_CANDIDATES = 5_000  # that are not measured, however long
MOST_SOURCES = 2_000
MOST_HOSTS = 10_000


def expire(conn: Connection, now: datetime, sites: Collection[str] = (), most: int = MOST) -> int:
    """Delete what is old: runs, requests, previews, alerts, where large jobs are, hosts and sources not met for long;
    of these sites candidates that became no articles; and of those, of sources and of hosts, what is more than anybody
    needs. Return how many rows, at most `most` of each kind. What is newest of its kind stays, as do runs that a
    version names."""
    candidates = sources = 0
    for site in sites:
        if candidates < most:
            candidates += _expire_candidates(conn, site, now, most - candidates)
        if candidates < most:
            candidates += _trim_candidates(conn, site, most - candidates)
        if sources < most:
            sources += _trim_sources(conn, site, most - sources)
    return sum(
        (
            candidates,
            sources,
            _trim_hosts(conn, now, most),
            _expire_parts(conn, now - RUNS_FOR, most),
            _delete(conn, t.requests.c.id, t.requests.c.ended < now - REQUESTS_FOR, most),
            _delete(conn, t.site_previews.c.id, t.site_previews.c.ended < now - PREVIEWS_FOR, most),
            _expire_jobs(conn, now - JOBS_FOR, most),
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


def _expire_jobs(conn: Connection, before: datetime, most: int) -> int:
    job = t.jobs.c
    rows = conn.execute(select(job.name, job.what).where(job.noted < before).limit(most)).all()
    for row in rows:
        conn.execute(delete(t.jobs).where(job.name == row.name, job.what == row.what))
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


def _trim_candidates(conn: Connection, site: str, most: int) -> int:
    page = t.frontier.c
    states = (PageState.REFUSED, PageState.GONE, PageState.FAILED, PageState.DUPLICATE)
    ended = (page.site == site) & page.state.in_(states)
    if conn.execute(select(func.count()).where(ended)).scalar_one() <= FEW_CANDIDATES:
        return 0
    latest = page.id.desc()
    rank, size = func.row_number().over(order_by=latest), func.sum(SIZE).over(order_by=latest)
    none = page.article.is_(None) | (page.state == PageState.DUPLICATE)
    each = select(page.id, rank.label("rank"), size.label("size")).where(ended, none).subquery()
    beyond = select(each.c.id).where((each.c.rank > MOST_CANDIDATES) | (each.c.size > CANDIDATE_BYTES)).limit(most)
    return conn.execute(delete(t.frontier).where(page.id.in_(beyond))).rowcount


def _trim_sources(conn: Connection, site: str, most: int) -> int:
    source = t.sources.c
    there = source.site == site
    more = conn.execute(select(func.count()).where(there)).scalar_one() - MOST_SOURCES
    if more <= 0:
        return 0
    last = func.coalesce(source.polled, source.asked, source.retry_at).asc().nulls_first()
    oldest = select(source.url).where(there).order_by(last).limit(min(more, most))
    return conn.execute(delete(t.sources).where(there, source.url.in_(oldest))).rowcount


def _trim_hosts(conn: Connection, now: datetime, most: int) -> int:
    host = t.hosts.c
    sites = conn.execute(select(func.count()).select_from(t.sites)).scalar_one()
    more = conn.execute(select(func.count()).select_from(t.hosts)).scalar_one() - MOST_HOSTS - sites
    if more <= 0:
        return 0
    own = {origin(url) for url in conn.execute(select(t.sources.c.url)).scalars()}
    free = or_(host.not_before.is_(None), host.not_before < now)
    last = func.coalesce(host.answered, host.silent)
    oldest = conn.execute(select(host.origin).where(free).order_by(last).limit(min(more, most) + len(own))).scalars()
    foreign = [one for one in oldest if one not in own][: min(more, most)]
    for piece in chunks(foreign):
        conn.execute(delete(t.hosts).where(host.origin.in_(piece)))
    return len(foreign)


def _delete(conn: Connection, key: ColumnElement[object], which: ColumnElement[bool], most: int) -> int:
    keys = select(key).where(which).limit(most)
    return conn.execute(delete(key.table).where(key.in_(keys))).rowcount
