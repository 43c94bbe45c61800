"""Identifying a process: pids are reused, so it is identified by its pid, its start time and the boot."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

PROC = Path("/proc")
_DEAD = {"Z", "X", "x"}  # states in /proc/PID/stat: ended, but not yet reaped by its parent; proc_pid_stat(5)


def is_same_process(pid: int, start: str, boot: str) -> bool:
    """Whether the process with this pid, `process_start` and `boot_id` is still running, rather than a later one with
    its pid."""
    return boot == boot_id() and is_running(pid) and start == process_start(pid)


@cache
def boot_id() -> str:
    """An id of this boot of the machine and, in a container, of this start of the container.

    Processes of another container are not visible from here: `index/archive/liveness.py` tells whether they are alive.
    """
    try:
        namespace = os.readlink(PROC / "self/ns/pid")
        return (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip() + " " + namespace
    except OSError:
        return "unknown"  # no /proc: the pid alone decides


def is_running(pid: int) -> bool:
    """Whether a process with this pid is running; a zombie is not."""
    if (PROC / "self").exists():
        try:
            return _stat(pid)[0] not in _DEAD
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it exists, as another user's
        return True
    return True


def process_start(pid: int) -> str:
    """When a process started, in clock ticks since boot; "" if the system does not tell."""
    try:
        return _stat(pid)[19]  # field 22 of proc_pid_stat(5)
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    # Fields from the third on; the name in field 2 may contain spaces and brackets: "1234 (a) b) S 1 ..."
    return (PROC / f"{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
