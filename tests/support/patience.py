"""How long a test waits: for the condition itself, never for a time in which a fast machine is done with it.

Nothing here decides on a machine that is merely slow or busy. A condition that never comes true ends its test at
PATIENCE, and a parser whose cost explodes takes minutes of CPU, where the budgets of tests are seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 900.0  # seconds until something must have happened, which on a free machine takes a few
LOOK, SELDOM = 0.05, 1.0  # seconds between two looks: the more a look takes of the processor, the more seldom
REST = 4  # times as long as the look took
REFERENCE = 0.07  # seconds of CPU that the work of `_slowness` takes where the budgets were measured


def wait_for(what: Callable[[], T], told: Callable[[], str] = str) -> T:
    """What the function gives, as soon as that is true; errors of what is not up yet count as not yet.

    :raises AssertionError: it did not come true, with what `told` says by then.
    """
    import httpx  # here, as both are for development only, and `make demo` reads this file without them
    import psutil

    end = time.monotonic() + PATIENCE
    while True:
        began = time.monotonic()
        with suppress(httpx.HTTPError, OSError, psutil.Error):
            if found := what():
                return found
        now = time.monotonic()
        assert now < end, f"not within {PATIENCE:g} s\n{told()}"
        time.sleep(min(max(LOOK, REST * (now - began)), SELDOM))


@contextmanager
def cpu_within(seconds: float) -> Iterator[None]:
    """Asserts that the block takes no more CPU time than this, or as much more as this machine is slower just then."""
    slowness = _slowness()
    start = time.process_time()
    yield
    took = time.process_time() - start
    budget = seconds * max(slowness, _slowness())
    assert took < budget, f"{took:.2f} s of CPU, of {budget:.2f}"


def _slowness() -> float:
    """How many times slower than where the budgets were measured: others on the same processor change it from moment
    to moment."""
    start = time.process_time()
    sum(hash(str(number)) & 1 for number in range(200_000))
    return max(1.0, (time.process_time() - start) / REFERENCE)
