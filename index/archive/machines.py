"""Machines: those that crawl into an archive in PostgreSQL, each under its name. All times are the database's."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update

from index.archive.heartbeat import LIFE, clock
from index.archive.tables import machines
from index.archive.upsert import upsert
from index.model.codes import MachineState

KEPT = timedelta(days=30)  # how long a machine that is silent is listed


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine: the process of its daemon (`pid on host`), its version of Arshif, how many `runs` it makes at once and
    how many are `running`; when it started, was last `heard` of, ended in order (None: it did not), and since when it
    is to take no sites (None: it takes them), all UTC. It is `silent` if it is taken for dead."""

    name: str
    process: str
    version: str
    runs: int
    running: int
    started: datetime
    heard: datetime
    ended: datetime | None
    drained: datetime | None
    silent: bool

    @property
    def state(self) -> MachineState:
        """How it is doing."""
        if self.drained is not None:
            gone = self.ended is not None or self.silent or not self.running
            return MachineState.DRAINED if gone else MachineState.DRAINING
        if self.ended is not None:
            return MachineState.ENDED
        return MachineState.SILENT if self.silent else MachineState.AT_WORK


@dataclass(frozen=True, slots=True)
class Beat:
    """What a machine hears as it is heard: the database's time (UTC), and whether it is `drained`, and so to take no
    sites."""

    now: datetime
    drained: bool


def join(conn: Connection, name: str, version: str, runs: int) -> None:
    """Enter this machine under its name, with this process as its daemon; whoever calls this holds the lock of that
    name. Machines that were silent for KEPT are forgotten."""
    conn.execute(delete(machines).where(machines.c.heard < clock(-KEPT)))
    now = conn.execute(select(clock())).scalar_one()
    values = {"process": f"{os.getpid()} on {socket.gethostname()}", "version": version, "runs": runs, "running": 0}
    upsert(conn, machines, {"name": name}, values | {"started": now, "heard": now, "ended": None})


def beat(conn: Connection, name: str, running: int) -> Beat:
    """Let others know that this machine is there, with so many runs."""
    heard = update(machines).where(machines.c.name == name).values(heard=clock(), running=running)
    drained = conn.execute(heard.returning(machines.c.drained)).scalar_one_or_none()
    return Beat(conn.execute(select(clock())).scalar_one(), drained is not None)


def count(conn: Connection) -> int:
    """How many machines take sites."""
    takes = machines.c.ended.is_(None) & machines.c.drained.is_(None) & (machines.c.heard > clock(-LIFE))
    found: int = conn.execute(select(func.count()).select_from(machines).where(takes)).scalar_one()
    return found


def leave(conn: Connection, name: str) -> None:
    """Record that this machine ended in order."""
    conn.execute(update(machines).where(machines.c.name == name).values(heard=clock(), ended=clock(), running=0))


def drain(conn: Connection, name: str) -> bool:
    """Have a machine take no more sites, until `resume`; return whether there is one of this name."""
    since = func.coalesce(machines.c.drained, clock())
    return conn.execute(update(machines).where(machines.c.name == name).values(drained=since)).rowcount > 0


def resume(conn: Connection, name: str) -> bool:
    """Have a machine take sites again; return whether there is one of this name."""
    return conn.execute(update(machines).where(machines.c.name == name).values(drained=None)).rowcount > 0


def listed(conn: Connection) -> list[Machine]:
    """All machines by name."""
    silent = (machines.c.ended.is_(None) & (machines.c.heard < clock(-LIFE))).label("silent")
    return [Machine(**row) for row in conn.execute(select(machines, silent).order_by(machines.c.name)).mappings()]
