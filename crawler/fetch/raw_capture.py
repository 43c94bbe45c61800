"""Raw copies: the answer as it came, before anything decompresses it, for the WARC file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus

from scrapy import Request
from scrapy.http import Response

from index.warc import store

ENCODED = ("content-encoding", "content-length")  # what a body that was decoded has no more
GZIP, DEFLATE = ("gzip", "x-gzip"), ("deflate",)


class RawCaptureMiddleware:
    """Keeps a page's status, headers and body as received in `request.meta["raw"]`; the store writes them.

    We ask for gzip alone (`crawler/settings.py`). What came otherwise all the same is left to
    `DecodedCaptureMiddleware`: not every language will have that encoding in ten years."""

    async def process_response(self, request: Request, response: Response) -> Response:
        request.meta.pop("raw", None)
        if _should_keep(request, response) and _encoding(_headers(response)) in ("", *GZIP, *DEFLATE):
            request.meta["raw"] = _copy(response, _headers(response))
        return response


class DecodedCaptureMiddleware:
    """Keeps what `RawCaptureMiddleware` left, as Scrapy decoded it in between: DOWNLOAD_MAXSIZE bytes at most."""

    async def process_response(self, request: Request, response: Response) -> Response:
        if _should_keep(request, response) and "raw" not in request.meta:
            kept = [pair for pair in _headers(response) if pair[0].lower() not in ENCODED]
            request.meta["raw"] = _copy(response, kept)
        return response


def _should_keep(request: Request, response: Response) -> bool:
    return bool(request.meta.get("keep_raw")) and response.status == HTTPStatus.OK


def _copy(response: Response, headers: list[tuple[str, str]]) -> store.Response:
    line = f"{response.protocol or 'HTTP/1.1'} {response.status} {HTTPStatus(response.status).phrase}"
    return store.Response(response.url, datetime.now(UTC), line, headers, response.body)


def _headers(response: Response) -> list[tuple[str, str]]:
    pairs = ((name, value) for name in response.headers for value in response.headers.getlist(name))
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]


def _encoding(headers: Iterable[tuple[str, str]]) -> str:
    return ",".join(value for name, value in headers if name.lower() == "content-encoding").strip().lower()


def lower_case(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by their name in small letters; of several of one name, the last."""
    return {name.lower(): value for name, value in headers}


def decoded(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """The body of a raw copy without its Content-Encoding."""
    encoding = _encoding(headers)
    if encoding in GZIP:
        return gzip.decompress(body)
    return zlib.decompress(body) if encoding in DEFLATE else body
