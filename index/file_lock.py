"""A file lock that the system releases when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.errors import ArchiveError, Busy
from index.model.message import Message
from index.process_identity import is_running

HOLDER_NAMED_WITHIN = 5.0  # s that a new holder gets to write its pid into the lock file


@contextmanager
def hold(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock on this file for the duration of the block; the file stays, and names the last process to hold it.

    :raises Busy: when `wait` is False and another process holds the lock; the message names it.
    :raises ArchiveError: when the file cannot be created.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        help = "make its folder writable, or free some space"
        raise ArchiveError(f"cannot create {path}: {error.strerror}; {help}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise Busy(Message("error.lock_held", {"process": _holder(handle), "path": str(path)})) from error
        with suppress(OSError):  # a full disk has no room for the pid, but the lock works without it
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    """The process that the lock file names; one that has just taken the lock may still have to write its pid."""
    end = time.monotonic() + HOLDER_NAMED_WITHIN
    while True:
        name = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        if (name.isdigit() and is_running(int(name))) or time.monotonic() > end:
            return name or "unknown"
        time.sleep(0.02)
