"""A parse worker: runs one job after the other, and nothing else. `crawler/processes/parse_pool.py` starts it.

python -m crawler.processes.parse_worker PARENT FD

A message is eight bytes with its length, then a pickle. A job is the seconds of CPU time that it may take, a function
and its arguments; the answer is whether it returned, and what it returned or raised. The worker sends the first
message, when it is ready.

The kernel ends a job that takes longer, together with its process: SIGPROF has its default action here, so that it also
ends code that does not return to the interpreter, and time that other processes had the CPU is not counted
(setitimer(2), ITIMER_PROF).
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any, BinaryIO

from crawler.errors import PageProblem, Refused
from crawler.models import Page
from crawler.processes.child import die_with_parent, name_process
from crawler.site_config import stranger

MEMORY = 2 << 30  # bytes of address space for a worker: a bomb ends in a MemoryError, not in the machine's swap
LENGTH = struct.Struct("!Q")
OUT_OF_TIME = -signal.SIGPROF  # exit code of a worker whose job used up its CPU time
# Allocations between two searches for cycles, instead of 700: a page makes few cycles, but hundreds of thousands of
# objects
GARBAGE = 50_000

SAMPLE_URL = "https://example.com/news/a-page-like-any-other"
SAMPLES = (  # an article as most are, and a page that has so little text that it is looked for in every way
    b"""<!DOCTYPE html><html lang="en"><head><title>A page like any other</title></head><body><article>
<h1>A page like any other</h1><p class="byline">By A. Writer</p><time>3. Dezember 2025, 10:30</time>
<figure><img src="/images/a.jpg" width="900" height="600"><figcaption>Photo: A. Writer</figcaption></figure>
<p>This page says nothing that anybody would want to know, but it says so in whole sentences, as articles do.</p>
<p>Whoever reads the first page has to learn the names of the months, the words of the languages, and much else.</p>
<p>All of that stays where it is, and so those who come later, and read what is new, have nothing left to learn.</p>
<p>Read also: Another page</p><p>Follow us on Telegram</p></article></body></html>""",
    b"<!DOCTYPE html><title>A film of nothing</title><h1>A film of nothing</h1><video src=/film.mp4></video>",
)


def frame(value: Any) -> bytes:
    """A message with this value."""
    packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(packed)) + packed


def main(parent: int, fd: int) -> None:
    """Run jobs until the parent closes its end of the connection."""
    _prepare(parent)
    load()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    with (
        suppress(ConnectionError),  # the parent has closed its end while this one was starting, or at a job
        socket.socket(fileno=fd) as connection,
        connection.makefile("rb") as jobs,
    ):
        connection.sendall(frame((True, None)))
        while head := jobs.read(LENGTH.size):
            connection.sendall(_answer(jobs, LENGTH.unpack(head)[0]))


def load() -> None:
    """Import what the jobs need, so as not to use up the first one's time."""
    import crawler.stages  # noqa: F401


@cache
def warm() -> None:
    """Read two pages, so that what the first ones load is there: models, names and phrases, which takes as long as
    dozens of others. Once in a process, with those that it is forked from."""
    from crawler import stages

    for sample in SAMPLES:
        page = Page(SAMPLE_URL, SAMPLE_URL, sample, datetime.now(UTC), headers={"content-type": "text/html"})
        with suppress(Refused):
            stages.article(page, stranger(SAMPLE_URL))


def is_warm() -> bool:
    """Whether that has been done."""
    return warm.cache_info().currsize > 0


def work(_: object, fds: Sequence[int]) -> None:
    """`main`, where a fork server has made the process."""
    name_process("arshif", "crawler.processes.parse_worker")
    main(os.getppid(), fds[0])


def _answer(jobs: BinaryIO, length: int) -> bytes:
    try:
        seconds, function, args, kwargs = pickle.loads(jobs.read(length))
        signal.setitimer(signal.ITIMER_PROF, seconds)
        return frame((True, function(*args, **kwargs)))
    except Exception as error:
        if not isinstance(error, PageProblem):
            error.add_note(traceback.format_exc())  # the only way for it to reach the log
        try:
            return frame((False, error))
        except Exception:  # an error that cannot be pickled
            return frame((False, RuntimeError(repr(error))))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _prepare(parent: int) -> None:
    """Sets up a worker: it dies with its parent, leaves Ctrl-C to it, and cannot exhaust the machine's memory."""
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.ERROR)  # libraries complain about bad HTML; what matters comes back as a result or error
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
