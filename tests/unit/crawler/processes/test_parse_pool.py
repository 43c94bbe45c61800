"""Workers: a parse that hangs, crashes or eats memory costs its own page only, and outlives nobody.

What has time to be done here is measured in CPU time, or waits for the condition itself: all of it holds on a busy
machine. A job that ought to be ended never ends by itself, and one that ought not has all the time there is.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import repeat
from mmap import mmap
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from crawler.errors import Refused, Unreadable
from crawler.processes.parse_pool import JOBS_IN_FLIGHT, ParsePool, PoolClosed, WorkerFailed
from crawler.site_config import Site
from index.model.codes import PageReason, ParseReason
from tests.support.patience import PATIENCE, wait_for
from tests.support.samples import a_site

FOR_EVER = 1_000_000.0  # seconds


def double(number: int) -> int:
    return number * 2


def hang() -> None:
    while True:
        pass


def crash() -> None:
    ctypes.string_at(0)


def refuse() -> None:
    raise Refused(PageReason.NOT_HTML, media_type="image/png")


def devour() -> int:
    return len(bytearray(1 << 40))


LEFT: list[mmap] = []  # by pages that were read, as in a cache


def leave() -> None:
    with suppress(OSError):  # no room
        while True:
            LEFT.append(mmap(-1, 16 << 20))
    take()


def take() -> int:
    return len(bytearray(64 << 20))


def hang_in_c() -> None:
    deque(repeat(None), maxlen=0)  # never comes back to the interpreter, nor lets go of its lock


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def burn(seconds: float) -> float:
    """The seconds by the clock that so many seconds of CPU took."""
    began, end = time.monotonic(), time.process_time() + seconds
    while time.process_time() < end:
        pass
    return time.monotonic() - began


def of_site(site: Site) -> str:
    return site.id


def hang_at_site(_: Site) -> None:
    hang()


def begin(begun: Path, until: Path) -> str:
    """Leaves a word that it has begun, and ends when there is one that it may."""
    begun.touch()
    wait_for(until.exists)
    return begun.name


def is_killed(tries: Path, times: int) -> int:
    """Which try it was; the first so many end as by the kernel, for want of memory."""
    (tries / uuid4().hex).touch()
    if len([*tries.iterdir()]) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return len([*tries.iterdir()])


def of_text(begun: Path, text: str) -> int:
    begun.touch()
    time.sleep(FOR_EVER)
    return len(text)


@pytest.fixture(scope="module")
def workers() -> Iterator[ParsePool]:
    pool = ParsePool(count=1, deadline=1.0)
    yield pool
    pool.close()


def test_gives_what_the_function_returns(workers: ParsePool) -> None:
    assert asyncio.run(workers.run(double, 21)) == 42


def test_gives_the_error_that_the_function_raised(workers: ParsePool) -> None:
    with pytest.raises(Refused, match="not HTML") as caught:
        asyncio.run(workers.run(refuse))
    assert (caught.value.reason, caught.value.message.params) == (PageReason.NOT_HTML, {"media_type": "image/png"})


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (hang, ParseReason.TOO_SLOW),
        (hang_in_c, ParseReason.TOO_SLOW),
        (crash, ParseReason.CRASHED),
        (devour, ParseReason.OUT_OF_MEMORY),
    ],
)
def test_a_bad_page_costs_itself_only(workers: ParsePool, job: object, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        asyncio.run(workers.run(job))  # type: ignore[arg-type]
    assert caught.value.reason == reason
    assert asyncio.run(workers.run(double, 4)) == 8


def test_a_job_whose_worker_the_system_killed_is_done_again_once(tmp_path: Path) -> None:
    with closing(ParsePool(count=1, deadline=FOR_EVER)) as pool:
        assert asyncio.run(pool.run(is_killed, tmp_path, 1)) == 2
        with pytest.raises(Unreadable) as caught:
            asyncio.run(pool.run(is_killed, tmp_path, 9))
    assert caught.value.message.params == {"exit_code": -signal.SIGKILL}
    assert len([*tmp_path.iterdir()]) == 4


def test_what_is_left_of_one_page_takes_no_memory_from_the_next() -> None:
    async def one_behind_the_other() -> list[object]:
        return await asyncio.gather(pool.run(leave), pool.run(take), pool.run(take), return_exceptions=True)

    with closing(ParsePool(count=1, deadline=FOR_EVER)) as pool:  # as one in which jobs have waited is its loop's
        first, *others = asyncio.run(one_behind_the_other())
    assert isinstance(first, Unreadable)
    assert first.reason == ParseReason.OUT_OF_MEMORY
    assert others == [64 << 20] * 2


def test_what_took_too_long_is_told_in_cpu_time(workers: ParsePool) -> None:
    with pytest.raises(Unreadable, match="not parsed within 1 second"):
        asyncio.run(workers.run(hang_in_c))


def test_a_job_has_its_cpu_time_for_itself(workers: ParsePool) -> None:
    """What the jobs before it took is not counted."""

    async def several() -> list[float]:
        return await asyncio.gather(*(workers.run(burn, 0.4) for _ in range(4)))

    assert len(asyncio.run(several())) == 4


def test_time_in_which_a_job_computes_nothing_is_not_counted(workers: ParsePool) -> None:
    assert asyncio.run(workers.run(sleep, 2.0)) == 2.0


@contextmanager
def crowded(others: int) -> Iterator[None]:
    """One processor for this process, what it starts, and so many others that never rest."""
    before = os.sched_getaffinity(0)
    with ExitStack() as stack:
        stack.callback(os.sched_setaffinity, 0, before)
        os.sched_setaffinity(0, {min(before)})
        for _ in range(others):
            busy = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(busy.kill)
        yield


def test_a_page_is_read_on_a_machine_that_is_busy() -> None:
    """The job takes longer by the clock than it may take of CPU time."""
    pool = ParsePool(count=1, deadline=1.0)
    try:
        with crowded(4):
            assert asyncio.run(pool.run(burn, 0.6)) > 1.0
    finally:
        pool.close()


def test_a_job_that_waits_for_ever_is_ended_too() -> None:
    pool = ParsePool(count=1, backstop=0.5)
    try:
        with pytest.raises(Unreadable, match=r"not parsed within 0\.5 seconds, during which the parser hardly ran$"):
            asyncio.run(pool.run(sleep, FOR_EVER))
        pool.backstop = PATIENCE
        assert asyncio.run(pool.run(double, 4)) == 8
    finally:
        pool.close()


def test_a_worker_that_is_killed_while_it_is_idle_is_replaced(workers: ParsePool) -> None:
    assert asyncio.run(workers.run(double, 1)) == 2
    idle = [child for child in psutil.Process().children() if "crawler.processes.parse_worker" in child.cmdline()]
    for child in idle:
        child.kill()
    assert psutil.wait_procs(idle, timeout=PATIENCE)[1] == []  # on a busy machine a process's threads end one by one
    for number in range(3):
        assert asyncio.run(workers.run(double, number)) == 2 * number


def test_a_job_that_lies_ready_behind_a_bad_one_is_done_all_the_same(workers: ParsePool) -> None:
    async def both(bad: object) -> list[object]:
        jobs = [workers.run(bad), workers.run(double, 5)]  # type: ignore[arg-type]
        return await asyncio.gather(*jobs, return_exceptions=True)

    for bad in (hang, crash, refuse):
        first, second = asyncio.run(both(bad))
        assert isinstance(first, Refused | Unreadable)
        assert second == 10


def test_the_answer_to_a_job_that_nobody_waits_for_is_not_taken_for_the_next_ones(tmp_path: Path) -> None:
    workers = ParsePool(count=1)  # two jobs at one worker wait for each other in one loop of events, its first

    async def given_up() -> int:
        job = asyncio.ensure_future(workers.run(begin, tmp_path / "given-up", tmp_path / "may end"))
        await asyncio.to_thread(wait_for, (tmp_path / "given-up").exists)
        job.cancel()
        (tmp_path / "may end").touch()
        return await workers.run(double, 6)

    try:
        assert asyncio.run(given_up()) == 12
    finally:
        workers.close()


def test_a_worker_is_replaced_after_so_many_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = ParsePool(count=1)
    monkeypatch.setattr("crawler.processes.parse_pool.JOBS_PER_WORKER", 6)
    monkeypatch.setattr("crawler.processes.parse_pool.PRESTART_JOBS", 2)

    async def many() -> list[int]:
        return await asyncio.gather(*(workers.run(os.getpid) for _ in range(20)))

    try:
        pids = asyncio.run(many())
    finally:
        workers.close()
    assert max(pids.count(pid) for pid in pids) <= 6


SINGLE_CRAWL = """
import asyncio, os
from crawler.processes.parse_pool import ParsePool, fork_workers
from crawler.processes.parse_worker import is_warm

async def crawl():
    pool = ParsePool(count=1)
    pool.warm()
    before = await pool.run(is_warm), await pool.run(os.getpid)
    await asyncio.gather(pool.expect_pages(), pool.expect_pages())
    print(before[0], await pool.run(is_warm), before[1] == await pool.run(os.getpid))
    ours = await pool.run(os.getpid)
    await pool.expect_pages()
    print(ours == await pool.run(os.getpid))
    pool.close()

fork_workers()
asyncio.run(crawl())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_what_pages_take_is_loaded_once_and_only_when_the_first_one_comes() -> None:
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # as the commands have it: a server forks with one thread only
    made = subprocess.run([sys.executable, "-c", SINGLE_CRAWL], env=env, capture_output=True, text=True, check=False)
    assert (made.stdout, made.stderr) == ("False True False\nTrue\n", "")


def test_an_error_of_the_machine_is_not_held_against_the_page(
    workers: ParsePool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(WorkerFailed, match="No such file or directory") as caught:
        asyncio.run(workers.run(os.listdir, "/no/such/folder"))
    assert isinstance(caught.value, PoolClosed), "a crawl leaves its page for the next one"
    assert "cannot work" in caplog.text


def test_a_bug_of_ours_makes_its_page_unreadable_and_is_logged_with_where_it_was(
    workers: ParsePool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Unreadable, match="ZeroDivisionError") as caught:
        asyncio.run(workers.run(divmod, 1, 0))
    assert caught.value.reason == ParseReason.INTERNAL_ERROR
    assert "crawler/processes/parse_worker.py" in caplog.text


def test_a_job_that_comes_after_the_end_starts_no_worker() -> None:
    async def late() -> None:
        workers = ParsePool(count=1)
        await workers.run(double, 1)
        workers.close()
        with pytest.raises(PoolClosed):
            await workers.run(double, 1)

    before = set(psutil.Process().children())
    asyncio.run(late())
    wait_for(lambda: set(psutil.Process().children()) <= before)


def test_what_waits_is_dropped_when_the_crawl_ends(tmp_path: Path) -> None:
    """And what was begun comes to its end: nothing is known to be wrong with either."""
    pool = ParsePool(count=1)

    async def all_of_them() -> list[object]:
        jobs = [asyncio.ensure_future(pool.run(begin, tmp_path / str(n), tmp_path / "may end")) for n in range(30)]
        await asyncio.to_thread(wait_for, (tmp_path / "0").exists)
        pool.ended = lambda: True
        (tmp_path / "may end").touch()
        return await asyncio.gather(*jobs, return_exceptions=True)

    try:
        found = asyncio.run(all_of_them())
    finally:
        pool.close()
    assert found[:JOBS_IN_FLIGHT] == [str(n) for n in range(JOBS_IN_FLIGHT)]
    assert all(isinstance(one, PoolClosed) for one in found[JOBS_IN_FLIGHT:])


def test_it_ends_at_once_while_long_documents_wait(tmp_path: Path) -> None:
    """None of them is done, nor given to a worker, before it ends: that would take for ever."""
    pool = ParsePool(count=1)

    async def many() -> None:
        jobs = [asyncio.ensure_future(pool.run(of_text, tmp_path / "begun", "x" * 5_000_000)) for _ in range(5)]
        await asyncio.to_thread(wait_for, (tmp_path / "begun").exists)
        await asyncio.to_thread(pool.close)
        for job in jobs:
            job.cancel()

    asyncio.run(many())
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("forking", "others"), [("pass", 0), ("fork_workers()", 1)])
def test_workers_die_with_a_parent_that_is_killed(forking: str, others: int) -> None:
    code = (
        "import asyncio\n"
        "from crawler.processes.parse_pool import ParsePool, fork_workers\n"
        "from tests.unit.crawler.processes.test_parse_pool import double, hang\n"
        "if __name__ == '__main__':\n"
        f"    {forking}\n"
        f"    pool = ParsePool(count=1, deadline={FOR_EVER})\n"
        "    asyncio.run(pool.run(double, 1))\n"
        "    print('up', flush=True)\n"
        "    asyncio.run(pool.run(hang))\n"
    )
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # a process with more threads is not forked
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        children = psutil.Process(parent.pid).children(recursive=True)
        workers = [child for child in children if "crawler.processes.parse_worker" in child.cmdline()]
        assert (len(workers), len(children)) == (1, 1 + others)
        os.kill(parent.pid, signal.SIGKILL)
    wait_for(lambda: not any(_alive(child) for child in children))


def test_a_worker_that_nobody_waits_for_any_more_says_nothing() -> None:
    ours, its = socket.socketpair()
    command = [sys.executable, "-m", "crawler.processes.parse_worker", str(os.getpid()), str(its.fileno())]
    with its, subprocess.Popen(command, pass_fds=[its.fileno()], stderr=subprocess.PIPE, text=True) as worker:
        ours.close()  # while it loads what it needs
        its.close()
        assert worker.communicate()[1] == ""
    assert worker.returncode == 0


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_site_whose_pages_are_slow_holds_up_its_like_and_nobody_else() -> None:
    slow, honest = a_site(id="slow"), a_site(id="honest")
    pool = ParsePool(count=1, deadline=FOR_EVER, quick=0.5)

    async def both() -> list[str]:
        waiting = [asyncio.ensure_future(pool.run(hang_at_site, slow)) for _ in range(2)]
        await asyncio.sleep(0)  # they come first
        found = [await pool.run(of_site, honest) for _ in range(5)]
        assert not any(job.done() for job in waiting)
        for job in waiting:
            job.cancel()
        return found

    try:
        assert asyncio.run(both()) == ["honest"] * 5
    finally:
        pool.close()
    assert pool.slow == {"slow"}


@pytest.mark.parametrize(("busy", "processes"), [(FOR_EVER, 1), (1e-9, 2)])
def test_a_second_worker_is_there_for_what_keeps_one_busy_for_so_long(
    busy: float, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.processes.parse_pool.BUSY_SECONDS", busy)

    async def several() -> set[int]:
        pool = ParsePool(count=2)
        try:
            return {*await asyncio.gather(*(pool.run(os.getpid) for _ in range(20)))}
        finally:
            pool.close()

    assert len(asyncio.run(several())) == processes
