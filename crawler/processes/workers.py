"""What runs the pieces of a large job: this machine's worker processes, or a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Workers(Protocol):
    """Runs pure functions of importable modules elsewhere, several at once, each with a deadline."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns or raises.

        :raises Unreadable: when it missed the deadline, its process died, or it has a bug.
        """

    def close(self) -> None:
        """End at once what is under way."""


def opened(on: str = "", count: int | None = None) -> Workers:
    """The workers of this machine, `count` processes (default: one per CPU); or those of the cluster that `on` names,
    as `arshif import --on` takes it. Call it before any thread starts.

    :raises ArshifError: when there is no such cluster, or Ray is not installed.
    """
    if on:
        from crawler.processes.ray_pool import RayPool

        return RayPool(on, count)
    from crawler.processes.parse_pool import ParsePool, fork_workers

    fork_workers()
    return ParsePool(count)
