"""One crawl in a process of its own: started, watched, timed out, recorded.

Twisted's reactor does not start twice, and a leak or a wedge ends with its process.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crawler.config import Config
from crawler.processes import kill_group, start_child
from crawler.site import Site
from index.archive import Archive, runs

log = logging.getLogger("arshif.runs")

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


def start(config: Config, archive: Archive, sites: Iterable[Site], since: str = "") -> Run:
    """A crawl of these sites, started and recorded. Call it from the main thread."""
    chosen = tuple(sites)
    ids = [site.id for site in chosen]
    number = archive.write(lambda conn: runs.start(conn, ids, os.getpid(), datetime.now(UTC))).result()
    child = start_child(["_crawl", "--sites", ",".join(ids), "--run", str(number), "--since", since])
    deadline = time.monotonic() + config.settings.schedule.run_deadline * 60
    return Run(number, chosen, child, deadline, frozenset().union(*(site.hosts for site in chosen)))


def finish(archive: Archive, run: Run) -> str:
    """Records the end of a run whose process has ended; gives its status: ok, failed, timed out or stopped."""
    code = run.child.returncode
    status = run.ended_by or ("ok" if code == 0 else "failed")
    detail = "" if code == 0 else f"exit code {code}" if code > 0 else f"ended by signal {-code}"
    archive.write(lambda conn: runs.finish(conn, run.number, status, detail, datetime.now(UTC))).result()
    kill_group_leftovers(run.child)
    return status


def kill_group_leftovers(child: subprocess.Popen[bytes]) -> None:
    """Ends what a crawl may have left behind, such as a browser."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def crawl(sites: str, run: str, since: str) -> int:
    """The crawl itself, in the child: exit code 0 when the spider closed by itself."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415 - only a crawl pays for Scrapy's import
    from scrapy.utils.project import get_project_settings  # noqa: PLC0415

    process = CrawlerProcess(get_project_settings())
    crawler = process.create_crawler("site")
    process.crawl(crawler, sites=sites, run=run, since=since)
    process.start()
    reason = crawler.stats.get_value("finish_reason") if crawler.stats else None
    return 0 if reason in ("finished", "shutdown", "closespider_timeout") else 1
