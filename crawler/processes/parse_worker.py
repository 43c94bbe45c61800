"""A parse worker: does one job after the other, and nothing else. `crawler/processes/parse_pool.py` starts it.

python -m crawler.processes.parse_worker PARENT FD

A message is eight bytes that tell its length, then a pickle: of the seconds of CPU time that the job may take, a
function and its arguments, answered by whether it returned and what it returned or raised. The first message is the
worker's own, when it is ready.

A job that takes more than that is ended with its process by the kernel: SIGPROF has its default action here, so that it
also ends code that does not return to the interpreter, and time in which other processes had the processor is not
counted (setitimer(2), ITIMER_PROF).
"""

from __future__ import annotations

import gc
import logging
import pickle
import signal
import socket
import struct
import sys
import traceback
from typing import Any, BinaryIO

from crawler.errors import PageProblem
from crawler.processes.child import die_with_parent

MEMORY = 2 << 30  # bytes of address space a worker may have: a bomb ends in a MemoryError, not in the host's swap
LENGTH = struct.Struct("!Q")
OUT_OF_TIME = -signal.SIGPROF  # the exit code of a worker whose job took all the CPU time it had
GARBAGE = 50_000  # objects made between two searches for cycles, of 700: a page makes few, and hundreds of thousands


def frame(value: Any) -> bytes:
    """A message."""
    packed = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(packed)) + packed


def main(parent: int, fd: int) -> None:
    """Works until the parent closes its end."""
    _prepare(parent)
    import crawler.stages  # noqa: F401  # now and not with the first job, whose time it would take

    gc.freeze()
    gc.set_threshold(GARBAGE)
    with socket.socket(fileno=fd) as connection, connection.makefile("rb") as jobs:
        connection.sendall(frame((True, None)))
        while head := jobs.read(LENGTH.size):
            connection.sendall(_answer(jobs, LENGTH.unpack(head)[0]))


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
    """Readies a worker: it dies with its parent, leaves Ctrl-C to it, and cannot take the machine's memory."""
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.ERROR)  # libraries' remarks on bad HTML; what matters comes back as a result or an error
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
