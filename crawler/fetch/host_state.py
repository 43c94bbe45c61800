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

    async def take_turn(self, origin: str, longest: float) -> float:
        """Begin this crawl's turn at an origin's host, of so many seconds at most; return 0, or where another machine
        has it, the seconds after which that ends at the latest.

        :raises RequestRefused: when the host has asked another machine to wait.
        """

    def end_turn(self, host: str, delay: float) -> None:
        """End this crawl's turn at a host: no machine asks it within this many seconds."""


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

    async def take_turn(self, origin: str, longest: float) -> float:  # noqa: ARG002
        """Nobody else is known."""
        return 0.0

    def end_turn(self, host: str, delay: float) -> None:
        """Nobody else is known."""
