"""A machine that crawls: `arshif run` with an address, processes, a clock and a data folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil

from tests.faults.clock import Clock
from tests.integration.harness import ROOT, Harness
from tests.machines.network import Host
from tests.support.patience import PATIENCE

REST = 2.0  # seconds after which what has ended is started again, as a service manager does


class Crawler:
    """One of the machines. It runs once `tend` is called, and again whenever it has ended; `harmed` is what is wrong
    with it at the moment."""

    def __init__(self, house: Harness, host: Host, index: str, folder: Path) -> None:
        folder.mkdir()
        self.name, self.host, self.clock, self.log = host.name, host, Clock(folder), folder / "run.log"
        own = {"ARSHIF_MACHINE__NAME": self.name, "ARSHIF_DATA": str(folder / "data"), "ARSHIF_INDEX__URL": index}
        self.env = house.env | own | self.clock.env
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.codes: Counter[int] = Counter()
        self.harmed = ""
        self.next_start = 0.0

    def tend(self) -> None:
        """Start it if it does not run and has rested."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self.codes[self.process.returncode] += 1
            self.process, self.next_start = None, now + REST
        if self.process is None and now >= self.next_start:
            self.starts += 1
            command = [*self.host.within, sys.executable, "-m", "crawler.cli", "run", "--no-web"]
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)

    def kill(self) -> None:
        """End all of its processes at once."""
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        """Freeze all of its processes."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End that."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        for process in self._inside():
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    def _inside(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            if self.process is not None:
                return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def end(self) -> int:
        """Its exit code after SIGTERM, which is for the daemon and not for what gave it its processes."""
        inside = self._inside()
        if self.process is None or not inside:
            return 0
        inside[0].terminate()
        return self.process.wait(PATIENCE)
