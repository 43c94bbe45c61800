"""Host state as the middlewares read and write it, in a crawl's archive or else in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from index.archive.hosts import HostState

host_slower = object()  # signal: `host` requests a delay of at least `seconds` between two requests
request_unsent = object()  # signal: `request` left its host's queue but was not sent after all


class HostStates(Protocol):
    """A store of host states, by origin, such as `https://step.example`."""

    async def state(self, origin: str) -> HostState:
        """The origin's state."""

    async def put(self, origin: str, **columns: Any) -> None:
        """Set these fields of the origin's state."""


class MemoryHostStates:
    """Host states in memory, for `arshif sites check` and `scrapy shell`, which have no archive."""

    def __init__(self) -> None:
        self.known: dict[str, HostState] = {}

    async def state(self, origin: str) -> HostState:
        """The origin's state."""
        return self.known.get(origin, HostState(origin))

    async def put(self, origin: str, **columns: Any) -> None:
        """Set these fields of the origin's state."""
        self.known[origin] = replace(await self.state(origin), **columns)
