"""Memory, open files and threads of the processes that live for months, and whether they grow.

Memory is what a process made itself (anonymous pages): how much of the index's files it sees is the kernel's affair.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from crawler.daemon import CHECKUP

ROLES = {"run": "daemon", "_ship": "shipper", "serve": "web"}  # a command's word -> who that is
WARM_UP = 0.25  # of a process's life, in which its caches fill
FIRST = 1.1 * CHECKUP  # seconds of it, in which the first checkup has been
NOISE = 3.0  # standard deviations of what is left beside the line
SLACK = {"memory": 0.05, "files": 0.1, "threads": 0.1}  # of the mean: a rise within it is none
MEBI = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a process: monotonic seconds, bytes that are its own, open files (sockets too), threads."""

    at: float
    memory: int
    files: int
    threads: int


@dataclass
class Life:
    """All looks at one process."""

    role: str
    samples: list[Sample] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.samples[-1].at - self.samples[0].at


@dataclass(frozen=True, slots=True)
class Trend:
    """How a figure went in the longest life of a role: its mean, its rise over that time by a straight line, and what
    of it is noise."""

    role: str
    what: str
    seconds: float
    mean: float
    rise: float
    noise: float

    @property
    def flat(self) -> bool:
        return self.rise <= max(NOISE * self.noise, SLACK[self.what] * self.mean)

    def __str__(self) -> str:
        unit, name = (MEBI, " MiB") if self.what == "memory" else (1, "")
        end = f"noise {self.noise / unit:.2f}{'' if self.flat else ': GROWS'}"
        return (
            f"{self.role}: {self.what} {self.mean / unit:.1f}{name}, {self.rise / unit:+.2f} "
            f"in {self.seconds / 60:.0f} min, {end}"
        )


class Gauge:
    """Looks at a daemon and its children, each time that `look` is called."""

    def __init__(self) -> None:
        self.lives: dict[tuple[int, float], Life] = {}
        self.highest: dict[str, int] = {}  # bytes of a crawl, and of a worker, at most

    def look(self, daemon: int) -> None:
        with suppress(psutil.Error):
            parent = psutil.Process(daemon)
            for process in (parent, *parent.children(recursive=True)):
                with suppress(psutil.Error):
                    self._note(process, parent)

    def _note(self, process: psutil.Process, parent: psutil.Process) -> None:
        words = process.cmdline()
        role = next((name for word, name in ROLES.items() if word in words), None)
        own = _anonymous(process.pid)
        if role is None or (role == "daemon" and process.pid != parent.pid):
            kind = "crawl" if "_crawl" in words else "worker"
            self.highest[kind] = max(self.highest.get(kind, 0), own)
            return
        life = self.lives.setdefault((process.pid, process.create_time()), Life(role))
        life.samples.append(Sample(time.monotonic(), own, process.num_fds(), process.num_threads()))

    def trends(self, first: float = FIRST) -> Iterator[Trend]:
        """Of each role, in its longest life, without its `first` seconds, or a quarter of it."""
        for role in ROLES.values():
            lives = [life for life in self.lives.values() if life.role == role]
            if not lives:
                continue
            life = max(lives, key=lambda life: life.seconds)
            begin = life.samples[0].at + max(WARM_UP * life.seconds, first)
            settled = [s for s in life.samples if s.at >= begin]
            if len(settled) < 10:
                continue
            for what in SLACK:
                yield trend(role, what, [(s.at, float(getattr(s, what))) for s in settled])


def _anonymous(pid: int) -> int:
    """Bytes; proc_pid_smaps(5)."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii", "replace").splitlines():
            if line.startswith("Anonymous:"):
                return int(line.split()[1]) << 10
    raise psutil.NoSuchProcess(pid)


def trend(role: str, what: str, points: list[tuple[float, float]]) -> Trend:
    """The straight line through these points by least squares."""
    count = len(points)
    middle, mean = sum(t for t, _ in points) / count, sum(y for _, y in points) / count
    spread = sum((t - middle) ** 2 for t, _ in points)
    slope = sum((t - middle) * (y - mean) for t, y in points) / spread
    noise = math.sqrt(sum((y - mean - slope * (t - middle)) ** 2 for t, y in points) / count)
    seconds = points[-1][0] - points[0][0]
    return Trend(role, what, seconds, mean, slope * seconds, noise)
