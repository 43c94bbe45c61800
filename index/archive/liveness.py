"""Whether the process that a lease or a run names is alive, wherever it runs.

In our own process namespace, its pid tells. A process of another container or machine on the same folder is not visible
from here, but it holds a lock on a file of its own, which the system releases when it dies, however it dies. Locks work
across containers, and across machines on file systems that share them, without which SQLite could not be used there.
An archive in PostgreSQL has `heartbeat.py` for this.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from index.process_identity import boot_id, is_same_process

IsAlive = Callable[[int, str, str], bool]  # whether the process with this pid, start and boot id is alive
FOLDER = "processes"  # beside the archive: a lock file for each process that crawls or starts crawls
_held: dict[tuple[Path, int], int] = {}  # by folder and our pid (a fork is another process): the open lock file


def folder_of(conn: Connection) -> Path:
    """The folder of the archive that a connection is to."""
    return Path(str(conn.engine.url.database)).absolute().parent


def announce(folder: Path, pid: int, born: str, boot: str) -> None:
    """Hold this process's lock file in a data folder until the process ends, so that others see that it is alive; of
    another process, nothing can be held."""
    if pid != os.getpid() or (folder, pid) in _held:
        return
    path = _file(folder, pid, born, boot)
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), path.stat()):
                _held[folder, pid] = handle
                return
        os.close(handle)  # between the two steps, it was taken for that of a dead process, and deleted


def living(folder: Path) -> IsAlive:
    """Tells of a process that announced itself in this data folder whether it is alive."""
    return partial(is_alive, folder)


def is_alive(folder: Path, pid: int, born: str, boot: str) -> bool:
    """Whether the process with this pid, start and boot id, which announced itself in this data folder, is alive."""
    if boot == boot_id():
        return is_same_process(pid, born, boot)
    path = _file(folder, pid, born, boot)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False  # it is of an older release, or has been found dead before
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        with suppress(OSError):
            path.unlink()
        return False
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Delete the lock files of processes that are dead."""
    for path in (folder / FOLDER).glob("*.lock"):
        with suppress(OSError):
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)


def _file(folder: Path, pid: int, born: str, boot: str) -> Path:
    return folder / FOLDER / f"{sha256(f'{boot} {pid} {born}'.encode()).hexdigest()[:32]}.lock"
