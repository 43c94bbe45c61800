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
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from crawler.errors import Unreadable
from crawler.processes import die_with_parent

P = ParamSpec("P")
T = TypeVar("T")

DEADLINE = 20.0  # seconds for one page or document; 50,000 paragraphs in 6 MB took trafilatura 12 s
JOBS_A_WORKER = 1_000  # then it is replaced, so that what lxml or a model leaks ends with it
MEMORY = 2 << 30  # bytes of address space a worker may have: a bomb ends in a MemoryError, not in the host's swap


class Workers:
    """A pool that runs pure functions of importable modules in `count` spawned processes.

    Start it before the reactor and before any connection to a database; `spawn` keeps both out of the workers.
    """

    def __init__(self, count: int | None = None, deadline: float = DEADLINE) -> None:
        self.deadline = deadline
        self._pool = ProcessPool(
            max_workers=count or max(1, (os.cpu_count() or 2) - 1),
            max_tasks=JOBS_A_WORKER,
            initializer=_prepare,
            initargs=(os.getpid(),),
            context=multiprocessing.get_context("spawn"),
        )

    def warm(self) -> None:
        """Starts a worker now, in the background: its imports take as long as a spider takes to open its archive."""
        self._pool.schedule(_begin)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises, from a worker.

        :raises Unreadable: it did not end by the deadline, or its process died (out of memory, a crash in C).
        """
        future = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=self.deadline)
        try:
            return await asyncio.wrap_future(future)
        except DeadlineMissed:
            raise Unreadable("too slow", f"not parsed within {self.deadline:g} s") from None
        except ProcessExpired as error:
            raise Unreadable("crashed", f"its parser ended with exit code {error.exitcode}") from None
        except (MemoryError, RecursionError) as error:
            raise Unreadable("too large", type(error).__name__) from None

    def close(self) -> None:
        """Ends the workers at once, with whatever they are at."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


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
