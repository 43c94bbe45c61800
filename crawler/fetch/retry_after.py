"""Retry-After (RFC 9110 10.2.3), honoured for the whole host, in this run and later ones; an answer over http holds for
https too."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawler.fetch.circuit_breaker import HostUnavailable
from crawler.fetch.crawl_state import crawl_state
from crawler.fetch.host_state import HostStates
from crawler.scheduling.poll_interval import retry_after
from index.archive import hosts
from index.model.codes import FetchReason

# Statuses with which Retry-After is about the host rather than a page
RETRY_STATUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class RetryLater(HostUnavailable):
    """The host asked for no further requests before a certain time."""

    reason = FetchReason.RETRY_AFTER
    heard = True


class RetryAfterMiddleware:
    """Records each host's Retry-After time, and sends it nothing before then."""

    def __init__(self, hosts: HostStates) -> None:
        self.hosts = hosts
        self.until: dict[str, datetime] = {}
        self.known: set[str] = set()  # origins whose wait from earlier runs has been loaded

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawl_state(crawler).hosts)

    async def process_request(self, request: Request) -> None:
        host, origin = urlparse_cached(request).hostname or "", hosts.origin(request.url)
        if origin not in self.known:
            if until := (await self.hosts.state(origin)).not_before:
                self._wait(host, until)
            self.known.add(origin)
        self._check(host)
        request.meta.setdefault("looks", {})["waits"] = partial(self._check, host)

    def _wait(self, host: str, until: datetime) -> None:
        self.until[host] = max(until, self.until.get(host, until))

    def _check(self, host: str) -> None:
        until = self.until.get(host)
        if until is not None and until > datetime.now(UTC):
            raise RetryLater(host=host, until=until)

    async def process_response(self, request: Request, response: Response) -> Response:
        if response.status in RETRY_STATUSES:
            now = datetime.now(UTC)
            said = {"retry-after": (response.headers.get("Retry-After") or b"").decode("latin-1")}
            until = retry_after(said, now)
            if until is not None and until > now:
                host = urlparse_cached(request).hostname or ""
                self._wait(host, until)
                for origin in {hosts.origin(request.url), f"http://{host}", f"https://{host}"}:
                    await self.hosts.put(origin, not_before=until)
        return response
