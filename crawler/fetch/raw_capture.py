"""Capture of raw responses for the WARC file: the bytes as received, before anything decompresses them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.http import Response

from crawler.discover.source_document import GZIP_MAGIC, MAX_BYTES, unpack
from crawler.errors import SourceProblem
from index.warc import record

ENCODED = ("content-encoding", "content-length")  # headers that no longer apply to a decoded body
REDIRECTS = (301, 302, 303, 307, 308)  # statuses that Scrapy follows
REDIRECT_BYTES = 64 * 1024  # longest body that is kept of a response that only leads on


class RawCaptureMiddleware:
    """Keeps a page's status, headers and body as received in `request.meta["raw"]`, which the store writes, and the
    redirects on the way to it in `request.meta["redirects"]`, which Scrapy hands on from request to request.

    Only gzip is requested (`crawler/settings.py`). A response in another encoding, or in gzip under another name, is
    left to `DecodedCaptureMiddleware`: not every language will support that encoding in ten years, and programs that
    replay archives show the bytes of what they do not unpack (`findings/wabac-content-encodings.sh`).
    """

    async def process_response(self, request: Request, response: Response) -> Response:
        request.meta.pop("raw", None)
        headers = _headers(response)
        if _should_keep(request, response) and replayable(headers, response.body):
            request.meta["raw"] = _copy(response, headers)
        elif request.meta.get("keep_raw") and response.status in REDIRECTS and b"Location" in response.headers:
            request.meta["redirects"] = [*request.meta.get("redirects", ()), shortened(_copy(response, headers))]
        return response


class DecodedCaptureMiddleware:
    """Keeps what `RawCaptureMiddleware` did not, as Scrapy has decoded it since: at most DOWNLOAD_MAXSIZE bytes."""

    async def process_response(self, request: Request, response: Response) -> Response:
        if _should_keep(request, response) and "raw" not in request.meta:
            kept = [pair for pair in _headers(response) if pair[0].lower() not in ENCODED]
            request.meta["raw"] = _copy(response, kept)
        return response


def replayable(headers: Iterable[tuple[str, str]], body: bytes) -> bool:
    """Whether every program that replays archives shows a body with these headers: plain, or gzip under just that name,
    which RFC 9110 does not ask of servers."""
    names = [value.strip() for name, value in headers if name.lower() == "content-encoding"]
    return names == (["gzip"] if body.startswith(GZIP_MAGIC) else [])


def shortened(response: record.Response) -> record.Response:
    """A response that only leads on, without its body if that is long, or in an encoding that is not kept."""
    if len(response.body) <= REDIRECT_BYTES and replayable(response.headers, response.body):
        return response
    headers = [pair for pair in response.headers if pair[0].lower() not in ENCODED]
    why = "length" if len(response.body) > REDIRECT_BYTES else "unspecified"
    return replace(response, headers=headers, body=b"", truncated=why)


def _should_keep(request: Request, response: Response) -> bool:
    return bool(request.meta.get("keep_raw")) and response.status == HTTPStatus.OK


def _copy(response: Response, headers: list[tuple[str, str]]) -> record.Response:
    line = f"{response.protocol or 'HTTP/1.1'} {response.status} {HTTPStatus(response.status).phrase}"
    return record.Response(urldefrag(response.url).url, datetime.now(UTC), line, headers, response.body)


def _headers(response: Response) -> list[tuple[str, str]]:
    pairs = ((name, value) for name in response.headers for value in response.headers.getlist(name))
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]


def _encoding(headers: Iterable[tuple[str, str]]) -> str:
    return ",".join(value for name, value in headers if name.lower() == "content-encoding").strip().lower()


def lower_case(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name; the last one wins where a name repeats."""
    return {name.lower(): value for name, value in headers}


def decoded(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """The body of a raw response as it was before it was compressed, whatever its Content-Encoding says; as it is when
    it only begins like compressed data."""
    if body.startswith(GZIP_MAGIC):
        with suppress(SourceProblem):
            return unpack(body)[0]
    if _encoding(headers) == "deflate":
        for form in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # as RFC 9110 has it, and without zlib's header, as some do
            with suppress(zlib.error):
                return zlib.decompressobj(form).decompress(body, MAX_BYTES)
    return body
