"""The same jobs as those of `parse_pool.py`, on the nodes of a Ray cluster (https://docs.ray.io/en/latest/ray-core).

A task is one job. A node runs it in a parse worker below its Ray worker, so that the deadline, the limit of memory and
what becomes of a crash are the same there as here: Ray itself limits neither the time of a task nor its memory. A task
that ends with its node or its process is begun again by Ray on another one.
"""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from importlib.metadata import version
from typing import Any, ParamSpec, TypeVar, cast

from crawler.errors import ArshifError
from crawler.extract import EXTRACTOR_VERSION
from crawler.processes.parse_pool import DEADLINE, EXPECTED, ParsePool
from index.model.message import Message

P = ParamSpec("P")
T = TypeVar("T")

LOCAL = "local-cluster"  # a cluster of this machine alone, which ends with the command
SCHEME, PORT = "ray://", 10001  # of a cluster's client server, and its default port
MAX_IN_FLIGHT = 64  # pages that are sent and not yet answered: of 5 MiB at most by default
AGAIN = 10  # times that a job is begun again whose node or process ended
# Attempts to connect: the client server forks a process for each client, beside the threads of gRPC, and of some of
# these processes nothing is heard
CONNECT = 5
RELEASE = f"{version('arshif')}, extractor {EXTRACTOR_VERSION}"  # must be the same on all nodes


class RayMessage(StrEnum):
    """Message codes about a Ray cluster; `on` is its name as it was given."""

    AWAY = "ray.away"  # on, why
    LOST = "ray.lost"  # on, why
    NO_LIBRARY = "ray.no_library"
    NOT_A_CLUSTER = "ray.not_a_cluster"  # on
    OTHER_RELEASE = "ray.other_release"  # on, theirs, ours


class RayPool:
    """Runs pure functions of importable modules on a cluster: that of the client server at `ray://HOST[:PORT]`, or one
    of this machine alone (`local-cluster`) with up to `count` processes.

    :raises ArshifError: when there is no such cluster, or Ray is not installed.
    """

    def __init__(self, on: str, count: int | None = None) -> None:
        self.on, host = on, on.removeprefix(SCHEME)
        if on != LOCAL and (not on.startswith(SCHEME) or not host):
            raise ArshifError(Message(RayMessage.NOT_A_CLUSTER, {"on": on}))
        self._ray = _library()
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
        if on == LOCAL:
            self._begin(address="local", num_cpus=count, include_dashboard=False, _node_ip_address="127.0.0.1")
        else:
            self._begin(address=on if ":" in host else f"{on}:{PORT}")
        self._task = self._ray.remote(num_cpus=1, max_retries=AGAIN)(_job)
        self._turns = asyncio.Semaphore(MAX_IN_FLIGHT)

    def _begin(self, **options: Any) -> None:
        for last in [False] * (CONNECT - 1) + [True]:
            try:
                self._ray.init(logging_level="warning", log_to_driver=False, **options)
                return
            except (OSError, RuntimeError, ValueError) as error:
                if last or not isinstance(error, ConnectionAbortedError):
                    raise ArshifError(Message(RayMessage.AWAY, {"on": self.on, "why": _last_line(error)})) from error

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises, run on a node.

        :raises Unreadable: as `ParsePool.run` does.
        :raises ArshifError: when the cluster is lost, or the nodes have another release of Arshif.
        """
        job = pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)
        try:
            async with self._turns:
                # Shielded, as Ray's client ends its connection where a future that it fills was cancelled
                release, returned, value = await asyncio.shield(asyncio.wrap_future(self._task.remote(job).future()))
        except (self._ray.exceptions.RayError, ConnectionError) as error:
            raise ArshifError(Message(RayMessage.LOST, {"on": self.on, "why": _last_line(error)})) from error
        if release != RELEASE:
            raise ArshifError(Message(RayMessage.OTHER_RELEASE, {"on": self.on, "theirs": release, "ours": RELEASE}))
        if not returned:
            raise value
        return cast(T, value)

    def close(self) -> None:
        """Leave the cluster; one of this machine alone ends."""
        self._ray.shutdown()


def _last_line(error: Exception) -> str:
    """What Ray says, without the traceback that may stand before it."""
    return str(error).strip().rpartition("\n")[2]


def _library() -> Any:
    """Ray, which is loaded where there is a cluster only."""
    try:
        import ray
    except ImportError:
        raise ArshifError(Message(RayMessage.NO_LIBRARY)) from None
    return ray


def _job(job: bytes) -> tuple[str, bool, Any]:
    """Run in a Ray worker: its release; whether the job returned, and what it returned or raised."""
    function, args, kwargs = pickle.loads(job)
    runner, pool = _here()
    try:
        return RELEASE, True, runner.run(pool.run(function, *args, **kwargs))
    except EXPECTED as error:
        return RELEASE, False, error


@cache
def _here() -> tuple[asyncio.Runner, ParsePool]:
    """What a Ray worker runs its jobs in, one at a time: a parse worker, for as long as it lives."""
    return asyncio.Runner(), ParsePool(1, quick=DEADLINE)
