"""The plan of an import: its wanted pages in the order of their time, in a file that outlives a killed process.

Pages are stored in this order, so that an article's versions follow each other as its site published them, whatever the
order of files and records. The plan of the same files and options is found again and continued where it ended.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from crawler.urls.canonical import canonical

_TABLES = """
CREATE TABLE IF NOT EXISTS pages (input INTEGER, position INTEGER, url TEXT, fetched REAL);
CREATE TABLE IF NOT EXISTS further (input INTEGER, position INTEGER, url TEXT, fetched REAL);
CREATE TABLE IF NOT EXISTS looked_through (counts TEXT);
"""
_NEAR = 86_400.0  # seconds between the pages of one article; later ones may be of another version
_ORDER = "ORDER BY fetched, url, input, position"


@dataclass(frozen=True, slots=True)
class PlannedPage:
    """A page to import: the number of its input in the order of their names, the offset of its record there, its URL,
    and when it was fetched (UTC)."""

    input: int
    offset: int
    url: str
    fetched: datetime


def name_of(inputs: Iterable[tuple[str, int]], options: str) -> str:
    """The name of the plan of these files (name and bytes) and options."""
    text = repr((sorted(inputs), options))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Plan:
    """The plan in this file, new or continued."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)  # one thread at a time
        self._db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {_TABLES}")

    @property
    def complete(self) -> bool:
        """Whether all inputs were looked through."""
        return self._db.execute("SELECT 1 FROM looked_through").fetchone() is not None

    def begin(self) -> None:
        """Begin a look through the inputs, which leaves nothing unless it is finished."""
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM pages")
        self._db.execute("DELETE FROM further")

    def add(self, page: PlannedPage, *, further: bool = False) -> None:
        """Add a page, between `begin` and `finish`; `further` is one that is only read with the article before it."""
        row = (page.input, page.offset, page.url, page.fetched.timestamp())
        self._db.execute(f"INSERT INTO {'further' if further else 'pages'} VALUES (?, ?, ?, ?)", row)

    def finish(self, counts: dict[str, Any]) -> None:
        """Keep what was added, with what came of the look through."""
        self._db.execute("INSERT INTO looked_through (counts) VALUES (?)", (json.dumps(counts),))
        self._db.execute("COMMIT")
        self._db.execute("CREATE INDEX IF NOT EXISTS by_time ON pages (fetched, url, input, position)")
        for table in ("pages", "further"):
            self._db.execute(f"CREATE INDEX IF NOT EXISTS {table}_by_url ON {table} (url)")

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM pages").fetchone()[0])

    def pages(self, start: int) -> Iterator[PlannedPage]:
        """The pages from the one with the number `start` on, by time."""
        with closing(self._db.execute(f"SELECT * FROM pages {_ORDER} LIMIT -1 OFFSET ?", (start,))) as rows:
            for number, offset, url, fetched in rows:
                yield PlannedPage(number, offset, url, datetime.fromtimestamp(fetched, UTC))

    def nearest(self, url: str, at: datetime) -> PlannedPage | None:
        """The page at this URL, a further one of an article or not, that was fetched next to a moment (UTC), within a
        day; None if there is none."""
        urls = tuple(dict.fromkeys((url, canonical(url) or url, url.rstrip("/"), url.rstrip("/") + "/")))
        marks = ", ".join("?" * len(urls))
        found: list[tuple[float, PlannedPage]] = []
        for table in ("pages", "further"):
            for number, offset, address, fetched in self._db.execute(
                f"SELECT * FROM {table} WHERE url IN ({marks}) {_ORDER}", urls
            ):
                page = PlannedPage(number, offset, address, datetime.fromtimestamp(fetched, UTC))
                found.append((abs((page.fetched - at).total_seconds()), page))
        near = [(away, page) for away, page in found if away <= _NEAR]
        return min(near, key=lambda one: one[0])[1] if near else None

    @property
    def counts(self) -> dict[str, Any]:
        """What came of the look through."""
        return dict(json.loads(self._db.execute("SELECT counts FROM looked_through").fetchone()[0]))

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def delete(self) -> None:
        """Close and remove the file."""
        self.close()
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()
