"""Exploration of a site that has no YAML file yet: `arshif sites add URL`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from crawler.config import load
from crawler.errors import ArshifError
from crawler.fetch.reasons import reason_of
from crawler.fetch.rendering.settings import scrapy_settings
from crawler.onboarding.messages import ProposalMessage
from crawler.onboarding.proposal import Proposal
from crawler.onboarding.site_discovery import FetchedPage, SiteDiscovery
from crawler.processes.parse_pool import ParsePool
from crawler.scheduling.poll_interval import Bounds
from index.model.message import Message


class SiteDiscoverySpider(Spider):
    """Proposes a site's YAML file.

    Arguments: `url`, the site's home page, `bounds`, the limits of the poll interval, and `told`, which is called with
    each request. Once the spider has closed, `proposal` or `problem` is set.
    """

    name = "scout"

    def __init__(self, url: str = "", **kwargs: Any) -> None:
        self.bounds: Bounds = kwargs.pop("bounds", Bounds())
        self.told: Callable[[Message], None] = kwargs.pop("told", lambda _: None)
        self.requests = 0
        super().__init__(**kwargs)
        self.url = url
        self.browser = False
        self.workers = ParsePool()
        self.proposal: Proposal | None = None
        self.problem: Message | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.workers.close, signals.spider_closed)
        rendering = scrapy_settings(load(only=()).settings, needed=False)
        spider.browser = bool(rendering)
        crawler.settings.setdict(rendering, priority="spider")
        return spider

    async def start(self) -> AsyncIterator[Request]:
        try:
            self.proposal = await SiteDiscovery(self.get, self.workers, self.bounds, self.browser).run(self.url)
        except ArshifError as error:
            self.problem = error.message
        return
        yield  # makes this a generator; SiteDiscovery sends its own requests, one after the other

    async def get(self, url: str, rendered: bool = False) -> FetchedPage:
        """The response to a URL, fetched through all of Scrapy's middlewares: robots.txt, SSRF guard, delay, browser.

        :raises ArshifError: when it could not be fetched.
        """
        assert self.crawler.engine is not None
        self.requests += 1
        self.told(Message(ProposalMessage.REQUEST, {"n": self.requests, "url": url}))
        try:
            request = Request(url, dont_filter=True, meta={"render": rendered})
            response = await self.crawler.engine.download_async(request)
        except Exception as error:  # whatever keeps a server from answering
            why = reason_of(error)
            code = ProposalMessage.NOT_REQUESTED if isinstance(error, IgnoreRequest) else ProposalMessage.NOT_FETCHED
            raise ArshifError(Message(code, {"url": url, "why": why})) from None
        headers = {str(name).lower(): str(value) for name, value in response.headers.to_unicode_dict().items()}
        return FetchedPage(response.status, response.url, headers, response.body)
