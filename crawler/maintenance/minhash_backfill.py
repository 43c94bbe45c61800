"""Articles from before near-duplicates were looked for (an archive of 0.1) get their signatures, some at a time."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from crawler.fingerprint import identity
from index.archive import Archive, near_duplicates, stories

BATCH = 2_000  # articles of one call, each in a transaction of its own: it goes on beside crawls


class MinHashBackfill:
    """Signs what is unsigned, once through the archive: articles that are stored meanwhile have their signatures."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.last: str | None = ""  # the article that was looked at last; None: all were

    def some(self, now: datetime) -> int:
        """Signs some articles, and brings those into stories that resemble others; gives how many were looked at."""
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
