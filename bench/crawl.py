"""A whole crawl against Scrapy with trafilatura in a pipeline: `make bench-crawl`.

    python -m bench.crawl [--pages 1500] [--sites 10]

Ours fetches, writes raw copies (WARC), extracts in workers, stores in the archive and brings it to the embedded index;
counted until the last article can be found. Theirs fetches and extracts, and keeps nothing. Same pages, same machine,
one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from bench import page_server
from crawler.config import load
from crawler.storage import open_archive, open_index
from index.archive import documents, runs
from index.search import indexer

TWICE = 2.0


def configured(folder: Path, address: str, sites: int, per_run: int) -> Path:
    """A configuration with these sites of a press, each by its sitemap; gives its folder."""
    port = urlsplit(address).port
    (folder / "config" / "sites").mkdir(parents=True)
    settings = {
        "contact": "bench@localhost.example",
        "politeness": {"delay": 0, "concurrency": 32},
        "schedule": {"per_run": per_run, "first_visit_days": 365, "run_deadline": 120},
        "allow_networks": ["127.0.0.0/8"],
    }
    (folder / "config" / "arshif.yaml").write_text(json.dumps(settings))
    for number in range(1, sites + 1):
        home = f"http://127.0.0.{number}:{port}/"
        source = {"kind": "sitemap", "url": home + "sitemap.xml"}
        site = {"name": f"Press {number}", "homepage": home, "country": "GB", "languages": ["en"], "sources": [source]}
        (folder / "config" / "sites" / f"press{number}.yaml").write_text(json.dumps({**site, "enabled": True}))
    return folder / "config"


def child(*command: str, **env: str) -> dict[str, Any]:
    """What a command of this bench prints."""
    before = _cpu(resource.RUSAGE_CHILDREN)
    whole = [sys.executable, "-m", *command]
    made = subprocess.run(whole, env={**os.environ, **env}, stdout=subprocess.PIPE, check=True)
    return {**json.loads(made.stdout.splitlines()[-1]), "cpu": _cpu(resource.RUSAGE_CHILDREN) - before}


def _cpu(who: int) -> float:
    """Seconds of all processors that were used."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def addresses(address: str, pages: int, sites: int, file: Path) -> Path:
    """A file with the addresses of all pages."""
    port = urlsplit(address).port
    file.write_text("\n".join(
        f"http://127.0.0.{1 + n % sites}:{port}/2026/news/{n:06d}-story-of-the-day" for n in range(pages)
    ))  # fmt: skip
    return file


def ours(config: Path) -> dict[str, Any]:
    """Crawls and ships at the same time, as the daemon does; seconds are from the spider's opening on."""
    loaded = load(config)
    with open_archive(loaded) as archive, open_index(loaded) as engine:
        stop, before = Event(), _cpu(resource.RUSAGE_SELF)
        shipping = Thread(target=indexer.run, args=(archive, engine, stop))
        shipping.start()
        result = child("bench.arshif_crawl", ARSHIF_CONFIG=str(config))
        closed = time.perf_counter()
        stop.set()
        shipping.join()
        indexer.index_pending(archive, engine)
        result["seconds"] += time.perf_counter() - closed
        result["by_process"]["indexer"] = _cpu(resource.RUSAGE_SELF) - before
        result["cpu"] += result["by_process"]["indexer"]
        with archive.read() as conn:
            result["pages"] = sum(documents.count(conn, site.id) for site in loaded.enabled)
            (run,) = runs.recent(conn, 1)
            result["counts"] = {
                n: sum(p.counts[n] for p in run.sites) for n in ("discovered", "stored", "refused", "duplicate")
            }
    return result


def line(name: str, told: Mapping[str, Any]) -> str:
    """A result for people."""
    pages, seconds = told["pages"], told["seconds"]
    cpu = f"{told['cpu'] / pages * 1000:.0f} ms of CPU each, start and end included"
    return f"  {name:<28} {pages / seconds:7.1f} pages/s   {pages} pages in {seconds:.1f} s, {cpu}"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--pages", type=int, default=1_500)
    arguments.add_argument("--sites", type=int, default=10)
    given = arguments.parse_args()
    with page_server.running(given.pages, given.sites) as address, tempfile.TemporaryDirectory() as folder:
        config = configured(Path(folder), address, given.sites, given.pages)
        urls = addresses(address, given.pages, given.sites, Path(folder) / "urls.txt")
        theirs = child("bench.scrapy_baseline", str(urls), "yes")
        print(line("Scrapy with trafilatura", theirs))
        mine = ours(config)
        print(line("Arshif, stored and findable", mine), mine["counts"])
        each = (f"{name} {spent / mine['pages'] * 1000:.1f}" for name, spent in mine["by_process"].items())
        print(f"  of it, ms of CPU a page: {', '.join(each)}")
    counts = mine["counts"]
    done = counts["stored"] + counts["duplicate"]
    ratio = (done / mine["seconds"]) / (theirs["pages"] / theirs["seconds"])
    print("pass" if done == counts["discovered"] else "FAIL", f"{done} of {counts['discovered']} pages stored")
    print("pass" if ratio >= TWICE else "FAIL", f"{ratio:.2f} times the pages a second (at least {TWICE:g})")
    return int(ratio < TWICE or done < counts["discovered"])


if __name__ == "__main__":
    sys.exit(main())
