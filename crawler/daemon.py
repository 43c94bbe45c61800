"""The daemon: every tick, what is due becomes a run; shipper and web server are kept alive. It crawls nothing itself.

The scheduler's threads only ring a bell. The main thread acts: children die with the thread that started them.
"""

from __future__ import annotations

import logging
import queue
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection

from crawler import disk_space
from crawler.config import Config
from crawler.errors import ArchiveError, ArshifError
from crawler.maintenance.minhash_backfill import MinHashBackfill
from crawler.monitoring import notifications, saved_search_alerts
from crawler.monitoring.health_job import checkup
from crawler.processes import crawl_process
from crawler.processes.child import end_child, start_child
from crawler.scheduling.site_schedule import Due, LastRun, due
from crawler.session.source_stats import load_stats
from crawler.site_config import Site
from crawler.storage import open_index
from index.archive import Archive, erasure, health, hosts, leases, site_state
from index.archive import runs as records
from index.file_lock import hold
from index.locale import FALLBACK, duration, translate
from index.model.codes import RunCause, RunStatus, Verdict

log = logging.getLogger("arshif.daemon")

DISK = "the disk"  # whom alerts about it are of, in a site's place
MAX_SITES_LOGGED = 8  # sites of a run, or fewer, are named in the log; of more, their number is told
RUNS = 2  # at once: one slow site must not hold up all others, and two cores are enough for two
OFFLINE_REST = 60.0  # seconds between two tries without a network
BROKEN_REST = 60.0  # seconds between two tries where the archive cannot be written
TICK = 1.0  # seconds
IDLE_INTERVAL = timedelta(seconds=10)  # between two looks at what is due, at most: somebody may crawl beside us
CLOCK_JUMP = (
    30.0  # seconds by which the wall clock goes otherwise than the monotonic one, to be told; NTP corrects less
)
CHECKUP = 600.0  # seconds between two looks at the sites' health
RESTART = (5.0, 300.0)  # seconds before a helper (shipper, web) that ended is started again: first, and at most
STEADY_AFTER = 60.0  # seconds that a helper must have lived to be restarted as after its first end


class Helper:
    """A child that is to live as long as the daemon: started again when it ends, later each time if that is soon."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.arguments = arguments
        self.child: subprocess.Popen[bytes] | None = None
        self.started = 0.0  # monotonic seconds, as all here
        self.next_start = 0.0
        self.wait = RESTART[0]

    def watch(self, now: float) -> None:
        """Starts it if it does not run."""
        if self.child is not None and self.child.poll() is not None:
            if now - self.started > STEADY_AFTER:
                self.wait = RESTART[0]
            code = self.child.returncode
            how = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
            log.error("the %s ended %s; it is started again in %g s", self.name, how, self.wait)
            self.child, self.next_start = None, now + self.wait
            self.wait = min(self.wait * 2, RESTART[1])
        if self.child is None and now >= self.next_start:
            self.started = now
            self.child = start_child(self.arguments)


class Daemon:
    """Runs until SIGTERM or SIGINT; then what is under way is finished, within `runs.GRACE` seconds."""

    def __init__(self, config: Config, archive: Archive, web: bool) -> None:
        self.config = config
        self.archive = archive
        self.helpers = [Helper("shipper", ["_ship"])] + ([Helper("web server", ["serve"])] if web else [])
        self.running: list[crawl_process.Run] = []
        self.rest_until = 0.0  # monotonic seconds
        self.broken_until = 0.0
        self.next_look = 0.0  # at what is due: the archive need not be asked every second
        self.offline = False
        self.full: bool | None = None  # whether the disk was short of room; None: not looked yet
        self.clock = time.time() - time.monotonic()
        self.signing = MinHashBackfill(archive)
        self.bell: queue.SimpleQueue[str] = queue.SimpleQueue()

    def run(self) -> None:
        """Works until it is told to end. Call it from the main thread.

        :raises Busy: another daemon holds the archive; the message says which.
        """
        with ExitStack() as stack:
            stack.enter_context(hold(self.config.settings.data / "daemon.lock", wait=False))
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.bell.put("stop"))
            if dead := crawl_process.reap_dead_runs(self.config, self.archive):
                log.warning("%d run(s) died with the process that had started them; they are made up for", len(dead))
            scheduler = self._scheduler()
            stack.callback(scheduler.shutdown, wait=False)
            stack.callback(self.end)
            while True:
                self.watch_clock(scheduler)
                self.tick()
                if self.is_stopping() == "stop":
                    log.info("asked to end" + (f": finishing {len(self.running)} run(s)" if self.running else ""))
                    return

    def is_stopping(self) -> str:
        """What the bell says; "tick" where nobody rings it, because the scheduler waits for a time that is far away."""
        try:
            return self.bell.get(timeout=5 * TICK)
        except queue.Empty:
            return "tick"

    def watch_clock(self, scheduler: BackgroundScheduler) -> None:
        """Tells of a wall clock that was set, or of a machine that slept. The scheduler waits for moments of that
        clock: after an hour's step back it would ring an hour later, so it begins anew."""
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
        """Looks at how the sites are doing and what saved searches find, and tells whom it concerns; in the scheduler's
        own thread. None of these waits for another to work."""
        now, archive, config = datetime.now(UTC), self.archive, self.config
        for step in (
            lambda: checkup(archive, config, now),
            lambda: self.signing.some(now),
            lambda: notifications.send(archive, config, now),
            self.watch,
            lambda: saved_search_alerts.send_alerts(archive, config),
        ):
            try:
                step()
            except ArshifError as error:  # it is tried again; what it is about, the tick meets as well
                log.error("%s", error)

    def watch(self) -> None:
        """Holds the saved searches against what is new."""
        with open_index(self.config) as engine:
            saved_search_alerts.match_new_articles(self.archive, engine, self.config, datetime.now(UTC))

    def tick(self) -> None:
        """Ends what has ended, starts what is due."""
        now = time.monotonic()
        ended = [run for run in self.running if run.watch(now)]
        if now < self.broken_until:
            return
        try:
            for run in ended:
                self.finish(run)
            for helper in self.helpers:
                helper.watch(now)
            rested = len(self.running) < RUNS and now >= max(self.rest_until, self.next_look)
            ready = self.due() if rested and self.room() else []
            if ready:
                self.running.append(crawl_process.start(self.config, self.archive, ready, why=RunCause.SCHEDULED))
                log.info("run %d: %s", self.running[-1].number, _named(ready))
        except OSError as error:  # no memory or no process number is left: that passes
            log.error("cannot start a process (%s); tried again in %g s", error.strerror, RESTART[0])
            self.rest_until = now + RESTART[0]
        except ArchiveError as error:  # such as a full disk in spite of all: nothing can be written, and we stay
            log.error("%s; tried again in %g s", error, BROKEN_REST)
            self.broken_until = now + BROKEN_REST

    def room(self) -> bool:
        """Whether the disk has room for a crawl. That it has not, or has again, is told once."""
        if self.full is None:
            with self.archive.read() as conn:
                last = health.last_alert(conn, DISK)
            self.full = last is not None and last.verdict is not None
        lack = disk_space.shortage(self.config.settings, again=self.full)
        if bool(lack) != self.full:
            found = health.Health(Verdict.NEARLY_FULL if lack else None, lack)
            said = translate(lack, FALLBACK) if lack else ""
            log.warning("no crawl starts: %s" if lack else "there is room on the disk again%s", said)
            told, now = notifications.keys(self.config), datetime.now(UTC)
            self.archive.write(lambda conn: health.alert(conn, DISK, found, now, told)).result()
            self.full = bool(lack)
        return not lack

    def finish(self, run: crawl_process.Run) -> None:
        """Records the end of a run; where it reached nobody, the next one waits a little."""
        status = crawl_process.finish(self.archive, run)
        self.running.remove(run)
        self.next_look = 0.0
        with self.archive.read() as conn:
            record = records.get(conn, run.number)
        parts = record.sites if record else ()
        statuses = {part.status for part in parts}
        nobody = statuses == {RunStatus.OFFLINE}
        log.info("run %d: %s", run.number, "nobody answered" if nobody else f"{status}; {crawl_process.summary(parts)}")
        if nobody:
            if not self.offline:
                log.warning(crawl_process.OFFLINE)
            self.offline, self.rest_until = True, time.monotonic() + OFFLINE_REST
        elif RunStatus.OK in statuses:
            self.offline = False

    def due(self) -> list[Site]:
        """The enabled sites whose time has come, without those that are being crawled: a host has one queue."""
        now = datetime.now(UTC)
        with self.archive.read() as conn:
            last = crawl_process.last_runs(conn)
            busy = self._busy(conn)
            barred = erasure.sites(conn)
            enabled = [site for site in self.config.enabled if site.id not in barred and not site.hosts & busy]
            waits = hosts.waiting(conn, now)
            turns = {site.id: self._due(conn, site, last, waits, now) for site in enabled}
            ready = [site for site in enabled if turns[site.id].at <= now]
            soonest = min((turn.at for turn in turns.values()), default=now + IDLE_INTERVAL)
            self.next_look = time.monotonic() + min(soonest - now, IDLE_INTERVAL).total_seconds()
            free = [site for site in ready if leases.holder(conn, site.id) is None]  # of an `arshif crawl` beside us
            news = self._announced(conn, turns, now)
        if news:
            self.archive.write(partial(site_state.set_next_runs, turns=news)).result()
        return free

    def _announced(self, conn: Connection, turns: Mapping[str, Due], now: datetime) -> dict[str, site_state.NextRun]:
        """The next turns, for the page to show, of the sites where another one is shown: none where a site is crawled
        now or not at all."""
        shown = {state.id: (state.next_run, state.next_why) for state in site_state.states(conn)}
        off = dict.fromkeys(shown.keys() - {site.id for site in self.config.enabled}, site_state.NO_NEXT_RUN)
        ahead = {site: (turn.at, turn.why) if turn.at > now else site_state.NO_NEXT_RUN for site, turn in turns.items()}
        news = {site: turn for site, turn in (off | ahead).items() if turn != shown.get(site, site_state.NO_NEXT_RUN)}
        return {
            site: turn for site, turn in news.items() if turn == site_state.NO_NEXT_RUN or not leases.holder(conn, site)
        }

    def _due(
        self,
        conn: Connection,
        site: Site,
        last: Mapping[str, LastRun],
        waits: Mapping[str, datetime],
        now: datetime,
    ) -> Due:
        settings = self.config.settings.schedule
        fixed = site.schedule.every or site.schedule.cron or settings.every
        return due(site, last, now, settings.every, None if fixed else load_stats(conn, site, settings), waits)

    def _busy(self, conn: Connection) -> frozenset[str]:
        """The hosts of the sites that our runs are still at; without a network, until the run has ended and we rest."""
        records_ = [record for run in self.running if (record := records.get(conn, run.number))]
        at_work = (RunStatus.RUNNING, RunStatus.OFFLINE)
        ids = {part.site for record in records_ for part in record.sites if part.status in at_work}
        return frozenset[str]().union(*(site.hosts for run in self.running for site in run.sites if site.id in ids))

    def end(self) -> None:
        """Ends the crawls, then the helpers, so that what the crawls stored is still shipped."""
        for run in self.running:
            run.stop(RunStatus.STOPPED)
        while self.running:
            for run in [run for run in self.running if run.watch(time.monotonic())]:
                try:
                    self.finish(run)
                except ArchiveError as error:
                    log.error("%s; the next start records the end of run %d", error, run.number)
                    self.running.remove(run)
            time.sleep(0.1)
        for helper in self.helpers:
            if helper.child is not None:
                end_child(helper.child, crawl_process.GRACE)


def _named(chosen: Sequence[Site]) -> str:
    return f"{len(chosen)} sites" if len(chosen) > MAX_SITES_LOGGED else ", ".join(site.id for site in chosen)
