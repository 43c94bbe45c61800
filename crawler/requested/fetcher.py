"""The fetching of requested addresses: in this process, or in a child that is started when some wait."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection

from crawler import disk_space
from crawler.config import Config
from crawler.errors import ArchiveError
from crawler.processes import crawl_process
from crawler.processes.child import end_child, kill_group, start_child
from crawler.requested import desk
from crawler.site_config import Site
from index.archive import Archive, expiry, requests
from index.archive import runs as records
from index.model.codes import FetchReason, RequestWay, RunCause, RunDetail, RunStatus
from index.model.message import Message

log = logging.getLogger("arshif.requests")

LOOK = 1.0  # seconds between two looks for what waits
REST = 30.0  # seconds after a child that failed
STATUSES = {"finished": RunStatus.OK, "shutdown": RunStatus.STOPPED, "closespider_timeout": RunStatus.TIMED_OUT}


def fetch(
    config: Config,
    archive: Archive,
    urls: Sequence[str] | None = None,
    told: Callable[[str], None] = lambda _: None,
    *,
    facsimile: bool = False,
) -> tuple[list[int], RunStatus]:
    """Fetch these addresses (in canonical form), with a `facsimile` or without, or else those that wait, in this
    process, which can do so once; return the numbers of their requests, and how the run ended. `told` is called with
    each address that is done.

    What cannot be fetched because another process crawls its site is done at once if it is among `urls`, else it waits.

    :raises ArchiveError: when the disk has too little space.
    """
    if lack := disk_space.shortage(config.settings):
        raise ArchiveError(lack)
    crawl_process.reap_dead_runs(config, archive)
    archive.write(lambda conn: expiry.expire(conn, datetime.now(UTC))).result()
    run, numbers, sites = archive.write(lambda conn: _claim(conn, config, urls, facsimile)).result()
    if not run:
        return numbers, RunStatus.OK
    status = RunStatus.FAILED
    try:
        status = _run(run, sites, told)
    finally:
        archive.write(lambda conn: _end(conn, run, status)).result()
    return numbers, status


def _claim(
    conn: Connection, config: Config, urls: Sequence[str] | None, facsimile: bool
) -> tuple[int, list[int], tuple[Site, ...]]:
    """Claims what can be fetched for a new run: its number, 0 if there is nothing; all requests; the sites."""
    now = datetime.now(UTC)
    requests.settle_orphans(conn, now)
    if urls is not None:
        asked = [desk.ask(conn, config, url, RequestWay.COMMAND, facsimile=facsimile) for url in urls]
        chosen = desk.free(conn, config, asked)
        left = {one.id for one in asked} - {one.id for one in chosen}
        requests.settle(conn, sorted(left), Message(RunDetail.BUSY), now)
    else:
        asked = chosen = desk.ready(conn, config)
    if not chosen:
        return 0, [one.id for one in asked], ()
    run = records.start(conn, [], now, owner="arshif", why=Message(RunCause.ADDRESSES, {"n": len(chosen)}))
    requests.claim(conn, [one.id for one in chosen], run)
    return run, [one.id for one in asked], tuple(desk.sites_of(conn, config, chosen).values())


def _run(run: int, sites: tuple[Site, ...], told: Callable[[str], None]) -> RunStatus:
    from crawler.processes.spider_process import run_spider  # Scrapy, which whoever starts children does without

    crawler = run_spider("addresses", run=str(run), asked=sites, told=told)
    reason = crawler.stats.get_value("finish_reason") if crawler.stats else None
    return STATUSES.get(str(reason), RunStatus.FAILED)


def _end(conn: Connection, run: int, status: RunStatus) -> None:
    now = datetime.now(UTC)
    if status == RunStatus.OK:  # what it has left all the same, the next run would leave as well
        left = [one.id for one in requests.of_run(conn, run) if one.ended is None]
        requests.settle(conn, left, Message(FetchReason.CRAWL_ENDED), now)
    requests.let_go(conn, run, now)
    records.finish(conn, run, status, now)


class AddressFetcher:
    """Starts a child whenever requested addresses wait and none is at work; call `watch` again and again, from the
    main thread."""

    def __init__(self, config: Config, archive: Archive) -> None:
        self.config, self.archive = config, archive
        self.child: subprocess.Popen[bytes] | None = None
        self.settled = False  # whether no request is left of a run that died
        self.asked_to_end = False
        self.deadline = 0.0  # monotonic seconds, as all here
        self.rest_until = self.next_look = 0.0

    def watch(self, now: float) -> None:
        """Start a child if one is needed; end one that takes too long.

        :raises OSError: when the system cannot start a process.
        """
        if self.child is not None:
            if self.child.poll() is None:
                self._hurry(self.child, now)
                return
            kill_group(self.child)  # what it may have left running, such as a browser
            if self.child.returncode:
                log.error("requested addresses: exit code %d; retrying in %g s", self.child.returncode, REST)
                self.rest_until, self.settled = now + REST, False
            self.child = None
        if not self.settled:  # what a child that died, or a daemon before this one, has left
            crawl_process.reap_dead_runs(self.config, self.archive)
            self.archive.write(lambda conn: requests.settle_orphans(conn, datetime.now(UTC))).result()
            self.settled = True
        if now < self.rest_until or disk_space.shortage(self.config.settings):
            return
        with self.archive.read() as conn:
            needed = bool(desk.ready(conn, self.config))
        if needed:
            self.deadline = now + self.config.settings.schedule.run_deadline * 60
            self.asked_to_end = False
            self.child = start_child(["_archive"])

    def _hurry(self, child: subprocess.Popen[bytes], now: float) -> None:
        """Ask a child that is past its deadline to end, and GRACE seconds later kill it; this waits for nothing."""
        if now >= self.deadline + crawl_process.GRACE:
            kill_group(child)
        elif now >= self.deadline and not self.asked_to_end:
            log.warning("requested addresses took too long: asked to end")
            self.asked_to_end = True
            child.terminate()

    def tick(self) -> None:
        """As `watch`, about once a second however often it is called; a failure is logged, and tried again later."""
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + LOOK
        try:
            self.watch(now)
        except (OSError, ArchiveError) as error:
            log.error("%s; retrying in %g s", error, REST)
            self.next_look = now + REST

    def end(self) -> None:
        """End the child; what it has not fetched waits for the next one."""
        if self.child is not None:
            end_child(self.child, crawl_process.GRACE)
            kill_group(self.child)
            self.archive.write(partial(_let_go, process=self.child.pid)).result()
            self.child = None


def _let_go(conn: Connection, process: int) -> None:
    """Lets go of what a process that was ended on purpose has left, if it had to be killed."""
    for run in {one.run for one in requests.running(conn) if one.run is not None}:
        record = records.get(conn, run)
        if record is not None and record.pid == process:
            requests.let_go(conn, record.id, datetime.now(UTC))
