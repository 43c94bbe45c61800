"""Checks of all raw responses against their digests: what is missing or damaged, and which versions that concerns."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from index.archive import Archive, warc_records
from index.archive.warc_records import CheckedRecord
from index.evidence import merkle
from index.model.codes import RecordProblem
from index.warc.record import WarcDamaged, WarcMissing, unpack
from index.warc.store import WarcStore

BATCH = 200  # records checked between two writes: as many are checked again after an interruption


@dataclass(slots=True)
class Verified:
    """How many records were checked, their bytes, and how many of them are damaged or missing."""

    records: int = 0
    bytes: int = 0
    damaged: int = 0
    missing: int = 0


def verify(
    archive: Archive,
    raw: WarcStore,
    before: datetime,
    now: datetime,
    *,
    speed: float = 0.0,
    told: Callable[[Verified], None] | None = None,
) -> Verified:
    """Check the records that were not checked since `before` (UTC), and record what is wrong with each.

    At most `speed` bytes are read per second, 0 for no limit. After an interruption, the next call goes on where this
    one ended. `told` is called with the results so far.

    :raises ArchiveError: when the archive fails.
    """
    found, last = Verified(), 0
    while True:
        with archive.read() as conn:
            some = warc_records.to_check(conn, before, last, BATCH)
        if not some:
            return found
        began = time.monotonic()
        problems = {record.id: _problem(inspect(raw, record)) for record in some}
        archive.write(partial(warc_records.mark_checked, problems=problems, now=now)).result()
        size = sum(record.ref.length for record in some)
        found.records += len(some)
        found.bytes += size
        found.damaged += sum(problem == RecordProblem.DAMAGED for problem in problems.values())
        found.missing += sum(problem == RecordProblem.MISSING for problem in problems.values())
        last = some[-1].id
        if told is not None:
            told(found)
        if speed:
            time.sleep(max(0.0, size / speed - (time.monotonic() - began)))


@dataclass(frozen=True, slots=True)
class SoundRecord:
    """A record whose digests were checked: as stored, a gzip member, and its hash as manifests hold it."""

    packed: bytes
    hash: bytes


def inspect(raw: WarcStore, record: CheckedRecord) -> SoundRecord | RecordProblem:
    """A record after it was checked against its digests, and the hash in its manifest; or what is wrong with it."""
    try:
        packed = raw.checked(record.ref, record.url)
        found = SoundRecord(packed, merkle.leaf_hash(unpack(packed, record.ref)))
    except WarcMissing:
        return RecordProblem.MISSING
    except WarcDamaged:
        return RecordProblem.DAMAGED
    return found if record.hash in (None, found.hash) else RecordProblem.DAMAGED


def _problem(found: SoundRecord | RecordProblem) -> RecordProblem | None:
    return found if isinstance(found, RecordProblem) else None
