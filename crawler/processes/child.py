"""Child processes that never outlive their parent: a crawl, its workers, the indexer, the web server."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Protocol

# glibc gives each thread its own malloc arena, and tantivy starts new threads for each batch, whose freed memory stays
# in their arenas. After 2,500 batches the indexer retains 70 MiB with two arenas, and 190 with one arena per thread.
ARENAS = {"MALLOC_ARENA_MAX": "2"}  # mallopt(3)
PR_SET_PDEATHSIG = 1  # prctl(2): the signal that this process gets when its parent ends

ARG_START, ARG_END = 45, 46  # of what follows the name in /proc/PID/stat: where the command line is; proc_pid_stat(5)


class Child(Protocol):
    """What is used of `subprocess.Popen`."""

    pid: int
    returncode: int | None

    @property
    def stderr(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...
    def terminate(self) -> None: ...


def die_with_parent(parent: int) -> None:
    """Have this process killed with SIGKILL as soon as `parent` (a pid) ends, however it ends; on Linux only.

    The kernel watches the parent's *thread* that started this process, so start children from a thread that lives as
    long as its process (prctl(2), PR_SET_PDEATHSIG).
    """
    if sys.platform != "linux":
        return
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call above
        os.kill(os.getpid(), signal.SIGKILL)


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process: prctl(2), on Linux only."""
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def start_child(arguments: Sequence[str], stderr: int | None = None) -> subprocess.Popen[bytes]:
    """A child that runs an `arshif` command in its own session and process group. Call it from the main thread.

    A terminal's Ctrl-C then reaches only the parent, which decides how the child ends. `stderr` is as for Popen.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", *arguments, "--parent", str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
        env=ARENAS | os.environ,
    )


def name_process(*words: str) -> None:
    """Have `ps` and the like show these words for this process, which was forked, as far as there is room for them."""
    if sys.platform != "linux":
        return
    with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    start, end = int(fields[ARG_START]), int(fields[ARG_END])
    shown = "\0".join(words).encode("utf-8", "replace")[: end - start - 1]
    ctypes.memmove(start, shown.ljust(end - start, b"\0"), end - start)


def end_child(child: Child, grace: float) -> int:
    """Send the child SIGTERM and, `grace` seconds later, its whole group SIGKILL; return the exit status."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            kill_group(child)
    return child.wait()


def kill_group(child: Child) -> None:
    """Send SIGKILL to the child's group, including its workers and browsers; the child itself may have ended."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
