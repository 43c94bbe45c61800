"""The daemon: every tick, what is due becomes a run; shipper and web server are kept alive. It crawls nothing itself.

The scheduler's threads only ring a bell. The main thread acts: children die with the thread that started them.
"""

from __future__ import annotations

import logging
import queue
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection

from crawler import notify, runs, watch
from crawler.checkup import checkup
from crawler.config import Config
from crawler.errors import ArshifError
from crawler.learned import learned
from crawler.processes import end_child, start_child
from crawler.schedule import DUE, due
from crawler.site import Site
from crawler.stores import open_index
from index.archive import Archive, forgotten, hosts, leases
from index.archive import runs as records
from index.archive.lock import hold

log = logging.getLogger("arshif.daemon")

NAMED = 8  # sites of a run, or fewer, are named in the log; of more, their number is told
RUNS = 2  # at once: one slow site must not hold up all others, and two cores are enough for two
OFFLINE_REST = 60.0  # seconds between two tries without a network
CHECKUP = 600.0  # seconds between two looks at the sites' health
RESTART = (5.0, 300.0)  # seconds before a helper (shipper, web) that ended is started again: first, and at most
STEADY = 60.0  # seconds that a helper must have lived to be restarted as after its first end


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
            if now - self.started > STEADY:
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
        self.running: list[runs.Run] = []
        self.rest_until = 0.0  # monotonic seconds
        self.offline = False
        self.bell: queue.SimpleQueue[str] = queue.SimpleQueue()

    def run(self) -> None:
        """Works until it is told to end. Call it from the main thread.

        :raises Busy: another daemon holds the archive; the message says which.
        """
        with ExitStack() as stack:
            stack.enter_context(hold(self.config.settings.data / "daemon.lock", wait=False))
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.bell.put("stop"))
            if dead := runs.bury(self.config, self.archive):
                log.warning("%d run(s) died with the process that had started them; they are made up for", len(dead))
            scheduler = self._scheduler()
            stack.callback(scheduler.shutdown, wait=False)
            stack.callback(self.end)
            while True:
                self.tick()
                if self.bell.get() == "stop":
                    log.info("asked to end" + (f": finishing {len(self.running)} run(s)" if self.running else ""))
                    return

    def _scheduler(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(timezone=UTC)
        job: dict[str, Any] = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        scheduler.add_job(self.bell.put, "interval", ["tick"], seconds=1, **job)
        scheduler.add_job(self.look_after, "interval", seconds=CHECKUP, **job)
        scheduler.start()
        return scheduler

    def look_after(self) -> None:
        """Looks at how the sites are doing and what saved searches find, and tells whom it concerns; in the scheduler's
        own thread."""
        try:
            checkup(self.archive, self.config, datetime.now(UTC))
            notify.send(self.archive, self.config)
            with open_index(self.config) as engine:
                watch.watch(self.archive, engine, datetime.now(UTC))
            watch.tell(self.archive, self.config, datetime.now(UTC))
        except ArshifError as error:  # it is tried again; what it is about, the tick meets as well
            log.error("%s", error)

    def tick(self) -> None:
        """Ends what has ended, starts what is due."""
        now = time.monotonic()
        for run in [run for run in self.running if run.watch(now)]:
            self.finish(run)
        try:
            for helper in self.helpers:
                helper.watch(now)
            sites = self.due() if len(self.running) < RUNS and now >= self.rest_until else []
            if sites:
                self.running.append(runs.start(self.config, self.archive, sites, why=DUE))
                log.info("run %d: %s", self.running[-1].number, _named(sites))
        except OSError as error:  # no memory or no process number is left: that passes
            log.error("cannot start a process (%s); tried again in %g s", error.strerror, RESTART[0])
            self.rest_until = now + RESTART[0]

    def finish(self, run: runs.Run) -> None:
        """Records the end of a run; where it reached nobody, the next one waits a little."""
        self.running.remove(run)
        status = runs.finish(self.archive, run)
        with self.archive.read() as conn:
            record = records.get(conn, run.number)
        parts = record.sites if record else ()
        statuses = {part.status for part in parts}
        nobody = statuses == {"offline"}
        log.info("run %d: %s", run.number, "nobody answered" if nobody else f"{status}; {runs.told(parts)}")
        if nobody:
            if not self.offline:
                log.warning(runs.OFFLINE)
            self.offline, self.rest_until = True, time.monotonic() + OFFLINE_REST
        elif "ok" in statuses:
            self.offline = False

    def due(self) -> list[Site]:
        """The enabled sites whose time has come, without those that are being crawled: a host has one queue."""
        now, settings = datetime.now(UTC), self.config.settings.schedule
        with self.archive.read() as conn:
            last = runs.last_runs(conn)
            busy = self._busy(conn)
            barred = forgotten.sites(conn)
            enabled = [site for site in self.config.enabled if site.id not in barred and not site.hosts & busy]
            known = {site.id: learned(conn, site, settings) for site in enabled}
            waits = hosts.waiting(conn, now)
            turns = {site.id: due(site, last, now, settings.every, known[site.id], waits) for site in enabled}
            ready = [site for site in enabled if turns[site.id].at <= now]
            return [site for site in ready if leases.holder(conn, site.id) is None]  # of an `arshif crawl` beside us

    def _busy(self, conn: Connection) -> frozenset[str]:
        """The hosts of the sites that our runs are still at; without a network, until the run has ended and we rest."""
        records_ = [record for run in self.running if (record := records.get(conn, run.number))]
        at_work = ("running", "offline")
        ids = {part.site for record in records_ for part in record.sites if part.status in at_work}
        return frozenset[str]().union(*(site.hosts for run in self.running for site in run.sites if site.id in ids))

    def end(self) -> None:
        """Ends the crawls, then the helpers, so that what the crawls stored is still shipped."""
        for run in self.running:
            run.stop("stopped")
        while self.running:
            for run in [run for run in self.running if run.watch(time.monotonic())]:
                self.finish(run)
            time.sleep(0.1)
        for helper in self.helpers:
            if helper.child is not None:
                end_child(helper.child, runs.GRACE)


def _named(sites: Sequence[Site]) -> str:
    return f"{len(sites)} sites" if len(sites) > NAMED else ", ".join(site.id for site in sites)
