"""What hosts ask of us, as the middlewares read and set it: kept in a crawl's archive, else in this process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from index.archive.hosts import HostState

host_slower = object()  # signal: a host asks for more seconds between two requests; `host` and `seconds`
request_unsent = object()  # signal: a `request` whose turn had come was not sent to its host after all


class HostStates(Protocol):
    """The states of origins, such as `https://step.example`."""

    async def state(self, origin: str) -> HostState:
        """What is known of the origin."""

    async def put(self, origin: str, **columns: Any) -> None:
        """Sets these fields of the origin's state."""


class MemoryHostStates:
    """Host states for as long as the process lives: `arshif sites check` and `scrapy shell` have no archive."""

    def __init__(self) -> None:
        self.known: dict[str, HostState] = {}

    async def state(self, origin: str) -> HostState:
        """What is known of the origin."""
        return self.known.get(origin, HostState(origin))

    async def put(self, origin: str, **columns: Any) -> None:
        """Sets these fields of the origin's state."""
        self.known[origin] = replace(await self.state(origin), **columns)
