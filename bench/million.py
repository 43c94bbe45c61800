"""What an article costs among a million, beside what it costs among 100,000: `make bench-million`.

    python -m bench.million [--few 100000] [--many 1000000] [--dir DIR] [--rounds 3]

Two archives in files with embedded indexes, whose articles were stored as a crawl stores them: of real sizes, over
three years. By the processor's time: storing an article, looking for its copies and indexing it, searches, and for each
article an export, a check of the raw copies and of the index, and a rebuild. A search is told for each of the articles,
too: all that have a word are weighed. While the index is rebuilt, another process stores articles; its longest wait is
compared with that of as long a time without a rebuild. DIR keeps the archives, which take hours to fill, between runs.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, func, select

from bench.scale import cpu
from bench.store import offer
from bench.synthetic_corpus import article
from crawler.fingerprint import identity
from crawler.maintenance.verification import verify as verify_raw
from index.archive import Archive, articles, near_duplicates, sqlite
from index.archive import tables as t
from index.archive.articles import Fetched
from index.archive.near_window import month_of
from index.engines import open_engine
from index.export.formats import open_format
from index.export.result_stream import stream
from index.search import indexer
from index.search.query_language import parse
from index.search.service import search
from index.search.verify import verify as verify_index
from index.text.analysis import words
from index.warc.record import Response
from index.warc.store import WarcStore

MOST = 1.3  # times what an article costs in the smaller archive
WAIT = 2.0  # times the longest wait of a writer
SOME = 200  # articles that are stored in a round
TOGETHER = 200  # articles of a transaction while an archive is filled
WITH_RAW = 10  # of so many articles, one has a raw copy: each is synced to the disk by itself
QUERIES = 100
SEARCH = "a search,"
PAUSE = 0.05  # seconds between two articles of the writer
# Where the numbers begin of articles that are stored to be measured, or by the writer: from so many on as there are by
# then, so that each is new; and of those that are only looked up
STORED, WRITTEN, LOOKED_UP = 10_000_000, 20_000_000, 30_000_000


def page(number: int, raw: WarcStore | None) -> Fetched:
    """The page of a made-up article, fetched now."""
    found = article(number).article
    known = identity(found.headline, found.body)
    made = replace(found, content_hash=known.content_hash, signature=known.signature)
    now = datetime.now(UTC)
    response = Response(made.url, now, "HTTP/1.1 200 OK", [("Content-Type", "text/html")], made.body.encode())
    kept = partial(raw.append, response) if raw is not None and number % WITH_RAW == 0 else None
    return Fetched(made.site, made.url, made.url, made, now, body_hash=known.content_hash, etag=f'"{number}"', raw=kept)


class Place:
    """An archive with an index, which has at least so many articles."""

    def __init__(self, home: Path, least: int) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.archive = Archive(home / sqlite.FILE)
        self.engine = open_engine("embedded", directory=home / "index", prefix="arshif-bench")
        with WarcStore(home / "raw", "run-000001") as raw:
            for first in range(self.articles(), least, TOGETHER):
                some = [page(number, raw) for number in range(first, min(first + TOGETHER, least))]
                self.archive.write(partial(_store, pages=some)).result()
        indexer.index_pending(self.archive, self.engine)
        self.size = self.articles()
        self.new, self.unknown = count(STORED + self.size), count(LOOKED_UP)

    def articles(self) -> int:
        """How many it has."""
        with self.archive.read() as conn:
            found: int = conn.execute(select(func.count()).select_from(t.articles)).scalar_one()
        return found

    def store(self) -> float:
        """Milliseconds for an article, each in a transaction of its own."""
        pages = [page(next(self.new), None) for _ in range(SOME)]
        self.archive.write(partial(offer, pages=pages)).result()

        def each() -> None:
            for one in pages:
                self.archive.write(partial(articles.store, page=one)).result()

        return 1_000 * cpu(each) / SOME

    def index(self) -> float:
        """Milliseconds for each of the articles that were stored."""
        return 1_000 * cpu(lambda: indexer.index_pending(self.archive, self.engine)) / SOME

    def look_up(self) -> float:
        """Milliseconds to look for the copies of an article."""
        pages = [page(next(self.unknown), None).article for _ in range(SOME)]

        def each(conn: Connection) -> None:
            for one in pages:
                assert one.signature
                assert one.published
                near_duplicates.similar_articles(conn, "another", one.signature, month_of(one.published))

        with self.archive.read() as conn:
            return 1_000 * cpu(lambda: each(conn)) / SOME

    def searches(self) -> list[float]:
        """Milliseconds of each of QUERIES searches of one or two words, with what they show; sorted."""
        chance = random.Random(6)
        taken = []
        for number in range(QUERIES):
            body = words(article(chance.randrange(1_000)).article.body)
            asked = parse(" ".join(chance.sample(body, 1 + number % 2)))
            taken.append(1_000 * cpu(lambda asked=asked: search(asked, self.engine, self.archive)))  # type: ignore[misc]
        return sorted(taken)

    def export(self) -> float:
        """Milliseconds for an article of an export of all, as JSON Lines."""

        def all_of_them() -> None:
            with (self.home / "all.jsonl").open("wb") as out:
                out.writelines(open_format("jsonl").write(stream(parse(""), self.engine, self.archive).pages))

        return 1_000 * cpu(all_of_them) / self.size

    def verify_index(self) -> float:
        """Milliseconds for an article to compare the index with the archive."""

        def all_of_it() -> None:
            assert verify_index(self.archive, self.engine).differences == ()

        return 1_000 * cpu(all_of_it) / self.size

    def verify_raw(self) -> float:
        """Milliseconds to check a raw copy."""
        now = datetime.now(UTC)

        def all_of_them() -> int:
            with WarcStore(self.home / "raw", None) as raw:
                found = verify_raw(self.archive, raw, now, now)
            assert not found.damaged
            return found.records

        records: list[int] = []
        return 1_000 * cpu(lambda: records.append(all_of_them())) / records[0]

    def rebuild(self) -> tuple[float, float]:
        """Milliseconds for an article to build the index anew; and how many times longer a writer waited at most
        meanwhile than it did in as long a time."""
        began = time.monotonic()
        with _writing(self) as during:
            took = 1_000 * cpu(lambda: indexer.rebuild(self.archive, self.engine)) / self.size
        seconds = time.monotonic() - began
        with _writing(self) as alone:
            time.sleep(seconds)
        return took, during[0] / alone[0]


@contextmanager
def _writing(place: Place) -> Iterator[list[float]]:
    """A process that stores articles; once it has ended, the list has the seconds of its longest wait."""
    command = [sys.executable, "-m", "bench.million", "--write", str(place.home), str(WRITTEN + place.articles())]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    found: list[float] = []
    try:
        yield found
    finally:
        told, _ = writer.communicate()  # which ends what it reads
        found.append(float(told))


def _write(home: Path, first: int) -> None:
    """Store articles until the end of what is read, and tell the longest wait of one, in seconds."""
    ended = threading.Event()
    with Archive(home / sqlite.FILE) as archive:
        archive.write(partial(_store, pages=[page(first, None)])).result()
        print("ready", flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
        longest = 0.0
        for number in count(first + 1):
            one = page(number, None)
            began = time.monotonic()
            archive.write(partial(_store, pages=[one])).result()
            longest = max(longest, time.monotonic() - began)
            if ended.wait(PAUSE):
                break
    print(longest)


def _store(conn: Connection, pages: Sequence[Fetched]) -> None:
    """Store these pages as a crawl does."""
    offer(conn, pages)
    for one in pages:
        articles.store(conn, one)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--few", type=int, default=100_000)
    arguments.add_argument("--many", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--dir", type=Path)
    arguments.add_argument("--write", nargs=2, metavar=("FOLDER", "FIRST"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.write:
        _write(Path(given.write[0]), int(given.write[1]))
        return 0
    with TemporaryDirectory(prefix="arshif-million-") as temporary:
        home = given.dir or Path(temporary)
        places = [Place(home / str(size), size) for size in (given.few, given.many)]
        print(f"{places[0].size:,} articles, and {places[1].size:,}", flush=True)
        good = _compare(places, given.rounds)
        for place in places:
            place.engine.close()
            place.archive.close()
    return int(not good)


def _compare(places: Sequence[Place], rounds: int) -> bool:
    seen: dict[str, list[list[float]]] = {}
    for number in range(rounds + 1):
        for place, one in enumerate(places):  # by turns, so that a busy machine is busy for both
            found = one.searches()
            took = {what: measure(one) for what, measure in CHEAP.items()}
            took |= {f"{SEARCH} p50": found[len(found) // 2], f"{SEARCH} p95": found[len(found) * 95 // 100]}
            for what, milliseconds in took.items() if number else ():  # the first round fills caches
                seen.setdefault(what, [[], []])[place].append(milliseconds)
    good = True
    for what, both in seen.items():
        good &= _told(places, what, *map(statistics.median, both))
    for what, measure in OF_ALL.items():
        good &= _told(places, what, *(measure(one) for one in places))
    rebuilt = [one.rebuild() for one in places]
    good &= _told(places, "a rebuild, an article", *(took for took, _ in rebuilt))
    for one, (_, waited) in zip(places, rebuilt, strict=True):
        good &= (well := waited <= WAIT)
        told = f"longest wait of a writer during a rebuild, of {one.size:,}: {waited:.2f} times"
        print(f"{told} (at most {WAIT:g}): {'pass' if well else 'FAIL'}", flush=True)
    return good


def _told(places: Sequence[Place], what: str, few: float, many: float) -> bool:
    """Print what it takes in both archives; return whether that is good enough."""
    told, times = f"{what}: {few:.3g} ms, {many:.3g} ms: {many / few:.2f} times", many / few
    if what.startswith(SEARCH):
        times *= places[0].size / places[1].size
        told += f", for each of the articles {times:.2f}"
    print(f"{told} (at most {MOST:g}): {'pass' if times <= MOST else 'FAIL'}", flush=True)
    return times <= MOST


CHEAP: dict[str, Callable[[Place], float]] = {
    "storing an article": Place.store,
    "indexing it": Place.index,
    "looking for its copies": Place.look_up,
}
OF_ALL: dict[str, Callable[[Place], float]] = {
    "an export, an article": Place.export,
    "a check of the index, an article": Place.verify_index,
    "a check of the raw copies, each": Place.verify_raw,
}

if __name__ == "__main__":
    sys.exit(main())
