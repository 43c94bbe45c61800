"""An import against FastWARC with trafilatura, side by side: `make bench-import`.

    python -m bench.importing [--records 3000] [--files 3]

The same WARC files in the shape of Common Crawl's news: for each page a request, a response and its metadata. Ours
filters, extracts, stores raw copies, articles and versions, and brings them to the index; theirs extracts with metadata
and keeps nothing. Then what the first filter costs where nothing is wanted, beside FastWARC alone.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.page_server import originals, varied

PAGES_GOAL = 4.0  # times theirs, in pages per second of CPU
FILTER_GOAL = 0.8  # of FastWARC's records per second
RUNS = 3  # of which the median counts
SITES = 10


def written(folder: Path, records: int, files: int) -> list[Path]:
    """WARC files of so many pages, dealt to some sites and fetched an hour apart."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    given, first = originals(), datetime(2024, 1, 1, tzinfo=UTC)
    paths = [folder / f"CC-NEWS-{number:05}.warc.gz" for number in range(files)]
    streams = [path.open("wb") for path in paths]
    writers = [WARCWriter(stream, gzip=True) for stream in streams]
    head = [("Content-Type", "text/html; charset=utf-8")]
    for number in range(records):
        writer = writers[number % files]
        url = f"https://press{number % SITES}.example.com/2024/news/{number:06d}-story-of-the-day"
        date = {"WARC-Date": (first + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%SZ")}
        asked = StatusAndHeaders(f"GET {url} HTTP/1.1", [("Host", "press.example.com")], is_http_request=True)
        writer.write_record(writer.create_warc_record(url, "request", http_headers=asked, warc_headers_dict=date))
        answer = StatusAndHeaders("200 OK", head, protocol="HTTP/1.1")
        body = io.BytesIO(varied(given[number % len(given)], number))
        writer.write_record(
            writer.create_warc_record(url, "response", payload=body, http_headers=answer, warc_headers_dict=date)
        )
        note = io.BytesIO(b"fetchTimeMs: 120\r\n")
        writer.write_record(writer.create_warc_record(url, "metadata", payload=note, warc_headers_dict=date))
    for stream in streams:
        stream.close()
    return paths


def theirs(paths: list[str]) -> int:
    """The pages that trafilatura finds a text in."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType
    from trafilatura import bare_extraction

    found = 0
    for path in paths:
        for record in ArchiveIterator(open(path, "rb"), record_types=WarcRecordType.response):  # noqa: SIM115
            text = bare_extraction(record.reader.read(), url=record.headers.get("WARC-Target-URI"), with_metadata=True)
            found += text is not None
    return found


def filtered(paths: list[str]) -> int:
    """The records that Arshif's first filter passes over, where no site is wanted."""
    from crawler.config import load
    from crawler.importing.page_filter import PageFilter
    from crawler.importing.warc_records import heads

    wanted = PageFilter(load(), ["none.example.org"])
    return sum(wanted.look(head) is not None for path in paths for head in heads(Path(path)))


def looked_through(paths: list[str]) -> int:
    """The same records by FastWARC alone."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    return sum(
        1
        for path in paths
        for record in ArchiveIterator(open(path, "rb"), record_types=WarcRecordType.response)
        if record.http_headers
    )


def child(*command: str, **env: str) -> tuple[str, float, float]:
    """What a command prints, with its seconds and seconds of CPU, its children's included."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command], env={**os.environ, **env}, stdout=subprocess.PIPE, check=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, time.perf_counter() - began, cpu


def timed(work: Callable[[list[str]], int], paths: list[str]) -> tuple[int, float]:
    """What the work counts, and its seconds of CPU."""
    began = time.process_time()
    return work(paths), time.process_time() - began


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--records", type=int, default=3_000)
    arguments.add_argument("--files", type=int, default=3)
    arguments.add_argument("--only", help=argparse.SUPPRESS)
    arguments.add_argument("paths", nargs="*", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.only:
        print(json.dumps(timed({"theirs": theirs}[given.only], given.paths)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(path) for path in written(Path(folder), given.records, given.files)]
        pages: list[float] = []
        for number in range(RUNS):
            _, their_seconds, their_cpu = child("bench.importing", "--only", "theirs", *paths)
            data = str(Path(folder) / f"data-{number}")
            said, seconds, cpu = child("crawler.cli", "import", "--json", *paths, ARSHIF_DATA=data)
            report = json.loads(said)
            kept = report["new"] + report["changed"] + report["same"] + report["copies"]
            print(
                f"  FastWARC and trafilatura {their_cpu / given.records * 1000:6.1f} ms a page, {their_seconds:.1f} s"
            )
            print(
                f"  Arshif, all stored       {cpu / given.records * 1000:6.1f} ms a page, {seconds:.1f} s; {kept} kept"
            )
            pages.append(their_cpu / cpu)
        over = []
        for _ in range(RUNS):
            (n, alone), (m, ours) = timed(looked_through, paths), timed(filtered, paths)
            over.append((m / ours) / (n / alone))
    verdicts = [
        (median(pages), PAGES_GOAL, "times the pages per second of CPU"),
        (median(over), FILTER_GOAL, "of FastWARC's records per second where nothing is wanted"),
    ]
    for figure, goal, of in verdicts:
        print("pass" if figure >= goal else "FAIL", f"{figure:.2f} {of} (at least {goal:g})")
    return int(any(figure < goal for figure, goal, _ in verdicts))


if __name__ == "__main__":
    sys.exit(main())
