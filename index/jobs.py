"""The runner of large jobs, such as an import: many pieces of work, of which some are read while those before them are
stored, in their order.

A piece is stored in one transaction with the note that it is, so a job that is killed at any time goes on with the next
one when it is started again, and its report at the end is that of one that was not killed.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Any, Protocol, Self, TypeAlias, TypeVar

from sqlalchemy import Connection

from index.archive import Archive
from index.archive import jobs as archived
from index.archive.database import StillHeld

P = TypeVar("P")
R = TypeVar("R")


@dataclass(slots=True)
class Report(ABC):
    """What came of a job so far; `earlier`: how much of what is done by an earlier process, which was killed."""

    earlier: int = field(default=0, kw_only=True)

    @property
    @abstractmethod
    def done(self) -> int:
        """How much is done, in the unit in which the job is counted."""

    @property
    def counts(self) -> dict[str, Any]:
        """What is noted of it, as JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, counts: Mapping[str, Any]) -> Self:
        """The report with these counts; those that another version noted and this one does not know are left out."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in counts.items() if name in known})


Note: TypeAlias = Callable[[Connection, Any, Report], None]


class Job(Protocol[P, R]):
    """Work in pieces. `total` is how much there is to do, as its report counts it; None: not known."""

    report: Any
    total: int | None

    def pieces(self, after: Any) -> Generator[P, None, None]:
        """The pieces after the one that was noted so (None: all), each asked for while the few before it are read."""

    async def read(self, piece: P) -> R:
        """What is to be stored of a piece; changes nothing."""

    async def store(self, piece: P, found: R, note: Note) -> None:
        """Store a piece, and in the same transaction `note` where the job is then, as JSON, and its report."""


class Position:
    """Where the job of this name is, in the archive; `what` distinguishes it from one of other pages or rules."""

    def __init__(self, archive: Archive, name: str, what: object) -> None:
        self._archive = archive
        self._key = name, blake2b(repr(what).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def noted(self) -> tuple[Any, Any] | None:
        """Where an earlier process was that did not end, and what came of it by then."""
        with self._archive.read() as conn:
            return archived.noted(conn, *self._key)

    def note(self, conn: Connection, at: object, report: Report | None = None) -> None:
        """Note where the job is, and what came of it so far, if that is counted."""
        archived.note(conn, *self._key, at, report.counts if report else {}, datetime.now(UTC))

    def end(self) -> None:
        """Note that it has ended."""
        self._archive.write(partial(archived.end, name=self._key[0], what=self._key[1])).result()


async def run_alone(
    job: Job[P, R],
    archive: Archive,
    name: str,
    what: object,
    *,
    told: Callable[[Any, int | None], None] | None = None,
    ahead: int = 0,
) -> None:
    """Do all pieces of a job that are left, as `run` does, while no other process does the job of this name, on any
    machine that uses the archive. `what` is as of `Position`.

    :raises Busy: when another process is at it.
    :raises ArchiveError: when the archive fails.
    """
    with archive.database.lock(name) as still_held:
        await run(job, Position(archive, name, what), told=told, still_held=still_held, ahead=ahead)


async def run(
    job: Job[P, R],
    position: Position | None = None,
    *,
    told: Callable[[Any, int | None], None] | None = None,
    still_held: StillHeld = lambda: None,
    ahead: int = 1,
    ended: Callable[[], None] = lambda: None,
) -> None:
    """Do all pieces of a job that are left, of which so many are read `ahead` of the one that is stored.

    Without a `position`, the job itself finds in its results what is left. `told` is called with the report and the
    total, `still_held` before each piece is stored, and `ended` before that is noted.
    """
    noted = position.noted() if position is not None else None
    if noted is not None:
        job.report = type(job.report).of(noted[1])
        job.report.earlier = job.report.done
    pieces, begun = job.pieces(noted[0] if noted else None), deque[tuple[P, asyncio.Future[R]]]()
    note: Note = position.note if position is not None else lambda *_: None
    try:
        while True:
            while len(begun) <= ahead and (piece := next(pieces, None)) is not None:
                begun.append((piece, asyncio.ensure_future(job.read(piece))))
            if told is not None:
                told(job.report, job.total)
            if not begun:
                break
            piece, reading = begun[0]
            found = await reading
            still_held()
            await job.store(piece, found, note)
            begun.popleft()
    finally:
        pieces.close()  # before what it reads from is, such as the plan of an import that is interrupted
        for _, reading in begun:
            reading.cancel()
        await asyncio.gather(*(reading for _, reading in begun), return_exceptions=True)
    ended()
    if position is not None:
        position.end()
