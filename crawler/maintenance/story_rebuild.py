"""Signatures and stories of all articles made anew, such as after a change of how texts are compared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from crawler.fingerprint import identity
from crawler.processes.workers import Workers
from crawler.settings_model import PRODUCT
from index import jobs
from index.archive import Archive, near_duplicates, stories

NAME = "stories"
BATCH = 32  # articles that are stored in one transaction, while as many are signed by each of several workers
AHEAD = 8  # batches that are signed meanwhile


@dataclass(slots=True)
class Rebuilt(jobs.Report):
    """How many articles were looked at, and how many of them are of another story now, or of none."""

    articles: int = 0
    changed: int = 0

    @property
    def done(self) -> int:
        """The articles."""
        return self.articles


class StoryRebuild:
    """Signs all articles that are compared, and finds the story of each again, as a job (`index/jobs.py`), while crawls
    go on."""

    def __init__(self, archive: Archive, workers: Workers, now: datetime) -> None:
        self.archive, self.workers, self.now = archive, workers, now
        self.report = Rebuilt()
        self.total: int | None = None

    async def run(self, told: Callable[[Rebuilt, int | None], None] | None = None) -> Rebuilt:
        """Do so, and return what came of it.

        :raises Busy: when another process is at it.
        :raises ArchiveError: when the archive fails.
        """
        with self.archive.read() as conn:
            self.total = near_duplicates.count_compared(conn)
        what = (PRODUCT, self.archive.near)
        await jobs.run_alone(self, self.archive, NAME, what, told=told, ahead=AHEAD)
        return self.report

    def pieces(self, after: str | None) -> Generator[list[Any], None, None]:
        """Some articles at a time, in the order of their ids."""
        last = after or ""
        while True:
            with self.archive.read() as conn:
                some = near_duplicates.compared(conn, last, BATCH)
            if not some:
                return
            yield some
            last = some[-1].id

    async def read(self, some: list[Any]) -> list[bytes | None]:
        """The signature of each."""
        return await self.workers.run(signed, [(row.headline, row.body) for row in some])

    async def store(self, some: list[Any], signatures: list[bytes | None], note: jobs.Note) -> None:
        """Have each found by its signature, and be of the story of its copies."""

        def settle(conn: Connection) -> Rebuilt:
            changed = sum(
                stories.settle_again(conn, row.id, row.content_hash, signature, self.now)
                for row, signature in zip(some, signatures, strict=True)
            )
            before = self.report
            report = Rebuilt(before.articles + len(some), before.changed + changed, earlier=before.earlier)
            note(conn, some[-1].id, report)
            return report

        self.report = await asyncio.wrap_future(self.archive.write(settle))


def signed(texts: Sequence[tuple[str, str]]) -> list[bytes | None]:
    """The signature of each headline with its text, in a worker."""
    return [identity(headline, body).signature for headline, body in texts]
