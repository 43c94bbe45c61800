"""The outbox: what each index has not acknowledged yet. A row is (target, article, version, op); the latest wins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Insert, String, bindparam, delete, func, insert, select, true, update

from index.archive.column_types import Instant
from index.archive.tables import articles, outbox, quarantine, targets
from index.archive.upsert import chunks, upsert
from index.model.message import Message

Op = Literal["upsert", "delete"]
State = Literal["building", "current"]


@dataclass(frozen=True, slots=True)
class Target:
    """One index of an engine: the one that readers see, or one that is being built to replace it. `created` is UTC."""

    name: str
    engine: str
    state: State
    created: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """What a target lacks: this version of this document, or its deletion."""

    article: str
    version: int
    op: Op


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document that a target refused for good, why, how often, and when first and last (UTC)."""

    target: str
    article: str
    version: int
    reason: Message
    count: int
    first: datetime
    last: datetime


# --- what is to be brought -----------------------------------------------------------------------------------------


def enqueue(conn: Connection, ids: Sequence[str], now: datetime, op: Op = "upsert") -> None:
    """Put the newest documents of these articles, or their deletion, into every target's outbox.

    Belongs into the transaction that changed them, after it. An article that is to be deleted is enqueued before it
    goes, with a version that has grown."""
    for piece in chunks(ids):
        conn.execute(_OLDER, {"ids": piece})
        conn.execute(_ENQUEUE, {"ids": piece, "what": op, "now": now})


def _filling(*where: ColumnElement[bool]) -> Insert:
    """Rows for every target and each article of which that is true; `what` and `now` are parameters."""
    what, now = bindparam("what", type_=String), bindparam("now", type_=Instant())
    rows = select(targets.c.name, articles.c.id, articles.c.revision, what.label("op"), now.label("added"))
    rows = rows.select_from(targets.join(articles, true())).where(*where)
    return insert(outbox).from_select(["target", "article", "version", "op", "added"], rows)


# Built once: building one costs as much as running it. The targets' names let the primary key find the rows.
_OLDER = delete(outbox).where(
    outbox.c.target.in_(select(targets.c.name)), outbox.c.article.in_(bindparam("ids", expanding=True))
)
_ENQUEUE = _filling(articles.c.id.in_(bindparam("ids", expanding=True)))


def remove(conn: Connection, engine: str, documents: Sequence[tuple[str, int]], now: datetime) -> None:
    """Put the deletion of documents (id, version) that the archive does not have into the outbox of an engine."""
    names = [target.name for target in targets_of(conn, engine)]
    for piece in chunks(documents):
        gone = [article for article, _ in piece]
        conn.execute(delete(outbox).where(outbox.c.target.in_(names), outbox.c.article.in_(gone)))
        values = [
            {"target": name, "article": a, "version": v, "op": "delete", "added": now}
            for name in names
            for a, v in piece
        ]
        if values:
            conn.execute(insert(outbox), values)


def batch(conn: Connection, target: str, n: int) -> list[Row]:
    """The n rows that wait longest for this target."""
    oldest = select(outbox).where(outbox.c.target == target).order_by(outbox.c.added, outbox.c.article).limit(n)
    return [Row(row.article, row.version, row.op) for row in conn.execute(oldest)]


def acknowledge(conn: Connection, target: str, done: Iterable[tuple[str, int]]) -> None:
    """The target has these (article, version): their rows go, save where a newer version came in the meantime."""
    rows = [{"a": article, "v": version} for article, version in done]
    if not rows:
        return
    mine = (outbox.c.target == target) & (outbox.c.article == bindparam("a"))
    conn.execute(delete(outbox).where(mine, outbox.c.version == bindparam("v")), rows)
    barred = (quarantine.c.target == target) & (quarantine.c.article == bindparam("a"))
    conn.execute(delete(quarantine).where(barred, quarantine.c.version <= bindparam("v")), rows)


def pending(conn: Connection, target: str) -> int:
    """How many rows the target still lacks."""
    return conn.execute(select(func.count()).where(outbox.c.target == target)).scalar_one()


def waiting(conn: Connection, target: str) -> frozenset[str]:
    """The ids of the documents that the target still lacks, or still has to lose."""
    return frozenset(conn.execute(select(outbox.c.article).where(outbox.c.target == target)).scalars())


# --- what an index refuses -----------------------------------------------------------------------------------------


def put_in_quarantine(conn: Connection, target: str, row: Row, reason: Message, now: datetime) -> None:
    """Take a document that the target refused for good out of the outbox, and keep why."""
    key = {"target": target, "article": row.article}
    mine = (quarantine.c.target == target) & (quarantine.c.article == row.article)
    before = conn.execute(select(quarantine.c.count, quarantine.c.first).where(mine)).one_or_none()
    count, first = (before.count + 1, before.first) if before else (1, now)  # type: ignore[operator]
    values = {"version": row.version, "reason": reason, "count": count, "first": first, "last": now}
    upsert(conn, quarantine, key, values)
    this = (outbox.c.target == target) & (outbox.c.article == row.article) & (outbox.c.version == row.version)
    conn.execute(delete(outbox).where(this))


def quarantined(conn: Connection, target: str | None = None) -> list[Quarantined]:
    """The documents in quarantine, of one target or of all, latest first."""
    query = select(quarantine).order_by(quarantine.c.last.desc(), quarantine.c.article)
    rows = conn.execute(query if target is None else query.where(quarantine.c.target == target)).mappings()
    return [Quarantined(**row) for row in rows]


def retry_quarantined(conn: Connection, target: str, now: datetime) -> int:
    """Give every refused document of the target another try; gives how many. Its count stays until it is taken."""
    ids = [row.article for row in quarantined(conn, target)]
    for piece in chunks(ids):
        conn.execute(delete(outbox).where(outbox.c.target == target, outbox.c.article.in_(piece)))
        mine = _filling(targets.c.name == target, articles.c.id.in_(piece))
        conn.execute(mine, {"what": "upsert", "now": now})
    return len(ids)


# --- targets -------------------------------------------------------------------------------------------------------


def targets_of(conn: Connection, engine: str) -> list[Target]:
    """The engine's targets, at most two: the current one first, then the one that is being built."""
    query = select(targets).where(targets.c.engine == engine).order_by(targets.c.state.desc())
    return [Target(**row) for row in conn.execute(query).mappings()]


def all_targets(conn: Connection) -> list[Target]:
    """The targets of all engines, by name."""
    return [Target(**row) for row in conn.execute(select(targets).order_by(targets.c.name)).mappings()]


def state(conn: Connection, name: str) -> State | None:
    """Whether the target is current or building; None if there is none of that name."""
    found: State | None = conn.execute(select(targets.c.state).where(targets.c.name == name)).scalar_one_or_none()
    return found


def start_target(conn: Connection, engine: str, name: str, now: datetime) -> None:
    """A new target in state building, with every article in its outbox; an unfinished one before it is given up."""
    for target in targets_of(conn, engine):
        if target.state == "building":
            drop(conn, target.name)
    conn.execute(insert(targets).values(name=name, engine=engine, state="building", created=now))
    conn.execute(_filling(targets.c.name == name), {"what": "upsert", "now": now})


def activate(conn: Connection, name: str) -> None:
    """The target is what readers see now; the one before it goes, with its rows. One that is gone stays so."""
    engine = conn.execute(select(targets.c.engine).where(targets.c.name == name)).scalar_one_or_none()
    if engine is None:  # a newer rebuild gave it up in the meantime
        return
    for target in targets_of(conn, engine):
        if target.state == "current" and target.name != name:
            drop(conn, target.name)
    conn.execute(update(targets).where(targets.c.name == name).values(state="current"))


def drop(conn: Connection, name: str) -> None:
    """Forget a target and what it lacked."""
    for table in (outbox, quarantine):
        conn.execute(delete(table).where(table.c.target == name))
    conn.execute(delete(targets).where(targets.c.name == name))
