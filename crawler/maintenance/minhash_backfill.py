"""Backfill of MinHash signatures, in batches, for articles from before near-duplicate detection (an archive of 0.1)."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from crawler.fingerprint import identity
from index.archive import Archive, near_duplicates, stories

BATCH = 2_000  # articles per call, each in its own transaction, so that it can run alongside crawls


class MinHashBackfill:
    """Signs unsigned articles in one pass over the archive: those stored in the meantime have their signatures."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.last: str | None = ""  # id of the article processed last; None: all are done

    def some(self, now: datetime) -> int:
        """Sign one batch of articles and group similar ones into stories; return how many were processed."""
        if self.last is None:
            return 0
        with self.archive.read() as conn:
            rows = near_duplicates.unsigned(conn, self.last, BATCH)
        for row in rows:
            signature = identity(row.headline, row.body).signature
            settle = partial(stories.settle, article=row.id, signature=signature, now=now)
            self.archive.write(settle).result()
        self.last = rows[-1].id if rows else None
        return len(rows)
