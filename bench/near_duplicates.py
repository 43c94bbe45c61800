"""What near-duplicates cost in a large archive beside a small one: `make bench-near-duplicates`.

    python -m bench.near_duplicates [--few 100000] [--many 500000] [--rounds 5]

Archives with the bands of so many articles, 10,000 of each month, in SQLite and in PostgreSQL. Articles of the newest
month are looked up, and added, by turns: milliseconds of CPU an article, of this process and of the server.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, insert

from bench.store import server_cpu
from index.archive import Archive, dialect, near_duplicates, sqlite
from index.archive import tables as t
from index.archive.database import Database, SqliteFile
from index.archive.near_window import month_of
from index.archive.postgresql import PostgresqlDatabase
from tests.support import postgresql

A_MONTH = 10_000  # articles
MOST = 1.5  # times the cost, with the larger archive
SOME = 200  # articles of a turn
NOW = datetime(2026, 11, 1, tzinfo=UTC)
NEWEST = month_of(NOW)
# Bands of signatures that nobody has; the hashes of an article's bands are random numbers, too
_SQLITE = (
    "WITH RECURSIVE one(number) AS (SELECT {first} UNION ALL SELECT number + 1 FROM one WHERE number < {last}),"
    " band(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM band WHERE n < {bands})"
    " INSERT INTO bands SELECT {month}, random(), number FROM one, band ORDER BY 2"
)
_POSTGRESQL = (
    "INSERT INTO bands SELECT {month}, hashint8extended(number * {bands} + n, 0), number"
    " FROM generate_series({first}, {last}) AS one(number), generate_series(1, {bands}) AS band(n) ORDER BY 2"
)


class Filled:
    """An archive with the bands of so many articles."""

    def __init__(self, name: str, place: Database, articles: int, server: postgresql.Server | None) -> None:
        self.name, self.server, self.rnd = name, server, random.Random(1)
        self.added = 0
        self.archive = Archive(place)
        statement = _SQLITE if server is None else _POSTGRESQL
        for month in range(articles // A_MONTH):
            self.archive.write(lambda conn, month=month: _fill(conn, statement, month)).result()  # type: ignore[misc]
        if server is not None:
            server.run("ANALYZE", place.name)

    def cost(self, work: Callable[[Connection, str, bytes], object]) -> float:
        """Milliseconds of CPU an article, of SOME new ones in a transaction."""
        new = [(f"new{self.added + n}", self.rnd.randbytes(512)) for n in range(SOME)]
        self.added += SOME

        def all_of_them(conn: Connection) -> float:
            common = {"site": "s", "number": 1, "revision": 1, "content_hash": "", "mergeable": True}
            common |= {"first_seen": NOW, "sort_date": NOW}
            conn.execute(insert(t.articles), [{"id": one, "url": one, **common} for one, _ in new])
            before = time.thread_time() + server_cpu(self.server)
            for one, signature in new:
                work(conn, one, signature)
            return time.thread_time() + server_cpu(self.server) - before

        return 1_000 * self.archive.write(all_of_them).result() / SOME


def _fill(conn: Connection, statement: str, month: int) -> None:
    dialect.of(conn).make_month(conn, NEWEST - month)
    first = (month + 1_000) * A_MONTH  # those that are added have smaller numbers
    asked = {"first": first, "last": first + A_MONTH - 1, "month": NEWEST - month, "bands": near_duplicates.BANDS}
    conn.exec_driver_sql(statement.format(**asked))


def look_up(conn: Connection, _: str, signature: bytes) -> object:
    """Look for copies."""
    return near_duplicates.similar_articles(conn, "other", signature, NEWEST)


def add(conn: Connection, article: str, signature: bytes) -> object:
    """Store a signature."""
    return near_duplicates.add(conn, article, signature, NEWEST)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--few", type=int, default=100_000)
    arguments.add_argument("--many", type=int, default=500_000)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    good = True
    with ExitStack() as stack:
        server = stack.enter_context(postgresql.serving())
        home = Path(stack.enter_context(TemporaryDirectory(prefix="arshif-near-")))
        for name in ("SQLite", "PostgreSQL"):
            both = []
            for articles in (given.few, given.many):
                folder = home / f"{name} {articles}"
                folder.mkdir()
                its = server if name == "PostgreSQL" else None
                place = PostgresqlDatabase(its.empty(), folder) if its else SqliteFile(folder / sqlite.FILE)
                both.append(Filled(f"{articles:,}", place, articles, its))
                stack.callback(both[-1].archive.close)
            for what, work in (("looking one up", look_up), ("adding one", add)):
                costs: list[list[float]] = [[], []]
                for number in range(given.rounds + 1):  # by turns, so that a busy machine is busy for all
                    for own, filled in zip(costs, both, strict=True):
                        took = filled.cost(work)
                        if number:  # the first round fills caches
                            own.append(took)
                few, many = map(statistics.median, costs)
                good &= (well := many <= MOST * few)
                told = ", ".join(f"of {one.name} {cost:.2f} ms" for one, cost in zip(both, (few, many), strict=True))
                print(
                    f"{name}, {what}: {told}: {many / few:.2f} times (at most {MOST:g}): {'pass' if well else 'FAIL'}"
                )
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
