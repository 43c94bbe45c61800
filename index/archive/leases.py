"""Leases: which process crawls a site. A newer holder has a higher fence; one with a lower fence cannot write."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from index.archive import liveness
from index.archive.tables import leases
from index.errors import LeaseLost
from index.process_identity import boot_id, process_start

# Built once, because it runs in every write of a crawl
_FENCE = select(leases.c.fence, leases.c.owner).where(leases.c.site == bindparam("site"))


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write what a crawl of a site finds, until another process takes over with a higher `fence`."""

    site: str
    owner: str
    fence: int


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a site's lease: its name, its process, and since when (UTC)."""

    owner: str
    pid: int
    taken: datetime


def acquire(conn: Connection, sites: Sequence[str], owner: str, now: datetime, pid: int | None = None) -> list[Lease]:
    """Acquire leases of the sites that are free or whose holder is dead; the others are left out (see `holder`).

    `owner` is a human-readable name, unique to the run; `pid` is the crawling process, by default this one.
    """
    pid, folder = os.getpid() if pid is None else pid, liveness.folder_of(conn)
    if pid == os.getpid():
        liveness.announce(folder)
    place = {"owner": owner, "pid": pid, "born": process_start(pid), "boot": boot_id(), "taken": now}
    known = {row.site: row for row in conn.execute(select(leases).where(leases.c.site.in_(sites)))}
    taken = []
    for site in dict.fromkeys(sites):
        row = known.get(site)
        if row is None:
            fence = 1
            conn.execute(insert(leases).values(site=site, fence=fence, **place))
        elif row.owner is None or not _alive(folder, row):
            fence = row.fence + 1
            conn.execute(update(leases).where(leases.c.site == site).values(fence=fence, **place))
        else:
            continue
        taken.append(Lease(site, owner, fence))
    return taken


def release(conn: Connection, held: Iterable[Lease]) -> None:
    """Release those of these leases that are still ours."""
    for lease in held:
        mine = (leases.c.site == lease.site) & (leases.c.fence == lease.fence)
        conn.execute(update(leases).where(mine).values(owner=None, pid=None, born=None, boot=None, taken=None))


def check(conn: Connection, lease: Lease) -> None:
    """Check that a lease is still valid.

    :raises LeaseLost: when it is not the newest of its site, or was released.
    """
    row = conn.execute(_FENCE, {"site": lease.site}).one_or_none()
    if row is None or row.fence != lease.fence or row.owner is None:
        now = f"{row.owner} has it now" if row is not None and row.owner else "it was released"
        raise LeaseLost(f"{lease.owner} may no longer write for {lease.site}: {now}")


def holder(conn: Connection, site: str) -> Holder | None:
    """The living process that is crawling this site, or None."""
    row = conn.execute(select(leases).where(leases.c.site == site)).one_or_none()
    if row is None or row.owner is None or not _alive(liveness.folder_of(conn), row):
        return None
    return Holder(row.owner, row.pid, row.taken)


def _alive(folder: Path, row: Row[tuple[object, ...]]) -> bool:
    return liveness.is_alive(folder, row.pid, row.born, row.boot)
