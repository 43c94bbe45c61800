"""One crawl in a process of its own: started, watched, timed out, recorded.

Twisted's reactor does not start twice, and a leak or a wedge ends with its process.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from crawler.config import Config
from crawler.processes import kill_group, start_child
from crawler.schedule import LastRun
from crawler.site import Site
from index.archive import Archive
from index.archive import runs as records
from index.archive import sites as site_states

log = logging.getLogger("arshif.runs")

ENDS_WELL = ("finished", "shutdown", "closespider_timeout")  # Scrapy's reasons: done, asked to end, at its deadline
OFFLINE = (  # what a person is told who has no network
    "No site could be reached, so this machine has no network. Arshif goes on trying; `make demo` works without one."
)
TOLD = {  # a run's counts in words
    "stored": "new", "changed": "changed", "unchanged": "unchanged", "duplicate": "copies", "refused": "refused",
    "failed": "failed", "pending": "left for later",
}  # fmt: skip
GRACE = 30.0  # seconds between SIGTERM and SIGKILL: a page under way is finished, a wedge is not waited for


@dataclass
class Run:
    """A crawl under way: its number in the archive, its sites, its process and its deadline (monotonic seconds)."""

    number: int
    sites: tuple[Site, ...]
    child: subprocess.Popen[bytes]
    deadline: float
    hosts: frozenset[str]
    ended_by: str = ""
    kill_at: float = field(default=float("inf"))

    def watch(self, now: float) -> bool:
        """Whether it has ended; past its deadline it is asked to, and GRACE later made to."""
        if self.child.poll() is not None:
            return True
        if now >= self.kill_at:
            log.error("run %d did not end in %g s: killed", self.number, GRACE)
            kill_group(self.child)
            self.child.wait()
            return True
        if now >= self.deadline and not self.ended_by:
            log.warning("run %d has reached its deadline: asked to end", self.number)
            self.stop("timed out")
        return False

    def stop(self, why: str) -> None:
        """Asks it to finish what is under way and end."""
        if not self.ended_by:
            self.ended_by = why
            self.kill_at = time.monotonic() + GRACE
            self.child.send_signal(signal.SIGTERM)


def start(config: Config, archive: Archive, sites: Iterable[Site], since: str = "", *, why: str) -> Run:
    """A crawl of these sites, started and recorded with the reason why. Call it from the main thread."""
    chosen = tuple(sites)
    ids = [site.id for site in chosen]
    now = datetime.now(UTC)
    number = archive.write(lambda conn: records.start(conn, ids, now, owner="arshif", why=why)).result()
    child = start_child(["_crawl", "--sites", ",".join(ids), "--run", str(number), "--since", since])
    deadline = time.monotonic() + config.settings.schedule.run_deadline * 60
    return Run(number, chosen, child, deadline, frozenset[str]().union(*(site.hosts for site in chosen)))


def finish(archive: Archive, run: Run) -> str:
    """Records the end of a run whose process has ended; gives its status: ok, failed, killed, timed out or stopped."""
    kill_group(run.child)  # what it may have left behind, such as a browser
    code, now = run.child.wait(), datetime.now(UTC)
    status = run.ended_by or ("ok" if code == 0 else "killed" if code < 0 else "failed")
    detail = None if code == 0 else f"exit code {code}" if code > 0 else f"ended by signal {-code}"

    def end(conn: Connection) -> None:
        record = records.get(conn, run.number)
        for part in record.sites if record else ():
            if part.status == "running" and run.ended_by != "stopped":  # it never came to say how the site went
                failures = site_states.state(conn, part.site).failures + 1
                site_states.put(conn, part.site, failures=failures, last_run=now, verdict="failing", detail=detail)
        records.finish(conn, run.number, status, now, detail=detail)

    archive.write(end).result()
    return status


def told(parts: Iterable[records.SiteRun]) -> str:
    """What became of the pages of these sites, in words: "4 new, 1 changed"; "nothing new" where there were none."""
    total = Counter[str]()
    for part in parts:
        total.update(part.counts)
    return ", ".join(f"{total[name]} {word}" for name, word in TOLD.items() if total[name]) or "nothing new"


def last_runs(conn: Connection) -> dict[str, LastRun]:
    """How each site's last crawl went, for the schedule; one that was cut short has no end, one of a time without a
    network never was."""
    states = {state.id: state for state in site_states.states(conn)}
    return {
        site: LastRun(
            part.started,
            part.ended if part.status in ("ok", "failed") else None,
            states[site].failures if site in states else 0,
        )
        for site, part in records.last_by_site(conn).items()
        if part.status != "offline"
    }


def crawl(sites: str, run: str, since: str) -> int:
    """The crawl itself, in the child: exit code 0 where the spider came to its end or was asked to."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    from scrapy.crawler import CrawlerProcess
    from scrapy.utils.project import get_project_settings

    settings = get_project_settings()
    settings.set("LOG_INSTALL_ROOT_HANDLER", False)  # the command has set up the log
    process = CrawlerProcess(settings)
    crawler = process.create_crawler("site")
    process.crawl(crawler, sites=sites, run=run, since=since)
    process.start()
    reason = crawler.stats.get_value("finish_reason") if crawler.stats else None
    return 0 if reason in ENDS_WELL else 1
