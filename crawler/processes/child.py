"""Children that never outlive their parent: a crawl, its workers, the shipper, the web server."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

# glibc gives each thread an arena of its own, and tantivy makes new threads for each batch: what they leave free stays
# theirs. Of 2,500 batches the shipper keeps 70 MiB with two arenas, and 190 with as many as there are threads.
ARENAS = {"MALLOC_ARENA_MAX": "2"}  # mallopt(3)
PR_SET_PDEATHSIG = 1  # prctl(2): the signal that this process gets when its parent ends


def die_with_parent(parent: int) -> None:
    """Ends this process with SIGKILL as soon as `parent` (a pid) ends, however it ends; on Linux only.

    The kernel watches the parent's *thread* that started us, so children are started from threads that live as long as
    their process (prctl(2), PR_SET_PDEATHSIG).
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the call above
        os.kill(os.getpid(), signal.SIGKILL)


def start_child(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """A child that runs an `arshif` command in a process group of its own, so that a terminal's Ctrl-C reaches only us
    and we decide how it ends. Call it from the main thread."""
    return subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", *arguments, "--parent", str(os.getpid())],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        env=ARENAS | os.environ,
    )


def end_child(child: subprocess.Popen[bytes], grace: float) -> int:
    """The child's exit status after SIGTERM and, `grace` seconds later, SIGKILL for its whole group."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            kill_group(child)
    return child.wait()


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """Sends SIGKILL to the child's group, its workers and browsers with it; the child itself may have ended."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
