"""Processes that start at once: forks of one that has already loaded what they need, on Linux only.

What a crawl imports takes several times the processor time of a crawl that finds nothing new. A fork server imports it
once and does nothing else: it has no thread, no event loop and no open database that a fork could inherit half-way. A
process is forked twice, so that it is a child of whoever asked and outlives the server, but not its parent.

Whoever asks must be able to do without: `start` gives None where there is no server, because the system is another, the
server has died, or a file of what it has loaded has changed since.
"""

from __future__ import annotations

import array  # noqa: F401 - socket.recv_fds loads it at its first call: too late for the stamp of what is loaded
import gc
import os
import pickle
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from subprocess import TimeoutExpired
from typing import IO, Any, Self

from crawler.processes.child import die_with_parent, prctl

PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans among this process's descendants become its children
LOOK_SECONDS = 0.02  # between two looks whether a process has ended, where that is waited for with a limit
MOST_FDS = 8  # that a job takes along
PID = 4  # bytes
FORK, LOAD_MORE = b"\0", b"\1"  # what a server is told
OUR_PACKAGES = ("crawler", "index", "spiders")

Job = Callable[[Any, Sequence[int]], object]


class Forked:
    """A child of this process that a fork server has made; what is used of `subprocess.Popen`."""

    def __init__(self, pid: int, stderr: IO[bytes] | None = None) -> None:
        self.pid = pid
        self.stderr = stderr
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        return self._look(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended.

        :param timeout: seconds.
        :raises subprocess.TimeoutExpired: when it has not ended by then.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self._look(0 if end is None else os.WNOHANG)) is None:
            if timeout is not None and end is not None and time.monotonic() >= end:
                raise TimeoutExpired(str(self.pid), timeout)
            time.sleep(LOOK_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _look(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


class ForkServer:
    """A copy of this process that has called `load`, and forks off processes that call `run`.

    Make it early: it forks nothing when it has more than one thread. Make it, and call `start`, in the main thread,
    whose end the system takes for this process's. One that `lasts` forks nothing more once the code has changed.
    `load_more` is called when that is asked for (`have_more_loaded`), of one that does not last.
    """

    def __init__(
        self, load: Callable[[], object], run: Job, *, lasts: bool, load_more: Callable[[], object] = bool
    ) -> None:
        self._connection: socket.socket | None = None
        self._pid = 0
        if sys.platform != "linux":
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        parent = os.getpid()
        try:
            self._pid = os.fork()
        except OSError:  # too many processes: they start the slow way, or not at all
            ours.close()
        if self._pid == 0 and os.getpid() != parent:
            ours.close()
            _leave(lambda: _serve(theirs, parent, load, load_more, run, lasts))
        theirs.close()
        self._connection = ours if self._pid else None

    def start(self, job: Any, fds: Sequence[int] = ()) -> int | None:
        """The pid of a new child in its own session, which calls `run` with this job and copies of these files, and
        ends when it returns; its exit code is that of a SystemExit, 0 without. None when it cannot be had."""
        if self._connection is None:
            return None
        ours, theirs = socket.socketpair()
        with ours, _adopting():
            try:
                with theirs:
                    socket.send_fds(self._connection, [FORK], [theirs.fileno(), *fds])
                told = ours.recv(PID, socket.MSG_WAITALL)
                if len(told) < PID:
                    raise EOFError
                ours.sendall(pickle.dumps(job))
            except (OSError, EOFError):
                self.close()
                return None
        return int.from_bytes(told)

    def have_more_loaded(self) -> None:
        """Return once `load_more` has been called in the server, or at once if there is none. Any thread may wait."""
        if self._connection is not None:
            with suppress(OSError):  # it has ended, as `start` will notice
                self._connection.send(LOAD_MORE)
                self._connection.recv(1)

    def close(self) -> None:
        """End the server; the processes that it has made go on."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(self._pid, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _adopting() -> Iterator[None]:
    """Orphans become our children in the block."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0)


# --- in the server, and in what it forks ---------------------------------------------------------------------------


def _serve(
    connection: socket.socket,
    parent: int,
    load: Callable[[], object],
    load_more: Callable[[], object],
    run: Job,
    lasts: bool,
) -> None:
    """Fork a process for each request, until the parent closes its end, or no fork would be as good as a new start."""
    die_with_parent(parent)
    os.setsid()
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    _load(load)
    loaded = _stamp() if lasts else 0
    while (request := socket.recv_fds(connection, 1, 1 + MOST_FDS))[0]:
        if request[0] == LOAD_MORE:
            _load(load_more)
            connection.send(LOAD_MORE)
            continue
        fds = request[1]
        if not _is_single() or (lasts and _stamp() != loaded):
            return
        if os.fork() == 0:
            connection.close()
            _fork_again(parent, run, fds)
        for fd in fds:
            os.close(fd)
        os.wait()


def _load(load: Callable[[], object]) -> None:
    load()
    gc.collect()
    gc.freeze()  # else the first search for cycles in each fork would copy all that is shared


def _fork_again(parent: int, run: Job, fds: Sequence[int]) -> None:
    between = os.getpid()
    if os.fork() != 0:
        os._exit(0)
    while os.getppid() == between:
        time.sleep(0.0005)
    die_with_parent(parent)
    os.setsid()
    try:
        with socket.socket(fileno=fds[0]) as connection, connection.makefile("rb") as given:
            connection.sendall(os.getpid().to_bytes(PID))
            job = pickle.load(given)
    except (OSError, EOFError, pickle.UnpicklingError):  # whoever asked has ended, and waits for nothing
        sys.exit(1)
    run(job, fds[1:])
    sys.exit(0)


def _leave(action: Callable[[], object]) -> None:
    """Do this and end the process, without what the process that it was forked from would do at its end."""
    code = 1
    try:
        action()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _is_single() -> bool:
    return len(os.listdir("/proc/self/task")) == 1


def _stamp() -> int:
    """Changes when a file of a loaded module changes, or one beside a module of ours, such as its data."""
    files = {(name, file) for name, module in [*sys.modules.items()] if (file := getattr(module, "__file__", None))}
    ours = {os.path.dirname(file) for name, file in files if name.partition(".")[0] in OUR_PACKAGES}
    beside = {entry.path for folder in ours for entry in os.scandir(folder) if entry.is_file()}
    return hash(frozenset((file, _changed(file)) for file in beside.union(file for _, file in files)))


def _changed(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0
