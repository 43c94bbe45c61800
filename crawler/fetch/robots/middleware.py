"""robots.txt, fetched before anything else of an origin and cached for a day across runs.

Scrapy's own middleware parses the body of a 503 as the rules, and allows everything if there is no answer; RFC 9309
requires the opposite.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured, StopDownload
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.fetch.circuit_breaker import HostUnavailable
from crawler.fetch.crawl_state import crawl_state
from crawler.fetch.host_state import HostStates, host_slower
from crawler.fetch.politeness import HostTaken
from crawler.fetch.reasons import RequestRefused, reason_of
from crawler.fetch.robots.policy import ROBOTS_MAX_BYTES, RobotsResponse, RobotsRules, RobotsState
from index.archive import hosts
from index.model.codes import FetchReason
from index.model.message import Message

log = logging.getLogger("arshif.robots")

ROBOTS_PRIORITY = 1_000  # request priority: above everything that waits for it
# Bytes of a robots.txt after decompression; more is an attack, and counts as no answer
MAX_UNPACKED_BYTES = 10 * ROBOTS_MAX_BYTES


class DisallowedByRobots(RequestRefused):
    """The host's robots.txt disallows the URL: the request is not sent."""

    reason = FetchReason.ROBOTS_DISALLOWED


class RobotsUnreachable(HostUnavailable):
    """The host's robots.txt could not be fetched: the host is treated as disallowed in this run."""

    reason = FetchReason.ROBOTS_UNREACHABLE


class RobotsMiddleware:
    """Fetches each origin's robots.txt once a day, and refuses the requests that it disallows.

    `product` is this crawler's product token; `download` sends a request through all middlewares; `slow_down` raises a
    host's delay to the given seconds.
    """

    def __init__(
        self,
        product: str,
        hosts: HostStates,
        download: Callable[[Request], Awaitable[Response]],
        slow_down: Callable[[str, float], None],
    ) -> None:
        self.product = product
        self.hosts = hosts
        self.download = download
        self.slow_down = slow_down
        self.asked: dict[str, asyncio.Task[RobotsRules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured

        async def download(request: Request) -> Response:
            assert crawler.engine is not None
            return await crawler.engine.download_async(request)

        def slow_down(host: str, seconds: float) -> None:
            crawler.signals.send_catch_log(host_slower, host=host, seconds=seconds)

        product = crawler.settings["ROBOTSTXT_USER_AGENT"]
        middleware = cls(product, crawl_state(crawler).hosts, download, slow_down)
        crawler.signals.connect(middleware.enough, signals.bytes_received)
        return middleware

    async def process_request(self, request: Request) -> None:
        if request.meta.get("robots"):
            return
        origin = hosts.origin(request.url)
        if origin not in self.asked:
            self.asked[origin] = asyncio.ensure_future(self._rules(origin))
        rules = await asyncio.shield(self.asked[origin])
        if not rules.allow(request.url):
            raise DisallowedByRobots(origin=origin)

    def enough(self, data: bytes, request: Request) -> None:
        """End the download of a robots.txt that exceeds ROBOTS_MAX_BYTES, and keep what has arrived.

        :raises StopDownload: when it does.
        """
        if request.meta.get("robots"):
            request.meta["robots_bytes"] = request.meta.get("robots_bytes", 0) + len(data)
            if request.meta["robots_bytes"] > ROBOTS_MAX_BYTES:
                raise StopDownload(fail=False)

    async def _rules(self, origin: str) -> RobotsRules:
        state, now = await self.hosts.state(origin), datetime.now(UTC)
        known = RobotsState(state.robots, state.answered, state.silent)
        why = Message(FetchReason.FAILED, {"error": ""})
        if not known.fresh(now):
            answer, why = await self._fetch(origin)
            known = known.after(answer, now)
            await self.hosts.put(origin, robots=known.copy, answered=known.answered, silent=known.silent)
        if known.closed(now):
            raise RobotsUnreachable(origin=origin, why=why)
        rules = known.rules(self.product)
        if rules.delay:
            self.slow_down(urlsplit(origin).hostname or "", rules.delay)
        return rules

    async def _fetch(self, origin: str) -> tuple[RobotsResponse, Message]:
        """The response for robots.txt, and the reason in case it cannot be used."""
        meta: dict[str, Any] = {"robots": True, "download_maxsize": MAX_UNPACKED_BYTES}
        request = Request(f"{origin}/robots.txt", priority=ROBOTS_PRIORITY, meta=meta, callback=NO_CALLBACK)
        try:
            response = await self.download(request)
        except HostTaken:  # which says nothing of the host
            raise
        except Exception as problem:  # whatever a network can do
            log.debug("%s/robots.txt: %s", origin, problem)  # the outcome of its site says it as well
            why = reason_of(problem)
            # RFC 9309 2.3.1.2: a file behind more than five redirects, which Scrapy ignores, may count as unavailable
            return RobotsResponse(404 if why.code == FetchReason.NOT_REQUESTED else None), why
        why = Message(FetchReason.HTTP_STATUS, {"status": response.status})
        return RobotsResponse(response.status, response.body), why
