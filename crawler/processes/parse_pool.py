"""Processes for every parse of foreign bytes, each job with a deadline; a worker that misses it is killed and replaced.

The reactor only moves bytes: a sitemap of 341 KiB held it for 210 s, deaf to SIGTERM, when it was parsed there.
Deadlines count the CPU time of the job, so that a busy machine refuses no page; a job that takes none is ended too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar, cast

from crawler.errors import Unreadable
from crawler.processes.parse_worker import LENGTH, OUT_OF_TIME, frame
from crawler.site_config import Site
from index.model.codes import ParseReason

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("arshif.workers")

QUICK_QUEUE, SLOW_QUEUE = "quick", "slow"
DEADLINE = 20.0  # seconds of CPU for one page or document; 50,000 paragraphs in 6 MB took trafilatura 12 s
QUICK = 5.0  # seconds of CPU after which a job makes way for others: it begins anew where slow ones wait in line
BACKSTOP = 900.0  # seconds for a job that blocks: in them one that computes has its 20 s at 40 processes a CPU
JOBS_PER_WORKER = (
    5_000  # then it is replaced, so that what a library leaks ends with it; in 2,300 pages that was nothing
)
PRESTART_JOBS = 50  # jobs before that, the next one is started: its imports take as long as some dozens of pages
JOBS_IN_FLIGHT = 2  # jobs that a worker has: one is done, and one lies ready, so that it never waits for us
BUSY_SECONDS = 1.0  # seconds for which all have that many before there is one more: its imports take as long


class PoolClosed(Exception):
    """A job that was not begun, because the crawl is at its end: what it is about waits for the next one."""


class _Gone(Exception):
    """The worker ended before it came to this job, which another one does."""


class _Late(Exception):
    """The job took more CPU time than it may, and was ended."""


class _Stuck(_Late):
    """The job took little CPU time and did not end all the same, so it was ended."""


class _Died(Exception):
    """The worker ended at this job, with this exit code."""


class _Worker:
    """A process and our end of the connection to it."""

    def __init__(self) -> None:
        self.connection, theirs = socket.socketpair()
        self.connection.setblocking(False)
        command = [sys.executable, "-m", "crawler.processes.parse_worker", str(os.getpid()), str(theirs.fileno())]
        with theirs:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
        self.given = 0  # jobs in all
        self.jobs = 0  # those under way
        self.killed = self.ready = False
        self._sending, self._answering = asyncio.Lock(), asyncio.Lock()  # both are fair: answers come in our order

    @property
    def alive(self) -> bool:
        """Whether it can be given a job."""
        return not self.killed and self.process.poll() is None

    async def do(self, message: bytes, backstop: float) -> Any:
        """What the job of this message returns or raises.

        :param backstop: seconds by the clock that it has, from when the one before it is done.
        :raises _Late: it took more CPU time than the message allows it, and its worker with it.
        :raises _Stuck: it was not done by the backstop, and the worker was killed.
        :raises _Gone: it was not begun.
        :raises _Died: it took the worker with it.
        """
        self.given += 1
        self.jobs += 1
        try:
            async with self._sending:
                with suppress(ConnectionError):  # told by the answer that does not come
                    await asyncio.get_running_loop().sock_sendall(self.connection, message)
            async with self._answering:
                returned, value = await self._answer(backstop)
        except BaseException:
            self.kill()  # also where nobody waits for the answer any more: the next one would be taken for it
            raise
        finally:
            self.jobs -= 1
            if self.killed and not self.jobs:
                self.connection.close()
        if not returned:
            raise value
        return value

    async def _answer(self, backstop: float) -> tuple[bool, Any]:
        if self.killed:
            raise _Gone
        try:
            if not self.ready:
                await self._receive()
                self.ready = True
            async with asyncio.timeout(backstop):
                return cast(tuple[bool, Any], pickle.loads(await self._receive()))
        except TimeoutError:
            raise _Stuck from None
        except (EOFError, ConnectionError):
            if self.killed:
                raise _Gone from None
            code = self.process.wait()
            raise (_Late if code == OUT_OF_TIME else _Died(code)) from None

    async def _receive(self) -> bytes:
        length = LENGTH.unpack(await self._read(LENGTH.size))[0]
        return await self._read(length)

    async def _read(self, length: int) -> bytes:
        read, loop = bytearray(), asyncio.get_running_loop()
        while len(read) < length:
            piece = await loop.sock_recv(self.connection, length - len(read))
            if not piece:
                raise EOFError
            read += piece
        return bytes(read)

    def kill(self) -> None:
        """Ends the process, with whatever it is at; who waits for an answer learns it by the end of the connection."""
        self.killed = True
        self.process.kill()
        self.process.wait()
        if not self.jobs:
            self.connection.close()
        else:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)


class _Queue:
    """Workers that take jobs from one queue. What waits, waits here, where it can be dropped."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.turns = asyncio.Semaphore(JOBS_IN_FLIGHT * count)
        self.workers: list[_Worker] = []
        self.next: list[_Worker] = []  # started before they are needed
        self.closed = False
        self._spare = 0.0  # when a worker was last seen that had not enough to do, or was not there yet

    async def do(self, message: bytes, backstop: float) -> Any:
        """What the job gives; one that came to a worker which ended before it goes to another one."""
        while not self.closed:
            with suppress(_Gone):
                return await self._worker().do(message, backstop)
        raise PoolClosed

    def warm(self) -> None:
        """Starts a worker that the next job needs."""
        self.next.append(_Worker())

    def _worker(self) -> _Worker:
        """The one with the least to do; one more where there may be and all had enough for a while, so that a crawl of
        a few pages, or a polite one, has one."""
        self._retire_old_workers()
        fresh = [worker for worker in self.workers if worker.given < JOBS_PER_WORKER]
        if not self.next and any(worker.given >= JOBS_PER_WORKER - PRESTART_JOBS for worker in fresh):
            self.warm()
        if fresh:
            least, now = min(fresh, key=lambda worker: worker.jobs), time.monotonic()
            if least.jobs < JOBS_IN_FLIGHT or not least.ready:
                self._spare = now
            if len(fresh) >= self.count or now - self._spare < BUSY_SECONDS:
                return least
        self.workers.append(self.next.pop() if self.next else _Worker())
        return self.workers[-1]

    def _retire_old_workers(self) -> None:
        for worker in self.workers[:]:
            if not worker.alive:
                if not worker.killed and not worker.jobs:
                    log.warning("a worker was killed while it did nothing; it is replaced")
                    worker.kill()
                self.workers.remove(worker)
            elif worker.given >= JOBS_PER_WORKER and not worker.jobs:
                worker.kill()
                self.workers.remove(worker)

    def close(self) -> None:
        """Ends all of them."""
        self.closed = True
        for worker in (*self.workers, *self.next):
            worker.kill()


class ParsePool:
    """Runs pure functions of importable modules in up to `count` processes (one a processor), and in one for slow jobs.

    A job that is not done in `quick` seconds goes there, and so do all further ones of its site: who sends pages that
    hold a parser holds up its like, and nobody else. `quick` and `deadline` are seconds of CPU, `backstop` seconds by
    the clock. The processes are new ones, and no copies of this: they have neither its reactor nor its connections to a
    database.
    """

    def __init__(
        self,
        count: int | None = None,
        deadline: float = DEADLINE,
        quick: float = QUICK,
        backstop: float = BACKSTOP,
    ) -> None:
        self.deadline = deadline
        self.backstop = backstop
        self.quick = min(quick, deadline)
        self.slow: set[str] = set()  # sites
        self.ended: Callable[[], bool] = bool  # whether what waits is to be dropped, as the crawl is asked to end
        self._lanes = {QUICK_QUEUE: _Queue(count or os.cpu_count() or 1), SLOW_QUEUE: _Queue(1)}

    def warm(self) -> None:
        """Starts a worker now, in the background: its imports take as long as a spider takes to open its archive."""
        self._lanes[QUICK_QUEUE].warm()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises, from a worker.

        :raises Unreadable: it did not end by the deadline, or its process died (out of memory, a crash in C).
        :raises Ended: it waited for its turn when the crawl was asked to end, and was not begun.
        """
        site = next((arg.id for arg in args if isinstance(arg, Site)), "")
        job = function, args, kwargs
        try:
            if self.quick == self.deadline:
                return cast(T, await self._do(QUICK_QUEUE, job, self.deadline))
            if site not in self.slow:
                with suppress(_Late):
                    return cast(T, await self._do(QUICK_QUEUE, job, self.quick))
                self.slow.add(site)
            return cast(T, await self._do(SLOW_QUEUE, job, self.deadline))
        except _Stuck:
            raise Unreadable(ParseReason.STUCK, seconds=self.backstop) from None
        except _Late:
            raise Unreadable(ParseReason.TOO_SLOW, seconds=self.deadline) from None
        except _Died as error:
            raise Unreadable(ParseReason.CRASHED, exit_code=error.args[0]) from None
        except (MemoryError, RecursionError):
            raise Unreadable(ParseReason.OUT_OF_MEMORY) from None

    async def _do(self, name: str, job: tuple[object, ...], seconds: float) -> Any:
        lane = self._lanes[name]
        async with lane.turns:
            if lane.closed or self.ended():
                raise PoolClosed
            return await lane.do(frame((seconds, *job)), self.backstop)

    def close(self) -> None:
        """Ends the workers at once, with whatever they are at."""
        for lane in self._lanes.values():
            lane.close()
