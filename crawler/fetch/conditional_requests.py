"""Conditional requests (RFC 9110, section 13): unchanged content is not transferred again."""

from __future__ import annotations

from scrapy import Request


class ConditionalRequestMiddleware:
    """Sends the `etag` and `last_modified` in a request's meta as validators; a 304 reaches the callback."""

    async def process_request(self, request: Request) -> None:
        etag, last_modified = request.meta.get("etag"), request.meta.get("last_modified")
        if etag:
            request.headers["If-None-Match"] = etag
        if last_modified:
            request.headers["If-Modified-Since"] = last_modified
