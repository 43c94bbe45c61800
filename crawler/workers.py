"""Processes for every parse of foreign bytes, each job with a deadline; a worker that misses it is killed and replaced.

The reactor only moves bytes: a sitemap of 341 KiB held it for 210 s, deaf to SIGTERM, when it was parsed there.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import TimeoutError as DeadlineMissed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from crawler.errors import Unreadable
from crawler.processes import die_with_parent
from crawler.site import Site

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("arshif.workers")

QUICK_LANE, SLOW_LANE = "quick", "slow"
DEADLINE = 20.0  # seconds for one page or document; 50,000 paragraphs in 6 MB took trafilatura 12 s
QUICK = 5.0  # seconds after which a job makes way for others, and is begun anew where slow ones wait for each other
JOBS_A_WORKER = 1_000  # then it is replaced, so that what lxml or a model leaks ends with it
STOPPING = 5.0  # seconds that a pool may take to end
MEMORY = 2 << 30  # bytes of address space a worker may have: a bomb ends in a MemoryError, not in the host's swap


class Ended(Exception):
    """A job that was not begun, because the crawl is at its end: what it is about waits for the next one."""


class Workers:
    """A pool that runs pure functions of importable modules in `count` spawned processes, and one more for slow jobs.

    A job that is not done in `quick` seconds goes there, and so do all further ones of its site: who sends pages that
    hold a parser holds up its like, and nobody else. Start it before the reactor and before any connection to a
    database; `spawn` keeps both out of the workers.
    """

    def __init__(self, count: int | None = None, deadline: float = DEADLINE, quick: float = QUICK) -> None:
        self.deadline = deadline
        self.quick = min(quick, deadline)
        self.slow: set[str] = set()  # sites
        self.ended: Callable[[], bool] = bool  # whether what waits is to be dropped, as the crawl is asked to end
        self._counts = {QUICK_LANE: count or max(1, (os.cpu_count() or 2) - 1), SLOW_LANE: 1}
        self._pools: dict[str, ProcessPool] = {}
        # Jobs wait here and not in the pool: what it has it does, and its thread that brings a long one to a worker at
        # another job waits for ever when the workers end
        self._turns = {lane: asyncio.Semaphore(count) for lane, count in self._counts.items()}

    def warm(self) -> None:
        """Starts a worker now, in the background: its imports take as long as a spider takes to open its archive."""
        self._lane(QUICK_LANE).schedule(_begin)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises, from a worker.

        :raises Unreadable: it did not end by the deadline, or its process died (out of memory, a crash in C).
        :raises Ended: it waited for its turn when the crawl was asked to end, and was not begun.
        """
        site = next((arg.id for arg in args if isinstance(arg, Site)), "")
        job = partial(function, *args, **kwargs)
        try:
            if self.quick == self.deadline:
                return await self._do(QUICK_LANE, job, self.deadline)
            if site not in self.slow:
                with suppress(DeadlineMissed):
                    return await self._do(QUICK_LANE, job, self.quick)
                self.slow.add(site)
            return await self._do(SLOW_LANE, job, self.deadline)
        except DeadlineMissed:
            raise Unreadable("too slow", f"not parsed within {self.deadline:g} s") from None
        except ProcessExpired as error:
            raise Unreadable("crashed", f"its parser ended with exit code {error.exitcode}") from None
        except BrokenProcessPool as error:
            raise Unreadable("crashed", str(error)) from None
        except (MemoryError, RecursionError) as error:
            raise Unreadable("too large", type(error).__name__) from None

    async def _do(self, lane: str, job: Callable[[], T], timeout: float) -> T:
        """What the job gives. A pool breaks where an idle worker is killed (out of memory, by a person); it is replaced
        then, and the job done by the new one."""
        async with self._turns[lane]:
            if self.ended():
                raise Ended
            return await self._done(lane, job, timeout)

    async def _done(self, lane: str, job: Callable[[], T], timeout: float) -> T:
        pool = self._lane(lane)
        try:
            return await asyncio.wrap_future(pool.schedule(job, timeout=timeout))
        except RuntimeError:  # BrokenProcessPool is one, and so is what a broken pool says to further jobs
            if pool.active:
                raise
        log.warning("a worker was killed while it did nothing; it is replaced")
        if self._pools.get(lane) is pool:
            del self._pools[lane]
            await asyncio.to_thread(_end, pool)
        return await asyncio.wrap_future(self._lane(lane).schedule(job, timeout=timeout))

    def _lane(self, lane: str) -> ProcessPool:
        if lane not in self._pools:
            self._pools[lane] = _pool(self._counts[lane])
        return self._pools[lane]

    def close(self) -> None:
        """Ends the workers at once, with whatever they are at."""
        for pool in self._pools.values():
            _end(pool)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    ending = Thread(target=pool.join, daemon=True)
    ending.start()
    ending.join(STOPPING)


def _pool(count: int) -> ProcessPool:
    return ProcessPool(
        max_workers=count,
        max_tasks=JOBS_A_WORKER,
        initializer=_prepare,
        initargs=(os.getpid(),),
        context=multiprocessing.get_context("spawn"),
    )


def _begin() -> None:
    """Imports what the jobs need."""
    import crawler.path  # noqa: F401


def _prepare(parent: int) -> None:
    """Readies a worker: it dies with its parent, leaves Ctrl-C to it, and cannot take the machine's memory."""
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.ERROR)  # libraries' remarks on bad HTML; what matters comes back as a result or an error
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    _begin()  # now and not with its first job, whose time it would take
