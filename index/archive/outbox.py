"""The outbox: changes that an index has not acknowledged yet, as (target, article, version, op); the latest wins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import accumulate, pairwise
from typing import Any, Literal, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    String,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from index.archive import dialect
from index.archive.column_types import MICROSECOND, Instant
from index.archive.tables import articles, outbox, quarantine, targets
from index.archive.upsert import chunks, upsert
from index.model.article import EARLIEST
from index.model.message import Message

Op = Literal["upsert", "delete"]
State = Literal["building", "current"]
FILL = 2_000  # articles that one transaction puts into the outbox of a new target: others wait for .1 s or so
_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"  # of an article's id, in base 32, in the order of their codes


@dataclass(frozen=True, slots=True)
class Target:
    """One index of an engine: the one that is searched, or one being built to replace it. `created` is UTC. `parts` is
    when its further parts begin, in order; articles stored after `filled` have not been put into its outbox yet (None:
    all have)."""

    name: str
    engine: str
    state: State
    created: datetime
    parts: tuple[datetime, ...] = ()
    filled: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A change that a target has yet to receive: this version of this document, or its deletion."""

    article: str
    version: int
    op: Op


@dataclass(frozen=True, slots=True)
class Share:
    """Which articles one of several indexers delivers: those whose ids, which are hashes, are in this range; `before`
    is exclusive, None without an end."""

    begin: str = ""
    before: str | None = None

    def of(self, column: ColumnElement[str]) -> list[ColumnElement[bool]]:
        """The conditions for a column of ids."""
        begin = [column >= self.begin] if self.begin else []
        return begin if self.before is None else [*begin, column < self.before]


ALL = Share()


def shares(n: int) -> list[Share]:
    """The shares of n indexers, of about the same size, which together are all articles."""
    places = [one + other for one in _LETTERS for other in _LETTERS]
    begins = ["", *(places[len(places) * i // n] for i in range(1, n)), None]
    return [Share(begin or "", before) for begin, before in pairwise(begins)]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document that a target rejected for good: why, how often, and when first and last (UTC)."""

    target: str
    article: str
    version: int
    reason: Message
    count: int
    first: datetime
    last: datetime


# --- changes to deliver --------------------------------------------------------------------------------------------


def enqueue(conn: Connection, ids: Sequence[str], now: datetime, op: Op = "upsert") -> None:
    """Put the newest documents of these articles, or their deletion, into every target's outbox; into that of one being
    filled only what was filled already, as it gets the others in time.

    Call it in the transaction that changed them, after the change. An article to be deleted is enqueued before its
    deletion, with its document version incremented.
    """
    here = dialect.of(conn)
    here.hold_articles(conn)
    for piece in chunks(ids):
        conn.execute(_enqueuing(here), {"ids": piece, "what": op, "now": now})


@cache
def _enqueuing(here: dialect.Dialect) -> Executable:
    """Built once: building a statement costs as much as running it."""
    new = _filling(here, articles.c.id.in_(bindparam("ids", expanding=True)))
    latest = {name: new.excluded[name] for name in ("version", "op", "added")}
    return cast(Executable, new.on_conflict_do_update(index_elements=["target", "article"], set_=latest))


def _filling(here: dialect.Dialect, *where: ColumnElement[bool], filled: bool = True) -> Any:
    """A statement that adds a row for each target and article matching `where`, of a target being filled only for what
    was `filled` already; `what` and `now` are its parameters."""
    what, now = bindparam("what", type_=String), bindparam("now", type_=Instant())
    rows = select(targets.c.name, articles.c.id, articles.c.revision, what.label("op"), now.label("added"))
    there = or_(targets.c.filled.is_(None), articles.c.stored <= targets.c.filled) if filled else true()
    rows = rows.select_from(targets.join(articles, there)).where(*where)
    return here.insert(outbox).from_select(["target", "article", "version", "op", "added"], rows)


def remove(conn: Connection, engine: str, documents: Sequence[tuple[str, int]], now: datetime) -> None:
    """Enqueue the deletion of documents (id, version) that the archive does not have, for the targets of an engine."""
    dialect.of(conn).hold_articles(conn)
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


def batch(conn: Connection, target: str, n: int, share: Share = ALL) -> list[Row]:
    """The rows of a share that have waited longest for this target: those of n documents, of which an article has one a
    version, or the first row alone, if that has more."""
    oldest = select(outbox.c.article, outbox.c.version, outbox.c.op, func.coalesce(articles.c.number, 1))
    oldest = oldest.outerjoin(articles, articles.c.id == outbox.c.article)
    oldest = oldest.where(outbox.c.target == target, *share.of(outbox.c.article))
    rows = conn.execute(oldest.order_by(outbox.c.added, outbox.c.article).limit(n)).all()
    held = list(accumulate(number for *_, number in rows))
    return [Row(*row) for *row, _ in rows[: max(1, bisect_right(held, n))]]


def acknowledge(conn: Connection, target: str, done: Iterable[tuple[str, int]]) -> None:
    """Remove the rows of (article, version) pairs that the target now has, unless a newer version came meanwhile."""
    rows = [{"a": article, "v": version} for article, version in done]
    if not rows:
        return
    mine = (outbox.c.target == target) & (outbox.c.article == bindparam("a"))
    conn.execute(delete(outbox).where(mine, outbox.c.version == bindparam("v")), rows)
    barred = (quarantine.c.target == target) & (quarantine.c.article == bindparam("a"))
    conn.execute(delete(quarantine).where(barred, quarantine.c.version <= bindparam("v")), rows)


def pending(conn: Connection, target: str) -> int:
    """The number of rows that the target has yet to receive."""
    return conn.execute(select(func.count()).where(outbox.c.target == target)).scalar_one()


def left(conn: Connection, target: str, most: int, share: Share = ALL) -> int:
    """The number of rows of a share that the target has yet to receive, counted up to `most`: where millions wait, that
    costs no more."""
    some = select(outbox.c.article).where(outbox.c.target == target, *share.of(outbox.c.article)).limit(most)
    return conn.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def is_behind(conn: Connection, target: Target) -> bool:
    """Whether a target that is being built has yet to receive what the engine's current one, if there is one, has."""
    current = select(targets.c.name).where(targets.c.engine == target.engine, targets.c.state == "current")
    if (name := conn.execute(current).scalar_one_or_none()) is None:
        return False
    its = outbox.alias()
    too = select(its.c.article).where(its.c.target == name, its.c.article == outbox.c.article).exists()
    return (
        conn.execute(select(outbox.c.article).where(outbox.c.target == target.name, ~too).limit(1)).first() is not None
    )


def to_deliver(conn: Connection, target: Target) -> int:
    """The number of articles that a target has yet to receive: in its outbox, or to be put there."""
    unfilled = 0
    if target.filled is not None:
        query = select(func.count()).select_from(articles).where(articles.c.stored > target.filled)
        unfilled = conn.execute(query).scalar_one()
    return pending(conn, target.name) + unfilled


def waiting(conn: Connection, target: str) -> frozenset[str]:
    """The ids of the documents that the target has yet to receive or delete."""
    return frozenset(conn.execute(select(outbox.c.article).where(outbox.c.target == target)).scalars())


# --- quarantine ----------------------------------------------------------------------------------------------------


def put_in_quarantine(conn: Connection, target: str, row: Row, reason: Message, now: datetime) -> None:
    """Move a document that the target rejected for good from the outbox to the quarantine, with the reason."""
    key = {"target": target, "article": row.article}
    mine = (quarantine.c.target == target) & (quarantine.c.article == row.article)
    before = conn.execute(select(quarantine.c.count, quarantine.c.first).where(mine)).one_or_none()
    count, first = (before.count + 1, before.first) if before else (1, now)  # type: ignore[operator]
    values = {"version": row.version, "reason": reason, "count": count, "first": first, "last": now}
    upsert(conn, quarantine, key, values)
    this = (outbox.c.target == target) & (outbox.c.article == row.article) & (outbox.c.version == row.version)
    conn.execute(delete(outbox).where(this))


def quarantined(conn: Connection, target: str | None = None) -> list[Quarantined]:
    """The documents in quarantine, for one target or all, most recent first."""
    query = select(quarantine).order_by(quarantine.c.last.desc(), quarantine.c.article)
    rows = conn.execute(query if target is None else query.where(quarantine.c.target == target)).mappings()
    return [Quarantined(**row) for row in rows]


# --- targets -------------------------------------------------------------------------------------------------------


def targets_of(conn: Connection, engine: str) -> list[Target]:
    """The engine's targets, at most two: the current one first, then the one being built."""
    query = select(targets).where(targets.c.engine == engine).order_by(targets.c.state.desc())
    return [Target(**row) for row in conn.execute(query).mappings()]


def all_targets(conn: Connection) -> list[Target]:
    """The targets of all engines, by name."""
    return [Target(**row) for row in conn.execute(select(targets).order_by(targets.c.name)).mappings()]


def target_of(conn: Connection, name: str) -> Target | None:
    """The target of that name; None if there is none."""
    row = conn.execute(select(targets).where(targets.c.name == name)).mappings().one_or_none()
    return Target(**row) if row is not None else None


def state(conn: Connection, name: str) -> State | None:
    """The state of the target, "current" or "building"; None if there is no target of that name."""
    found: State | None = conn.execute(select(targets.c.state).where(targets.c.name == name)).scalar_one_or_none()
    return found


def start_target(
    conn: Connection, engine: str, name: str, now: datetime, most: int = FILL, until: datetime | None = None
) -> None:
    """Add a target in state "building" with the first articles in its outbox, as `fill` does; an unfinished earlier
    one is dropped."""
    dialect.of(conn).hold_articles(conn)
    _drop_unfinished(conn, engine)
    conn.execute(insert(targets).values(name=name, engine=engine, state="building", created=now, filled=EARLIEST))
    fill(conn, name, now, most, until)


def start_filled_target(
    conn: Connection, engine: str, name: str, now: datetime, parts: Sequence[datetime], lacking: Sequence[str]
) -> None:
    """Add a target in state "building" that has everything but these articles, which are put into its outbox."""
    here = dialect.of(conn)
    here.hold_articles(conn)
    _drop_unfinished(conn, engine)
    conn.execute(insert(targets).values(name=name, engine=engine, state="building", created=now, parts=tuple(parts)))
    for piece in chunks(lacking):
        conn.execute(_filling(here, targets.c.name == name, articles.c.id.in_(piece)), {"what": "upsert", "now": now})


def _drop_unfinished(conn: Connection, engine: str) -> None:
    for target in targets_of(conn, engine):
        if target.state == "building":
            drop(conn, target.name)


def fill(conn: Connection, name: str, now: datetime, most: int = FILL, until: datetime | None = None) -> None:
    """Put the next articles, in the order in which they were stored, into the outbox of a new target: about so many, as
    those of one moment go together, and of those only the ones stored before `until`."""
    here = dialect.of(conn)
    here.hold_articles(conn)  # so that whatever is stored meanwhile is either in the fill, or enqueued after it
    target = target_of(conn, name)
    if target is None or target.filled is None:
        return
    stored = articles.c.stored
    after = [stored > target.filled, *([stored < until] if until is not None else [])]
    query = select(stored).where(*after).order_by(stored).limit(1)
    upto = conn.execute(query.offset(most - 1)).scalar_one_or_none()
    if upto is not None:
        after.append(stored <= upto)
    conn.execute(_filling(here, targets.c.name == name, *after, filled=False), {"what": "upsert", "now": now})
    if upto is None and until is not None:
        upto = until - MICROSECOND
    conn.execute(update(targets).where(targets.c.name == name).values(filled=upto))


def next_to_fill(conn: Connection, after: datetime) -> datetime | None:
    """When the first article after that moment was stored; None if there is none."""
    query = select(func.min(articles.c.stored)).where(articles.c.stored > after)
    return cast(datetime | None, conn.execute(query).scalar_one())


def last_stored(conn: Connection) -> datetime | None:
    """When the last article was stored; None without articles."""
    return cast(datetime | None, conn.execute(select(func.max(articles.c.stored))).scalar_one())


def add_part(conn: Connection, name: str, begin: datetime) -> bool:
    """Note that a further part of a target begins then; tell whether that is so: not if an earlier part has, or may be
    about to get, an article that was stored later."""
    dialect.of(conn).hold_articles(conn)
    target = target_of(conn, name)
    if target is None or (target.parts and target.parts[-1] >= begin):
        return False
    latest = target.filled or last_stored(conn)
    if latest is not None and latest >= begin:
        return False
    set_parts(conn, name, (*target.parts, begin))
    return True


def set_parts(conn: Connection, name: str, parts: Sequence[datetime]) -> None:
    """Note when the further parts of a target begin, in order."""
    conn.execute(update(targets).where(targets.c.name == name).values(parts=tuple(parts)))


def activate(conn: Connection, name: str) -> None:
    """Make the target the current one and drop its predecessor with its rows; does nothing if the target is gone."""
    dialect.of(conn).hold_articles(conn)
    engine = conn.execute(select(targets.c.engine).where(targets.c.name == name)).scalar_one_or_none()
    if engine is None:  # a newer rebuild has dropped it meanwhile
        return
    for target in targets_of(conn, engine):
        if target.state == "current" and target.name != name:
            drop(conn, target.name)
    conn.execute(update(targets).where(targets.c.name == name).values(state="current"))


def drop(conn: Connection, name: str) -> None:
    """Delete a target, its outbox and its quarantine."""
    dialect.of(conn).hold_articles(conn)
    for table in (outbox, quarantine):
        conn.execute(delete(table).where(table.c.target == name))
    conn.execute(delete(targets).where(targets.c.name == name))
