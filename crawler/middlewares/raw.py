"""Raw copies: the answer as it came, before anything decompresses it, for the WARC file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus

from scrapy import Request
from scrapy.http import Response

from index import raw


class RawCopies:
    """Keeps a page's status, headers and body as received in `request.meta["raw"]`; the store writes them."""

    async def process_response(self, request: Request, response: Response) -> Response:
        if request.meta.get("keep_raw") and response.status == HTTPStatus.OK:
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in _pairs(response)]
            line = f"{response.protocol or 'HTTP/1.1'} {response.status} {HTTPStatus(response.status).phrase}"
            request.meta["raw"] = raw.Response(response.url, datetime.now(UTC), line, headers, response.body)
        return response


def _pairs(response: Response) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name in response.headers for value in response.headers.getlist(name)]


def lower_case(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by their name in small letters; of several of one name, the last."""
    return {name.lower(): value for name, value in headers}


def decoded(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """The body of a raw copy without its Content-Encoding; we ask for gzip only (`crawler/settings.py`)."""
    match lower_case(headers).get("content-encoding", "").lower():
        case "gzip" | "x-gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
    return body
