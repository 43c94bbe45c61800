"""Compaction: the small WARC files of a month become files of up to `raw.file_bytes`, so that no folder fills up.

Each crawl leaves a file of its own. They are merged record by record, unchanged, and each record is checked as `arshif
verify` does. The new file is complete and on disk before one transaction moves all references there and notes the old
files as discarded; then these are deleted. Whoever still has an old reference asks for the new one
(`crawler.storage.open_raw`). A file with a damaged record stays as it is. A kill leaves files that are noted as
discarded, the new one or the old ones, and nothing else: `sweep` deletes them. What a crash left torn at the end of a
file is no record, and goes with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import PurePosixPath
from typing import IO
from uuid import uuid4

from crawler import disk_space
from crawler.config import Config
from crawler.errors import ArchiveError, Busy
from crawler.maintenance.verification import inspect
from crawler.settings_model import PRODUCT
from crawler.storage import being_written, open_raw, own_raw_place
from index.archive import Archive, raw_files, warc_files, warc_records
from index.archive.backup import KEEPING
from index.archive.database import StillHeld
from index.model.codes import RecordProblem
from index.warc import files
from index.warc.record import pack_info
from index.warc.store import WarcStore

log = logging.getLogger("arshif.raw")

DAY = 86_400.0  # seconds
MANY = 100  # small files of the current month from which on its end is not waited for
# Records of a merged file: the references to them are moved in one transaction, which takes half a second
MOST_RECORDS = 20_000
MOST_FILES = 500  # that are merged into one at once, and open meanwhile; what becomes of them can be merged again


@dataclass(frozen=True, slots=True)
class SmallFile:
    """A WARC file that may be merged with others: its length in bytes, the number of its records, and when its newest
    page was fetched (UTC)."""

    name: str
    bytes: int
    records: int
    newest: datetime


@dataclass(slots=True)
class Compacted:
    """How many files were merged into how many, with how many records; and how many were left as they are, because
    records in them are damaged."""

    merged: int = 0
    into: int = 0
    records: int = 0
    damaged: int = 0


class _Stopped(Exception):
    """Whoever wanted files to be merged wants no more."""


def compact(
    archive: Archive,
    config: Config,
    now: datetime,
    *,
    at_once: bool = False,
    most: int | None = None,
    told: Callable[[int], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Compacted:
    """Merge the small files of the months that are over, and of the current one those that are MANY, or with `at_once`
    any. If raw copies expire, files of different days are not merged, so that each is deleted in time.

    At most so many new files are written (None: all); of files whose writers go on, or that are damaged, there may be
    none, and the next are tried. `told` is called with the number of files merged so far. Once it
    is `stopped`, which is asked before each record, it ends, and the files that were being merged stay as they are.

    :raises Busy: when another process makes a backup, erases or compacts.
    :raises ArchiveError: when the disk has too little space, or a file cannot be written.
    """
    done = Compacted()
    own_raw_place(config)
    with open_raw(config, archive) as raw:
        merger = _Merger(archive, raw, config, now, stopped, done)
        with archive.database.lock(KEEPING) as still_held:
            raw_files.sweep(archive, raw.place, still_held)
            raw_files.sweep_orphans(archive, raw.place, now, still_held)
        while True:
            before, groups = done.merged, _groups(archive, raw, config, now, at_once=at_once)
            for group in groups:
                if done.into == most:
                    return done
                try:
                    with archive.database.lock(KEEPING) as still_held:
                        merger.merge(group, still_held)
                except _Stopped:
                    return done
                if told is not None:
                    told(done.merged)
            if done.merged == before or done.into == most:
                return done


def _groups(archive: Archive, raw: WarcStore, config: Config, now: datetime, *, at_once: bool) -> list[list[SmallFile]]:
    by_day, file_bytes = bool(config.settings.raw.keep_days), config.settings.raw.file_bytes
    return plan(_small_files(archive, raw, config), now, file_bytes, by_day=by_day, at_once=at_once)


def plan(
    found: Iterable[SmallFile], now: datetime, file_bytes: int, *, by_day: bool = False, at_once: bool = False
) -> list[list[SmallFile]]:
    """Which files are to be merged with one another: those whose newest page is of the same month (UTC), or `by_day` of
    the same day, in their order, as many as fit into `file_bytes` and MOST_RECORDS. Those of `now` wait until they are
    MANY, unless all are to be merged `at_once`.
    """

    def period(one: SmallFile) -> str:
        return files.month(one.newest) + (f"/{one.newest:%d}" if by_day else "")

    current = files.month(now) + (f"/{now:%d}" if by_day else "")
    groups: list[list[SmallFile]] = []
    for name, these in groupby(sorted(found, key=lambda one: (period(one), one.newest, one.name)), period):
        some = list(these)
        if at_once or name != current or len(some) > MANY:
            groups += [part for part in _parts(some, file_bytes) if len(part) > 1]
    return groups


def _parts(some: Iterable[SmallFile], file_bytes: int) -> Iterator[list[SmallFile]]:
    part: list[SmallFile] = []
    size = records = 0
    for one in some:
        full = size + one.bytes > file_bytes or records + one.records > MOST_RECORDS
        if part and (full or len(part) == MOST_FILES):
            yield part
            part, size, records = [], 0, 0
        part.append(one)
        size, records = size + one.bytes, records + one.records
    yield part


def _small_files(archive: Archive, raw: WarcStore, config: Config) -> list[SmallFile]:
    """The files that can be merged: less than half full, of no run that goes on, and without a damaged record."""
    most = config.settings.raw.file_bytes // 2
    small = {name: facts.bytes for name, facts in raw.place.listed().items() if facts.bytes < most}
    with archive.read() as conn:
        contents = warc_files.contents(conn, list(small))
        is_written = being_written(conn)
    return [
        SmallFile(one.file, small[one.file], one.records, one.newest)
        for one in contents
        if not one.damaged and one.records < MOST_RECORDS // 2 and not is_written(one.file)
    ]


@dataclass(frozen=True, slots=True)
class _Merger:
    """Merges files into new ones, and counts them as `done`."""

    archive: Archive
    raw: WarcStore
    config: Config
    now: datetime
    stopped: Callable[[], bool]
    done: Compacted

    def merge(self, group: list[SmallFile], still_held: StillHeld) -> None:
        """Merge these files into a new one, and delete them; call it while the lock `KEEPING` is held."""
        if lack := disk_space.shortage(self.config.settings, more=sum(one.bytes for one in group)):
            raise ArchiveError(lack)
        archive, place = self.archive, self.raw.place
        name = f"{files.month(group[-1].newest)}/compacted-{self.now:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}.warc.gz"
        archive.write(partial(warc_files.discard, files=[name])).result()
        copied: dict[str, dict[int, int]] = {}
        with ExitStack() as held:
            with place.create(name) as out:
                out.write(pack_info(PurePosixPath(name).name, {"software": PRODUCT, "format": "WARC File Format 1.1"}))
                for one in group:
                    if not held.enter_context(place.held(one.name)):
                        continue  # its writer goes on
                    offsets = self._copy(one.name, out)
                    self.done.damaged += offsets is None
                    if offsets:
                        copied[one.name] = offsets
            still_held()  # else another process may have deleted the new file, as nothing refers to it
            move = partial(warc_files.move, offsets=copied, target=name, now=self.now)
            if len(copied) > 1 and archive.write(move).result():
                self.done.into += 1
                self.done.merged += len(copied)
                self.done.records += sum(map(len, copied.values()))
        raw_files.sweep(archive, place, still_held)

    def _copy(self, name: str, out: IO[bytes]) -> dict[int, int] | None:
        """Copy a file's records, as far as the archive refers to them; return where each lies now, by its id. None if
        one is damaged, which is recorded: then nothing is copied."""
        with self.archive.read() as conn:
            records = warc_records.of_file(conn, name)
        start, offsets = out.tell(), dict[int, int]()
        problems: dict[int, RecordProblem | None] = {}
        for record in records:
            if self.stopped():
                raise _Stopped
            found = inspect(self.raw, record)
            if isinstance(found, RecordProblem):
                problems[record.id] = found
                continue
            offsets[record.id] = out.tell()
            out.write(found.packed)
        if not problems:
            return offsets
        log.warning("%s is left as it is: %d of its records are damaged (`arshif verify`)", name, len(problems))
        self.archive.write(partial(warc_records.mark_checked, problems=problems, now=self.now)).result()
        out.seek(start)
        out.truncate()
        return None


class DailyCompaction:
    """Compacts once a day while nothing is being crawled; where something always is, a day later all the same. It ends
    at once when it is `stopped`."""

    def __init__(
        self, archive: Archive, config: Config, at: float, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self.archive, self.config, self.stopped = archive, config, stopped
        self.due = at  # monotonic seconds, as all here

    def some(self, now: datetime, at: float, *, crawling: bool) -> int:
        """Write one merged file, if it is time; return how many files were merged into it.

        :raises ArchiveError: when it cannot be written; that is tried again a day later.
        """
        if at < self.due + (DAY if crawling else 0):
            return 0
        due, self.due = self.due, at + DAY
        try:
            done = compact(self.archive, self.config, now, most=1, stopped=self.stopped)
        except Busy:
            self.due = due
            return 0
        if done.merged:
            self.due = due  # there may be more to merge
            log.info("merged %d WARC files into one", done.merged)
        return done.merged
