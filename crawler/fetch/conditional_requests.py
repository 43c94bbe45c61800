"""Conditional requests (RFC 9110, section 13): what we have already is not sent again."""

from __future__ import annotations

from scrapy import Request


class ConditionalRequestMiddleware:
    """Sends a request's `etag` and `last_modified` (in its meta) as validators, and lets a 304 reach the callback."""

    async def process_request(self, request: Request) -> None:
        etag, last_modified = request.meta.get("etag"), request.meta.get("last_modified")
        if etag:
            request.headers["If-None-Match"] = etag
        if last_modified:
            request.headers["If-Modified-Since"] = last_modified
