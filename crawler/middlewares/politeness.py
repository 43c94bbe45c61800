"""Politeness: the gap between two requests to one host, measured where it counts, at the host."""

from __future__ import annotations

from time import monotonic
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.utils.httpobj import urlparse_cached


class Politeness:
    """Gives each host its own download slot, and counts its delay from the end of the last answer.

    Scrapy counts from when a request left: one that travelled slowly and one that travelled fast arrive closer together
    than the delay. And a redirect keeps the slot of the host that it came from (scrapy/core/downloader,
    `Downloader.get_slot_key`), so the host that it leads to would be asked without any delay.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        crawler.signals.connect(self.answered, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        request.meta["download_slot"] = urlparse_cached(request).hostname or ""

    def answered(self, request: Request) -> None:
        """Moves the host's clock to now: `response_downloaded` is sent before the slot's queue goes on."""
        assert self.crawler.engine is not None
        slot = self.crawler.engine.downloader.slots.get(request.meta["download_slot"])
        if slot is not None:
            slot.lastseen = monotonic()
