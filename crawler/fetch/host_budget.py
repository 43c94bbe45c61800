"""When a host gets no further requests in a run: its budget of requests, bytes and time is exhausted, it serves only
block pages, or its pages are a crawler trap. Each reason is reported with the run, and the next run tries again."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.fetch.block_detection import TRAP_PAGES, BlockDetector, shape
from crawler.fetch.circuit_breaker import HostUnavailable
from crawler.fetch.crawl_state import crawl_state
from crawler.fetch.penalties import Payer, payer
from crawler.fetch.reasons import RequestRefused
from index.model.codes import FetchReason

log = logging.getLogger("arshif.reach")


class BudgetExceeded(HostUnavailable):
    """The host's budget for this run is exhausted."""

    heard = True


class RequestsUsedUp(BudgetExceeded):
    """The host's request budget is exhausted."""

    reason = FetchReason.BUDGET_REQUESTS


class BytesUsedUp(BudgetExceeded):
    """The host's byte budget is exhausted."""

    reason = FetchReason.BUDGET_BYTES


class SecondsUsedUp(BudgetExceeded):
    """The time budget for waiting on the host is exhausted."""

    reason = FetchReason.BUDGET_SECONDS


class HostBlocked(HostUnavailable):
    """The host serves only block pages."""

    reason = FetchReason.HOST_BLOCKS
    heard = True


class TrapSuspected(RequestRefused):
    """No page of this URL's shape has been an article; this one is retried much later."""

    reason = FetchReason.TRAP


@dataclass(frozen=True, slots=True)
class HostBudget:
    """The most that one host gets of a run for one site: requests, bytes of responses as received, seconds of waiting
    for them."""

    requests: int
    size: int
    seconds: float


class HostBudgetMiddleware:
    """Enforces each host's budget, by the site that offers its addresses.

    It checks twice: when a request arrives, and again just before it is sent (`crawler/fetch/http_handler.py`), because
    responses may have come in between.
    """

    def __init__(self, share: HostBudget, blocks: BlockDetector) -> None:
        self.share = share
        self.blocks = blocks
        self.requests: Counter[Payer] = Counter()
        self.size: Counter[Payer] = Counter()
        self.seconds: Counter[Payer] = Counter()
        self.told: set[Payer] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        share = HostBudget(
            settings.getint("HOST_REQUESTS"), settings.getint("HOST_BYTES"), settings.getfloat("HOST_SECONDS")
        )
        middleware = cls(share, crawl_state(crawler).blocks)
        crawler.signals.connect(middleware.response_received, signals.response_downloaded)
        crawler.signals.connect(middleware.request_left, signals.request_left_downloader)
        return middleware

    async def process_request(self, request: Request) -> None:
        self._check(request)
        self.requests[payer(request)] += 1
        request.meta.setdefault("looks", {})["leaving"] = partial(self._check, request, asked=1)

    def _check(self, request: Request, asked: int = 0) -> None:
        who = payer(request)
        if exceeded := self._exceeded(who, asked):
            if who not in self.told:
                self.told.add(who)
                log.warning("%s", exceeded)
            raise exceeded
        if self.blocks.is_blocked(*who):
            raise HostBlocked(host=who[1])
        site = request.cb_kwargs.get("site")
        if site is not None and self.blocks.is_trap(site.id, request.url):
            raise TrapSuspected(shape=shape(request.url), n=TRAP_PAGES)

    def _exceeded(self, who: Payer, asked: int) -> BudgetExceeded | None:
        """The budget that is exhausted, if any; `asked` is 1 if the request has been counted already."""
        host = who[1]
        if self.requests[who] - asked >= self.share.requests:
            return RequestsUsedUp(host=host, n=self.share.requests)
        if self.size[who] >= self.share.size:
            return BytesUsedUp(host=host, megabytes=round(self.share.size / 2**20))
        if self.seconds[who] >= self.share.seconds:
            return SecondsUsedUp(host=host, seconds=self.share.seconds)
        return None

    def response_received(self, response: Response, request: Request) -> None:
        """Count a response's bytes."""
        self.size[payer(request)] += len(response.body)

    def request_left(self, request: Request) -> None:
        """Count a request's duration, however it ended; `crawler/fetch/bounded_agent.py` measures it."""
        self.seconds[payer(request)] += request.meta.pop("seconds", 0.0)
