"""Checks of all raw responses against their digests: what is missing or damaged, and which versions that concerns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from index import jobs
from index.archive import Archive, warc_records
from index.archive.warc_records import CheckedRecord
from index.evidence import merkle
from index.model.codes import RecordProblem
from index.warc.record import WarcDamaged, WarcMissing, unpack
from index.warc.store import WarcStore

NAME = "verify"
RESUMED = timedelta(days=30)  # after so long, a run that was killed is begun anew
BATCH = 200  # records checked between two writes: as many are checked again after an interruption


@dataclass(slots=True)
class Verified(jobs.Report):
    """How many records were checked, their bytes, and how many of them are damaged or missing."""

    records: int = 0
    bytes: int = 0
    damaged: int = 0
    missing: int = 0

    @property
    def done(self) -> int:
        """The records."""
        return self.records


def verify(
    archive: Archive,
    raw: WarcStore,
    before: datetime,
    now: datetime,
    *,
    speed: float = 0.0,
    told: Callable[[Verified, int | None], None] | None = None,
) -> Verified:
    """Check the records that were not checked since `before` (UTC), and record what is wrong with each.

    At most `speed` bytes are read per second, 0 for no limit. A run that was killed within the time from `before` to
    `now`, or RESUMED, is continued. `told` is called with the results so far, and the number of records to check.

    :raises Busy: when another process is verifying.
    :raises ArchiveError: when the archive fails.
    """
    work = _Verification(archive, raw, before, now, speed)
    asyncio.run(jobs.run_alone(work, archive, NAME, now - before, told=told))
    return work.report


class _Verification:
    def __init__(self, archive: Archive, raw: WarcStore, before: datetime, now: datetime, speed: float) -> None:
        self.archive, self.raw, self.before, self.now, self.speed = archive, raw, before, now, speed
        self.report = Verified()
        self.total: int | None = None
        self._begun = now  # by the run that an earlier process began, if it goes on
        self._reading = 0.0  # since when a batch is read (monotonic seconds)

    def pieces(self, after: str | None) -> Generator[list[CheckedRecord], None, None]:
        """The records by some; what an earlier run checked is known by when it began."""
        begun = datetime.fromisoformat(after) if after else None
        if begun is not None and self.now - begun <= max(self.now - self.before, RESUMED):
            self._begun, self.before = begun, min(self.before, begun)
        else:
            self.report = Verified()
        last = 0
        with self.archive.read() as conn:
            self.total = self.report.done + warc_records.count_to_check(conn, self.before)
        while True:
            with self.archive.read() as conn:
                some = warc_records.to_check(conn, self.before, last, BATCH)
            if not some:
                return
            yield some
            last = some[-1].id

    async def read(self, some: list[CheckedRecord]) -> dict[int, RecordProblem | None]:
        """What is wrong with each, by its id."""
        self._reading = time.monotonic()
        return {record.id: _problem(inspect(self.raw, record)) for record in some}

    async def store(
        self, some: list[CheckedRecord], problems: dict[int, RecordProblem | None], note: jobs.Note
    ) -> None:
        """Record that these are checked, and rest as long as the speed asks for."""
        size = sum(record.ref.length for record in some)
        self.report.records += len(some)
        self.report.bytes += size
        self.report.damaged += sum(problem == RecordProblem.DAMAGED for problem in problems.values())
        self.report.missing += sum(problem == RecordProblem.MISSING for problem in problems.values())

        def mark(conn: Connection) -> None:
            warc_records.mark_checked(conn, problems, self.now)
            note(conn, self._begun.isoformat(), self.report)

        self.archive.write(mark).result()
        if self.speed:
            time.sleep(max(0.0, size / self.speed - (time.monotonic() - self._reading)))


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
