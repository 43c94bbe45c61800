"""Conditional requests (RFC 9110, section 13): unchanged content is not transferred again."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from scrapy import Request

from crawler.scheduling.poll_interval import http_date
from index.archive.clock import SKEW

# The tag that a server gives a compressed response, from that of the content: `"x-gzip"` by Apache, `"x--gzip"` by
# Jetty
_OF_ENCODING = re.compile(r"""((?:W/)?")(.+?)(--?|;)(?:gzip|br|deflate|zstd)\"""")


class ConditionalRequestMiddleware:
    """Sends the `etag` and `last_modified` in a request's meta as validators; a 304 reaches the callback.

    A date that has not come is not sent: until then, a server may answer that nothing has changed since."""

    async def process_request(self, request: Request) -> None:
        etag, last_modified = request.meta.get("etag"), request.meta.get("last_modified")
        if etag:
            request.headers["If-None-Match"] = entity_tags(etag)
        if last_modified and ((date := http_date(last_modified)) is None or date <= datetime.now(UTC) + SKEW):
            request.headers["If-Modified-Since"] = last_modified


def entity_tags(etag: str) -> str:
    """The value of If-None-Match for a response's ETag: with that of the content before it was compressed, if the tag
    shows one. Apache compares what it is sent with that one only, and so never answers 304 to its own `"x-gzip"`; nor
    does WordPress behind it to a list, so that it gets that one alone."""
    compressed = _OF_ENCODING.fullmatch(etag.strip())
    if compressed is None:
        return etag
    plain = f'{compressed[1]}{compressed[2]}"'
    return plain if compressed[3] == "-" else f"{etag}, {plain}"
