"""How many searches run at once, and how long each took."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Histogram

from index.errors import IndexUnavailable
from index.model.message import Message

MAX_CONCURRENT_SEARCHES = 4  # searches: more on two cores only make all of them slower
WAIT_SECONDS = 3.0  # s that a search waits for its turn


class SearchLimiter:
    """The searches of one application."""

    def __init__(self, seconds: Histogram, at_once: int = MAX_CONCURRENT_SEARCHES, wait: float = WAIT_SECONDS) -> None:
        self._seconds = seconds
        self._wait = wait
        self._turns = threading.BoundedSemaphore(at_once)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A turn for one search. Raises IndexUnavailable where there is none in time: then no queue grows."""
        if not self._turns.acquire(timeout=self._wait):
            raise IndexUnavailable(Message("error.busy_searches", {"wait": self._wait}))
        try:
            with self._seconds.time():
                yield
        finally:
            self._turns.release()
