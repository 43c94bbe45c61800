"""The indexer: delivers the outbox to an index, and replaces an index by a newly built one.

There is one process per engine, ensured by a lock. A row leaves the outbox only when the index has made it durable, so
a crash at any point costs no more than a second delivery, which the document's version makes harmless.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Event

from sqlalchemy import Connection

from index.archive import Archive, documents, outbox
from index.archive.comparisons import compare_waiting
from index.archive.database import StillHeld
from index.archive.outbox import Row
from index.engines.base import Engine, is_ours, new_target
from index.engines.record import earlier_id, is_earlier
from index.errors import ArchiveError, ArshifError, Busy, IndexMismatch
from index.locale import FALLBACK, translate
from index.model.message import Message

BATCH = 500  # documents: 100 to 2,000 per request differ in speed by a tenth (measured on Elasticsearch)
TURN = 1.0  # s between two looks at whether another process has ended what it holds
# s between two batches that are not full, as a commit costs the same for one document as for hundreds: a stored article
# should be searchable within 5 s, of which the rest is for the batches themselves
GATHER = 3.5
BACK_OFF = (1.0, 600.0)  # s: shortest and longest wait for an index that does not answer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The result of a batch: how many rows the index took, how many it rejected for good, and how many are left."""

    sent: int = 0
    refused: int = 0
    left: int = 0


def alone(archive: Archive, engine: str) -> AbstractContextManager[StillHeld]:
    """Be the one process that writes to this engine; with SQLite by the lock file `data/shipper-<engine>.lock`.

    :raises Busy: when another process is.
    """
    return archive.database.lock(f"shipper-{engine}")


def run(archive: Archive, engine: Engine, stop: Event, batch: int = BATCH) -> None:
    """Run the indexer until `stop` is set. An index that is down is retried with back-off, of at most ten minutes.

    :raises Busy: when another process is the indexer of this engine.
    :raises ArchiveError: when the archive fails.
    """
    failures = 0
    with alone(archive, engine.name) as still_alone, archive.database.changes() as wait_for_changes:
        ready = False
        while not stop.is_set():
            still_alone()
            try:
                compare_waiting(archive, datetime.now(UTC))  # when a document was edited depends on it
                if not ready:
                    reconcile(archive, engine)
                began = time.monotonic()
                shipped = index_batch(archive, engine, batch)
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

    A running indexer does the work, and the next indexer continues an interrupted rebuild.

    :raises IndexUnavailable: when the index does not answer.
    :raises Busy: when a newer rebuild took over.
    """
    return _build(archive, engine, _start(archive, engine), batch, told)


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
    :raises Busy: when a newer rebuild took over.
    """
    name = new_target(engine.prefix)
    fill(name)
    there = {one.id: one.version for one in engine.scan(name)}
    newest = {id_: version for id_, version in there.items() if not is_earlier(id_)}

    def start(conn: Connection) -> None:
        now = datetime.now(UTC)
        outbox.start_target(conn, engine.name, name, now)
        outbox.acknowledge(conn, name, newest.items())
        archived = document_versions(conn)
        outbox.remove(conn, engine.name, [(id_, there[id_]) for id_ in sorted(there.keys() - archived.keys())], now)
        ahead = {id_: version for id_, version in newest.items() if version > archived.get(id_, version)}
        documents.count_on(conn, ahead, now)

    _begin(archive, engine, start)
    return _build(archive, engine, name, batch, told)


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
    :raises Busy: when a newer rebuild took over.
    """
    live = engine.current()
    if live is not None:
        return live
    there = set(engine.targets())
    with archive.read() as conn:
        begun = [target.name for target in outbox.targets_of(conn, engine.name) if target.state == "building"]
    mine = [name for name in begun if name in there and is_ours(name, engine.prefix)]
    return _build(archive, engine, mine[0] if mine else _start(archive, engine), batch, told)


def _build(archive: Archive, engine: Engine, name: str, batch: int, told: Callable[[BatchResult], None] | None) -> str:
    while (state := _state(archive, name)) == "building":
        try:
            with alone(archive, engine.name):
                while _state(archive, name) == "building":
                    shipped = index_batch(archive, engine, batch)
                    if told is not None:
                        told(shipped)
        except Busy:
            time.sleep(TURN)
    if state is None:
        raise Busy(f"another rebuild of the {engine.name} index took over from {name}: wait for that one")
    return name


def index_batch(archive: Archive, engine: Engine, batch: int = BATCH) -> BatchResult:
    """Deliver one batch to each target of the engine; a target being built takes over once it is complete.

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
    total = BatchResult()
    for target in targets:
        try:
            part = _index_rows(archive, engine, target.name, batch)
        except IndexMismatch as problem:
            if target.state == "building" or is_ours(target.name, engine.prefix):
                raise
            log.warning("%s: new articles are found once the new index is complete: %s", engine.name, problem)
            archive.write(lambda conn, name=target.name: outbox.drop(conn, name)).result()  # type: ignore[misc]
            continue
        total = BatchResult(total.sent + part.sent, total.refused + part.refused, total.left + part.left)
        if target.state == "building" and not part.left:
            _activate(archive, engine, target.name)
    return total


def reconcile(archive: Archive, engine: Engine) -> None:
    """Make archive and engine agree on the targets: an index that is missing, lost or of an older mapping is rebuilt;
    one of an older mapping is kept up to date until then.

    :raises IndexMismatch: when the engine's index was made from another archive.
    """
    there = set(engine.targets())
    with archive.read() as conn:
        known = outbox.targets_of(conn, engine.name)
    live, searched = engine.current(), engine.searched()
    _sweep(engine, there - {target.name for target in known} - {live})
    for target in known:
        lost = target.name not in there or (target.state == "current" and live is None and target.name != searched)
        if lost:
            log.warning("%s: index %s is lost or outdated and will be rebuilt", engine.name, target.name)
            archive.write(lambda conn, name=target.name: outbox.drop(conn, name)).result()  # type: ignore[misc]
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


def _sweep(engine: Engine, unknown: set[str]) -> None:
    """Drop targets whose creator died before recording them: they are empty and belong to nobody."""
    for name in unknown:
        if is_ours(name, engine.prefix) and not engine.count(name):
            engine.drop(name)


def _start(archive: Archive, engine: Engine) -> str:
    """Begin a new target; one being built is dropped."""
    name = new_target(engine.prefix)
    engine.create(name)
    _begin(archive, engine, lambda conn: outbox.start_target(conn, engine.name, name, datetime.now(UTC)))
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


def _index_rows(archive: Archive, engine: Engine, target: str, batch: int) -> BatchResult:
    with archive.read() as conn:  # one snapshot: a row's version is its document's
        rows = outbox.batch(conn, target, batch)
        wanted = [row.article for row in rows if row.op == "upsert"]
        upserts = documents.documents(conn, wanted)
        upserts += documents.version_documents(conn, wanted)
    if not rows:
        return BatchResult()
    there = {document.article.id for document in upserts}
    refused = engine.bulk(target, upserts, [row.article for row in rows if row.article not in there])
    left = archive.write(lambda conn: _record(conn, target, rows, refused)).result()
    for article, reason in refused.items():
        log.warning("%s: rejected %s for good: %s", engine.name, article, translate(reason, FALLBACK))
    return BatchResult(len(rows) - len(refused), len(refused), left)


def _record(conn: Connection, target: str, rows: list[Row], refused: dict[str, Message]) -> int:
    outbox.acknowledge(conn, target, [(row.article, row.version) for row in rows if row.article not in refused])
    now = datetime.now(UTC)
    for row in rows:
        if row.article in refused:
            outbox.put_in_quarantine(conn, target, row, refused[row.article], now)
    return outbox.pending(conn, target)


def _state(archive: Archive, name: str) -> outbox.State | None:
    with archive.read() as conn:
        return outbox.state(conn, name)


def _back_off(failures: int) -> float:
    first, longest = BACK_OFF
    return min(first * 2.0 ** min(failures, 30), longest) * random.uniform(0.5, 1.0)  # jitter
