"""Content encodings as they are, not as they are labelled: servers and caches send gzip without saying so, and say gzip
of what is plain."""

from __future__ import annotations

from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response
from scrapy.utils._compression import _DecompressionMaxSizeExceeded

from crawler.discover.source_document import GZIP_MAGIC, LAYERS

_TEXT = b"<{[ \t\r\n\xef"  # first bytes of a page or feed


class ContentEncodingMiddleware(HttpCompressionMiddleware):
    """Scrapy's own, except that the bytes decide whether a body is compressed.

    The status of a robots.txt decides before its body (RFC 9309, 2.3.1), which is not unpacked unless it is needed.
    What is gzip without a label is unpacked where the request has a limit of its own (`download_maxsize`): pages and
    robots.txt. A source may be a gzip file itself, which `crawler/discover/source_document.py` reads.
    """

    def process_response(  # type: ignore[override]  # without the spider, which Scrapy no longer gives
        self, request: Request, response: Response
    ) -> Request | Response:
        if request.meta.get("robots") and not 200 <= response.status < 300:
            return response
        found: Any = response
        for _ in range(LAYERS):
            if "download_maxsize" in request.meta and found.body.startswith(GZIP_MAGIC):
                found.headers["Content-Encoding"] = "gzip"
            if not found.headers.get("Content-Encoding"):
                break
            found = super().process_response(request, found)
        return found  # type: ignore[no-any-return]

    @staticmethod
    def _decode(body: bytes, encoding: bytes, max_size: int) -> bytes:
        if body.startswith(GZIP_MAGIC):
            return HttpCompressionMiddleware._decode(body, b"gzip", max_size)
        if encoding in (b"gzip", b"x-gzip"):
            return body
        try:
            return HttpCompressionMiddleware._decode(body, encoding, max_size)
        except _DecompressionMaxSizeExceeded:
            raise
        except Exception:  # each decoder has its own
            if body[:1] in _TEXT:
                return body
            raise
