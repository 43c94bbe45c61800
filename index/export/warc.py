"""Raw responses in one WARC file."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import TypeAlias

from index import jobs
from index.export.draft import WHOLE, Draft, draft
from index.warc.record import WarcDamaged, WarcRef, pack_info
from index.warc.store import WarcStore

BATCH = 50  # records written between two notes: as many are written again after an interruption
_TABLES = """
CREATE TABLE IF NOT EXISTS refs (
    n INTEGER PRIMARY KEY, file TEXT, at INTEGER, length INTEGER, raw INTEGER, digest TEXT
);
"""
Known: TypeAlias = Callable[[Iterable[int]], bool]  # whether the archive still has all raw responses with these ids


@dataclass(slots=True)
class Joined(jobs.Report):
    """How many records were written, and how many were left out as they are damaged or missing."""

    written: int = 0
    damaged: int = 0
    erased: int = 0  # since the export began

    @property
    def done(self) -> int:
        """All records that it is of."""
        return self.written + self.damaged + self.erased


def join(
    raw: WarcStore,
    refs: Iterable[WarcRef],
    into: Path,
    info: Mapping[str, str],
    *,
    what: object = "",
    known: Known = lambda _: True,
    told: Callable[[Joined, int | None], None] | None = None,
) -> Joined:
    """Copy these records unchanged into one new WARC file.

    Each is a gzip member, as WARC 1.1 recommends for `.warc.gz`; in a file named `.warc` none is compressed. What a
    process that was killed at the same (`what`) has written is continued, with the records that it was of, if all that
    it wrote is still `known`; else it is begun anew. `told` is called with what is done, and how many
    records there are.

    :raises FileThere: when the file exists already.
    :raises Busy: when another process writes it.
    :raises ArchiveError: when it cannot be written; then none is created.
    """

    def is_valid(listed: Connection) -> bool:
        return known(row[0] for row in listed.execute("SELECT raw FROM refs WHERE n <= (SELECT at FROM state)"))

    with draft(into, (what, dict(info)), _TABLES, is_valid) as begun:
        work = _Joining(raw, refs, into, info, begun, known)
        if not begun.published:
            asyncio.run(jobs.run(work, told=told, ahead=0))
            begun.publish()
        return work.report


class _Joining:
    def __init__(
        self,
        raw: WarcStore,
        refs: Iterable[WarcRef],
        into: Path,
        info: Mapping[str, str],
        begun: Draft,
        known: Known,
    ) -> None:
        self.raw, self.name, self.draft, self.known = raw, into.name, begun, known
        self._form = gzip.decompress if into.suffix == ".warc" else bytes
        at, counts = begun.noted
        self.report = Joined.of(counts)
        self.report.earlier = at
        if not begun.parts:
            self._begin(refs, info)
        self.total: int | None = begun.listed.execute("SELECT COUNT(*) FROM refs").fetchone()[0]

    def _begin(self, refs: Iterable[WarcRef], info: Mapping[str, str]) -> None:
        self.draft.begin()
        self.draft.listed.executemany(
            "INSERT INTO refs (file, at, length, raw, digest) VALUES (?, ?, ?, ?, ?)",
            ((ref.file, ref.offset, ref.length, ref.id, ref.digest) for ref in refs),
        )
        self.draft.part(WHOLE).write(self._form(pack_info(self.name, info)))
        self.draft.note(0, {})

    def pieces(self, _: object) -> Generator[list[WarcRef], None, None]:
        """Some records at a time."""
        while rows := self.draft.listed.execute(
            "SELECT file, at, length, raw, digest FROM refs WHERE n > ? ORDER BY n LIMIT ?", (self.report.done, BATCH)
        ).fetchall():
            yield [WarcRef(*row) for row in rows]

    async def read(self, some: list[WarcRef]) -> None:
        """They are read when they are written, so that one is in memory at a time."""

    async def store(self, some: list[WarcRef], _: None, __: jobs.Note) -> None:
        """Write these; what is noted is in the draft."""
        self.draft.begin()
        out = self.draft.part(WHOLE)
        for ref in some:
            try:
                out.write(self._form(self.raw.checked(ref)))
                self.report.written += 1
            except WarcDamaged:
                gone = ref.id is not None and not self.known([ref.id])
                self.report.erased += gone
                self.report.damaged += not gone
        self.draft.note(self.report.done, asdict(self.report))
