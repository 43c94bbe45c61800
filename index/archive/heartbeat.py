"""Whether a process that writes to an archive in PostgreSQL is alive: it renews its row, by the database's clock.

A row that has expired is never renewed, so that whoever found a process dead, and took its sites over, stays right.
"""

from __future__ import annotations

import logging
import os
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, insert, literal_column, select, update
from sqlalchemy.exc import SQLAlchemyError

from index.archive.column_types import MICROSECOND, Instant
from index.archive.liveness import IsAlive
from index.archive.tables import host_turns, leases, machines, processes
from index.process_identity import boot_id, is_same_process

log = logging.getLogger(__name__)

LIFE = timedelta(seconds=60)  # how long a row holds; a process that is frozen for longer has lost its sites
# How long the server lets a transaction be silent before it ends it. A transaction may only write while its process has
# more than this to live, so that one that is frozen within it is ended before its sites can be another's.
SILENCE = LIFE / 3
BEATS = 6  # how often a row is renewed in its life
LONGEST_TURN = timedelta(hours=1)  # at a host, with the delay after it, which is ten minutes at most
KEPT = timedelta(days=1)  # how long the row of a dead process is kept
FREE = {"owner": None, "pid": None, "born": None, "boot": None, "taken": None}  # a lease that nobody holds

Key = tuple[int, str, str]  # of a process: its pid, when it started, and the boot of its machine
_hearts: WeakKeyDictionary[Engine, dict[Key, _Heart]] = WeakKeyDictionary()
_lock = Lock()


def clock(ahead: timedelta = timedelta()) -> ColumnElement[datetime]:
    """The database's own time, or one that far ahead, as times are stored."""
    now = "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
    return literal_column(f"({now} + {ahead // MICROSECOND})", Instant())


def living(conn: Connection) -> IsAlive:
    """Tells of a process by its pid, start and boot id whether it is alive: its row holds and, where we could see it,
    it is there."""
    query = select(processes.c.pid, processes.c.born, processes.c.boot).where(processes.c.expires > clock())
    alive = {tuple(row) for row in conn.execute(query)}

    def is_alive(pid: int, born: str, boot: str) -> bool:
        return (pid, born, boot) in alive and (boot != boot_id() or is_same_process(pid, born, boot))

    return is_alive


def announce(engine: Engine, key: Key) -> None:
    """Give a process a row that others see at once; if it is this one, renew it until `stop`.

    Sites that it still holds from before its row expired are free from now on, also if nobody had taken them yet.
    """
    with _lock:
        hearts = _hearts.setdefault(engine, {})
        if key in hearts and hearts[key].is_alive():
            return
        _enter(engine, key)
        if key[0] == os.getpid():
            hearts[key] = _Heart(engine, key)
            hearts[key].start()


def stop(engine: Engine) -> None:
    """End the renewal for an engine that is to be closed."""
    with _lock:
        hearts = _hearts.pop(engine, {})
    for heart in hearts.values():
        heart.stopped.set()
    for heart in hearts.values():
        heart.join()


def mend(conn: Connection) -> None:
    """Bring back what the database's clock wrote while it was ahead: without this, dead processes and machines would
    be taken for alive, and hosts left alone, for as long as it was.

    A row is brought back to where a living process would have it now, so that one who lives notices nothing.
    """
    for column, furthest in (
        (processes.c.expires, LIFE),
        (machines.c.heard, timedelta()),
        (host_turns.c.until, LONGEST_TURN),
        (host_turns.c.asked, timedelta()),
    ):
        conn.execute(update(column.table).where(column > clock(furthest)).values({column: clock(furthest)}))


def _enter(engine: Engine, key: Key) -> None:
    with engine.begin() as conn:
        mend(conn)
        conn.execute(delete(processes).where(processes.c.expires < clock(-KEPT)))
        if _renewed(conn, key):
            return
        conn.execute(update(leases).where(_of(leases, key)).values(**FREE))
        conn.execute(delete(processes).where(_of(processes, key)))
        conn.execute(insert(processes).values(pid=key[0], born=key[1], boot=key[2], expires=clock(LIFE)))


def _renewed(conn: Connection, key: Key) -> bool:
    """Whether the row of a process still held, and holds for longer now."""
    mine = update(processes).where(_of(processes, key), processes.c.expires > clock())
    return conn.execute(mine.values(expires=clock(LIFE))).rowcount > 0


def _of(table: Table, key: Key) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in zip(("pid", "born", "boot"), key, strict=True)))


class _Heart(Thread):
    """Renews the row of this process, as long as it holds."""

    def __init__(self, engine: Engine, key: Key) -> None:
        super().__init__(name="archive-heartbeat", daemon=True)
        self.engine, self.key, self.stopped = engine, key, Event()

    def run(self) -> None:
        pause = LIFE.total_seconds() / BEATS
        while not self.stopped.wait(pause):
            try:
                with self.engine.begin() as conn:
                    mend(conn)
                    if not _renewed(conn, self.key):
                        log.error("this process was silent for more than %s: its sites are free for others", LIFE)
                        return
            except SQLAlchemyError as error:
                log.warning("the archive could not be told that this process is alive: %s", error)
