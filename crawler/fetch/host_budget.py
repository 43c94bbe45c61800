"""When a host is left alone for the rest of a run: its share of requests, bytes and time is used up, it shows walls
only, or its pages are a trap. Each is told where the run is told of, and the next run asks again."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawler.fetch.block_detection import TRAP_PAGES, BlockDetector, shape
from crawler.fetch.circuit_breaker import HostUnavailable
from crawler.fetch.crawl_state import crawl_state

log = logging.getLogger("arshif.reach")


class BudgetExceeded(HostUnavailable):
    """The host's share of the run is used up."""

    reason = "budget"
    heard = True


class HostBlocked(HostUnavailable):
    """The host answers with walls only."""

    reason = "wall"
    heard = True


class TrapSuspected(IgnoreRequest):
    """Pages of this kind have all been no article: this one is asked for again much later."""

    reason = "trap"


@dataclass(frozen=True, slots=True)
class HostBudget:
    """What one host gets of a run at most: requests, bytes of answers as they came, seconds of waiting for them."""

    requests: int
    size: int
    seconds: float


class HostBudgetMiddleware:
    """Counts what each host has had of the run, and refuses it more than its share. It looks twice: when a request
    comes, and again when the host's turn has come (`crawler/fetch/http_handler.py`), for the answers that came
    in between."""

    def __init__(self, share: HostBudget, blocks: BlockDetector) -> None:
        self.share = share
        self.blocks = blocks
        self.requests: Counter[str] = Counter()
        self.size: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.told: set[str] = set()

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
        host = urlparse_cached(request).hostname or ""
        self._check(request, host)
        self.requests[host] += 1
        request.meta.setdefault("looks", {})["leaving"] = partial(self._check, request, host, asked=1)

    def _check(self, request: Request, host: str, asked: int = 0) -> None:
        if told := self._exceeded(host, asked):
            if host not in self.told:
                self.told.add(host)
                log.warning("%s: %s; the rest waits for the next run", host, told)
            raise BudgetExceeded(f"{host} has had its share of this run: {told}")
        if self.blocks.is_blocked(request.url):
            raise HostBlocked(f"{host} answers with walls only, and is left alone for now")
        site = request.cb_kwargs.get("site")
        if site is not None and self.blocks.is_trap(site.id, request.url):
            raise TrapSuspected(
                f"{TRAP_PAGES} pages like {shape(request.url)} were no articles; the others are tried later"
            )

    def _exceeded(self, host: str, asked: int) -> str:
        """What is used up; `asked` where the request has been counted already."""
        if self.requests[host] - asked >= self.share.requests:
            return f"{self.share.requests} requests"
        if self.size[host] >= self.share.size:
            return f"{self.share.size / 2**20:.0f} MB"
        if self.seconds[host] >= self.share.seconds:
            return f"{self.share.seconds:.0f} s of waiting for its answers"
        return ""

    def response_received(self, response: Response, request: Request) -> None:
        """Counts what came."""
        self.size[urlparse_cached(request).hostname or ""] += len(response.body)

    def request_left(self, request: Request) -> None:
        """Counts how long that took, however it ended (`crawler/fetch/bounded_agent.py` measures it)."""
        self.seconds[urlparse_cached(request).hostname or ""] += request.meta.pop("seconds", 0.0)
