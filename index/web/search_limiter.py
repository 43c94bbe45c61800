"""A limit on concurrent searches, and the measurement of their duration."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

from prometheus_client import Histogram
from starlette.concurrency import run_in_threadpool

from index.errors import IndexUnavailable
from index.model.message import Message

MAX_CONCURRENT_SEARCHES = 4  # on two cores, more only make all of them slower
WAIT_SECONDS = 3.0  # for which a search waits for a slot
CHECK_SECONDS = 0.025  # between two looks for a free slot

T = TypeVar("T")


class SearchLimiter:
    """The searches of one application. Those that wait take no thread, so that all other pages are served meanwhile."""

    def __init__(self, seconds: Histogram, at_once: int = MAX_CONCURRENT_SEARCHES, wait: float = WAIT_SECONDS) -> None:
        self._seconds = seconds
        self._wait = wait
        self._turns = threading.BoundedSemaphore(at_once)

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, which searches, run in a thread once a slot is free.

        :raises IndexUnavailable: when no slot becomes free in time.
        """
        async with self.slot():
            return await run_in_threadpool(work)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold a slot for one search; no queue builds up.

        :raises IndexUnavailable: when no slot becomes free in time.
        """
        until = time.monotonic() + self._wait
        while not self._turns.acquire(blocking=False):
            if time.monotonic() >= until:
                raise IndexUnavailable(Message("error.busy_searches", {"wait": self._wait}))
            await asyncio.sleep(CHECK_SECONDS)
        try:
            yield
        finally:
            self._turns.release()

    def timed(self) -> AbstractContextManager[object]:
        """Measure the duration of the block as that of a search."""
        return self._seconds.time()
