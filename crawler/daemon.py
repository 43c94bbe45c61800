"""The daemon: starts a run for the sites that are due, and keeps the indexer and the web server alive.

It crawls nothing itself. The scheduler's threads only put messages on a queue, the bell; the main thread acts on them,
because children die with the thread that started them.
"""

from __future__ import annotations

import logging
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection

from crawler import disk_space
from crawler.archive_place import database
from crawler.config import Config, FollowedSites
from crawler.errors import ArchiveError, ArshifError, Busy, ConfigError
from crawler.maintenance import manifests
from crawler.maintenance.compaction import DailyCompaction
from crawler.maintenance.minhash_backfill import MinHashBackfill
from crawler.monitoring import notifications, saved_search_alerts
from crawler.monitoring.health_job import Checkups
from crawler.processes import crawl_process, machine
from crawler.processes.child import end_child, start_child
from crawler.processes.fork_server import ForkServer
from crawler.processes.machine import Machine, Upkeep
from crawler.requested.fetcher import AddressFetcher
from crawler.requested.previewer import SitePreviewer
from crawler.session.site_turns import SiteTurns
from crawler.site_config import Site
from crawler.storage import open_index
from index.archive import Archive, erasure, health, near_duplicates, requests, turns
from index.archive import runs as records
from index.archive.database import StillHeld
from index.locale import FALLBACK, duration, translate
from index.model.codes import RunCause, RunDetail, RunStatus, Verdict
from index.model.message import Message

log = logging.getLogger("arshif.daemon")

DISK = "the disk"  # stands in for a site in alerts about the disk
MAX_SITES_LOGGED = 8  # the log names up to this many sites of a run; of more, it gives the number
OFFLINE_REST = 60.0  # seconds between two attempts without a network
BROKEN_REST = 60.0  # seconds between two attempts when the archive cannot be written, or no crawl can begin
TICK = 1.0  # seconds
REQUESTS_FIRST = timedelta(minutes=1)  # in which a site is left to an address that a person asks for
IDLE_INTERVAL = timedelta(seconds=10)  # between two checks of what is due, at most: others may crawl alongside
# Seconds of drift between the wall clock and the monotonic clock that are reported as a jump; NTP corrects less
CLOCK_JUMP = 30.0
CHECKUP = 600.0  # seconds between two health checks of the sites
RESTART = (5.0, 300.0)  # seconds before a helper (indexer, web server) that ended is restarted: at first, and at most
STEADY_AFTER = 60.0  # seconds of life after which a helper's restart delay is back to the first one


@contextmanager
def only_daemon(config: Config) -> Iterator[StillHeld]:
    """No other daemon runs for this archive (of several machines, none of this name) during the block, which is given a
    function to make sure of that.

    :raises Busy: when one does; the message names its process.
    """
    settings = config.settings
    with ExitStack() as stack:
        try:
            still_alone = stack.enter_context(database(config.settings).daemon_lock(machine.name_of(config)))
        except Busy as error:
            process = error.message.params["process"]
            place = database(config.settings).name if settings.archive else str(settings.data)
            raise Busy(Message("error.already_running", {"process": process, "folder": place})) from None
        yield still_alone


class Helper:
    """A child that lives as long as the daemon: restarted when it ends, with a growing delay if it ends soon."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.arguments = arguments
        self.child: subprocess.Popen[bytes] | None = None
        self.started = 0.0  # monotonic seconds, as all here
        self.next_start = 0.0
        self.wait = RESTART[0]

    def watch(self, now: float) -> None:
        """Start the child if it is not running and its restart delay has passed."""
        if self.child is not None and self.child.poll() is not None:
            if now - self.started > STEADY_AFTER:
                self.wait = RESTART[0]
            code = self.child.returncode
            how = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
            log.error("the %s ended %s; restarting it in %g s", self.name, how, self.wait)
            self.child, self.next_start = None, now + self.wait
            self.wait = min(self.wait * 2, RESTART[1])
        if self.child is None and now >= self.next_start:
            self.started = now
            self.child = start_child(self.arguments)


class Daemon:
    """Runs until SIGTERM or SIGINT, then finishes what is under way within `crawl_process.GRACE` seconds."""

    def __init__(
        self,
        config: Config,
        archive: Archive,
        web: bool,
        server: ForkServer | None = None,
        still_alone: StillHeld = lambda: None,
    ) -> None:
        self.config = config
        self.server = server  # of which runs are forked, and what people ask for
        self.still_alone = still_alone  # raises Busy once another daemon runs
        self.archive = archive
        self.helpers = [Helper("shipper", ["_ship"]) for _ in range(config.settings.index.indexers)]
        self.helpers += [Helper("web server", ["serve"])] if web else []
        self.running: list[crawl_process.Run] = []
        self.rest_until = 0.0  # monotonic seconds
        self.broken_until = 0.0
        self.next_look = 0.0  # next check of what is due: the archive need not be queried every second
        self.offline = False
        self.full: bool | None = None  # whether the disk was short of space; None: not checked yet
        self.clock = time.time() - time.monotonic()
        self.signing = MinHashBackfill(archive)
        self.ending = threading.Event()
        self.compaction = DailyCompaction(archive, config, time.monotonic(), self.ending.is_set)
        self.on_demand = (AddressFetcher(config, archive, server), SitePreviewer(config, archive, server))
        self.machine = Machine(config, archive)
        self.upkeep = Upkeep(archive)
        self.turns = SiteTurns(archive)
        self.checkups = Checkups(archive)
        self.sites = FollowedSites(config, archive)
        self.disk = f"{DISK} of {self.machine.name}" if self.machine.shared else DISK
        self.suspected = True  # whether the last run was of sites whose runs have died
        self.seen = 0  # the newest run when what is due was looked at
        self.mistake = ""  # in what describes a site, as it was last told
        self.bell: queue.SimpleQueue[str] = queue.SimpleQueue()

    def run(self) -> None:
        """Run until told to end. Call it from the main thread, within `only_daemon`."""
        with ExitStack() as stack:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.bell.put("stop"))
            if dead := crawl_process.reap_dead_runs(self.config, self.archive):
                log.warning("%d run(s) died with the process that started them; their sites are due again", len(dead))
            stack.callback(self.upkeep.end)
            scheduler = self._scheduler()
            stack.callback(scheduler.shutdown)  # waits for `supervise`, which needs the archive
            stack.callback(self.end)
            while True:
                self.watch_clock(scheduler)
                self.tick()
                if self.machine.to_end and not self.running and all(work.child is None for work in self.on_demand):
                    log.info("this machine is drained: it ends")
                    return
                if self.is_stopping() == "stop":
                    log.info("asked to end" + (f": finishing {len(self.running)} run(s)" if self.running else ""))
                    return

    def is_stopping(self) -> str:
        """The next message on the bell, or "tick" if none comes because the scheduler waits for a distant time."""
        try:
            return self.bell.get(timeout=5 * TICK)
        except queue.Empty:
            return "tick"

    def watch_clock(self, scheduler: BackgroundScheduler) -> None:
        """Log a jump of the wall clock, or a suspended machine, and reschedule.

        The scheduler waits for times on the wall clock: after an hour's step back it would fire an hour late, so its
        jobs are scheduled anew.
        """
        clock = time.time() - time.monotonic()
        moved, self.clock = clock - self.clock, clock
        if abs(moved) < CLOCK_JUMP:
            return
        how = "forward, or the machine slept," if moved > 0 else "back"
        log.warning("the clock went %s by %s", how, duration(FALLBACK, abs(moved)))
        self.next_look = 0.0
        for job in scheduler.get_jobs() if moved < 0 else ():
            job.modify(next_run_time=datetime.now(UTC))

    def _scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(timezone=UTC)
        job: dict[str, Any] = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        scheduler.add_job(self.bell.put, "interval", ["tick"], seconds=TICK, **job)
        scheduler.add_job(self.supervise, "interval", seconds=CHECKUP, **job)
        scheduler.start()
        return scheduler

    def supervise(self) -> None:
        """Check the sites' health and the saved searches, write manifests and send the alerts; runs in the scheduler's
        own thread.

        A failing step does not keep the others from running; once the daemon ends, or where another machine does this,
        none is begun.
        """
        now, archive, config = datetime.now(UTC), self.archive, self.config
        for step in (
            lambda: self.checkups.next(config, now),
            lambda: self.signing.some(now),
            self.drop_old,
            lambda: manifests.write_some(archive, config, now),
            lambda: notifications.send(archive, config, now),
            self.watch,
            lambda: saved_search_alerts.send_alerts(archive, config, now),
            lambda: self.compaction.some(now, time.monotonic(), crawling=bool(self.running)),
            self.machine.expire_turns,
        ):
            if self.ending.is_set():
                return
            try:
                if not self.machine.takes:
                    self.upkeep.end()  # it is for others
                    return
                if not self.upkeep.is_ours():
                    return
                step()
            except ArshifError as error:  # retried next time; `tick` runs into the same trouble
                log.error("%s", error)

    def drop_old(self) -> None:
        """Delete what near-duplicates of long ago were found by, in transactions between which others have a turn."""
        while not self.ending.is_set() and self.archive.write(near_duplicates.drop_some).result():
            pass

    def watch(self) -> None:
        """Match new articles against the saved searches."""
        with open_index(self.config) as engine:
            saved_search_alerts.match_new_articles(self.archive, engine, self.config, datetime.now(UTC))

    def tick(self) -> None:
        """Record the runs that have ended, and start what is due."""
        now = time.monotonic()
        ended = [run for run in self.running if run.watch(now)]
        if now < self.broken_until:
            return
        try:
            for run in ended:
                self.finish(run)
            for helper in self.helpers:
                helper.watch(now)
            self.machine.beat(now, len(self.running))
            for work in self.on_demand:
                if work.child is not None or self.machine.takes:
                    work.watch(now)
            most = self.config.settings.machine.runs if self.machine.takes else 0
            rested = len(self.running) < most and now >= max(self.rest_until, self.next_look)
            if rested:
                self.still_alone()
            ready = self.due() if rested and self.room() else []
            if ready:
                self.start(ready)
        except OSError as error:  # out of memory or process ids: that passes
            log.error("cannot start a process (%s); retrying in %g s", error.strerror, RESTART[0])
            self.rest_until = now + RESTART[0]
        except ArchiveError as error:  # such as a disk that is full despite the checks: nothing can be written; go on
            log.error("%s; retrying in %g s", error, BROKEN_REST)
            self.broken_until = now + BROKEN_REST

    def start(self, ready: Sequence[Site]) -> None:
        """Start a run of those of these sites that no other machine has taken since they were found to be due."""
        how: dict[str, Any] = {"why": RunCause.SCHEDULED, "server": self.server, "free": self.still_free}
        try:
            run = crawl_process.start(self.config, self.archive, ready, **how)
        except Busy:  # all are taken: others may be due
            self.next_look = 0.0
            return
        self.running.append(run)
        log.info("run %d: %s", run.number, _named(run.sites))

    def room(self) -> bool:
        """Whether the disk has space for a crawl; a change of that is reported once."""
        if self.full is None:
            with self.archive.read() as conn:
                last = health.last_alert(conn, self.disk)
            self.full = last is not None and last.verdict is not None
        lack = disk_space.shortage(self.config.settings, again=self.full)
        if bool(lack) != self.full:
            found = health.Health(Verdict.NEARLY_FULL if lack else None, lack)
            said = translate(lack, FALLBACK) if lack else ""
            log.warning("no crawl starts: %s" if lack else "there is room on the disk again%s", said)
            told, now = notifications.keys(self.config), datetime.now(UTC)
            self.archive.write(lambda conn: health.alert(conn, self.disk, found, now, told)).result()
            self.full = bool(lack)
        return not lack

    def finish(self, run: crawl_process.Run) -> None:
        """Record the end of a run; if it reached no site, the next one waits OFFLINE_REST."""
        status = crawl_process.finish(self.archive, run)
        self.running.remove(run)
        self.next_look = 0.0
        with self.archive.read() as conn:
            record = records.get(conn, run.number)
        parts = record.sites if record else ()
        statuses = {part.status for part in parts}
        nobody = statuses == {RunStatus.OFFLINE}
        log.info("run %d: %s", run.number, "no answer" if nobody else f"{status}; {crawl_process.summary(parts)}")
        if nobody:
            if not self.offline:
                log.warning(translate(Message(RunDetail.NO_NETWORK), FALLBACK))
            self.offline, self.rest_until = True, time.monotonic() + OFFLINE_REST
        elif RunStatus.OK in statuses:
            self.offline = False
        if run.child.wait() == ConfigError.exit_code:  # it has told of the mistake
            self.rest_until = time.monotonic() + BROKEN_REST

    def read_sites(self) -> None:
        """Take up what has changed in the sites' files and in the archive; while there is a mistake, all sites stay as
        they were."""
        try:
            config = self.sites.refresh()
        except ConfigError as error:
            if (told := str(error)) != self.mistake:
                log.error("the sites stay as they were until this is mended: %s", told)
            self.mistake = told
            return
        self.mistake = ""
        if config is not self.config:
            log.info("the sites have changed: %d are crawled", len(config.enabled))
            self.config = config
            for work in self.on_demand:
                work.config = config

    def due(self) -> list[Site]:
        """The enabled sites that are due, without those whose hosts are being crawled: a host has only one queue. Those
        whose runs have died again and again come alone, of many first a few at once, and in turns with the others, so
        that the one that kills them is found. Of several machines, each takes its share."""
        self.read_sites()
        now = datetime.now(UTC)
        self.turns.follow(self.config, now)
        with self.archive.read() as conn:
            self.seen = records.newest(conn)
            busy = self._busy(conn) | {one.host for one in requests.running(conn)}
            barred = erasure.sites(conn)
            barred |= {one.site for one in requests.waiting(conn) if now - one.asked < REQUESTS_FIRST}
            look = self.turns.look(conn, now, lambda site: site.id not in barred and not site.hosts & busy)
            deaths = records.deaths(conn, [site.id for site in look.due])
            suspects = [site for site in look.due if deaths.get(site.id, 0) >= crawl_process.ALONE_AFTER]
            together = records.died_together(conn, [site.id for site in suspects])
            machines = self.machine.count(conn)
        if look.new:
            self.archive.write(lambda conn: turns.settle(conn, look.new, now)).result()
        wait = IDLE_INTERVAL if look.next is None else min(look.next - now, IDLE_INTERVAL)
        self.next_look = time.monotonic() + wait.total_seconds()
        calm = [site for site in look.due if deaths.get(site.id, 0) < crawl_process.ALONE_AFTER]
        self.suspected = bool(suspects) and not (calm and self.suspected)
        if self.suspected:
            few = {site.id: max(1, together[site.id] // crawl_process.ALONE_SHARE) for site in suspects}
            most = few[suspects[0].id]
            return [site for site in suspects if few[site.id] >= most][:most]
        return calm[: ceil(len(calm) / machines)]

    def still_free(self, conn: Connection, sites: Sequence[Site]) -> list[Site]:
        """Those of these sites that nobody has begun to crawl, nor another on their hosts, since `due` found them."""
        taken, busy = records.begun_since(conn, self.seen), self._busy(conn)
        return [site for site in sites if site.id not in taken and not site.hosts & busy]

    def _busy(self, conn: Connection) -> frozenset[str]:
        """The hosts of the sites that are being crawled, by whichever process; without a network, until the run has
        ended and OFFLINE_REST begins."""
        ids = records.at_work(conn)
        known = [self.config.sites[site] for site in ids & self.config.sites.keys()]
        ours = [site for run in self.running for site in run.sites if site.id in ids]  # as their files were then
        return frozenset[str]().union(*(site.hosts for site in (*known, *ours)))

    def end(self) -> None:
        """End the crawls, then the helpers, so that what the crawls stored is still indexed."""
        self.ending.set()
        for run in self.running:
            run.stop(RunStatus.STOPPED)
        for work in self.on_demand:
            work.end()
        while self.running:
            for run in [run for run in self.running if run.watch(time.monotonic())]:
                try:
                    self.finish(run)
                except ArchiveError as error:
                    log.error("%s; the next start will record the end of run %d", error, run.number)
                    self.running.remove(run)
            time.sleep(0.1)
        for helper in self.helpers:
            if helper.child is not None:
                end_child(helper.child, crawl_process.GRACE)
        try:
            self.machine.leave()
        except ArchiveError as error:
            log.error("%s", error)


def _named(chosen: Sequence[Site]) -> str:
    return f"{len(chosen)} sites" if len(chosen) > MAX_SITES_LOGGED else ", ".join(site.id for site in chosen)
