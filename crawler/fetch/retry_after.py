"""Retry-After (RFC 9110 10.2.3), honoured for the whole host, in this run and later ones; an answer over http holds for
https too. A site that was asked to wait by a host that is not its own waits alone, and in this run only."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.fetch.circuit_breaker import HostUnavailable
from crawler.fetch.crawl_state import crawl_state
from crawler.fetch.host_state import HostStates
from crawler.fetch.penalties import Payer, payer, site_of
from crawler.scheduling.poll_interval import retry_after
from crawler.urls.registered_domain import domain_of
from index.archive import hosts
from index.model.codes import FetchReason

# Statuses with which Retry-After is about the host rather than a page
RETRY_STATUSES = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class RetryLater(HostUnavailable):
    """The host asked for no further requests before a certain time."""

    reason = FetchReason.RETRY_AFTER
    heard = True


class RetryAfterMiddleware:
    """Records each host's Retry-After time by the site that offered the address, and sends it nothing before then."""

    def __init__(self, hosts: HostStates) -> None:
        self.hosts = hosts
        self.until: dict[Payer, datetime] = {}
        self.known: dict[str, datetime | None] = {}  # until when origins asked to wait in earlier runs

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawl_state(crawler).hosts)

    async def process_request(self, request: Request) -> None:
        who, origin = payer(request), hosts.origin(request.url)
        if origin not in self.known:
            self.known[origin] = (await self.hosts.state(origin)).not_before
        if until := self.known[origin]:
            self._wait(who, until)
        self._check(who)
        request.meta.setdefault("looks", {})["waits"] = partial(self._check, who)

    def _wait(self, who: Payer, until: datetime) -> None:
        self.until[who] = max(until, self.until.get(who, until))

    def _check(self, who: Payer) -> None:
        until = self.until.get(who)
        if until is not None and until > datetime.now(UTC):
            raise RetryLater(host=who[1], until=until)

    async def process_response(self, request: Request, response: Response) -> Response:
        if response.status in RETRY_STATUSES:
            now = datetime.now(UTC)
            said = {name: (response.headers.get(name) or b"").decode("latin-1") for name in ("retry-after", "date")}
            until = retry_after(said, now)
            if until is not None and until > now:
                who = payer(request)
                host, site = who[1], site_of(request)
                self._wait(who, until)
                if site is not None and domain_of(request.url) not in site.home_domains:
                    return response
                for origin in {hosts.origin(request.url), f"http://{host}", f"https://{host}"}:
                    self.known[origin] = until
                    await self.hosts.put(origin, not_before=until)
        return response
