"""Worker processes that parse all untrusted bytes, each job with a deadline; a worker that misses it is killed and
replaced.

The reactor only moves bytes: when sitemaps were parsed there, one of 341 KiB blocked it for 210 s, deaf to SIGTERM.
Deadlines count a job's CPU time, so that no page fails because the machine is busy; a job that hangs without using any
is ended too.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any, ClassVar, ParamSpec, TypeVar, cast

from crawler.errors import ArshifError, PageProblem, Unreadable
from crawler.processes import parse_worker
from crawler.processes.fork_server import Forked, ForkServer
from crawler.processes.parse_worker import LENGTH, OUT_OF_TIME, frame
from crawler.site_config import Site
from index.model.codes import ParseReason
from index.model.message import Message

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("arshif.workers")

QUICK_QUEUE, SLOW_QUEUE = "quick", "slow"
DEADLINE = 20.0  # seconds of CPU for one page or document; 50,000 paragraphs in 6 MB took trafilatura 12 s
QUICK = 5.0  # seconds of CPU after which a job yields to others: it is restarted in the queue of slow ones
BACKSTOP = 900.0  # wall-clock seconds for a job that blocks; one that computes gets its 20 s at 40 processes per CPU
# Then a worker is replaced, so that a library's leaks end with it; over 2,300 pages, none showed
JOBS_PER_WORKER = 5_000
PRESTART_JOBS = 50  # jobs before that, its successor is started: its imports take as long as a few dozen pages
JOBS_IN_FLIGHT = 2  # jobs per worker: one running and one queued, so that it never waits for us
EXPECTED = (ArshifError, PageProblem, MemoryError, RecursionError)  # of what jobs raise; the rest are bugs of ours
BUSY_SECONDS = 1.0  # all workers must be that busy for so long before one is added: its imports take as long


class PoolClosed(Exception):
    """A job was not begun because the crawl is ending: its page or document is left for the next crawl."""


class WorkerMessage(StrEnum):
    """Message codes about workers."""

    NO_RESOURCES = "worker.no_resources"  # error


class WorkerFailed(ArshifError, PoolClosed):
    """A job met an error of the machine, such as a full disk for temporary files: jobs have nothing to do with files of
    the pages that they read. Their page or document is left, too."""


class _Gone(Exception):
    """The worker ended before it began this job, which goes to another one."""


class _Late(Exception):
    """The job exceeded its CPU time and was killed."""


class _Stuck(_Late):
    """The job did not end by the backstop although it used little CPU time, and was killed."""


class _Died(Exception):
    """The worker ended during this job, with this exit code."""


class _Worker:
    """A worker process and our end of the connection to it."""

    server: ClassVar[ForkServer | None] = None  # that they are forked from

    def __init__(self) -> None:
        self.connection, theirs = socket.socketpair()
        self.connection.setblocking(False)
        with theirs:
            self.process = self._start(theirs.fileno())
        self.given = 0  # jobs in total
        self.jobs = 0  # jobs under way
        self.killed = self.ready = False
        self._sending, self._answering = asyncio.Lock(), asyncio.Lock()  # both are FIFO: answers come in our order

    @classmethod
    def _start(cls, fd: int) -> subprocess.Popen[bytes] | Forked:
        if cls.server and (pid := cls.server.start(None, [fd])):
            return Forked(pid)
        command = [sys.executable, "-m", "crawler.processes.parse_worker", str(os.getpid()), str(fd)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[fd])

    @property
    def alive(self) -> bool:
        """Whether the worker can take a job."""
        return not self.killed and self.process.poll() is None

    async def do(self, message: bytes, backstop: float) -> Any:
        """What the job in this message returns or raises; a bug of ours is logged and becomes an Unreadable.

        :param backstop: wall-clock seconds for the job, from the end of the one before it.
        :raises _Late: when it took more CPU time than the message allows; that also ends the worker.
        :raises _Stuck: when it was not done by the backstop; the worker is killed.
        :raises _Gone: when it was not begun.
        :raises _Died: when it crashed the worker.
        """
        self.given += 1
        self.jobs += 1
        try:
            async with self._sending:
                with suppress(ConnectionError):  # noticed below, when no answer comes
                    await asyncio.get_running_loop().sock_sendall(self.connection, message)
            async with self._answering:
                returned, value = await self._answer(backstop)
        except BaseException:
            self.kill()  # also on cancellation: otherwise the next job would receive this one's answer
            raise
        finally:
            self.jobs -= 1
            if self.killed and not self.jobs:
                self.connection.close()
        if isinstance(value, MemoryError):
            self.kill()  # what the pages before have left in its memory would leave none for those that come
        if not returned:
            raise value if isinstance(value, EXPECTED) else _unexpected(value)
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
        """Kill the process, whatever it is doing; jobs that wait for an answer see the end of the connection."""
        self.killed = True
        self.process.kill()
        self.process.wait()
        if not self.jobs:
            self.connection.close()
        else:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)


def _unexpected(error: Exception) -> WorkerFailed | Unreadable:
    if isinstance(error, OSError):
        failed = WorkerFailed(Message(WorkerMessage.NO_RESOURCES, {"error": str(error)}))
        log.error("%s", failed)
        return failed
    log.error("a bug in Arshif", exc_info=error)
    return Unreadable(ParseReason.INTERNAL_ERROR, error=repr(error))


class _Queue:
    """Workers that share one queue. Jobs wait here rather than in a worker, so that they can be dropped."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.turns = asyncio.Semaphore(JOBS_IN_FLIGHT * count)
        self.workers: list[_Worker] = []
        self.next: list[_Worker] = []  # started in advance
        self.closed = False
        self._spare = 0.0  # when a worker last had too little to do, or was still starting (monotonic seconds)

    async def do(self, message: bytes, backstop: float) -> Any:
        """What the job returns or raises; if its worker ended before it began, another one takes it.

        :raises PoolClosed: when the queue was closed before it began.
        """
        while not self.closed:
            with suppress(_Gone):
                return await self._worker().do(message, backstop)
        raise PoolClosed

    def warm(self) -> None:
        """Start a worker in advance, for the next job that needs one."""
        self.next.append(_Worker())

    def renew(self) -> None:
        """Give the next jobs to new workers. Those there are end with what they are doing."""
        for worker in self.workers:
            worker.given = JOBS_PER_WORKER
        while self.next:
            self.next.pop().kill()

    def _worker(self) -> _Worker:
        """The least busy worker, or a new one if all have been busy for a while and there may be more, so that a crawl
        of a few pages, or a slow and polite one, has only one."""
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
                    log.warning("a parse worker was killed while idle; it is replaced")
                    worker.kill()
                self.workers.remove(worker)
            elif worker.given >= JOBS_PER_WORKER and not worker.jobs:
                worker.kill()
                self.workers.remove(worker)

    def close(self) -> None:
        """Kill all workers."""
        self.closed = True
        for worker in (*self.workers, *self.next):
            worker.kill()


class ParsePool:
    """Runs pure functions of importable modules in up to `count` processes (default: one per CPU), and in one more for
    slow jobs.

    A job that is not done in `quick` seconds moves to the slow queue, as do all further jobs of its site: a site whose
    pages stall a parser delays only others like it. `quick` and `deadline` are seconds of CPU time, `backstop` is
    wall-clock seconds. The processes are never forked from this one, whose reactor and database connections they would
    inherit: they are spawned, or forked from a copy that was made before (`fork_workers`).
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
        self.ended: Callable[[], bool] = bool  # whether to drop waiting jobs, as the crawl is ending
        self._loading: asyncio.Future[None] | None = None
        self._lanes = {QUICK_QUEUE: _Queue(count or os.cpu_count() or 1), SLOW_QUEUE: _Queue(1)}

    def warm(self) -> None:
        """Start a worker in the background: its imports take as long as a spider takes to open its archive."""
        self._lanes[QUICK_QUEUE].warm()

    async def expect_pages(self) -> None:
        """Have what the first pages load, a second of CPU time, be loaded once for all workers. A crawl that finds
        nothing to read does without."""
        if _Worker.server is None or parse_worker.is_warm():
            return
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._load_more(_Worker.server))
        await asyncio.shield(self._loading)

    async def _load_more(self, server: ForkServer) -> None:
        await asyncio.to_thread(server.have_more_loaded)
        self._lanes[QUICK_QUEUE].renew()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises, run in a worker.

        :raises Unreadable: when it missed the deadline, its process died (out of memory, a crash in C), or it has a
            bug, which then costs this page or document only, whoever asked for it.
        :raises PoolClosed: when the crawl was asked to end before the job was begun.
        :raises WorkerFailed: when the worker met an error of the machine; it is logged.
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
            message = frame((seconds, *job))
            try:
                return await lane.do(message, self.backstop)
            except _Died as error:
                if error.args[0] != -signal.SIGKILL:
                    raise
                log.warning("a parse worker was killed; its job is done again")  # memory may have been wanted elsewhere
            return await lane.do(message, self.backstop)

    def close(self) -> None:
        """Kill the workers at once, whatever they are doing."""
        for lane in self._lanes.values():
            lane.close()


def fork_workers() -> None:
    """Have all workers of this process, which crawls only once, forked from a copy of what it has loaded. Call it
    before the reactor or any thread starts."""
    _Worker.server = ForkServer(parse_worker.load, parse_worker.work, lasts=False, load_more=parse_worker.warm)
