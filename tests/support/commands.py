"""Commands in processes of their own, each forked from one that has loaded what `arshif` needs.

Loading it takes most of the time of a test that gives many commands. A server, one for each process that tests and
another for commands on a terminal, does so once; a command has its own pid, environment and output all the same.
"""

from __future__ import annotations

import atexit
import gc
import os
import pickle
import pty
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from runpy import run_module
from select import select
from tempfile import TemporaryFile
from typing import IO, Any

ROOT = Path(__file__).parents[2]
COLUMNS = "200"  # of the terminal that each command is told to have
TERM = "xterm"  # the kind of those that are there
# What the loader, Python or a loaded module reads once: a command for which it is to be another starts anew
READ_ONCE = re.compile("COLUMNS|TERM|NO_COLOR|FORCE_COLOR|LANG|LC_.+|TZ|LD_.+|PYTHON.+")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}  # as `arshif` itself has it: what is forked must have no other
PID, CODE = 4, 2  # bytes
CODE_GIVEN = "-c"  # in place of a module


def run(
    module: str,
    arguments: Sequence[str],
    env: Mapping[str, str],
    stdout: IO[str],
    stderr: IO[str],
    timeout: float,
    cwd: Path = ROOT,
) -> int:
    """The exit code of `python -m MODULE ARGUMENT...` in this environment and folder, or minus the signal that ended
    it.

    :raises subprocess.TimeoutExpired: when it has not ended after so many seconds; it is killed.
    """
    started = start(module, arguments, env, stdout, stderr, cwd)
    try:
        return started.wait(timeout)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
        raise


def start(
    module: str, arguments: Sequence[str], env: Mapping[str, str], stdout: IO[Any], stderr: IO[Any], cwd: Path = ROOT
) -> Command | subprocess.Popen[bytes]:
    """`python -m MODULE ARGUMENT...` in this environment and folder, which goes on by itself; whoever starts it ends
    it. Or `python -c CODE ARGUMENT...`, for a module "-c"."""
    on_terminal = os.isatty(stdout.fileno()), os.isatty(stderr.fileno())
    if _read_once(env) != _read_once(_environment(*on_terminal)):
        command = [sys.executable, *(() if module == CODE_GIVEN else ("-m",)), module, *arguments]
        return subprocess.Popen(command, cwd=cwd, env=env, stdout=stdout, stderr=stderr)
    return _server(*on_terminal).start((module, *arguments), env, (stdout.fileno(), stderr.fileno()), cwd)


def said(module: str, arguments: Sequence[str], env: Mapping[str, str], timeout: float) -> tuple[int, str]:
    """The exit code as `run` gives it, and what was said on both outputs, as for a terminal of COLUMNS.

    :raises subprocess.TimeoutExpired: as `run` does.
    """
    with TemporaryFile("w+", encoding="utf-8") as both:
        ended = run(module, arguments, {**env, "COLUMNS": COLUMNS}, both, both, timeout)
        both.seek(0)
        return ended, both.read()


def _environment(*on_terminal: bool) -> dict[str, str]:
    """That of the server of commands of which these outputs are terminals."""
    return os.environ | {"COLUMNS": COLUMNS} | ({"TERM": TERM} if any(on_terminal) else {})


def _read_once(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if READ_ONCE.fullmatch(name)}


class Command:
    """A command that was forked; what is used of `subprocess.Popen`."""

    def __init__(self, pid: int, arguments: Sequence[str], code: socket.socket) -> None:
        self.pid = pid
        self.args = arguments
        self.returncode: int | None = None
        self._code = code  # has its exit code once it has ended

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended.

        :param timeout: seconds.
        :raises subprocess.TimeoutExpired: when it has not ended by then.
        """
        if self.returncode is None:
            if not select([self._code], [], [], timeout)[0]:
                assert timeout is not None
                raise subprocess.TimeoutExpired(self.args, timeout)
            self.returncode = _number(self._code, CODE)
            self._code.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class _Server:
    def __init__(self, *on_terminal: bool) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._terminal = pty.openpty() if any(on_terminal) else ()  # what is loaded looks at once whether it is on one
        stdout, stderr = (self._terminal[1] if there else None for there in on_terminal)
        with theirs:
            command = [sys.executable, "-m", "tests.support.commands", str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=_environment(*on_terminal) | ONE_THREAD, stdin=subprocess.DEVNULL,
                stdout=stdout, stderr=stderr, pass_fds=[theirs.fileno()],
            )  # fmt: skip

    def start(self, command: Sequence[str], env: Mapping[str, str], output: tuple[int, int], cwd: Path) -> Command:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._requests, [b"\0"], [theirs.fileno(), *output])
        ours.sendall(pickle.dumps((tuple(command), dict(env), cwd)))
        ours.shutdown(socket.SHUT_WR)
        return Command(_number(ours, PID), command, ours)

    def close(self) -> None:
        """End the server; the commands that run go on."""
        self._requests.close()
        self._process.wait()
        for fd in self._terminal:
            os.close(fd)


def _number(connection: socket.socket, size: int) -> int:
    told = connection.recv(size, socket.MSG_WAITALL)
    if len(told) < size:
        raise EOFError("what waits for the command has ended")
    return int.from_bytes(told, signed=True)


@cache
def _server(*on_terminal: bool) -> _Server:
    server = _Server(*on_terminal)
    atexit.register(server.close)
    return server


# --- in the server, and in what it forks -----------------------------------------------------------------------------


def _serve(requests: socket.socket) -> None:
    """Fork a process for each request, until whoever tests ends."""
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait for a command
    while (request := socket.recv_fds(requests, 1, 3))[0]:
        if os.fork() == 0:
            requests.close()
            _wait_for_command(*request[1])
        for fd in request[1]:
            os.close(fd)


def _load() -> None:
    """Import what most commands need, as a command would, and read what its workers would, but start no thread."""
    from crawler.cli import app
    from crawler.processes import parse_worker, spider_process

    app.command()
    for name in (
        "crawler.importing.job",
        "crawler.processes.crawl_process",
        "index.engines.embedded",
        "index.search.service",
    ):
        import_module(name)
    spider_process.load_components()
    parse_worker.warm()
    gc.collect()
    gc.freeze()  # else each command's collections, as it ends, would copy what it shares with this process: .5 s of CPU


def _wait_for_command(asker: int, stdout: int, stderr: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=asker) as connection:
        command, env, cwd = pickle.loads(b"".join(iter(partial(connection.recv, 1 << 16), b"")))
        pid = os.fork()
        if pid == 0:
            connection.close()
            _run(command, env, stdout, stderr, cwd)
        connection.sendall(pid.to_bytes(PID, signed=True))
        _, status = os.waitpid(pid, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(CODE, signed=True))
    os._exit(0)


def _run(command: Sequence[str], env: Mapping[str, str], stdout: int, stderr: int, cwd: Path) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for file, number in ((stdout, 1), (stderr, 2)):
        os.dup2(file, number)
        os.close(file)
    random.seed()  # else all commands would draw the same numbers
    if command[0] == CODE_GIVEN:
        sys.argv = [CODE_GIVEN, *command[2:]]
        exec(command[1], {"__name__": "__main__"})
    else:
        sys.argv = [*command]
        run_module(command[0], run_name="__main__", alter_sys=True)
    sys.exit(0)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        _serve(requests)
