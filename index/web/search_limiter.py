"""A limit on concurrent searches, and the measurement of their duration."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Histogram

from index.errors import IndexUnavailable
from index.model.message import Message

MAX_CONCURRENT_SEARCHES = 4  # on two cores, more only make all of them slower
WAIT_SECONDS = 3.0  # for which a search waits for a slot


class SearchLimiter:
    """The searches of one application."""

    def __init__(self, seconds: Histogram, at_once: int = MAX_CONCURRENT_SEARCHES, wait: float = WAIT_SECONDS) -> None:
        self._seconds = seconds
        self._wait = wait
        self._turns = threading.BoundedSemaphore(at_once)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for one search and measure its duration; no queue builds up.

        :raises IndexUnavailable: when no slot becomes free in time.
        """
        if not self._turns.acquire(timeout=self._wait):
            raise IndexUnavailable(Message("error.busy_searches", {"wait": self._wait}))
        try:
            with self._seconds.time():
                yield
        finally:
            self._turns.release()
