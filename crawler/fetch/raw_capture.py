"""Capture of raw responses for the WARC file: the bytes as received, before anything decompresses them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus

from scrapy import Request
from scrapy.http import Response

from crawler.discover.source_document import GZIP_MAGIC, MAX_BYTES, unpack
from index.warc import store

ENCODED = ("content-encoding", "content-length")  # headers that no longer apply to a decoded body
GZIP, DEFLATE = ("gzip", "x-gzip"), ("deflate",)


class RawCaptureMiddleware:
    """Keeps a page's status, headers and body as received in `request.meta["raw"]`, which the store writes.

    Only gzip is requested (`crawler/settings.py`). A response in another encoding is left to
    `DecodedCaptureMiddleware`: not every language will support that encoding in ten years.
    """

    async def process_response(self, request: Request, response: Response) -> Response:
        request.meta.pop("raw", None)
        if _should_keep(request, response) and _encoding(_headers(response)) in ("", *GZIP, *DEFLATE):
            request.meta["raw"] = _copy(response, _headers(response))
        return response


class DecodedCaptureMiddleware:
    """Keeps what `RawCaptureMiddleware` did not, as Scrapy has decoded it since: at most DOWNLOAD_MAXSIZE bytes."""

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
    """Headers by lower-case name; the last one wins where a name repeats."""
    return {name.lower(): value for name, value in headers}


def decoded(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """The body of a raw response as it was before it was compressed, whatever its Content-Encoding says.

    :raises SourceProblem: when gzip data cannot be decompressed.
    """
    if body.startswith(GZIP_MAGIC):
        return unpack(body)[0]
    if _encoding(headers) in DEFLATE:
        with suppress(zlib.error):
            return zlib.decompressobj().decompress(body, MAX_BYTES)
    return body
