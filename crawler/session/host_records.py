"""Host state (robots.txt, Retry-After), kept in the crawl's archive across runs."""

from __future__ import annotations

from typing import Any

from crawler.session.store import SessionStore
from index.archive import hosts
from index.archive.hosts import HostState


class HostRecords:
    """The archive's store of host states, for the downloader middlewares (`crawler/fetch/host_state.py`)."""

    def __init__(self, store: SessionStore) -> None:
        self.store = store

    async def state(self, origin: str) -> HostState:
        """The origin's state."""
        return await self.store.read(lambda conn: hosts.state(conn, origin))

    async def put(self, origin: str, **columns: Any) -> None:
        """Set these fields of the origin's state."""
        await self.store.write(lambda conn: hosts.put(conn, origin, **columns))
