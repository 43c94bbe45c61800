"""The proxy of arshif.yaml, for every request that Scrapy sends, robots.txt too; the browser is told of it itself."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured


class ProxyMiddleware:
    """Names the proxy in each request's meta, where Scrapy's own middleware takes it up, whatever the environment says.

    Pages that a browser renders are left out: its headers would carry the proxy's password to the site.
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
