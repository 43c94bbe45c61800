"""What storing an article costs on PostgreSQL, beside SQLite: `make bench-store`.

    python -m bench.store [--articles 1200] [--rounds 5]

Processes store new articles, each in a transaction of its own that is on disk when it ends; two of them, and eight, on
either database by turns. SQLite works in the processes that store, PostgreSQL also in its server.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from sqlalchemy import Connection

from bench.synthetic_corpus import article
from crawler.fingerprint import identity
from index.archive import Archive, articles, frontier, sqlite
from index.archive.articles import Fetched
from index.archive.database import Database, SqliteFile
from index.archive.postgresql import PostgresqlDatabase
from index.model.candidate import Candidate
from tests.support import postgresql

FEW, MANY = 2, 8  # writers
SERVER_CPU, CLIENT_CPU = 1.2, 1.5  # of the CPU time that SQLite takes for all
WEEK = 7 * 24 * 60  # minutes: as a crawl finds them, all articles are of these days
WARM = 10  # articles that each stores before: the first ones prepare their statements
RATE = 0.9  # of the articles a second of FEW writers, with MANY
WORST_WAIT = 0.5  # of SQLite's, with MANY writers
LASTING = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}


@dataclass(frozen=True, slots=True)
class Stored:
    """What it took: articles a second, milliseconds of CPU an article of those that store and of the server, and the
    seconds of the article that waited longest."""

    rate: float
    client: float
    server: float
    worst: float


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--articles", type=int, default=1_200)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--store", nargs=4, metavar=("URL", "FOLDER", "FIRST", "COUNT"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.store:
        url, folder, first, count = given.store
        _store(_place(url, Path(folder)), range(int(first), int(first) + int(count)))
        return 0
    postgresql.SETTINGS |= LASTING
    seen: dict[tuple[str, int], list[Stored]] = {}
    with postgresql.serving() as server:
        for _ in range(given.rounds):  # by turns, so that a busy machine is busy for all
            for writers in (FEW, MANY):
                seen.setdefault(("SQLite", writers), []).append(_measured(None, writers, given.articles))
                seen.setdefault(("PostgreSQL", writers), []).append(_measured(server, writers, given.articles))
    return _told({key: _median(each) for key, each in seen.items()})


def _told(found: dict[tuple[str, int], Stored]) -> int:
    for (name, writers), one in found.items():
        print(
            f"{name}, {writers} writers: {one.rate:.0f} articles a second; CPU an article: {one.client:.1f} ms of "
            f"those that store, {one.server:.1f} ms of the server; longest wait {one.worst:.2f} s"
        )
    lite, few, many = found["SQLite", FEW], found["PostgreSQL", FEW], found["PostgreSQL", MANY]
    goals = (
        ("CPU of the server, of SQLite's whole", few.server / lite.client, SERVER_CPU, False),
        ("CPU of those that store, of SQLite's whole", few.client / lite.client, CLIENT_CPU, False),
        (f"articles a second of {MANY} writers, of {FEW}", many.rate / few.rate, RATE, True),
        (f"longest wait of {MANY} writers, of SQLite's", many.worst / found["SQLite", MANY].worst, WORST_WAIT, False),
    )
    good = True
    for what, ratio, goal, at_least in goals:
        good &= (well := ratio >= goal if at_least else ratio <= goal)
        print(f"{what}: {ratio:.2f} (at {'least' if at_least else 'most'} {goal:g}): {'pass' if well else 'FAIL'}")
    return int(not good)


def _median(each: list[Stored]) -> Stored:
    names = ("rate", "client", "server", "worst")
    return Stored(*(statistics.median(getattr(one, name) for one in each) for name in names))


def _measured(server: postgresql.Server | None, writers: int, total: int) -> Stored:
    """So many articles stored by so many processes into an empty archive."""
    share = total // writers
    with tempfile.TemporaryDirectory() as folder:
        url = server.empty() if server else ""
        Archive(_place(url, Path(folder))).close()
        command = [sys.executable, "-m", "bench.store", "--store", url, folder]
        own = share + WARM
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        each = [
            subprocess.Popen([*command, str(number * own), str(own)], **pipes)  # type: ignore[call-overload]
            for number in range(writers)
        ]
        for one in each:
            assert one.stdout.readline() == "ready\n"
        before, begun = server_cpu(server), time.perf_counter()
        for one in each:
            print(file=one.stdin, flush=True)
        told = [json.loads(one.stdout.readline()) for one in each]
        seconds, cpu = time.perf_counter() - begun, server_cpu(server) - before  # while its processes are still there
        for one in each:
            one.communicate()
            assert one.returncode == 0
    count = share * writers
    client = sum(one["cpu"] for one in told)
    return Stored(count / seconds, client / count * 1e3, cpu / count * 1e3, max(one["worst"] for one in told))


def _store(place: Database, numbers: range) -> None:
    """Store these articles once a line comes, tell what it took, and stay until the end of what is read."""
    pages = [_page(number) for number in numbers]
    with Archive(place) as archive:
        archive.write(lambda conn: offer(conn, pages)).result()
        for page in pages[:WARM]:
            archive.write(lambda conn, page=page: articles.store(conn, page)).result()  # type: ignore[misc]
        print("ready", flush=True)
        sys.stdin.readline()
        waits, cpu = [], time.process_time()
        for page in pages[WARM:]:
            begun = time.perf_counter()
            archive.write(lambda conn, page=page: articles.store(conn, page)).result()  # type: ignore[misc]
            waits.append(time.perf_counter() - begun)
        print(json.dumps({"cpu": time.process_time() - cpu, "worst": max(waits)}), flush=True)
        sys.stdin.read()


def offer(conn: Connection, pages: Sequence[Fetched]) -> None:
    """Have these pages known as candidates, as a crawl has that fetches them."""
    for site in sorted({page.site for page in pages}):
        frontier.offer(
            conn, site, "feed", [Candidate(page.url) for page in pages if page.site == site], pages[0].fetched
        )


def _page(number: int) -> Fetched:
    found = article(number).article
    known = identity(found.headline, found.body)
    now = datetime.now(UTC)
    published = now - timedelta(minutes=number % WEEK)
    made = replace(found, content_hash=known.content_hash, signature=known.signature, published=published)
    return Fetched(made.site, made.url, made.url, made, now, body_hash=known.content_hash, etag=f'"{number}"')


def _place(url: str, folder: Path) -> Database:
    return PostgresqlDatabase(url, folder) if url else SqliteFile(folder / sqlite.FILE)


def server_cpu(server: postgresql.Server | None) -> float:
    """Seconds of CPU that the server's processes have used, those that have ended included."""
    if server is None:
        return 0.0
    postmaster = psutil.Process(int((server.folder / "data" / "postmaster.pid").read_text().partition("\n")[0]))
    ended = postmaster.cpu_times()
    used = ended.user + ended.system + ended.children_user + ended.children_system
    for process in postmaster.children(recursive=True):
        times = process.cpu_times()
        used += times.user + times.system
    return used


if __name__ == "__main__":
    sys.exit(main())
