"""A crawl in its own process: starting, watching, timing out and recording it.

Twisted's reactor cannot be restarted, and a leak or a hang ends with its process.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from subprocess import PIPE

from sqlalchemy import Connection

from crawler import disk_space
from crawler.config import Config, load
from crawler.console import print_error
from crawler.errors import ArchiveError, ArshifError, Busy, ConfigError, LeaseLost
from crawler.logging_setup import set_up_log
from crawler.processes import parse_worker
from crawler.processes.child import Child, kill_group, name_process, start_child
from crawler.processes.fork_server import Forked, ForkServer
from crawler.scheduling.site_schedule import LastRun
from crawler.site_config import Site
from crawler.storage import expire_raw, open_archive, own_raw_place, raw_name, raw_place
from index.archive import Archive, expiry, host_turns, liveness, requests, site_previews, warc_files
from index.archive import runs as records
from index.archive import site_state as site_states
from index.locale import FALLBACK, translate
from index.model.codes import RunCause, RunDetail, RunStatus, Verdict
from index.model.message import Message
from index.warc.place import Place

log = logging.getLogger("arshif.runs")

ENDS_WELL = ("finished", "shutdown", "closespider_timeout")  # Scrapy's close reasons: done, asked to stop, timed out
EXIT_CODES = {error.__name__: error.exit_code for error in (Busy, ArchiveError, LeaseLost)}  # by close reason
ENDS = {  # a run's status, by the child's exit code
    0: RunStatus.OK,
    Busy.exit_code: RunStatus.BUSY,
    ArchiveError.exit_code: RunStatus.ARCHIVE_ERROR,
}
COUNT_LABELS = {  # a run's counts in words
    "new": "new", "changed": "changed", "unchanged": "unchanged", "duplicate": "copies", "refused": "refused",
    "quarantined": "unreadable", "failed": "failed", "later": "left for later",
}  # fmt: skip
ALONE_AFTER = 2  # runs in a row that died while they crawled a site, after which it is crawled with few others or none
ALONE_SHARE = 16  # of those that died together, so many of them: by ones below twice as many, and soon so of a thousand
GRACE = 30.0  # seconds between SIGTERM and SIGKILL: enough to finish a page, but a hang is not waited for


@dataclass
class Run:
    """A crawl under way: its number in the archive, its sites, its process, its deadline (monotonic seconds) and the
    folder of its raw responses; `lack` gives the reason why it may write no more (None: it may)."""

    number: int
    sites: tuple[Site, ...]
    child: Child
    deadline: float
    raw: Place
    lack: Callable[[], Message | None] = lambda: None
    ended_by: RunStatus | None = None
    kill_at: float = field(default=float("inf"))

    def watch(self, now: float) -> bool:
        """Whether the run has ended. Past its deadline it is asked to end, and GRACE seconds later it is killed."""
        if self.child.poll() is not None:
            return True
        if now >= self.kill_at:
            log.error("run %d did not end in %g s: killed", self.number, GRACE)
            kill_group(self.child)
            self.child.wait()
            return True
        if now >= self.deadline and not self.ended_by:
            log.warning("run %d has reached its deadline: asked to end", self.number)
            self.stop(RunStatus.TIMED_OUT)
        elif not self.ended_by and (lack := self.lack()):
            log.warning("run %d is asked to end: %s", self.number, translate(lack, FALLBACK))
            self.stop(RunStatus.DISK_FULL)
        return False

    def stop(self, why: RunStatus) -> None:
        """Ask the run to finish what is under way and end; `why` becomes its status."""
        if not self.ended_by:
            self.ended_by = why
            self.kill_at = time.monotonic() + GRACE
            self.child.send_signal(signal.SIGTERM)


def start(  # noqa: PLR0913 - all that a crawl is started with
    config: Config,
    archive: Archive,
    sites: Iterable[Site],
    since: str = "",
    *,
    why: RunCause,
    stderr: int | None = None,
    server: ForkServer | None = None,
    free: Callable[[Connection, Sequence[Site]], Sequence[Site]] = lambda _, sites: sites,
) -> Run:
    """Start a crawl of these sites and record it with its cause. Call it from the main thread. Its log goes to
    `stderr`, as for Popen. A `server` (`fork_server`) saves it the imports. `free` gives those of the sites that may
    still be crawled, when nobody else can begin a run any more.

    :raises Busy: when none may.
    :raises OSError: when the system cannot start a process.
    :raises ArchiveError: when the disk has too little space.
    """
    if lack := disk_space.shortage(config.settings):
        raise ArchiveError(lack)
    raw = own_raw_place(config)  # else the run would fetch what it cannot keep
    reap_dead_runs(config, archive)
    if expired := expire_raw(config, archive, datetime.now(UTC)):
        log.info("deleted %d file(s) of raw responses older than %d days", expired, config.settings.raw.keep_days)
    chosen = tuple(sites)
    ids = [site.id for site in chosen]
    now = datetime.now(UTC)
    archive.write(lambda conn: expiry.expire(conn, now, ids)).result()
    liveness.sweep(archive.folder)

    def begin(conn: Connection) -> tuple[int, tuple[Site, ...]]:
        records.hold_starts(conn)
        left = tuple(free(conn, chosen))
        if chosen and not left:
            raise Busy(Message(RunDetail.BUSY))
        return records.start(conn, [site.id for site in left], now, owner="arshif", why=Message(why)), left

    number, chosen = archive.write(begin).result()
    try:
        child = start_process(["_crawl", "--run", str(number), "--since", since], server, stderr)
    except OSError as error:
        detail = Message(RunDetail.NOT_STARTED, {"why": error.strerror or ""})
        archive.write(lambda conn: records.finish(conn, number, RunStatus.STOPPED, now, detail=detail)).result()
        raise
    deadline = time.monotonic() + config.settings.schedule.run_deadline * 60
    return Run(number, chosen, child, deadline, raw, partial(disk_space.shortage, config.settings))


def start_process(arguments: list[str], server: ForkServer | None, stderr: int | None = None) -> Child:
    """A new child that runs this command of `arshif`, forked from what is loaded if possible; as `start_child`.

    :raises OSError: when the system cannot start a process.
    """
    if server is None:
        return start_child(arguments, stderr)
    if stderr != PIPE:
        pid = server.start(arguments, [] if stderr is None else [stderr])
        return Forked(pid) if pid else start_child(arguments, stderr)
    reading, writing = os.pipe()
    try:
        pid = server.start(arguments, [writing])
    finally:
        os.close(writing)
    if pid:
        return Forked(pid, open(reading, "rb"))
    os.close(reading)
    return start_child(arguments, stderr)


def reap_dead_runs(config: Config, archive: Archive) -> list[int]:
    """End the runs whose process died without recording it, and truncate the raw response that each was writing.

    Returns their numbers. Their sites are due again soon.
    """
    delay = timedelta(seconds=config.settings.politeness.delay) if archive.database.shared else None
    dead = archive.write(lambda conn: _reap(conn, datetime.now(UTC), delay)).result()
    for run in dead:
        _repair(archive, raw_place(config), run)
    return dead


def _reap(conn: Connection, now: datetime, delay: timedelta | None) -> list[int]:
    dead = records.reap_dead(conn, now)
    for run in dead:
        _blame_one_that_kills(conn, run, now)
    if dead:  # which may have had them, and their hosts
        requests.settle_orphans(conn, now)
        site_previews.settle_orphans(conn, now)
        if delay is not None:
            host_turns.end_of(conn, dead, delay)
    return dead


def finish(archive: Archive, run: Run) -> RunStatus:
    """Record the end of a run whose process has ended; return its status.

    A process that died, or ended unasked before it was done, says nothing about the sites that it was crawling: they
    are due again at once. If that happens to a site again, the daemon crawls it with fewer and fewer others, and then
    alone (`index.archive.runs.deaths`); if it dies then, that site failed.
    """
    kill_group(run.child)  # what it may have left running, such as a browser
    code, now = run.child.wait(), datetime.now(UTC)

    def end(conn: Connection) -> RunStatus:
        record = records.get(conn, run.number)
        left = [part.site for part in record.sites if part.status == RunStatus.RUNNING] if record else []
        status = run.ended_by or ENDS.get(code) or (RunStatus.KILLED if code < 0 else RunStatus.FAILED)
        if status == RunStatus.OK and left:
            status = RunStatus.FAILED
        died = status in (RunStatus.KILLED, RunStatus.FAILED)
        detail = Message(RunDetail.EXIT_CODE if code >= 0 else RunDetail.SIGNAL, {"n": abs(code)})
        told = detail if died or code else None
        for site in left:  # whose outcome was not recorded
            if died:
                records.end_site(conn, run.number, site, RunStatus.KILLED, told)
            elif status == RunStatus.TIMED_OUT:
                blame(conn, site, told, now)
        records.finish(conn, run.number, status, now, detail=told)
        if died and code != ConfigError.exit_code:  # it could not begin: no site's fault
            _blame_one_that_kills(conn, run.number, now)
        return status

    status = archive.write(end).result()
    if code != 0:
        _repair(archive, run.raw, run.number)
    return status


def _blame_one_that_kills(conn: Connection, run: int, now: datetime) -> None:
    """Record that the only site of a run that died failed, if runs with it had died before."""
    record = records.get(conn, run)
    parts = record.sites if record else ()
    if len(parts) != 1 or parts[0].status != RunStatus.KILLED:
        return
    site = parts[0].site
    times = records.deaths(conn, [site])[site]
    if times >= ALONE_AFTER:
        blame(conn, site, Message(RunDetail.KILLS_RUNS, {"n": times}), now)


def _repair(archive: Archive, raw: Place, run: int) -> None:
    """Cut off what a dead run left torn in its WARC files, after the last record that the archive refers to; a file to
    which it refers nowhere is to be deleted. One from before the run is another archive's, and stays."""
    there = raw.listed(f"{raw_name(run)}-")  # with its time as it was before the repair, which changes it
    ends, record = archive.ask(lambda conn: (warc_files.ends(conn, list(there)), records.get(conn, run)))
    raw.repair(ends)
    begun = record.started.timestamp() if record is not None else math.inf
    unused = [file for file, end in ends.items() if not end and there[file].modified >= begun]
    if unused:
        archive.write(partial(warc_files.discard, files=unused)).result()


def blame(conn: Connection, site: str, detail: Message | None, now: datetime) -> None:
    """Record that a site's crawl failed, so that it waits for an hour, and for twice as long after each further one."""
    failures = site_states.state(conn, site).failures + 1
    failed = {"failures": failures, "last_run": now, "verdict": Verdict.FAILING, "detail": detail}
    site_states.put(conn, site, **failed)


def summary(parts: Iterable[records.SiteRun]) -> str:
    """The outcomes of these sites' pages in words: "4 new, 1 changed"; "nothing new" if there were none; and how many
    of the sites failed."""
    parts, total = list(parts), Counter[str]()
    for part in parts:
        total.update(part.counts)
    total["new"], total["later"] = total["stored"] - total["changed"], total["pending"] - total["failed"]
    words = COUNT_LABELS | ({"duplicate": "copy"} if total["duplicate"] == 1 else {})
    done = ", ".join(f"{total[name]} {word}" for name, word in words.items() if total[name]) or "nothing new"
    failed = sum(part.status == RunStatus.FAILED for part in parts)
    return f"{done}; {failed} of {len(parts)} sites failed" if failed else done


def last_runs(conn: Connection, sites: Sequence[str]) -> dict[str, LastRun]:
    """The last crawl of each of these sites that had one, for the schedule. One that was cut short has no end, unless
    the site is why; one without a network does not count. The end is the site's own, as the run may still be crawling
    others; the run's where the site's was not recorded, because the crawl was asked to end before it had answered."""
    states = site_states.some(conn, sites)
    last = {}
    for site, part in records.last_by_site(conn, sites).items():
        state = states.get(site) or site_states.SiteState(site)
        if part.status != RunStatus.OFFLINE:
            own = state.last_run if state.last_run and state.last_run >= part.started else None
            cut = part.status not in (RunStatus.OK, RunStatus.FAILED)
            ended = own or (None if cut else part.ended or state.last_run)
            busy = part.status == RunStatus.HOST_BUSY
            last[site] = LastRun(part.started, ended, state.failures, blamed=cut and own is not None, host_busy=busy)
        elif state.last_success is not None:
            last[site] = LastRun(state.last_success, state.last_success, state.failures)
    return last


def crawl(run: str, since: str) -> int:
    """Run the crawl itself, of the sites that the archive has for this run, in the child process; return the exit code.

    It is 0 if the spider finished, was asked to end or timed out, otherwise that of the error that ended it.

    :raises ConfigError: when the configuration is not valid.
    :raises ArchiveError: when the archive cannot be used.
    """
    from crawler.processes.spider_process import run_spider  # Scrapy, which the daemon does without

    config = load(only=())
    set_up_log(form=config.settings.log)
    with open_archive(config) as archive:
        with archive.read() as conn:
            record = records.get(conn, int(run))
        ids = [part.site for part in record.sites] if record else []
        config = load(only=ids or None, archive=archive)
    crawler = run_spider("site", config=config, sites=",".join(ids), run=run, since=since)
    reason = crawler.stats.get_value("finish_reason") if crawler.stats else None
    return 0 if reason in ENDS_WELL else EXIT_CODES.get(str(reason), 1)


# --- crawls that are forked ------------------------------------------------------------------------------------------


def fork_server(*, pages: bool, commands: Mapping[str, Callable[[], int]] | None = None) -> ForkServer:
    """A process that has loaded all that a crawl takes, to be given to `start`; also what its workers take to read
    `pages`, which a single crawl may not find. `start_process` can have it do these `commands` too, which return their
    exit code. Make it before any thread begins."""
    return ForkServer(_load_all if pages else _load, partial(_run, commands or {}), lasts=True)


def _load() -> None:
    from crawler.processes.spider_process import load_components

    load_components()


def _load_all() -> None:
    _load()
    parse_worker.warm()


def _run(commands: Mapping[str, Callable[[], int]], arguments: list[str], fds: Sequence[int]) -> None:
    """Crawls, or does one of the commands, like `arshif` with these arguments; its log goes to the first of the files,
    if there is one."""
    if fds:
        os.dup2(fds[0], sys.stderr.fileno())
    name_process("arshif", *arguments)
    try:
        command = commands.get(arguments[0])
        code = command() if command else crawl(*arguments[2::2])
    except ArshifError as error:
        print_error(f"arshif: {error}")
        code = error.exit_code
    sys.exit(code)
