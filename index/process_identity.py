"""Which process a pid means: pids are given again, so a process is known by its pid, its start and its boot."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

PROC = Path("/proc")
_DEAD = {"Z", "X", "x"}  # states of /proc/PID/stat: ended, though its parent has not waited for it; proc_pid_stat(5)


def is_same_process(pid: int, start: str, boot: str) -> bool:
    """Whether the process that had this pid, `process_start` and `boot_id` still runs, and no later one that was given
    its pid."""
    return boot == boot_id() and is_running(pid) and start == process_start(pid)


@cache
def boot_id() -> str:
    """The id of this boot of the machine and, in a container, of this start of the container.

    The processes of another one cannot be seen from here and count as dead: a lease's fence keeps them from writing.
    """
    try:
        namespace = os.readlink(PROC / "self/ns/pid")
        return (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip() + " " + namespace
    except OSError:
        return "unknown"  # no /proc: the pid alone decides


def is_running(pid: int) -> bool:
    """Whether there is a process of that pid that has not ended; a zombie has."""
    if (PROC / "self").exists():
        try:
            return _stat(pid)[0] not in _DEAD
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is there, and another user's
        return True
    return True


def process_start(pid: int) -> str:
    """When a process started, in clock ticks since boot; "" where the system does not tell."""
    try:
        return _stat(pid)[19]  # field 22 of proc_pid_stat(5)
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    # The name in field 2 may hold spaces and brackets: "1234 (a) b) S 1 ..."; the fields from the third on
    return (PROC / f"{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
