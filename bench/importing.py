"""An import against FastWARC with trafilatura, side by side: `make bench-import`.

    python -m bench.importing [--pages 3000] [--files 3] [--runs 3]

The same WARC files in the shape of Common Crawl's news: for each page a request, a response and its metadata. Ours
filters, extracts, stores raw copies, articles and versions, and brings them to the index; theirs extracts with metadata
and keeps nothing. Then what the first filter costs where nothing is wanted, beside FastWARC alone; and the memory of
all processes of an import of one file, and of a hundred with ten times as many pages.
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
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import psutil

from bench.page_server import originals, varied
from crawler.config import load
from crawler.importing.page_filter import PageFilter
from crawler.importing.warc_records import heads

PAGES_GOAL = 4.0  # times theirs, in pages per second of CPU
FILTER_GOAL = 0.8  # of FastWARC's records per second
MEMORY_GOAL = 1024.0  # MiB, of all processes
FLAT_GOAL = 1.2  # times the memory for one file
ONE_FILE, MANY_FILES, MANY_PAGES = 200, 100, 2_000  # pages of one file; files, and pages of all of them
SITES = 10


def written(folder: Path, pages: int, files: int) -> list[Path]:
    """WARC files of so many pages, dealt to some sites and fetched an hour apart."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    folder.mkdir()
    given, first = originals(), datetime(2024, 1, 1, tzinfo=UTC)
    paths = [folder / f"CC-NEWS-{number:05}.warc.gz" for number in range(files)]
    streams = [path.open("wb") for path in paths]
    writers = [WARCWriter(stream, gzip=True) for stream in streams]
    head = [("Content-Type", "text/html; charset=utf-8")]
    for number in range(pages):
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


def filtered(wanted: PageFilter, paths: list[str]) -> int:
    """The records that Arshif's first filter passes over."""
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


def peak(paths: list[Path], data: Path) -> float:
    """The most memory that an import and its workers have at once, in MiB: what they share counts once."""
    command, most = [sys.executable, "-m", "crawler.cli", "import", "--json", *map(str, paths)], 0
    env = {**os.environ, "ARSHIF_DATA": str(data)}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as work:
        while work.poll() is None:
            held = 0
            with suppress(psutil.Error):
                for process in (own := psutil.Process(work.pid), *own.children(recursive=True)):
                    with suppress(psutil.Error):
                        held += process.memory_full_info().pss
            most = max(most, held)
            time.sleep(0.2)
    if work.returncode:
        raise subprocess.CalledProcessError(work.returncode, command)
    return most / 2**20


def timed(work: Callable[[list[str]], int], paths: list[str]) -> tuple[int, float]:
    """What the work counts, and its seconds of CPU."""
    began = time.process_time()
    return work(paths), time.process_time() - began


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--pages", type=int, default=3_000)
    arguments.add_argument("--files", type=int, default=3)
    arguments.add_argument("--runs", type=int, default=3, help="of which the median counts")
    arguments.add_argument("--only", help=argparse.SUPPRESS)
    arguments.add_argument("paths", nargs="*", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.only:
        print(json.dumps(timed({"theirs": theirs}[given.only], given.paths)))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [str(path) for path in written(folder / "files", given.pages, given.files)]
        over, none = [], PageFilter(load(), ["none.example.org"])
        for _ in range(given.runs):
            (n, alone), (m, ours) = timed(looked_through, paths), timed(partial(filtered, none), paths)
            print(f"  records looked at a second of CPU: FastWARC {n / alone:,.0f}, Arshif {m / ours:,.0f}", flush=True)
            over.append((m / ours) / (n / alone))
        one = peak(written(folder / "one", ONE_FILE, 1), folder / "data-one")
        many = peak(written(folder / "many", MANY_PAGES, MANY_FILES), folder / "data-many")
        print(f"  memory: {one:.0f} MiB for one file, {many:.0f} MiB for {MANY_FILES}", flush=True)
        pages: list[float] = []
        for number in range(given.runs):
            _, their_seconds, their_cpu = child("bench.importing", "--only", "theirs", *paths)
            said, seconds, cpu = child(
                "crawler.cli", "import", "--json", *paths, ARSHIF_DATA=str(folder / f"data-{number}")
            )
            report = json.loads(said)
            kept = report["new"] + report["changed"] + report["same"] + report["copies"]
            print(f"  FastWARC and trafilatura {their_cpu / given.pages * 1000:6.1f} ms a page, {their_seconds:.1f} s")
            print(f"  Arshif, all stored       {cpu / given.pages * 1000:6.1f} ms a page, {seconds:.1f} s; {kept} kept")
            pages.append(their_cpu / cpu)
    verdicts = [
        (
            median(pages) >= PAGES_GOAL,
            f"{median(pages):.2f} times the pages per second of CPU (at least {PAGES_GOAL:g})",
        ),
        (
            median(over) >= FILTER_GOAL,
            f"{median(over):.2f} of FastWARC's records per second where nothing is wanted (at least {FILTER_GOAL:g})",
        ),
        (max(one, many) <= MEMORY_GOAL, f"{max(one, many):.0f} MiB of memory (at most {MEMORY_GOAL:g})"),
        (
            many / one <= FLAT_GOAL,
            f"{many / one:.2f} times the memory of one file for {MANY_FILES} (at most {FLAT_GOAL:g})",
        ),
    ]
    for passed, said in verdicts:
        print("pass" if passed else "FAIL", said)
    return int(not all(passed for passed, _ in verdicts))


if __name__ == "__main__":
    sys.exit(main())
