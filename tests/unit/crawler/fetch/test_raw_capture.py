"""What is kept of an answer: its bytes as they came, and of one in an encoding that nobody asked for, what it says."""

from __future__ import annotations

import asyncio
import gzip
import importlib
import zlib
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.utils.test import get_crawler

from crawler.fetch.content_encoding import ContentEncodingMiddleware
from crawler.fetch.raw_capture import DecodedCaptureMiddleware, RawCaptureMiddleware, decoded, lower_case
from index.warc import record
from index.web.sanitizer import sanitize

URL = "https://step.example/1"
PAGE = "<p>خبر عاجل من حلب</p>".encode() * 40
MOST = 100_000  # bytes


def brotli(body: bytes) -> bytes:
    return bytes(importlib.import_module("brotli").compress(body))


def kept(body: bytes, encoding: str, status: int = 200) -> record.Response | None:
    """What is kept of this answer on its way through the middlewares."""

    async def way() -> Response:
        headers = Headers({"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))})
        if encoding:
            headers["Content-Encoding"] = encoding
        answer: Any = Response(URL, status=status, headers=headers, body=body)
        answer = await RawCaptureMiddleware().process_response(request, answer)
        crawler = get_crawler(settings_dict={"DOWNLOAD_MAXSIZE": MOST})
        answer = ContentEncodingMiddleware.from_crawler(crawler).process_response(request, answer)
        return await DecodedCaptureMiddleware().process_response(request, answer)

    request = Request(URL, meta={"keep_raw": True, "download_maxsize": MOST})
    read.append(asyncio.run(way()).body)
    found: record.Response | None = request.meta.get("raw")
    return found


read: list[bytes] = []  # the body of each answer as the spider gets it


@pytest.mark.parametrize(
    ("encoding", "body"), [("", PAGE), ("gzip", gzip.compress(PAGE, mtime=0))], ids=["plain", "gzip"]
)
def test_bytes_are_kept_as_they_came(encoding: str, body: bytes) -> None:
    copy = kept(body, encoding)
    assert copy is not None
    assert copy.body == body
    assert lower_case(copy.headers).get("content-encoding", "") == encoding
    assert decoded(copy.headers, copy.body) == PAGE


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", brotli(PAGE)),
        ("gzip, br", brotli(gzip.compress(PAGE, mtime=0))),
        ("deflate", zlib.compress(PAGE)),
        ("deflate", zlib.compress(PAGE, wbits=-zlib.MAX_WBITS)),
    ],
    ids=["br", "gzip and br", "deflate", "deflate without zlib's header"],
)
def test_what_came_in_an_encoding_of_its_own_is_kept_decoded(encoding: str, body: bytes) -> None:
    copy = kept(body, encoding)
    assert copy is not None
    assert copy.body == decoded(copy.headers, copy.body) == PAGE
    assert not {"content-encoding", "content-length"} & lower_case(copy.headers).keys()
    assert "خبر عاجل من حلب" in sanitize(copy.headers, copy.body).html


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
def test_what_only_begins_like_compressed_data_is_left_as_it_is(encoding: str) -> None:
    body = b"\x1f\x8b\x07" + PAGE
    assert decoded([("Content-Encoding", encoding)], body) == body


def test_what_grows_too_large_is_not_decoded() -> None:
    with pytest.raises(IgnoreRequest):
        kept(brotli(b" " * 10 * MOST), "br")


@pytest.mark.parametrize(
    ("body", "encoding", "truncated"),
    [
        (PAGE, "", ""),
        (gzip.compress(PAGE, mtime=0), "gzip", ""),
        (PAGE * 100, "", "length"),
        (brotli(PAGE), "br", "unspecified"),
    ],
    ids=["plain", "gzip", "long", "brotli"],
)
def test_a_redirect_is_kept_without_a_body_that_is_long_or_packed_otherwise(
    body: bytes, encoding: str, truncated: str
) -> None:
    headers = Headers({"Location": "/2", **({"Content-Encoding": encoding} if encoding else {})})
    request = Request(URL, meta={"keep_raw": True, "redirects": ["one before"]})
    asyncio.run(RawCaptureMiddleware().process_response(request, Response(URL, 302, headers, body)))
    before, found = request.meta["redirects"]
    assert before == "one before"
    assert (found.body, found.truncated) == (b"" if truncated else body, truncated)
    assert lower_case(found.headers).get("content-encoding", "") == ("" if truncated else encoding)
    assert lower_case(found.headers)["location"] == "/2"
    assert "raw" not in request.meta


def test_only_answers_with_a_page_are_kept() -> None:
    assert kept(PAGE, "", status=404) is None


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", PAGE),
        ("x-gzip", PAGE),
        ("deflate", PAGE),
        ("br", PAGE),
        ("gzip, gzip", gzip.compress(PAGE, mtime=0)),
        ("gzip", gzip.compress(gzip.compress(PAGE, mtime=0), mtime=0)),
        ("", gzip.compress(PAGE, mtime=0)),
        ("identity", gzip.compress(PAGE, mtime=0)),
        ("utf-8", gzip.compress(PAGE, mtime=0)),
        ("deflate", gzip.compress(PAGE, mtime=0)),
        ("deflate", zlib.compress(PAGE)),
        ("br", gzip.compress(PAGE, mtime=0)),
    ],
)
def test_the_bytes_tell_how_they_are_packed(encoding: str, body: bytes) -> None:
    copy = kept(body, encoding)
    assert read[-1] == PAGE
    assert copy is not None
    assert decoded(copy.headers, copy.body) == PAGE
    assert "خبر عاجل من حلب" in sanitize(copy.headers, copy.body).html


def test_what_grows_too_large_without_a_label_is_not_unpacked() -> None:
    with pytest.raises(IgnoreRequest):
        kept(gzip.compress(b" " * 10 * MOST, mtime=0), "")
