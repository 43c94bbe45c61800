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
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from crawler import disk_space
from crawler.config import Config
from crawler.errors import ArchiveError, Busy, LeaseLost
from crawler.processes.child import kill_group, start_child
from crawler.scheduling.site_schedule import LastRun
from crawler.site_config import Site
from crawler.storage import expire_raw, raw_folder, raw_name
from index.archive import Archive
from index.archive import runs as records
from index.archive import site_state as site_states
from index.warc.store import repair

log = logging.getLogger("arshif.runs")

ENDS_WELL = ("finished", "shutdown", "closespider_timeout")  # Scrapy's reasons: done, asked to end, at its deadline
EXIT_CODES = {error.__name__: error.exit_code for error in (Busy, ArchiveError, LeaseLost)}  # by the spider's reason
ENDS = {0: "ok", Busy.exit_code: "busy"}  # how a run went, by the child's exit code
OFFLINE = (  # what a person is told who has no network
    "No site could be reached, so this machine has no network. Arshif goes on trying; `make demo` works without one."
)
COUNT_LABELS = {  # a run's counts in words
    "new": "new", "changed": "changed", "unchanged": "unchanged", "duplicate": "copies", "refused": "refused",
    "quarantined": "unreadable", "failed": "failed", "later": "left for later",
}  # fmt: skip
GRACE = 30.0  # seconds between SIGTERM and SIGKILL: a page under way is finished, a wedge is not waited for


@dataclass
class Run:
    """A crawl under way: its number in the archive, its sites, its process, its deadline (monotonic seconds), the
    folder where it keeps raw copies, and why it may write no more ("": it may)."""

    number: int
    sites: tuple[Site, ...]
    child: subprocess.Popen[bytes]
    deadline: float
    raw: Path
    lack: Callable[[], str] = str
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
        elif not self.ended_by and (lack := self.lack()):
            log.warning("run %d is asked to end: %s", self.number, lack)
            self.stop("disk full")
        return False

    def stop(self, why: str) -> None:
        """Asks it to finish what is under way and end."""
        if not self.ended_by:
            self.ended_by = why
            self.kill_at = time.monotonic() + GRACE
            self.child.send_signal(signal.SIGTERM)


def start(config: Config, archive: Archive, sites: Iterable[Site], since: str = "", *, why: str) -> Run:
    """A crawl of these sites, started and recorded with the reason why. Call it from the main thread.

    :raises OSError: the system starts no process now.
    :raises ArchiveError: the disk has not enough room.
    """
    if lack := disk_space.shortage(config.settings):
        raise ArchiveError(lack)
    reap_dead_runs(config, archive)
    if expired := expire_raw(config, archive, datetime.now(UTC)):
        log.info("%d file(s) of raw copies were older than %d days: deleted", expired, config.settings.raw.keep_days)
    chosen = tuple(sites)
    ids = [site.id for site in chosen]
    now = datetime.now(UTC)
    number = archive.write(lambda conn: records.start(conn, ids, now, owner="arshif", why=why)).result()
    try:
        child = start_child(["_crawl", "--sites", ",".join(ids), "--run", str(number), "--since", since])
    except OSError as error:
        told = f"not started: {error.strerror}"
        archive.write(lambda conn: records.finish(conn, number, "stopped", now, detail=told)).result()
        raise
    deadline = time.monotonic() + config.settings.schedule.run_deadline * 60
    return Run(number, chosen, child, deadline, raw_folder(config), partial(disk_space.shortage, config.settings))


def reap_dead_runs(config: Config, archive: Archive) -> list[int]:
    """Ends the runs whose process died without a word, and cuts off the raw copy that each was writing; gives their
    numbers. Their sites are due again soon."""
    dead = archive.write(lambda conn: records.reap_dead(conn, datetime.now(UTC))).result()
    for run in dead:
        repair(raw_folder(config), raw_name(run))
    return dead


def finish(archive: Archive, run: Run) -> str:
    """Records the end of a run whose process has ended; gives its status: ok, busy, failed, killed, timed out,
    disk full or stopped."""
    kill_group(run.child)  # what it may have left behind, such as a browser
    code, now = run.child.wait(), datetime.now(UTC)
    status = run.ended_by or ENDS.get(code) or ("killed" if code < 0 else "failed")
    detail = None if code == 0 else f"exit code {code}" if code > 0 else f"ended by signal {-code}"
    blame = status not in ("stopped", "busy", "disk full") and code != ArchiveError.exit_code

    def end(conn: Connection) -> None:
        record = records.get(conn, run.number)
        for part in record.sites if record else ():
            if part.status == "running" and blame:  # it never came to say how the site went
                failures = site_states.state(conn, part.site).failures + 1
                site_states.put(conn, part.site, failures=failures, last_run=now, verdict="failing", detail=detail)
        records.finish(conn, run.number, status, now, detail=detail)

    archive.write(end).result()
    if code != 0:
        repair(run.raw, raw_name(run.number))
    return status


def summary(parts: Iterable[records.SiteRun]) -> str:
    """What became of the pages of these sites, in words: "4 new, 1 changed"; "nothing new" where there were none."""
    total = Counter[str]()
    for part in parts:
        total.update(part.counts)
    total["new"], total["later"] = total["stored"] - total["changed"], total["pending"] - total["failed"]
    words = COUNT_LABELS | ({"duplicate": "copy"} if total["duplicate"] == 1 else {})
    return ", ".join(f"{total[name]} {word}" for name, word in words.items() if total[name]) or "nothing new"


def last_runs(conn: Connection) -> dict[str, LastRun]:
    """How each site's last crawl went, for the schedule; one that was cut short has no end, one of a time without a
    network counts for nothing."""
    states = {state.id: state for state in site_states.states(conn)}
    last = {}
    for site, part in records.last_by_site(conn).items():
        state = states.get(site) or site_states.SiteState(site)
        if part.status != "offline":
            ended = state.last_run if part.status in ("ok", "failed") else None  # the run may still be at other sites
            last[site] = LastRun(part.started, ended, state.failures)
        elif state.last_success is not None:
            last[site] = LastRun(state.last_success, state.last_success, state.failures)
    return last


def crawl(sites: str, run: str, since: str) -> int:
    """The crawl itself, in the child: exit code 0 where the spider came to its end or was asked to, else that of the
    error that ended it."""
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
    return 0 if reason in ENDS_WELL else EXIT_CODES.get(str(reason), 1)
