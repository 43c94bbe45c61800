"""The indexer: delivers the outbox to an index, and replaces an index by a newly built one.

There is one process per engine, ensured by a lock, or there are several that share the articles by their ids; the first
of them also begins, fills and activates targets. A row leaves the outbox only when the index has made it durable, so
a crash at any point costs no more than a second delivery, which the document's version makes harmless.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

from sqlalchemy import Connection

from index.archive import Archive, documents, outbox
from index.archive.comparisons import compare_waiting
from index.archive.database import StillHeld
from index.archive.outbox import ALL, Row, Share, Target
from index.engines.base import Engine, is_ours, new_target, part_for
from index.engines.record import earlier_id, is_earlier
from index.errors import ArchiveError, ArshifError, Busy, IndexMismatch
from index.jobs import Position
from index.locale import FALLBACK, translate
from index.model.article import EARLIEST
from index.model.message import Message

BATCH = 500  # documents: 100 to 2,000 per request differ in speed by a tenth (measured on Elasticsearch)
TURN = 1.0  # s between two looks at whether another process has ended what it holds
# s between two batches that are not full, as a commit costs the same for one document as for hundreds: a stored article
# should be searchable within 5 s, of which the rest is for the batches themselves
GATHER = 3.5
MANY = 100_000  # rows up to which what is left is counted: a rebuild looks after each batch
AHEAD = timedelta(minutes=1)  # how far ahead a further part begins: what is stored until it is noted, is before that
LOOK = 60.0  # s between two looks at whether the index gets a further part
BACK_OFF = (1.0, 600.0)  # s: shortest and longest wait for an index that does not answer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The result of a batch: how many rows the index took, how many it rejected for good, and how many are left."""

    sent: int = 0
    refused: int = 0
    left: int = 0


def alone(archive: Archive, engine: str, place: int = 0) -> AbstractContextManager[StillHeld]:
    """Be the one process that writes to this engine, or the first of several; with SQLite by the lock file
    `data/shipper-<engine>.lock`. `place` is another's among them.

    :raises Busy: when another process is.
    """
    return archive.database.lock(f"shipper-{engine}" + (f"-{place}" if place else ""))


def run(archive: Archive, engine: Engine, stop: Event, batch: int = BATCH, indexers: int = 1) -> None:
    """Run the indexer, or one of so many, until `stop` is set. An index that is down is retried with back-off, of at
    most ten minutes.

    :raises Busy: when other processes are the indexers of this engine.
    :raises ArchiveError: when the archive fails.
    """
    for place in range(indexers - 1):
        with suppress(Busy):
            return _run(archive, engine, stop, batch, place, indexers)
    return _run(archive, engine, stop, batch, indexers - 1, indexers)


def _run(archive: Archive, engine: Engine, stop: Event, batch: int, place: int, indexers: int) -> None:
    failures = 0
    share = outbox.shares(indexers)[place]
    with alone(archive, engine.name, place) as still_alone, archive.database.changes() as wait_for_changes:
        ready, looked = False, -LOOK
        while not stop.is_set():
            still_alone()
            try:
                began = time.monotonic()
                if place:
                    shipped = _index_share(archive, engine, batch, share)
                else:
                    compare_waiting(archive, datetime.now(UTC))  # when a document was edited depends on it
                    if not ready:
                        reconcile(archive, engine)
                    if began - looked >= LOOK:
                        add_due_part(archive, engine, datetime.now(UTC))
                        looked = began
                    shipped = index_batch(archive, engine, batch, share)
                ready, failures = True, 0
            except ArchiveError:
                raise
            except Exception as error:  # whatever the index does, its rows stay and are retried
                rest = _back_off(failures)
                ready, failures = False, failures + 1
                known = isinstance(error, ArshifError)
                log.warning("%s: %s; tried again in %.0f s", engine.name, error, rest, exc_info=not known)
                stop.wait(rest)
                continue
            if not shipped.sent + shipped.refused:
                if shipped.left:  # others deliver what a target being built has, before it gets more
                    stop.wait(TURN)
                else:
                    wait_for_changes(stop)
            elif shipped.left < batch:
                stop.wait(max(0.0, GATHER - (time.monotonic() - began)))


def index_pending(
    archive: Archive, engine: Engine, batch: int = BATCH, told: Callable[[BatchResult], None] | None = None
) -> BatchResult:
    """Deliver everything in the outbox and return the totals; `told` is called with each batch.

    :raises Busy: when another process is the indexer of this engine.
    """
    with alone(archive, engine.name):
        while compare_waiting(archive, datetime.now(UTC)):
            pass
        reconcile(archive, engine)
        add_due_part(archive, engine, datetime.now(UTC))
        total = BatchResult()
        while True:
            part = index_batch(archive, engine, batch)
            if told is not None:
                told(part)
            total = BatchResult(total.sent + part.sent, total.refused + part.refused, part.left)
            if not (part.left and part.sent + part.refused):
                return total


def rebuild(
    archive: Archive, engine: Engine, batch: int = BATCH, told: Callable[[BatchResult], None] | None = None
) -> str:
    """Rebuild the index from the archive while the old one is searched; return the new target's name once it is
    searched and the old one is gone.

    A running indexer does the work, and the next indexer or rebuild continues an interrupted one, but a rebuild none
    that was to lie otherwise. Its outbox is filled by and by, so that nobody else waits long for the archive.

    :raises IndexUnavailable: when the index does not answer.
    :raises Busy: when another process is at it, or an indexer found that the new index is lost.
    """
    position = Position(archive, "index rebuild", (engine.name, engine.prefix, engine.limits, engine.layout))
    with _alone_building(archive, engine):
        begun, _ = position.noted() or (None, None)
        if begun is None or not is_ours(begun, engine.prefix) or begun not in _being_built(archive, engine):
            begun = _start(archive, engine, position.note)
        name = _build(archive, engine, begun, batch, told)
        position.end()
    return name


def _alone_building(archive: Archive, engine: Engine) -> AbstractContextManager[StillHeld]:
    """Be the one process that waits for a new index, whichever indexer fills it."""
    return archive.database.lock(f"rebuild-{engine.name}")


def restore(
    archive: Archive,
    engine: Engine,
    fill: Callable[[str], None],
    batch: int = BATCH,
    told: Callable[[BatchResult], None] | None = None,
) -> str:
    """Replace the index by one that `fill` makes, of the name that it is given, such as from a snapshot: what the
    archive has besides, or in another version, is indexed, and what it does not have is deleted. Return the new
    target's name once it is searched and the old one is gone.

    :raises IndexUnavailable: when the index does not answer.
    :raises Busy: as `rebuild` does.
    """
    with _alone_building(archive, engine):
        return _restore(archive, engine, fill, batch, told)


def _restore(
    archive: Archive,
    engine: Engine,
    fill: Callable[[str], None],
    batch: int,
    told: Callable[[BatchResult], None] | None,
) -> str:
    name = new_target(engine.prefix)
    fill(name)
    found = list(engine.scan(name))
    there = {one.id: one.version for one in found}
    newest = {id_: version for id_, version in there.items() if not is_earlier(id_)}
    parts = engine.parts(name) or ()
    with archive.read() as conn:
        placed = {id_: part_for(stored, parts) for id_, stored in documents.stored(conn)} if parts else {}
    astray = {one.id: one.version + 1 for one in found if placed.get(one.id, one.part) != one.part}
    if astray:  # stored anew, in an archive that is older than the snapshot
        take_out(engine, name, list(astray))

    def start(conn: Connection) -> None:
        now = datetime.now(UTC)
        archived = document_versions(conn)
        lacking = [id_ for id_, version in documents.ids(conn) if newest.get(id_) != version]
        outbox.start_filled_target(conn, engine.name, name, now, parts, lacking)
        outbox.remove(conn, engine.name, [(id_, there[id_]) for id_ in sorted(there.keys() - archived.keys())], now)
        ahead = {id_: version for id_, version in newest.items() if version > archived.get(id_, version)}
        documents.count_on(conn, ahead | astray, now)

    _begin(archive, engine, start)
    return _build(archive, engine, name, batch, told)


def take_out(engine: Engine, target: str, ids: Sequence[str]) -> None:
    """Delete documents from all parts of a target; the archive's versions of them must then be raised by more than
    one, and enqueued."""
    engine.bulk(target, (), ids, engine.parts(target) or ())


def document_versions(conn: Connection) -> dict[str, int]:
    """The document version of everything that a complete index holds, by its id, earlier versions included."""
    earlier = {earlier_id(article, number): version for article, number, version in documents.earlier(conn)}
    return dict(documents.ids(conn)) | earlier


def migrate(
    archive: Archive, engine: Engine, batch: int = BATCH, told: Callable[[BatchResult], None] | None = None
) -> str:
    """The name of the current target with this program's mapping, which is built first if there is none.

    Until then, an index of an older mapping is searched and kept up to date.

    :raises IndexUnavailable: when the index does not answer.
    :raises Busy: as `rebuild` does.
    """
    live = engine.current()
    if live is not None:
        return live
    with _alone_building(archive, engine):
        mine = [name for name in _being_built(archive, engine) if is_ours(name, engine.prefix)]
        return _build(archive, engine, mine[0] if mine else _start(archive, engine), batch, told)


def _being_built(archive: Archive, engine: Engine) -> list[str]:
    """The target that is to replace the current one, if there is one, and the engine has it."""
    there = set(engine.targets())
    with archive.read() as conn:
        begun = [target.name for target in outbox.targets_of(conn, engine.name) if target.state == "building"]
    return [name for name in begun if name in there]


def _build(archive: Archive, engine: Engine, name: str, batch: int, told: Callable[[BatchResult], None] | None) -> str:
    with archive.read() as conn:
        begun = outbox.target_of(conn, name)
        left = outbox.to_deliver(conn, begun) if begun is not None else 0
    while (state := _state(archive, name)) == "building":
        try:
            with alone(archive, engine.name):
                while _state(archive, name) == "building":
                    shipped = index_batch(archive, engine, batch)
                    left = max(left - shipped.sent - shipped.refused, shipped.left)
                    if told is not None:
                        told(replace(shipped, left=left))
        except Busy:
            time.sleep(TURN)
    if state is None:
        raise Busy(f"another rebuild of the {engine.name} index took over from {name}: wait for that one")
    return name


def index_batch(archive: Archive, engine: Engine, batch: int = BATCH, share: Share = ALL) -> BatchResult:
    """Deliver one batch of a share to each target of the engine; a target being built takes over once it is complete.
    What is left is counted up to MANY.

    The caller holds the lock. Nothing is lost by an error.

    :raises IndexUnavailable: when the index does not answer.
    :raises IndexMismatch: when a person must repair it.
    """
    with archive.read() as conn:
        targets = outbox.targets_of(conn, engine.name)
    if not targets:
        reconcile(archive, engine)
        with archive.read() as conn:
            targets = outbox.targets_of(conn, engine.name)
    for target in targets:
        if target.filled is not None:
            _fill(archive, engine, target, batch)
    building = [target.name for target in targets if target.state == "building"]
    with archive.read() as conn:
        # What these lack now, they get in this turn: all of it, unless others deliver some, who then follow the current
        followed = share == ALL or len(targets) > len(building)
        close = [name for name in building if followed and outbox.left(conn, name, batch) < batch]
    total = _index_share(archive, engine, batch, share)
    for name in building:
        if _is_complete(archive, name, close=name in close):
            _activate(archive, engine, name)
    return total


def _index_share(archive: Archive, engine: Engine, batch: int, share: Share) -> BatchResult:
    """Deliver one batch of a share to each target."""
    with archive.read() as conn:
        targets = outbox.targets_of(conn, engine.name)
    total = BatchResult()
    for target in targets:
        try:
            part = _index_rows(archive, engine, target.name, batch, share)
        except IndexMismatch as problem:
            if target.state == "building" or is_ours(target.name, engine.prefix):
                raise
            log.warning("%s: new articles are found once the new index is complete: %s", engine.name, problem)
            archive.write(lambda conn, name=target.name: outbox.drop(conn, name)).result()  # type: ignore[misc]
            continue
        left = part.left + (batch if target.filled is not None else 0)  # a batch at least: nobody waits for more
        total = BatchResult(total.sent + part.sent, total.refused + part.refused, total.left + left)
    return total


def _is_complete(archive: Archive, name: str, *, close: bool) -> bool:
    """Whether a target being built may be searched: it has received all, or, where it was `close` to that, lacks
    nothing but what has come meanwhile and the current one lacks, too. While articles are stored all the time, more
    than that may never be."""
    with archive.read() as conn:
        target = outbox.target_of(conn, name)
        if target is None or target.filled is not None:
            return False
        return not outbox.left(conn, name, 1) or (close and not outbox.is_behind(conn, target))


def _fill(archive: Archive, engine: Engine, target: Target, batch: int) -> None:
    """Put further articles into the outbox of a new target once little is left there, and begin a further part of it
    where the next of them belong into one."""
    with archive.read() as conn:
        if target.filled is None or outbox.left(conn, target.name, batch) >= batch:
            return
        oldest, after = outbox.next_to_fill(conn, EARLIEST), outbox.next_to_fill(conn, target.filled)
    until = None
    if engine.limits is not None and oldest is not None and after is not None:
        last = target.parts[-1] if target.parts else None
        of_another_period = engine.limits.period(last or oldest) != engine.limits.period(after)
        if target.filled >= oldest and (of_another_period or engine.is_full(target.name, last)):
            _add_part(archive, engine, target.name, after)
        until = engine.limits.end(after)
    archive.write(lambda conn: outbox.fill(conn, target.name, datetime.now(UTC), until=until)).result()


def add_due_part(archive: Archive, engine: Engine, now: datetime) -> None:
    """Add a further part to the current target, if its last one is full, or of an earlier period than `now`.

    The caller holds the lock.
    """
    if engine.limits is None:
        return
    with archive.read() as conn:
        oldest, latest = outbox.next_to_fill(conn, EARLIEST), outbox.last_stored(conn)
        current = [target for target in outbox.targets_of(conn, engine.name) if target.state == "current"]
    for target in current:
        last = target.parts[-1] if target.parts else None
        if latest is None or oldest is None or not is_ours(target.name, engine.prefix) or (last and last > latest):
            continue  # the last part is empty yet
        if engine.limits.period(last or oldest) != engine.limits.period(now) or engine.is_full(target.name, last):
            _add_part(archive, engine, target.name, max(now, latest) + AHEAD)


def _add_part(archive: Archive, engine: Engine, target: str, begin: datetime) -> None:
    engine.add_part(target, begin)
    if not archive.write(lambda conn: outbox.add_part(conn, target, begin)).result():
        engine.drop_empty_part(target, begin)


def reconcile(archive: Archive, engine: Engine) -> None:
    """Make archive and engine agree on the targets: an index that is missing, lost or of an older mapping is rebuilt;
    one of an older mapping is kept up to date until then. All have as many copies as the settings say.

    :raises IndexMismatch: when the engine's index was made from another archive.
    """
    there = set(engine.targets())
    with archive.read() as conn:
        known = outbox.targets_of(conn, engine.name)
    live, searched = engine.current(), engine.searched()
    _sweep(engine, there - {target.name for target in known} - {live})
    for target in known:
        lost = target.name not in there or (target.state == "current" and live is None and target.name != searched)
        if lost or not _has_parts(archive, engine, target):
            log.warning("%s: index %s is lost or outdated and will be rebuilt", engine.name, target.name)
            archive.write(lambda conn, name=target.name: outbox.drop(conn, name)).result()  # type: ignore[misc]
            live = None if live == target.name else live  # what is left of it is searched until then
    with archive.read() as conn:
        left = {target.state: target.name for target in outbox.targets_of(conn, engine.name)}
    if live is not None and live == left.get("building"):
        # Activated by a process that was killed before it could record that
        archive.write(lambda conn: outbox.activate(conn, live)).result()
    elif "building" not in left and live is None:
        _start(archive, engine)
    elif "building" not in left and live != left.get("current"):
        raise IndexMismatch(
            f"the {engine.name} index {live} was made from another archive than {archive.name}: "
            "give this one another prefix, or run `arshif index rebuild` to replace that index"
        )
    engine.copy_as_told()


def _has_parts(archive: Archive, engine: Engine, target: Target) -> bool:
    """Whether the engine has all parts of a target. One that the archive does not know is taken up, as in an archive
    that was restored from before it, or dropped if it is empty: who added it died before noting it."""
    there = engine.parts(target.name)
    if there is None or not set(target.parts) <= set(there):
        return False
    new = [begin for begin in there if begin not in target.parts]
    held = [begin for begin in new if not engine.drop_empty_part(target.name, begin)]
    if held:
        parts = sorted([*target.parts, *held])
        archive.write(lambda conn: outbox.set_parts(conn, target.name, parts)).result()
    return True


def _sweep(engine: Engine, unknown: set[str]) -> None:
    """Drop targets whose creator died before recording them: they are empty and belong to nobody."""
    for name in unknown:
        if is_ours(name, engine.prefix) and not engine.count(name):
            engine.drop(name)


def _start(archive: Archive, engine: Engine, note: Callable[[Connection, str], None] = lambda *_: None) -> str:
    """Begin a new target, and `note` its name in the same transaction; one being built is dropped."""
    name = new_target(engine.prefix)
    with archive.read() as conn:
        known = {target.name for target in outbox.targets_of(conn, engine.name)}
        oldest = outbox.next_to_fill(conn, EARLIEST)
    _sweep(engine, set(engine.targets()) - known - {engine.current()})
    engine.create(name)
    until = engine.limits.end(oldest) if engine.limits is not None and oldest is not None else None

    def start(conn: Connection) -> None:
        outbox.start_target(conn, engine.name, name, datetime.now(UTC), until=until)
        note(conn, name)

    _begin(archive, engine, start)
    return name


def _begin(archive: Archive, engine: Engine, start: Callable[[Connection], None]) -> None:
    """Record a new target by `start`, and drop the one that was being built, and one that the engine has lost: nothing
    can be delivered to it any more."""
    there = set(engine.targets())
    with archive.read() as conn:
        before = outbox.targets_of(conn, engine.name)
    archive.write(start).result()
    for target in before:
        if target.name not in there:
            archive.write(partial(outbox.drop, name=target.name)).result()
        elif target.state == "building":
            engine.drop(target.name)


def _activate(archive: Archive, engine: Engine, name: str) -> None:
    if _state(archive, name) == "building":
        engine.activate(name)
        archive.write(lambda conn: outbox.activate(conn, name)).result()


def _index_rows(archive: Archive, engine: Engine, target: str, batch: int, share: Share) -> BatchResult:
    with archive.read() as conn:  # one snapshot: a row's version is its document's, and its part is known
        known = outbox.target_of(conn, target)
        rows = outbox.batch(conn, target, batch, share) if known is not None else []
        wanted = [row.article for row in rows if row.op == "upsert"]
        upserts = documents.documents(conn, wanted)
        upserts += documents.version_documents(conn, wanted)
    if not rows or known is None:
        return BatchResult()
    there = {document.article.id for document in upserts}
    refused = engine.bulk(target, upserts, [row.article for row in rows if row.article not in there], known.parts)
    left = archive.write(lambda conn: _record(conn, target, rows, refused, share)).result()
    for article, reason in refused.items():
        log.warning("%s: rejected %s for good: %s", engine.name, article, translate(reason, FALLBACK))
    return BatchResult(len(rows) - len(refused), len(refused), left)


def _record(conn: Connection, target: str, rows: list[Row], refused: dict[str, Message], share: Share) -> int:
    outbox.acknowledge(conn, target, [(row.article, row.version) for row in rows if row.article not in refused])
    now = datetime.now(UTC)
    for row in rows:
        if row.article in refused:
            outbox.put_in_quarantine(conn, target, row, refused[row.article], now)
    return outbox.left(conn, target, MANY, share)


def _state(archive: Archive, name: str) -> outbox.State | None:
    with archive.read() as conn:
        return outbox.state(conn, name)


def _back_off(failures: int) -> float:
    first, longest = BACK_OFF
    return min(first * 2.0 ** min(failures, 30), longest) * random.uniform(0.5, 1.0)  # jitter
