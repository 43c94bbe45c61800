"""What hosts ask of us, for the middlewares: kept in the crawl's archive, or for as long as the process lives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler

from index.archive import hosts
from index.archive.hosts import HostState

if TYPE_CHECKING:
    from crawler.session.session import CrawlSession

host_slower = object()  # signal: a host asks for more seconds between two requests; `host` and `seconds`
request_unsent = object()  # signal: a `request` whose turn had come was not sent to its host after all


class HostStates:
    """The states of origins. `arshif check` and `scrapy shell` have no archive: there it forgets them at the end."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._here: dict[str, HostState] = {}

    async def state(self, origin: str) -> HostState:
        """What is known of the origin."""
        if (crawl := self._crawl) is not None:
            return await crawl.read(lambda conn: hosts.state(conn, origin))
        return self._here.get(origin, HostState(origin))

    async def put(self, origin: str, **columns: Any) -> None:
        """Sets these fields of the origin's state."""
        if (crawl := self._crawl) is not None:
            await crawl.write(lambda conn: hosts.put(conn, origin, **columns))
        else:
            self._here[origin] = replace(self._here.get(origin, HostState(origin)), **columns)

    def slow_down(self, origin: str, seconds: float) -> None:
        """Tells whoever keeps the gaps between requests that the host asks for this one."""
        host = urlsplit(origin).hostname or ""
        self.crawler.signals.send_catch_log(host_slower, host=host, seconds=seconds)

    @property
    def _crawl(self) -> CrawlSession | None:
        return getattr(self.crawler.spider, "crawl", None)
