"""Host state (robots.txt, Retry-After), kept in the crawl's archive across runs; and turns at hosts, where machines
share it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from crawler.fetch.retry_after import RetryLater
from crawler.session.store import SessionStore
from index.archive import host_turns, hosts
from index.archive.host_turns import Turn
from index.archive.hosts import HostState

FOREIGN_HOSTS = 100  # hosts that are no site's, of which a run remembers something, for each of its sites


class HostRecords:
    """The archive's store of host states, for the downloader middlewares (`crawler/fetch/host_state.py`).

    Of hosts that are no site's it remembers some of each run: whoever redirects to others each time could fill the
    archive. What the others say holds for the run.
    """

    def __init__(self, store: SessionStore) -> None:
        self.store = store
        self.own = frozenset[str]().union(*(site.hosts for site in store.config.sites.values()))
        self.room = FOREIGN_HOSTS * max(1, len(store.config.sites))
        self.foreign: set[str] = set()  # origins
        self.turns: dict[str, int] = {}  # our last turn by host
        self.under_way: set[str] = set()  # hosts at which it has not ended

    async def state(self, origin: str) -> HostState:
        """The origin's state."""
        return await self.store.read(lambda conn: hosts.state(conn, origin))

    async def put(self, origin: str, **columns: Any) -> None:
        """Set these fields of the origin's state, if it is to be remembered."""
        if (urlsplit(origin).hostname or "") not in self.own:
            if origin not in self.foreign and len(self.foreign) >= self.room:
                return
            self.foreign.add(origin)
        await self.store.write(lambda conn: hosts.put(conn, origin, **columns))

    async def take_turn(self, origin: str, longest: float) -> float:
        """Begin this crawl's turn; without other machines, it is always ours.

        :raises RetryLater: when the host has asked another machine to wait.
        """
        if not self.store.archive.database.shared:
            return 0.0
        host, run = urlsplit(origin).hostname or "", self.store.run

        def take(conn: Connection) -> Turn | datetime:
            until = hosts.asked_to_wait(conn, origin, datetime.now(UTC))
            return until or host_turns.take(conn, host, run, timedelta(seconds=longest), self.turns.get(host))

        turn = await self.store.write(take)
        if isinstance(turn, datetime):
            raise RetryLater(host=host, until=turn)
        if turn.number is not None:
            self.turns[host] = turn.number
            self.under_way.add(host)
        return turn.wait.total_seconds()

    def end_turn(self, host: str, delay: float) -> None:
        """End this crawl's turn, if it has one; nobody waits for that."""
        if host in self.under_way and self.store.is_open:
            self.under_way.remove(host)
            end = partial(host_turns.end, host=host, number=self.turns[host], delay=timedelta(seconds=delay))
            self.store.archive.write(end)
