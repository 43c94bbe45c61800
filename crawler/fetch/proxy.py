"""The proxy configured in arshif.yaml, for every request that Scrapy sends, robots.txt included; the browser gets it
separately."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured


class ProxyMiddleware:
    """Sets the proxy in each request's meta for Scrapy's own middleware, regardless of the environment's proxy.

    Pages to be rendered are excluded: the browser's headers would carry the proxy's password to the site.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        url = crawler.settings.get("PROXY")
        if not url:
            raise NotConfigured
        return cls(url)

    async def process_request(self, request: Request) -> None:
        if not request.meta.get("render"):
            request.meta["proxy"] = self.url
