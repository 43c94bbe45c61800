"""This machine among those that crawl into one archive in PostgreSQL. An archive in a file has one, without a name.

Each machine takes the sites that are due by itself: `index.archive.runs.hold_starts` keeps two from taking the same.
What is to be done once, such as notifications, is done by the one that holds a lock, and by another once that is dead.
"""

from __future__ import annotations

import logging
import socket
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from threading import Lock

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import Busy
from crawler.processes import crawl_process
from index.archive import Archive, host_turns, machines
from index.archive.clock import SKEW
from index.archive.database import StillHeld
from index.locale import FALLBACK, duration

log = logging.getLogger("arshif.machine")

TOLERATED = SKEW / 2  # that a machine's clock is off the database's: so two of them differ by no more than SKEW
BEAT = 10.0  # seconds between two times that a machine lets others know that it is there
UPKEEP = "upkeep"  # the lock of whoever does what is to be done once


def name_of(config: Config) -> str:
    """The name of this machine, by the settings or else its host's."""
    return config.settings.machine.name or socket.gethostname()


class Machine:
    """Enters this machine, looks after dead ones, and tells how many sites it may take; call `beat` again and again."""

    def __init__(self, config: Config, archive: Archive) -> None:
        self.config, self.archive = config, archive
        self.shared = archive.database.shared
        self.name = name_of(config)
        self.wrong_clock = self.drained = False
        self.to_end = False  # once what runs is done
        self.joined = False
        self.next_beat = 0.0  # monotonic seconds

    @property
    def takes(self) -> bool:
        """Whether it may take sites: not if it is drained, nor with a clock by which others' times would be wrong."""
        return not (self.wrong_clock or self.drained)

    def count(self, conn: Connection) -> int:
        """How many machines take sites, this one included."""
        return max(1, machines.count(conn)) if self.shared else 1

    def beat(self, now: float, running: int) -> None:
        """Let others know that this machine is there, with so many runs, and end the runs of those that are dead; at
        `now`, in monotonic seconds.

        :raises ArchiveError: when the archive cannot be written.
        """
        if not self.shared or now < self.next_beat:
            return
        self.next_beat = now + BEAT
        begins = not self.joined
        if begins:
            told = version("arshif"), self.config.settings.machine.runs
            self.archive.write(lambda conn: machines.join(conn, self.name, *told)).result()
            self.joined = True
        heard = self.archive.write(partial(machines.beat, name=self.name, running=running)).result()
        self._compare(heard.now)
        self._obey(heard.drained, begins)
        if dead := crawl_process.reap_dead_runs(self.config, self.archive):
            log.warning("%d run(s) died with their machine; their sites are due again", len(dead))

    def _compare(self, told: datetime) -> None:
        """Takes this machine out while its clock is not the database's."""
        off = datetime.now(UTC) - told
        wrong = abs(off) > TOLERATED
        if wrong and not self.wrong_clock:
            log.error(
                "this machine's clock is %s %s the database's: it takes no sites until that is right",
                duration(FALLBACK, abs(off).total_seconds()),
                "ahead of" if off > timedelta() else "behind",
            )
        elif self.wrong_clock and not wrong:
            log.info("this machine's clock is right again")
        self.wrong_clock = wrong

    def _obey(self, drained: bool, begins: bool) -> None:
        """Takes no more sites, and ends once it has none; one that was drained before it began waits."""
        if drained != self.drained:
            if not drained:
                log.info("this machine is resumed")
            elif begins:
                log.info("this machine is drained: it takes no sites until it is resumed")
            else:
                log.info("this machine is drained: it takes no more sites, and ends once it has none")
            self.to_end = drained and not begins
        self.drained = drained

    def expire_turns(self) -> None:
        """Delete what is no longer needed of the turns at hosts.

        :raises ArchiveError: when that fails.
        """
        if self.shared:
            self.archive.write(host_turns.expire).result()

    def leave(self) -> None:
        """Record that it ended in order.

        :raises ArchiveError: when that cannot be written.
        """
        if self.joined:
            self.archive.write(partial(machines.leave, name=self.name)).result()


class Upkeep:
    """What is to be done once for the archive, by one process at a time: whoever asks first, until it ends."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._lock = Lock()
        self._held = ExitStack()
        self._still_held: StillHeld | None = None

    def is_ours(self) -> bool:
        """Whether it is for this process to do now. From any thread.

        :raises ArchiveError: when the archive cannot be reached.
        """
        with self._lock:
            try:
                if self._still_held is None:
                    self._still_held = self._held.enter_context(self.archive.database.lock(UPKEEP))
                    if self.archive.database.shared:
                        log.info("the upkeep of the archive is this machine's now")
                else:
                    self._still_held()
            except Busy:  # another's; or it became another's with our connection
                self._let_go()
                return False
            return True

    def end(self) -> None:
        """Leave it to others."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        self._still_held = None
        self._held.close()
