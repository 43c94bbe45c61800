"""Responses for `scrapy check`, which needs no network: the pages of a made-up outlet, in place of requests to it."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Self

from scrapy import Request
from scrapy.contracts import Contract
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse, Response


class SampleContract(Contract):
    """`@sample feed.xml`: the callback gets this file of `spiders/samples/` as the response from `@url`."""

    name = "sample"

    def adjust_request_args(self, args: dict[str, Any]) -> dict[str, Any]:
        meta = {**(args.get("meta") or {}), "sample": self.args[0]}
        return {**args, "meta": meta}


class SampleMiddleware:
    """Answers the requests of such a contract, which the probe alone has; all others go on to their servers."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if crawler.spidercls.name != "probe":
            raise NotConfigured
        return cls()

    async def process_request(self, request: Request) -> Response | None:
        name = request.meta.get("sample")
        if name is None:
            return None
        body = files("spiders").joinpath("samples", name).read_bytes()
        return HtmlResponse(request.url, body=body, encoding="utf-8", request=request)
