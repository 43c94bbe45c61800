"""python -m tests.soak.driven run: the daemon, but that each line on its input is a turn of it, at whatever time it
is by then; it answers with the number of the newest run once nothing is under way.

Nothing else differs from `arshif run`: it sleeps for nobody, as the clock that it sees is moved by who drives it.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from select import select as wait_for
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select

from crawler import daemon
from crawler.config import load
from crawler.logging_setup import set_up_log
from crawler.processes import crawl_process
from crawler.processes.child import die_with_parent
from crawler.storage import open_archive
from index.archive import tables as t


def main() -> int:
    die_with_parent(os.getppid())
    config = load()
    set_up_log(form=config.settings.log)
    moved = _shift()
    begin = moved()
    flown: Any = SimpleNamespace(
        monotonic=lambda: time.monotonic() + moved() - begin, time=time.time, sleep=time.sleep
    )  # what waits for seconds of a monotonic clock is to wait for those of the year
    daemon.time = crawl_process.time = flown  # type: ignore[attr-defined]
    jobless: Any = SimpleNamespace(get_jobs=list)
    with (
        crawl_process.fork_server(pages=True) as server,
        daemon.only_daemon(config) as still_alone,
        open_archive(config) as archive,
    ):
        crawl_process.reap_dead_runs(config, archive)
        it = daemon.Daemon(config, archive, True, server, still_alone)
        for _ in sys.stdin:
            it.watch_clock(jobless)
            it.tick()
            while it.running:
                _wait(it.running)
                it.tick()
            it.supervise()
            with archive.read() as conn:
                print(conn.execute(select(func.max(t.runs.c.id))).scalar() or 0, flush=True)
        it.end()
    return 0


def _wait(running: Sequence[crawl_process.Run]) -> None:
    """Until one of these runs has ended, though no longer than a tick."""
    with ExitStack() as stack:
        ends = [os.pidfd_open(run.child.pid) for run in running]
        for end in ends:
            stack.callback(os.close, end)
        wait_for(ends, [], [], daemon.TICK)


def _shift() -> Callable[[], int]:
    """Gives the seconds by which the wall clock is ahead of the machine's own (tests/faults/clock.c)."""
    with Path(os.environ["ARSHIF_TEST_CLOCK"]).open("rb") as file:
        page = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)
    return lambda: int(struct.unpack("<q", page[:8])[0])


if __name__ == "__main__":
    sys.exit(main())
