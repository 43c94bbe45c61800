"""Forty hostile sites beside ten honest ones, in one run: the honest are complete, and the run ends in time and memory.

`pytest -s tests/security/test_sites.py` prints what it took.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
import yaml

from index.archive import Archive, documents
from tests.security.fetch_cli import ROOT, configured
from tests.security.server import Server
from tests.security.sites import ARTICLES, HONEST, HOSTILE, answer
from tests.support.patience import PATIENCE

PAGES = 4  # that a run takes of a site
MEMORY = 1 << 30  # bytes that a crawl may take, and each of its workers


@dataclass(frozen=True)
class Outcome:
    """What a run of all fifty did."""

    record: dict[str, dict[str, Any]]
    stored: dict[str, int]
    crawl: int  # bytes of memory at most, of the crawl's process
    worker: int  # and of any of its children
    server: Server


def site(host: str, kind: str) -> dict[str, Any]:
    paths = {"feed": "/feed", "sitemap": "/sitemap.xml", "section": "/news", "wordpress": "/wp-json/wp/v2/posts"}
    return {
        "name": host, "homepage": f"http://{host}.example/", "country": "SY", "languages": ["en"], "enabled": True,
        "rendering": "none",
        "sources": [{"kind": kind, "url": f"http://{host}.example{paths[kind]}"}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    directory = tmp_path_factory.mktemp("sites")
    with Server(answer) as server:
        config = configured(
            directory, proxy=server.url, politeness={"delay": 0, "timeout": 6, "page_max_bytes": 2_000_000,
            "source_max_bytes": 8_000_000}, schedule={"per_run": PAGES, "run_deadline": PATIENCE / 60},
        )  # fmt: skip
        (config / "sites").mkdir()
        for host, kind in {**dict.fromkeys(HONEST, "feed"), **HOSTILE}.items():
            (config / "sites" / f"{host}.yaml").write_text(yaml.safe_dump(site(host, kind)), "utf-8")
        start = time.monotonic()
        with (directory / "log").open("w+") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "tests.support.short_parses", "crawler.cli", "crawl", "--json"], cwd=ROOT,
                env={**os.environ, "ARSHIF_CONFIG": str(config)}, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
            peaks: dict[int, tuple[bool, int]] = {}
            watch = threading.Thread(target=watched, args=(child, peaks), daemon=True)
            watch.start()
            try:
                told, _ = child.communicate(timeout=2 * PATIENCE)
            finally:
                child.kill()
        seconds = time.monotonic() - start
        watch.join()
        record = {part["site"]: part for part in json.loads(told)["sites"]}
        with Archive(directory / "data" / "archive.sqlite3") as archive, archive.read() as conn:
            stored = {host: documents.count(conn, host) for host in (*HONEST, *HOSTILE)}
        crawl = max((size for is_crawl, size in peaks.values() if is_crawl), default=0)
        worker = max((size for is_crawl, size in peaks.values() if not is_crawl), default=0)
        print(f"{seconds:.0f} s, crawl {crawl >> 20} MiB, worker {worker >> 20} MiB, {len(server.log)} requests")
        for host in HOSTILE:
            part = record[host]
            counts = {k: v for k, v in part["counts"].items() if v}
            asked = len(server.asked(f"{host}.example"))
            print(f"{host:<22} {asked:>5} {part['status']:<8} {part['detail']} {counts}")
        yield Outcome(record, stored, crawl, worker, server)


def watched(child: subprocess.Popen[str], peaks: dict[int, tuple[bool, int]]) -> None:
    """Notes the highest memory of each process of the crawl, until it is over."""
    while child.poll() is None:
        with suppress(psutil.Error):
            for process in psutil.Process(child.pid).children(recursive=True):
                with suppress(psutil.Error):
                    known, peak = peaks.get(process.pid, (False, 0))
                    crawl = known or "_crawl" in process.cmdline()  # one that is ending has none
                    peaks[process.pid] = crawl, max(peak, process.memory_info().rss)
        time.sleep(0.1)


def test_there_are_forty_of_them() -> None:
    assert len(HOSTILE) >= 40
    assert len(HONEST) == 10


def test_the_honest_sites_are_complete(outcome: Outcome) -> None:
    assert {host: outcome.stored[host] for host in HONEST} == dict.fromkeys(HONEST, ARTICLES)
    assert {outcome.record[host]["status"] for host in HONEST} == {"ok"}


def test_the_run_ends_by_itself(outcome: Outcome) -> None:
    assert "timed out" not in {part["status"] for part in outcome.record.values()}, "it came to its deadline"


def test_no_process_takes_more_memory_than_it_may(outcome: Outcome) -> None:
    assert 0 < outcome.crawl < MEMORY
    assert 0 < outcome.worker < MEMORY


def test_no_host_is_asked_more_than_its_share(outcome: Outcome) -> None:
    share = 2 * PAGES + 300
    for host in HOSTILE:
        assert len(outcome.server.asked(f"{host}.example")) <= share + 2, host


@pytest.mark.parametrize("host", HOSTILE)
def test_a_hostile_site_s_account_adds_up(host: str, outcome: Outcome) -> None:
    part = outcome.record[host]
    counts = part["counts"]
    ends = ("stored", "unchanged", "duplicate", "refused", "quarantined", "pending")
    assert counts["discovered"] == sum(counts.get(name, 0) for name in ends)
    assert outcome.stored[host] <= ARTICLES


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("silent-feed", "did not answer|in time"), ("endless-feed", "too large"), ("headers", "too large"),
        ("gzip-feed", "too large"), ("slow-feed", "not parsed within"), ("ampersands", "ampersands"),
        ("loop", "redirections"), ("robots-away", "robots.txt"), ("walls", "pages were blocked"),
        ("hangs-up", "did not answer|in time|connection"),
    ],
)  # fmt: skip
def test_what_came_of_them_is_told(host: str, told: str, outcome: Outcome) -> None:
    detail = str(outcome.record[host]["detail"])
    assert re.search(told, detail, re.IGNORECASE), detail
