"""Workers: a parse that hangs, crashes or eats memory costs its own page only, and outlives nobody."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from crawler.errors import Refused, Unreadable
from crawler.processes.parse_pool import ParsePool, PoolClosed
from crawler.site_config import Site
from index.model.codes import PageReason, ParseReason
from tests.support.samples import a_site


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


def of_site(site: Site, seconds: float) -> str:
    time.sleep(seconds)
    return site.id


def of_text(text: str) -> int:
    time.sleep(300)
    return len(text)


def where(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@pytest.fixture(scope="module")
def workers() -> Iterator[ParsePool]:
    pool = ParsePool(count=1, deadline=2.0)
    yield pool
    pool.close()


def test_gives_what_the_function_returns(workers: ParsePool) -> None:
    assert asyncio.run(workers.run(double, 21)) == 42


def test_gives_the_error_that_the_function_raised(workers: ParsePool) -> None:
    with pytest.raises(Refused, match="not HTML") as caught:
        asyncio.run(workers.run(refuse))
    assert (caught.value.reason, caught.value.message.params) == (PageReason.NOT_HTML, {"media_type": "image/png"})


@pytest.mark.parametrize(
    ("job", "reason"), [(hang, ParseReason.TOO_SLOW), (crash, ParseReason.CRASHED), (devour, ParseReason.OUT_OF_MEMORY)]
)
def test_a_bad_page_costs_itself_only(workers: ParsePool, job: object, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        asyncio.run(workers.run(job))  # type: ignore[arg-type]
    assert caught.value.reason == reason
    assert asyncio.run(workers.run(double, 4)) == 8


def test_a_worker_that_is_killed_while_it_is_idle_is_replaced(workers: ParsePool) -> None:
    assert asyncio.run(workers.run(double, 1)) == 2
    idle = [child for child in psutil.Process().children() if "crawler.processes.parse_worker" in child.cmdline()]
    for child in idle:
        child.kill()
    assert psutil.wait_procs(idle, timeout=30)[1] == []  # on a busy machine a process's threads end one by one
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


def test_the_answer_to_a_job_that_nobody_waits_for_is_not_taken_for_the_next_ones() -> None:
    workers = ParsePool(count=1)  # two jobs at one worker wait for each other in one loop of events, its first

    async def given_up() -> int:
        job = asyncio.ensure_future(workers.run(of_site, a_site(id="given-up"), 1.0))
        await asyncio.sleep(0.2)
        job.cancel()
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


def test_a_fault_of_ours_comes_with_where_it_was(workers: ParsePool) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        asyncio.run(workers.run(divmod, 1, 0))
    assert "crawler/processes/parse_worker.py" in "".join(caught.value.__notes__)


def eventually(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether it came to be true, on a machine that may be busy."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_job_that_comes_after_the_end_starts_no_worker() -> None:
    async def late() -> None:
        workers = ParsePool(count=1)
        await workers.run(double, 1)
        workers.close()
        with pytest.raises(PoolClosed):
            await workers.run(double, 1)

    before = set(psutil.Process().children())
    asyncio.run(late())
    assert eventually(lambda: set(psutil.Process().children()) <= before)


def test_what_waits_is_dropped_when_the_crawl_ends() -> None:
    """And what was begun comes to its end: nothing is known to be wrong with either."""
    pool = ParsePool(count=1, deadline=120.0)

    async def all_of_them() -> list[object]:
        await pool.run(double, 1)
        jobs = [asyncio.ensure_future(pool.run(of_site, a_site(id=f"site-{n}"), 1.0)) for n in range(30)]
        await asyncio.sleep(0.5)
        pool.ended = lambda: True
        return await asyncio.gather(*jobs, return_exceptions=True)

    try:
        found = asyncio.run(all_of_them())
    finally:
        pool.close()
    dropped = [one for one in found if isinstance(one, PoolClosed)]
    assert len(dropped) > 20
    assert len(dropped) + len([one for one in found if isinstance(one, str)]) == 30


def test_it_ends_at_once_while_long_documents_wait() -> None:
    pool = ParsePool(count=1, deadline=120.0)

    async def many() -> float:
        await pool.run(double, 1)
        jobs = [asyncio.ensure_future(pool.run(of_text, "x" * 5_000_000)) for _ in range(5)]
        await asyncio.sleep(0.5)
        began = time.monotonic()
        await asyncio.to_thread(pool.close)
        took = time.monotonic() - began
        for job in jobs:
            job.cancel()
        return took

    assert asyncio.run(many()) < 60


def test_workers_die_with_a_parent_that_is_killed() -> None:
    code = (
        "import asyncio\n"
        "from crawler.processes.parse_pool import Workers\n"
        "from tests.unit.crawler.processes.test_parse_pool import double, hang\n"
        "if __name__ == '__main__':\n"
        "    pool = Workers(count=1, deadline=60)\n"
        "    asyncio.run(pool.run(double, 1))\n"
        "    print('up', flush=True)\n"
        "    asyncio.run(pool.run(hang))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        children = psutil.Process(parent.pid).children(recursive=True)
        assert children
        os.kill(parent.pid, signal.SIGKILL)
    assert eventually(lambda: not any(_alive(child) for child in children))


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_site_whose_pages_are_slow_holds_up_its_like_and_nobody_else() -> None:
    slow, honest = a_site(id="slow"), a_site(id="honest")
    pool = ParsePool(count=1, deadline=200.0, quick=2.0)

    async def both() -> list[str]:
        waiting = [asyncio.ensure_future(pool.run(of_site, slow, 300.0)) for _ in range(2)]
        await asyncio.sleep(0.1)
        found = [await pool.run(of_site, honest, 0.0) for _ in range(5)]
        assert not any(job.done() for job in waiting)
        for job in waiting:
            job.cancel()
        return found

    try:
        assert asyncio.run(both()) == ["honest"] * 5
    finally:
        pool.close()
    assert pool.slow == {"slow"}


@pytest.mark.parametrize(("jobs", "seconds", "processes"), [(20, 0.01, 1), (40, 0.1, 2)])
def test_a_second_worker_is_there_for_what_takes_one_more_than_a_second(
    jobs: int, seconds: float, processes: int
) -> None:
    async def several() -> set[int]:
        pool = ParsePool(count=2)
        try:
            return {*await asyncio.gather(*(pool.run(where, seconds) for _ in range(jobs)))}
        finally:
            pool.close()

    assert len(asyncio.run(several())) == processes
