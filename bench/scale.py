"""What many sites cost: `make bench-scale`.

    python -m bench.scale [--rounds 9]

An archive with 200, with 2,000 and with 20,000 sites, each with a file of its own, a source whose publication rate is
known, 20 pages and 10 articles; in each, 100 sites are due. By the processor's time, medians of all rounds: a look at
the schedule, as the daemon makes it, with 20,000 beside 2,000; and with 20,000 beside 200: `arshif status`, the page
`/sites`, `/metrics`, and a check of the sites' health of which 100 were crawled since the last one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from sqlalchemy import Connection, insert, update

from crawler.config import Config, load
from crawler.daemon import Daemon
from crawler.monitoring.health_job import Checkups
from crawler.onboarding.site_desk import SiteDesk
from crawler.storage import open_archive, open_index
from index.archive import Archive
from index.archive import tables as t
from index.web.app import create_app

SIZES = FEW, SOME, MANY = 200, 2_000, 20_000
DUE = 100
PAGES, ARTICLES = 20, 10  # of each site
LOOK_MOST, READ_MOST = 1.5, 2.0  # times
HOUR = timedelta(hours=1)
SITE = """\
name: Paper {n}
homepage: https://p{n}.example/
country: {country}
languages: [ar]
time_zone: Asia/Damascus
sources: [{{kind: feed, url: "https://p{n}.example/feed"}}]
enabled: true
"""
COUNTRIES = ("SY", "LB", "JO", "IQ", "EG")


class Place:
    """An archive with so many sites, and what is measured in it."""

    def __init__(self, sites: int, home: Path, stack: ExitStack) -> None:
        self.sites, self.home = sites, home
        _write_files(home, sites)
        began = time.process_time()
        self.config: Config = load(home / "config", {})
        self.loading = time.process_time() - began
        self.archive: Archive = stack.enter_context(open_archive(self.config))
        engine = stack.enter_context(open_index(self.config))
        now = datetime.now(UTC)
        self.archive.write(lambda conn: _fill(conn, sites, now)).result()
        self.daemon = Daemon(self.config, self.archive, web=False)
        while len(found := self.daemon.due()) != DUE:  # new turns are computed over several looks
            assert len(found) < DUE, found
        self.app = create_app(self.archive, engine, site_desk=SiteDesk(self.config, self.archive))
        self.checkups = Checkups(self.archive)
        self.checkups.next(self.config, now)

    def look(self) -> None:
        """A look at the schedule."""
        assert len(self.daemon.due()) == DUE

    def status(self) -> None:
        """`arshif status`."""
        there = {"ARSHIF_CONFIG": str(self.home / "config"), "ARSHIF_DATA": str(self.home / "data")}
        command = [sys.executable, "-m", "crawler.cli", "status"]
        subprocess.run(command, env=os.environ | there, stdout=subprocess.DEVNULL, check=True)

    def get(self, path: str) -> None:
        """A page."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
                return await client.get(path)

        assert asyncio.run(ask()).status_code == 200

    def check(self) -> None:
        """A check of the sites' health, after DUE of them were crawled."""
        now = datetime.now(UTC)
        crawled = [f"p{n}" for n in range(DUE)]
        again = update(t.sites).where(t.sites.c.id.in_(crawled)).values(last_run=now)
        self.archive.write(lambda conn: conn.execute(again)).result()
        self.checkups.next(self.config, now)


def _write_files(home: Path, sites: int) -> None:
    folder = home / "config" / "sites"
    for country in COUNTRIES:
        (folder / country.lower()).mkdir(parents=True)
    (home / "config" / "arshif.yaml").write_text("contact: bench@arshif.example\n", "utf-8")
    for n in range(sites):
        country = COUNTRIES[n % len(COUNTRIES)]
        (folder / country.lower() / f"p{n}.yaml").write_text(SITE.format(n=n, country=country), "utf-8")


def _fill(conn: Connection, sites: int, now: datetime) -> None:
    """A run of all sites minutes ago; those that are due were last polled a day ago."""
    run = conn.execute(
        insert(t.runs).values(started=now - HOUR, ended=now - HOUR / 2, status="ok").returning(t.runs.c.id)
    ).scalar_one()
    facts, sources, parts, pages, articles = [], [], [], [], []
    for n in range(sites):
        site, last = f"p{n}", now - (24 * HOUR if n < DUE else timedelta(minutes=5))
        facts.append(
            {"id": site, "name": f"Paper {n}", "homepage": f"https://p{n}.example/", "country": "SY"}
            | {"languages": ["ar"], "last_run": now - HOUR / 2, "last_success": now - HOUR / 2}
        )
        sources.append(
            {"site": site, "url": f"https://p{n}.example/feed", "kind": "feed", "polled": last, "asked": last}
        )
        parts.append({"run": run, "site": site, "status": "ok", "discovered": PAGES, "stored": PAGES})
        for page in range(PAGES):
            url = f"https://p{n}.example/{page}"
            pages.append(
                {"site": site, "url": url, "newest": now - page * HOUR, "discovered": now - page * HOUR}
                | {"state": "stored", "fetched": now - page * HOUR, "visits": 1, "due": now + 72 * HOUR}
            )
        for page in range(ARTICLES):
            articles.append(
                {"id": f"{site}-{page}", "site": site, "url": f"https://p{n}.example/{page}", "number": 1}
                | {"revision": 1, "content_hash": f"{n}-{page}", "mergeable": True, "first_seen": now - page * HOUR}
                | {"sort_date": now - page * HOUR}
            )
    for table, rows in (
        *((t.sites, facts), (t.sources, sources), (t.run_sites, parts)),
        *((t.articles, articles), (t.frontier, pages)),
    ):
        conn.execute(insert(table), rows)


def cpu(action: Callable[[], object]) -> float:
    """Seconds of all processors that this process, and the children that have ended, used during this."""

    def used() -> float:
        both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(one.ru_utime + one.ru_stime for one in both)

    before = used()
    action()
    return used() - before


MEASURED: tuple[tuple[str, Callable[[Place], object], int, float], ...] = (  # what, beside how many sites, at most
    (f"a look at the schedule, {DUE} due", Place.look, SOME, LOOK_MOST),
    ("arshif status", Place.status, FEW, READ_MOST),
    ("/sites", lambda place: place.get("/sites"), FEW, READ_MOST),
    ("/metrics", lambda place: place.get("/metrics"), FEW, READ_MOST),
    (f"a check of the sites' health, {DUE} crawled", Place.check, FEW, READ_MOST),
)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=9)
    rounds = arguments.parse_args().rounds
    good = True
    with TemporaryDirectory(prefix="arshif-scale-") as folder, ExitStack() as stack:
        places = {size: Place(size, Path(folder) / str(size), stack) for size in SIZES}
        for name, action, beside, most in MEASURED:
            spent: dict[int, list[float]] = {size: [] for size in SIZES}
            for number in range(rounds + 1):
                for size, place in places.items():  # by turns, so that a busy machine is busy for all
                    took = cpu(lambda place=place, action=action: action(place))  # type: ignore[misc]
                    if number:  # the first round fills caches
                        spent[size].append(took)
            middle = {size: statistics.median(times) for size, times in spent.items()}
            times = middle[MANY] / middle[beside]
            good &= (well := times <= most)
            figures = ", ".join(f"{size:,} sites {1_000 * took:.0f} ms" for size, took in middle.items())
            told = f"{times:.2f} times that of {beside:,} (at most {most:g})"
            print(f"{name}: {figures}: {told}: {'pass' if well else 'FAIL'}", flush=True)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
