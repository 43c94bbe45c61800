"""Leases: which process crawls a site. A newer holder has a higher fence; one with a lower fence cannot write."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from index.archive import dialect, turns
from index.archive.heartbeat import FREE
from index.archive.tables import leases
from index.archive.upsert import chunks
from index.errors import LeaseLost
from index.process_identity import boot_id, process_start


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
    What is done with a lease may change when its site is crawled next.
    """
    pid = os.getpid() if pid is None else pid
    born, boot = process_start(pid), boot_id()
    here = dialect.of(conn)
    here.announce(conn, pid, born, boot)
    is_alive = here.living(conn)
    known = {row.site: row for row in conn.execute(select(leases).where(leases.c.site.in_(sites)))}
    new = here.insert(leases).values(fence=1, owner=owner, pid=pid, born=born, boot=boot, taken=now)
    # Nobody changes hands without the fence growing: the site is ours unless another took it since it was looked at
    take = new.on_conflict_do_update(
        index_elements=["site"],
        set_={name: new.excluded[name] for name in FREE} | {"fence": leases.c.fence + 1},
        where=leases.c.fence == bindparam("seen"),
    ).returning(leases.c.fence)
    taken = []
    for site in sorted(dict.fromkeys(sites)):
        row = known.get(site)
        if row is not None and row.owner is not None and is_alive(row.pid, row.born, row.boot):
            continue
        seen = 0 if row is None else row.fence
        fence = conn.execute(take, {"site": site, "seen": seen}).scalar_one_or_none()
        if fence is not None:
            taken.append(Lease(site, owner, fence))
    turns.mark(conn, (lease.site for lease in taken))
    order = {site: place for place, site in enumerate(sites)}
    return sorted(taken, key=lambda lease: order[lease.site])


def release(conn: Connection, held: Iterable[Lease]) -> None:
    """Release those of these leases that are still ours."""
    for lease in sorted(held, key=lambda lease: lease.site):
        mine = (leases.c.site == lease.site) & (leases.c.fence == lease.fence)
        conn.execute(update(leases).where(mine).values(**FREE))


def check(conn: Connection, lease: Lease) -> None:
    """Check that a lease is still valid, and keep it so until the transaction has ended.

    :raises LeaseLost: when it is not the newest of its site, was released, or has expired.
    """
    row = conn.execute(dialect.of(conn).fence(), {"site": lease.site}).one_or_none()
    if row is None or row.fence != lease.fence or row.owner is None or not row.alive:
        now = f"{row.owner} has it now" if row is not None and row.owner else "it was released"
        if row is not None and row.fence == lease.fence and row.owner:
            now = "its process was silent for too long"
        raise LeaseLost(f"{lease.owner} may no longer write for {lease.site}: {now}")


def holder(conn: Connection, site: str) -> Holder | None:
    """The living process that is crawling this site, or None."""
    row = conn.execute(select(leases).where(leases.c.site == site)).one_or_none()
    if row is None or row.owner is None or not dialect.of(conn).living(conn)(row.pid, row.born, row.boot):
        return None
    return Holder(row.owner, row.pid, row.taken)


def held(conn: Connection, sites: Sequence[str]) -> set[str]:
    """Those of these sites that a living process is crawling."""
    owned = select(leases).where(leases.c.owner.is_not(None))
    rows = [row for piece in chunks(sites) for row in conn.execute(owned.where(leases.c.site.in_(piece)))]
    is_alive = dialect.of(conn).living(conn)
    return {row.site for row in rows if is_alive(row.pid, row.born, row.boot)}
