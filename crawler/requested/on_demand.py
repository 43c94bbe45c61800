"""Children that do what people ask for: one is started when something waits and none is at work."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime

from sqlalchemy import Connection

from crawler import disk_space
from crawler.config import Config
from crawler.errors import ArchiveError
from crawler.processes import crawl_process
from crawler.processes.child import Child, end_child, kill_group
from crawler.processes.fork_server import ForkServer
from index.archive import Archive
from index.archive import runs as records

log = logging.getLogger("arshif.requests")

LOOK = 1.0  # seconds between two looks for what waits
REST = 30.0  # seconds after a child that failed


class OnDemand(ABC):
    """Starts a child whenever there is work and none is at it; call `watch` again and again, from the main thread.

    A child works within a run of its own, which claims what it does. It is forked from the `server`, if there is one
    (`crawler.processes.crawl_process.fork_server`).
    """

    name: str  # what the log calls its work
    command: str  # of `arshif`, which does it

    def __init__(self, config: Config, archive: Archive, server: ForkServer | None = None) -> None:
        self.config, self.archive, self.server = config, archive, server
        self.child: Child | None = None
        self.settled = False  # whether nothing is left of a run that died
        self.asked_to_end = False
        self.deadline = 0.0  # monotonic seconds, as all here
        self.rest_until = self.next_look = 0.0

    @abstractmethod
    def is_needed(self, conn: Connection) -> bool:
        """Whether something waits that can be done now."""

    @abstractmethod
    def settle_orphans(self, conn: Connection, now: datetime) -> None:
        """Record that what a run that died had claimed will not be done."""

    @abstractmethod
    def claimed(self, conn: Connection) -> set[int]:
        """The runs that have claimed something and not done it."""

    @abstractmethod
    def let_go(self, conn: Connection, run: int, now: datetime) -> None:
        """Let what a run has not done wait for the next one."""

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
                log.error("%s: exit code %d; retrying in %g s", self.name, self.child.returncode, REST)
                self.rest_until, self.settled = now + REST, False
            self.child = None
        if not self.settled:  # what a child that died, or a daemon before this one, has left
            crawl_process.reap_dead_runs(self.config, self.archive)
            self.archive.write(lambda conn: self.settle_orphans(conn, datetime.now(UTC))).result()
            self.settled = True
        if now < self.rest_until or disk_space.shortage(self.config.settings):
            return
        with self.archive.read() as conn:
            needed = self.is_needed(conn)
        if needed:
            self.deadline = now + self.config.settings.schedule.run_deadline * 60
            self.asked_to_end = False
            self.child = crawl_process.start_process([self.command], self.server)

    def _hurry(self, child: Child, now: float) -> None:
        """Ask a child that is past its deadline to end, and GRACE seconds later kill it; this waits for nothing."""
        if now >= self.deadline + crawl_process.GRACE:
            kill_group(child)
        elif now >= self.deadline and not self.asked_to_end:
            log.warning("%s took too long: asked to end", self.name)
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
        """End the child; what it has not done waits for the next one."""
        if self.child is not None:
            process = self.child.pid
            end_child(self.child, crawl_process.GRACE)
            kill_group(self.child)
            self.archive.write(lambda conn: self._let_go(conn, process)).result()
            self.child = None

    def _let_go(self, conn: Connection, process: int) -> None:
        """Lets go of what a process that was ended on purpose has left, if it had to be killed."""
        for run in self.claimed(conn) & records.of_process(conn, process):
            self.let_go(conn, run, datetime.now(UTC))
