"""Work in a process that dies at a moment which no clock decides: after so many calls of functions, wherever they are.

Where a machine is slow, busy or suspended, the seconds until a kill say nothing about how far the work came. So its
calls are counted, in all threads, Python's and C's; a dozen of them write, and all are as likely. From there, the kill
may come a moment later, within what C code does, such as a commit.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from itertools import count
from typing import Any

FORKS = multiprocessing.get_context("fork")  # what is imported once is there
LATER = 0.003  # seconds at most
ENDS = (-signal.SIGKILL, -signal.SIGALRM)  # both end a process as a kill does: nothing of it is run any more

Work = Callable[[], object]


def load(work: Work) -> None:
    """Does the work, and imports here what it imports, so that no kill and no time is spent on that."""
    reading, writing = FORKS.Pipe(duplex=False)
    before = {*sys.modules}

    def told() -> None:
        work()
        writing.send([name for name in sys.modules if name not in before])

    _run(told)
    for name in reading.recv():
        with suppress(ImportError):  # made by the work itself, or by a library for itself
            import_module(name)


def calls_of(work: Work) -> int:
    """How many calls this work takes from its beginning to its end."""
    told = FORKS.Value("q", 0)

    def counted() -> None:
        number = count(1)

        def note(_: Any, event: str, __: Any) -> None:
            if event in ("call", "c_call"):
                told.value = next(number)

        _watch(note)
        work()
        _watch(None)

    _run(counted)
    return int(told.value)


def kill(work: Work, calls: int, dice: random.Random) -> bool:
    """Whether the work was killed before it came to its end, after up to so many calls."""
    left, later = count(dice.randrange(calls), -1), dice.choice((0.0, dice.uniform(0, LATER)))

    def doomed() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

        def note(_: Any, event: str, __: Any) -> None:
            if event in ("call", "c_call") and not next(left):
                if later:
                    signal.setitimer(signal.ITIMER_REAL, later)
                else:
                    os.kill(os.getpid(), signal.SIGKILL)

        _watch(note)
        work()
        _watch(None)

    return _run(doomed, ENDS) in ENDS


def undisturbed(work: Work) -> None:
    """Does the work in a process of its own, so that nothing of it is left in this one."""
    _run(work)


def _watch(note: Callable[[Any, str, Any], None] | None) -> None:
    threading.setprofile(note)
    sys.setprofile(note)


def _run(work: Work, ends: tuple[int, ...] = ()) -> int:
    """The exit code of a process that does the work."""
    child = FORKS.Process(target=work)
    child.start()
    child.join()
    code = child.exitcode
    assert code in (0, *ends), f"it ended with {code}"
    return int(code or 0)
