"""The heads of HTTP that pass through the gate: requests that could be understood in two ways end there, and answers
that Chromium shows are shown, however they are written."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable
from urllib.parse import urlsplit

import h11
import pytest

from crawler.fetch.rendering.settings import CONTEXT, launch_options
from crawler.fetch.ssrf import http_heads
from crawler.fetch.ssrf.browser_proxy import BrowserProxy
from crawler.fetch.ssrf.policy import AddressPolicy
from tests.security.server import Ask, Server, reply

ALLOWED = ["127.0.0.1/32"]
MALFORMED = {  # the head after its first line and the password, with the answer to it
    "two lengths": ("Content-Length: 5\r\nContent-Length: 6", 400),
    "two lengths in one header": ("Content-Length: 5, 6", 400),
    "a length that is no number": ("Content-Length: +5", 400),
    "a negative length": ("Content-Length: -5", 400),
    "a length and chunks": ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
    "chunks without a length": ("Transfer-Encoding: chunked", 411),
    "an unknown coding": ("Transfer-Encoding: xchunked", 501),
    "two codings": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 501),
    "a folded line": ("X-A: one\r\n two", 400),
    "a folded length": ("Content-Length:\r\n 5", 400),
    "a bare line feed": ("X-A: one\nX-B: two", 400),
    "a bare carriage return": ("X-A: one\rX-B: two", 400),
    "a space before the colon": ("X-A : one", 400),
    "no colon": ("X-A", 400),
    "no name": (": one", 400),
    "a NUL": ("X-A: o\x00ne", 400),
    "a second host": ("Host: other.example", 400),
    "a head that is too long": (f"X-A: {'a' * http_heads.MAX_HEAD_BYTES}", 431),
    "many lines that are too long": ("\r\n".join(["X-A: one"] * (http_heads.MAX_HEAD_BYTES // 10 + 1)), 431),
}
LINES = {  # first lines, in which HOST is a server that is allowed, with the answer to them
    "a name and a password": ("GET http://name:password@HOST/ HTTP/1.1", 400),
    "a name only": ("GET http://name@HOST/ HTTP/1.1", 400),
    "a name in a tunnel": ("CONNECT name@HOST HTTP/1.1", 400),
    "a path in a tunnel": ("CONNECT HOST/path HTTP/1.1", 400),
    "a tunnel without a port": ("CONNECT 127.0.0.1 HTTP/1.1", 400),
    "a port that is none": ("GET http://127.0.0.1:99999/ HTTP/1.1", 400),
    "a tunnel's port that is none": ("CONNECT 127.0.0.1:http HTTP/1.1", 400),
    "half an address": ("GET http://[::1/ HTTP/1.1", 400),
    "letters that are not ASCII": ("GET http://HOST/é HTTP/1.1", 400),
    "two spaces": ("GET  http://HOST/ HTTP/1.1", 400),
    "no version": ("GET http://HOST/", 400),
    "another version": ("GET http://HOST/ HTTP/2.0", 505),
    "a method in lower case": ("connect HOST HTTP/1.1", 400),
    "a folded first line": ("GET http://HOST/\r\n HTTP/1.1", 400),
    "an empty line before it": ("\r\nGET http://HOST/ HTTP/1.1", 400),
}
BODY = b"<!doctype html><title>page</title><p>shown"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
ANSWERS = {  # which h11 refuses, as servers give them (encode/httpx#740, #1363, #1862; python-hyper/h11#130)
    "chunked, chunked": HTML + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKS,
    "chunked twice": HTML + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "identity": HTML + b"Transfer-Encoding: identity\r\n\r\n" + BODY,
    "a slash in a name": HTML + LENGTH + b"cache/forum.php: not supported\r\n\r\n" + BODY,
    "a space in a name": HTML + LENGTH + b"X Powered By: PHP\r\n\r\n" + BODY,
    "a space before the colon": HTML + LENGTH + b"X-A : one\r\n\r\n" + BODY,
    "no colon": HTML + LENGTH + b"NoColon\r\n\r\n" + BODY,
    "no name": HTML + LENGTH + b": one\r\n\r\n" + BODY,
    "a name that is not ASCII": HTML + LENGTH + "Überschrift: one\r\n\r\n".encode() + BODY,
    "a control in a value": HTML + LENGTH + b"X-A: o\x0bne\r\n\r\n" + BODY,
    "a carriage return in a value": HTML + LENGTH + b"X-A: o\rne\r\n\r\n" + BODY,
    "a control in the reason": b"HTTP/1.1 200 O\x0cK\r\n" + HTML[17:] + LENGTH + b"\r\n" + BODY,
    "a version in lower case": b"http/1.1 200 OK\r\n" + HTML[17:] + LENGTH + b"\r\n" + BODY,
    "a version without its second part": b"HTTP/1 200 OK\r\n" + HTML[17:] + LENGTH + b"\r\n" + BODY,
    "two spaces": b"HTTP/1.1  200 OK\r\n" + HTML[17:] + LENGTH + b"\r\n" + BODY,
    "no length after its name": HTML + b"Content-Length:\r\n\r\n" + BODY,
    "a length that is no whole number": HTML + b"Content-Length: 42.0\r\n\r\n" + BODY,
    "a negative length": HTML + b"Content-Length: -1\r\n\r\n" + BODY,
    "a first line that is folded": b"HTTP/1.1 200 OK\r\n X-A: one\r\n" + HTML[17:] + LENGTH + b"\r\n" + BODY,
}
MENDED = {  # and which it reads
    "line feeds alone": (HTML + LENGTH + b"\r\n").replace(b"\r\n", b"\n") + BODY,
    "a folded line": HTML + b"X-A: one\r\n two\r\n" + LENGTH + b"\r\n" + BODY,
    "the same length twice": HTML + LENGTH * 2 + b"\r\n" + BODY,
    "hints before it": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    + HTML
    + LENGTH
    + b"\r\n"
    + BODY,
}


def through(requests: Iterable[str], upstream: str = "", body: str = "") -> list[bytes]:
    """What a gate that allows 127.0.0.1 answers to these heads, with the browser's password after their first lines."""

    async def run() -> list[bytes]:
        gate = BrowserProxy(AddressPolicy(ALLOWED), upstream)
        await gate.open()
        told = gate.for_browser
        pair = base64.b64encode(f"{told['username']}:{told['password']}".encode()).decode()
        answers = []
        for request in requests:
            first, _, rest = request.removeprefix("\r\n").partition("\r\n")
            lead = "\r\n" if request.startswith("\r\n") else ""
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(told["server"]).port)
            more = f"{rest}\r\n" if rest else ""
            writer.write(f"{lead}{first}\r\nProxy-Authorization: Basic {pair}\r\n{more}\r\n{body}".encode())
            answers.append(await reader.read())
            writer.close()
        await gate.close()
        return answers

    return asyncio.run(run())


@pytest.mark.parametrize(("more", "status"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_head_ends_at_the_gate(more: str, status: int) -> None:
    with Server(lambda _: [reply("hit")]) as server:
        (answer,) = through([f"POST {server.url}/ HTTP/1.1\r\nHost: {urlsplit(server.url).netloc}\r\n{more}"])
        assert server.connections == 0
    assert answer.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize(("line", "status"), LINES.values(), ids=LINES)
def test_a_malformed_first_line_ends_at_the_gate(line: str, status: int) -> None:
    with Server(lambda _: [reply("hit")]) as server:
        host = urlsplit(server.url).netloc
        (answer,) = through([f"{line.replace('HOST', host)}\r\nHost: {host}"])
        assert server.connections == 0
    assert answer.startswith(b"HTTP/1.1 %d " % status)


def test_a_request_without_a_host_ends_at_the_gate() -> None:
    assert through(["GET http://127.0.0.1:9/ HTTP/1.1"])[0].startswith(b"HTTP/1.1 400 ")


def test_a_request_goes_on_to_the_host_in_its_url_under_that_name() -> None:
    with Server(lambda ask: [reply(f"{ask.headers['host']} {ask.path}")]) as server:
        (answer,) = through([f"GET {server.url}?a=%20b#part HTTP/1.1\r\nHost: other.example\r\nX-A: \x01 é"])
    assert answer.endswith(f"{urlsplit(server.url).netloc} /?a=%20b".encode())


def test_of_a_body_as_much_goes_on_as_its_length_says_and_no_second_request() -> None:
    came = asyncio.run(_forwarded("POST", "Content-Length: 5", "12345GET / HTTP/1.1\r\nHost: second.example\r\n\r\n"))
    assert came.endswith(b"Content-Length: 5\r\nConnection: close\r\n\r\n12345")
    assert b"Proxy-" not in came


async def _forwarded(method: str, header: str, body: str) -> bytes:
    """What a server gets of a request by the gate, until that has no more to pass on."""
    came = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.extend(await reader.readuntil(b"\r\n\r\n"))
        came.extend(await reader.readexactly(5))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()
        writer.write_eof()
        came.extend(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    request = f"{method} http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{header}"
    async with server:
        await asyncio.to_thread(through, [request], body=body)
    return bytes(came)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1 200 Connection established\r\n\r\n", 200),
        (b"HTTP/1.0 200 OK\r\nProxy-Agent: one\r\n\r\n", 200),
        (b"HTTP/1.1 200 OK\n\n", 200),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200),
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", 502),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/\r\n\r\n", 502),
        (b"HTTP/1.1 two hundred\r\n\r\n", 502),
    ],
)
def test_a_tunnel_by_the_users_proxy_is_open_when_that_says_so(head: bytes, status: int) -> None:
    asked: list[Ask] = []

    def answer(ask: Ask) -> Iterable[bytes]:
        asked.append(ask)
        return [head + (b"first bytes of the site" if status == 200 else b"")]

    with Server(answer) as proxy:
        upstream = proxy.url.replace("//", "//na%20me:pass@")
        (got,) = through(["CONNECT site.example:443 HTTP/1.1\r\nHost: site.example:443"], upstream)
    assert (asked[0].method, asked[0].headers["host"]) == ("CONNECT", "site.example:443")
    assert asked[0].headers["proxy-authorization"] == f"Basic {base64.b64encode(b'na me:pass').decode()}"
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert got.endswith(b"\r\n\r\nfirst bytes of the site" if status == 200 else b"\r\n\r\n")


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_answers_are_not_read_by_h11_because_it_refuses_these(answer: bytes) -> None:
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "site.example")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(answer)
    with pytest.raises(h11.RemoteProtocolError):
        connection.next_event()


@pytest.mark.parametrize("answer", [*ANSWERS.values(), *MENDED.values()], ids=[*ANSWERS, *MENDED])
def test_an_answer_passes_as_it_came_but_for_its_connection(answer: bytes) -> None:
    answer = answer.replace(b" 200 OK\r\n", b" 200 OK\r\nConnection: keep-alive\r\n", 1)
    with Server(lambda _: [answer]) as server:
        (got,) = through([f"GET {server.url}/ HTTP/1.1\r\nHost: site.example"])
    head, _, body = answer.partition(b"\n\n" if b"\r" not in answer else b"\r\n\r\n")
    lines = [line.rstrip(b"\r") for line in head.split(b"\n") if line.strip() != b"Connection: keep-alive"]
    assert got == b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body


@pytest.mark.browser
def test_chromium_shows_them(chromium: str) -> None:
    from playwright.async_api import async_playwright

    every = {**ANSWERS, **MENDED}
    names = list(every)

    async def run(url: str) -> dict[str, str]:
        gate = BrowserProxy(AddressPolicy(ALLOWED))
        await gate.open()
        shown = {}
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launch_options(chromium), proxy=gate.for_browser)  # type: ignore[arg-type]
            page = await (await browser.new_context(**CONTEXT)).new_page()
            for number, name in enumerate(names):
                await page.goto(f"{url}/{number}")
                shown[name] = (await page.inner_text("body")).strip()
            await browser.close()
        await gate.close()
        return shown

    def answer(ask: Ask) -> Iterable[bytes]:
        number = ask.path.removeprefix("/")
        return [every[names[int(number)]]] if number.isdigit() else [reply("", 404)]

    with Server(answer) as server:
        shown = asyncio.run(run(server.url))
    assert shown == dict.fromkeys(every, "shown")
