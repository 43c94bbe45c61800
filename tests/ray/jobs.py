"""What becomes of jobs on a cluster, as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from unittest import mock

from crawler.errors import ArshifError, Refused
from crawler.processes import parse_pool, ray_pool
from index.model.codes import PageReason


def double(number: int) -> int:
    """What any job gives."""
    return number * 2


def process() -> int:
    """The process that a job runs in."""
    return os.getpid()


def refuse() -> None:
    """A page that is no article."""
    raise Refused(PageReason.EMPTIED)


def crash() -> None:
    """A parser that crashes."""
    os.kill(os.getpid(), signal.SIGSEGV)


def exhaust() -> bytes:
    """A page that unpacks to more than a worker may have."""
    return bytes(parse_pool.parse_worker.MEMORY)


def compute() -> None:
    """A parser that does not end."""
    while True:
        time.perf_counter()


async def outcome(pool: ray_pool.RayPool, job: Callable[[], object]) -> object:
    """What a job returns, or the code of what it raises."""
    try:
        return await pool.run(job)
    except ArshifError as error:
        return error.code
    except parse_pool.PageProblem as problem:
        return str(problem.reason)


async def main(address: str) -> None:
    """Print what becomes of each kind of job."""
    pool = ray_pool.RayPool(address)
    found = {job.__name__: await outcome(pool, job) for job in (refuse, crash, exhaust, compute)}
    found["double"] = await asyncio.gather(*(pool.run(double, number) for number in range(200)))
    found["ours"] = await outcome(pool, process) == os.getpid()
    with mock.patch.object(ray_pool, "RELEASE", "0.0.0"):
        found["other release"] = await outcome(pool, process)
    pool.close()
    print(json.dumps(found))
