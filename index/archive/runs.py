"""Runs: each is one crawl of the sites that were due, from start to end, with counts per site."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Update, bindparam, func, insert, select, update

from index.archive import dialect, turns
from index.archive.tables import COUNTS, run_sites, runs
from index.archive.upsert import chunks, upsert
from index.model.codes import RunDetail, RunStatus
from index.model.message import Message
from index.process_identity import boot_id, process_start

MOST_DEATHS = 10  # of a site's runs in a row that are counted
TELLING = (RunStatus.OK, RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.KILLED)  # of whether a site kills its runs


@dataclass(frozen=True, slots=True)
class SiteRun:
    """What a run did for one site: `counts` by name, those of `tables.COUNTS` first, then any others.

    `started` and `ended` are the run's, in UTC; `status` is "running" until the site's part has ended.
    """

    run: int
    site: str
    started: datetime
    ended: datetime | None
    status: str
    detail: Message | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Run:
    """A run: why and when (UTC) it was started, how it ended, and its sites."""

    id: int
    started: datetime
    ended: datetime | None
    status: str
    detail: Message | None
    why: Message | None
    owner: str | None
    pid: int | None
    sites: tuple[SiteRun, ...] = field(default=())


def hold_starts(conn: Connection) -> None:
    """Let nobody else begin a run until this transaction has ended: what is free now is still free when it does."""
    dialect.of(conn).hold_starts(conn)


def start(
    conn: Connection,
    sites: Iterable[str],
    now: datetime,
    *,
    owner: str,
    why: Message | None = None,
    pid: int | None = None,
) -> int:
    """Begin a run of these sites in a process (by default this one); return the run's number."""
    hold_starts(conn)  # so that numbers are seen in their order, see `begun_since`
    pid = os.getpid() if pid is None else pid
    born, boot = process_start(pid), boot_id()
    dialect.of(conn).announce(conn, pid, born, boot)
    values = {"started": now, "status": "running", "why": why, "owner": owner}
    place = {"pid": pid, "born": born, "boot": boot}
    run: int = conn.execute(insert(runs).values(**values, **place).returning(runs.c.id)).scalar_one()
    rows = [{"run": run, "site": site, "status": RunStatus.RUNNING} for site in dict.fromkeys(sites)]
    if rows:
        conn.execute(insert(run_sites), rows)
    return run


def count(conn: Connection, run: int, site: str, **more: int) -> None:
    """Add to a site's counts during the run; names other than those in `tables.COUNTS` are stored as well."""
    row = _row(conn, run, site)
    values: dict[str, Any] = {name: row.get(name, 0) + more[name] for name in COUNTS if name in more}
    others = dict(row.get("more") or {})
    for name in more.keys() - set(COUNTS):
        others[name] = others.get(name, 0) + more[name]
    upsert(conn, run_sites, {"run": run, "site": site}, values | {"more": others or None})


def add(conn: Connection, run: int, site: str, **counts: int) -> None:
    """Add to a site's counts (names in `tables.COUNTS`), in the transaction of whatever is counted, so that the counts
    of a killed run add up."""
    conn.execute(
        _adding(*counts), {"by_run": run, "by_site": site, **{f"more_{n}": more for n, more in counts.items()}}
    )


@cache
def _adding(*names: str) -> Update:
    mine = (run_sites.c.run == bindparam("by_run")) & (run_sites.c.site == bindparam("by_site"))
    return update(run_sites).where(mine).values({name: run_sites.c[name] + bindparam(f"more_{name}") for name in names})


def end_site(
    conn: Connection,
    run: int,
    site: str,
    status: RunStatus,
    detail: Message | None = None,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Record how a site's part of the run ended; `counts` replace the counts of the same names so far."""
    counts = counts or {}
    others = {name: value for name, value in counts.items() if name not in COUNTS}
    values: dict[str, Any] = {name: counts[name] for name in COUNTS if name in counts}
    if others:
        values["more"] = dict(_row(conn, run, site).get("more") or {}) | others
    upsert(conn, run_sites, {"run": run, "site": site}, values | {"status": status, "detail": detail})


def finish(
    conn: Connection,
    run: int,
    status: RunStatus,
    now: datetime,
    counts: Mapping[str, Mapping[str, int]] | None = None,
    detail: Message | None = None,
) -> None:
    """End a run; `counts` are by site and name. A site whose part has not ended gets the run's status; a run that ended
    well without an answer from any of its sites is offline, as they are."""
    for site, values in (counts or {}).items():
        known = _row(conn, run, site)
        end_site(conn, run, site, RunStatus(known.get("status", status)), known.get("detail"), values)
    still = (run_sites.c.run == run) & (run_sites.c.status == RunStatus.RUNNING)
    conn.execute(update(run_sites).where(still).values(status=status))
    parts = set(conn.execute(select(run_sites.c.status).where(run_sites.c.run == run)).scalars())
    if status == RunStatus.OK and parts == {RunStatus.OFFLINE}:
        status = RunStatus.OFFLINE
    conn.execute(update(runs).where(runs.c.id == run).values(ended=now, status=status, detail=detail))
    turns.mark_run(conn, run)


def reap_dead(conn: Connection, now: datetime) -> list[int]:
    """End the runs whose process died without ending them, as "killed"; return their numbers."""
    dead = [run for run, is_alive in _open(conn) if not is_alive]
    for run in dead:
        finish(conn, run, RunStatus.KILLED, now, detail=Message(RunDetail.PROCESS_DIED))
    return dead


def newest(conn: Connection) -> int:
    """The number of the newest run; 0 if there is none."""
    return conn.execute(select(func.max(runs.c.id))).scalar_one() or 0


def begun_since(conn: Connection, run: int) -> set[str]:
    """The sites of the runs that began after the one of that number."""
    return set(conn.execute(select(run_sites.c.site).where(run_sites.c.run > run)).scalars())


def at_work(conn: Connection) -> set[str]:
    """The sites that living processes are crawling; those that were not reached, until their run has ended."""
    living = [run for run, is_alive in _open(conn) if is_alive]
    still = run_sites.c.status.in_((RunStatus.RUNNING, RunStatus.OFFLINE))
    return set(conn.execute(select(run_sites.c.site).where(run_sites.c.run.in_(living), still)).scalars())


def _open(conn: Connection) -> list[tuple[int, bool]]:
    """The runs whose end has not been recorded, and whether their process is alive."""
    every = select(runs.c.id, runs.c.pid, runs.c.born, runs.c.boot).where(runs.c.ended.is_(None))
    rows = conn.execute(every).all()  # before who lives is looked up: a process is announced before its run can be seen
    is_alive = dialect.of(conn).living(conn)
    return [(row.id, is_alive(row.pid, row.born, row.boot)) for row in rows]


def of_process(conn: Connection, pid: int) -> set[int]:
    """The numbers of the runs of a process with this pid, on this machine since it started."""
    return set(conn.execute(select(runs.c.id).where(runs.c.pid == pid, runs.c.boot == boot_id())).scalars())


def unfinished(conn: Connection) -> list[int]:
    """The numbers of the runs whose end has not been recorded."""
    return list(conn.execute(select(runs.c.id).where(runs.c.ended.is_(None))).scalars())


def ended(conn: Connection, numbers: Sequence[int]) -> dict[int, datetime]:
    """When those of these runs began whose end has been recorded (UTC), by their numbers."""
    query = select(runs.c.id, runs.c.started).where(runs.c.ended.is_not(None))
    rows = [row for piece in chunks(numbers) for row in conn.execute(query.where(runs.c.id.in_(piece)))]
    return {row.id: row.started for row in rows}


def get(conn: Connection, run: int) -> Run | None:
    """The run of that number with its sites, or None."""
    return next(iter(_runs(conn, select(runs).where(runs.c.id == run))), None)


def recent(conn: Connection, n: int = 20) -> list[Run]:
    """The last n runs, newest first."""
    return _runs(conn, select(runs).order_by(runs.c.started.desc(), runs.c.id.desc()).limit(n))


def of_site(conn: Connection, site: str, n: int) -> list[SiteRun]:
    """The last n runs of a site, newest first."""
    mine = select(run_sites.c.run).where(run_sites.c.site == site).order_by(run_sites.c.run.desc()).limit(n)
    found = _site_runs(conn, (run_sites.c.site == site) & run_sites.c.run.in_(mine))
    return sorted(found, key=lambda part: part.run, reverse=True)


def _runs(conn: Connection, query: Any) -> list[Run]:
    found = conn.execute(query).mappings().all()
    parts: dict[int, list[SiteRun]] = {row["id"]: [] for row in found}
    for part in _site_runs(conn, run_sites.c.run.in_(parts)):
        parts[part.run].append(part)
    names = ("id", "started", "ended", "status", "detail", "why", "owner", "pid")
    return [Run(**{name: row[name] for name in names}, sites=tuple(parts[row["id"]])) for row in found]


def last_by_site(conn: Connection, sites: Iterable[str]) -> dict[str, SiteRun]:
    """The newest run of each of these sites that ever had one, except runs that found it held by another ("busy")."""
    found = {}
    for site in sites:  # each from its newest run: over months, run_sites grows to a million rows
        row = conn.execute(_NEWEST, {"of": site}).mappings().one_or_none()
        if row is not None:
            found[site] = _site_run(row)
    return found


def deaths(conn: Connection, sites: Iterable[str]) -> dict[str, int]:
    """How often in a row each of these sites was being crawled when its run died; sites of which that is not true are
    left out. Runs that ended for other reasons, such as being stopped, tell nothing. More than MOST_DEATHS are not
    counted."""
    found = {}
    for site in sites:
        last = select(run_sites.c.status).where(run_sites.c.site == site, run_sites.c.status.in_(TELLING))
        states = conn.execute(last.order_by(run_sites.c.run.desc()).limit(MOST_DEATHS)).scalars()
        if many := sum(1 for _ in takewhile(lambda status: status == RunStatus.KILLED, states)):
            found[site] = many
    return found


def died_together(conn: Connection, sites: Iterable[str]) -> dict[str, int]:
    """How many sites were being crawled when the last run died that died with each of these; without those of which
    none did."""
    found = {}
    for site in sites:
        last = select(func.max(run_sites.c.run)).where(run_sites.c.site == site, run_sites.c.status == RunStatus.KILLED)
        same = (run_sites.c.run == last.scalar_subquery()) & (run_sites.c.status == RunStatus.KILLED)
        if many := conn.execute(select(func.count()).where(same)).scalar_one():
            found[site] = many
    return found


def _site_runs(conn: Connection, where: Any) -> list[SiteRun]:
    return [_site_run(row) for row in conn.execute(_PARTS.where(where).order_by(run_sites.c.site)).mappings()]


def _site_run(row: Any) -> SiteRun:
    return SiteRun(
        **{name: row[name] for name in ("run", "site", "started", "ended", "status", "detail")},
        counts={name: row[name] for name in COUNTS} | (row["more"] or {}),
    )


_PARTS = select(run_sites, runs.c.started, runs.c.ended).join(runs)
_NEWEST = (
    _PARTS.where(run_sites.c.site == bindparam("of"), run_sites.c.status != RunStatus.BUSY)
    .order_by(run_sites.c.run.desc())
    .limit(1)
)


def _row(conn: Connection, run: int, site: str) -> dict[str, Any]:
    found = conn.execute(select(run_sites).where(run_sites.c.run == run, run_sites.c.site == site))
    return dict(found.mappings().one_or_none() or {})
