"""What a server may send, and what its certificate must say, before anything of an answer is read."""

from __future__ import annotations

import gzip
import json
import ssl
import subprocess
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli
import pytest
from backports import zstd

from crawler.fetch.bounded_agent import HEADERS
from crawler.urls.canonical import canonical
from index.archive import Archive, frontier
from index.model.codes import FetchReason
from tests.security.fetch_cli import arshif, asked, configured, measured
from tests.security.server import Ask, Server, reply
from tests.security.sites import article, feed, own, to

LIMIT = 1_000_000  # bytes of an answer in these tests
MEMORY = 400 << 20  # bytes that the process may take that reads all of them
ZEROS = bytes(200_000_000)


def deflated() -> bytes:
    packer = zlib.compressobj(9)
    return packer.compress(ZEROS) + packer.flush()


def encoded(body: bytes, encoding: str) -> list[bytes]:
    return [reply(body, Content_Encoding=encoding)]


def endless(start: bytes, piece: bytes) -> Iterator[bytes]:
    yield start
    while True:
        yield piece


ONCE = gzip.compress(ZEROS, 9)
ANSWERS: dict[str, Callable[[], Iterable[bytes]]] = {
    "/gzip": lambda: encoded(ONCE, "gzip"),
    "/twice": lambda: encoded(gzip.compress(ONCE, 9), "gzip, gzip"),
    "/deflate": lambda: encoded(deflated(), "deflate"),
    "/br": lambda: encoded(brotli.compress(ZEROS, quality=5), "br"),
    "/zstd": lambda: encoded(zstd.compress(ZEROS), "zstd"),
    "/br-in-gzip": lambda: encoded(gzip.compress(brotli.compress(ZEROS, quality=5)), "br, gzip"),
    "/declared": lambda: [b"HTTP/1.1 200 -\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 1_000],
    "/endless": lambda: endless(b"HTTP/1.1 200 -\r\n\r\n", b"x" * 65_536),
    "/chunks": lambda: endless(
        b"HTTP/1.1 200 -\r\nTransfer-Encoding: chunked\r\n\r\n", b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    ),
    "/headers": lambda: endless(b"HTTP/1.1 200 -\r\n", b"X-Filling: " + b"x" * 1_000 + b"\r\n"),
    "/header": lambda: endless(b"HTTP/1.1 200 -\r\nX-Filling: ", b"x" * 65_536),
    "/folded": lambda: endless(b"HTTP/1.1 200 -\r\nX-Filling: x\r\n", b" " + b"x" * 1_000 + b"\r\n"),
    "/continue": lambda: endless(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "/cut": lambda: [b"HTTP/1.1 200 -\r\nContent-Length: 1000\r\n\r\nonly this"],
    "/garbage": lambda: [b"\x00\xff not http at all\r\n\r\n"],
}
HARMLESS: dict[str, Callable[[], Iterable[bytes]]] = {
    "/members": lambda: encoded(gzip.compress(b"") * 40_000, "gzip"),
    "/unknown": lambda: encoded(b"x" * 10, "lzma"),
    "/robots.txt": lambda: [reply("", 404)],
    "/page": lambda: [reply("a page")],
}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, tuple[Any, Any]]]:
    """How much memory it took to read them all, and what came of each, by its path."""
    with Server(lambda ask: (ANSWERS | HARMLESS)[ask.path]()) as server:
        config = configured(tmp_path_factory.mktemp("downloads"), politeness={"delay": 0, "timeout": 600})
        urls = [f"{server.url}{path}" for path in ANSWERS | HARMLESS]
        peak, answers = measured(config, urls, RETRY_TIMES=0, DOWNLOAD_MAXSIZE=LIMIT, CONCURRENT_REQUESTS_PER_DOMAIN=4)
    return peak, {url.removeprefix(server.url): what for url, what in answers.items()}


@pytest.fixture(scope="module")
def found(read: tuple[int, dict[str, tuple[Any, Any]]]) -> dict[str, tuple[Any, Any]]:
    return read[1]


def test_to_read_all_of_them_takes_little_memory(read: tuple[int, dict[str, tuple[Any, Any]]]) -> None:
    assert 0 < read[0] < MEMORY


@pytest.mark.parametrize("path", ANSWERS)
def test_none_of_these_is_a_page(path: str, found: dict[str, tuple[Any, Any]]) -> None:
    assert isinstance(found[path][0], str), found[path]


@pytest.mark.parametrize("path", ["/gzip", "/twice", "/deflate", "/br", "/zstd", "/br-in-gzip"])
def test_what_was_packed_is_unpacked_no_further_than_the_limit(path: str, found: dict[str, tuple[Any, Any]]) -> None:
    assert f"DOWNLOAD_MAXSIZE ({LIMIT} B) during decompression" in found[path][1], found[path]


def test_headers_are_read_as_far_as_their_limit(found: dict[str, tuple[Any, Any]]) -> None:
    assert found["/headers"] == ("HeadTooLong", f"headers of more than {HEADERS:,} bytes")


def test_what_only_looks_bad_is_read(found: dict[str, tuple[Any, Any]]) -> None:
    assert found["/page"] == (200, 6)
    assert found["/members"] == (200, 0)
    assert found["/unknown"] == (200, 10)


# --- certificates ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose certificate nobody vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def answer(ask: Ask) -> Iterable[bytes]:
        return [reply("", 404) if ask.path == "/robots.txt" else reply("a page")]

    with Server(answer, tls=context) as server:
        yield server


def test_a_certificate_that_nobody_vouches_for_is_refused(self_signed: Server, tmp_path: Path) -> None:
    found = asked(configured(tmp_path), [f"{self_signed.url}/"], RETRY_TIMES=0)
    assert found[f"{self_signed.url}/"][0] == "RobotsUnreachable"
    assert self_signed.log == []


def test_unless_the_host_s_site_says_so_and_then_for_that_host_only(self_signed: Server, tmp_path: Path) -> None:
    urls = [f"{self_signed.url}/", f"https://localhost:{self_signed.port}/"]
    found = asked(configured(tmp_path), urls, RETRY_TIMES=0, UNVERIFIED_HOSTS=["127.0.0.1"])
    assert found[urls[0]] == (200, 6)
    assert found[urls[1]][0] == "RobotsUnreachable"


def test_the_site_s_file_says_it_and_status_shows_it(self_signed: Server, tmp_path: Path) -> None:
    config = configured(tmp_path)
    (config / "sites").mkdir()
    about = {
        "name": "Old", "homepage": f"{self_signed.url}/", "country": "SY", "languages": ["ar"], "enabled": True,
        "sources": [{"kind": "feed", "url": f"{self_signed.url}/feed"}], "verify_tls": False,
    }  # fmt: skip
    (config / "sites" / "old.yaml").write_text(json.dumps(about), "utf-8")
    self_signed.log.clear()
    told = arshif(config, "crawl", "old")
    assert [ask.path for ask in self_signed.log][:2] == ["/robots.txt", "/feed"], told
    assert "old: its certificate is not checked (`verify_tls: false`)" in arshif(config, "status")


# --- a page of 6 MiB -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "state", "reason"),
    [({}, "refused", FetchReason.TOO_LARGE), ({"page_max_bytes": 10 << 20}, "stored", None)],
    ids=["longer than is read", "within the settings"],
)
def test_a_long_page_is_stored_or_refused_for_good(
    settings: dict[str, int], state: str, reason: str | None, tmp_path: Path
) -> None:
    page = article("long", 0).replace("</body>", f"<!-- {'x' * (6 << 20)} --></body>")
    (url,) = own("long", 1)

    def answer(ask: Ask) -> Iterable[bytes]:
        return [reply(page)] if ask.path == urlsplit(url).path else [reply("", 404)]

    site = to(lambda _: [reply(feed("long", [url]), kind="application/rss+xml")], answer)
    with Server(site) as server:
        config = configured(tmp_path, proxy=server.url, politeness={"delay": 0, **settings})
        (config / "sites").mkdir()
        about = {
            "name": "long", "homepage": "http://long.example/", "country": "SY", "languages": ["en"], "enabled": True,
            "sources": [{"kind": "feed", "url": "http://long.example/feed"}], "rendering": "none",
        }  # fmt: skip
        (config / "sites" / "long.yaml").write_text(json.dumps(about), "utf-8")
        told = arshif(config, "crawl")
    with Archive(tmp_path / "data" / "archive.sqlite3") as archive, archive.read() as conn:
        row = frontier.row(conn, "long", canonical(url) or "")
    assert row is not None
    assert (row.state, row.reason) == (state, reason), told
    assert reason is None or row.due is None, "it is not fetched again by itself"
