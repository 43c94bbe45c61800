"""The heads of HTTP/1.1 messages that pass through the browser proxy (RFC 9112): parsed strictly and rewritten.

A head that two parsers could read differently lets a request past a proxy that checks one request and forwards another
(request smuggling). So requests, which a browser always writes correctly, are parsed and serialised by h11, and what it
would repair is refused. Responses come from arbitrary servers, end with their connection, and are left to the browser
to parse.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

import h11

MAX_HEAD_BYTES = 64 << 10  # of a request's or a response's head
ONE_HOP = frozenset((b"proxy-authorization", b"proxy-connection", b"connection", b"keep-alive"))
_MENDED = re.compile(rb"(?<!\r)\n|\n[ \t]")  # bare LF and obs-fold, both of which RFC 9112 lets a server refuse

Headers = Iterable[tuple[bytes, bytes]]


class ProxyDenied(Exception):
    """The proxy refuses a request: the HTTP `status` and the reason."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


async def read(reader: asyncio.StreamReader) -> bytes:
    """The next head, including the blank line that ends it; its lines may end in a bare line feed.

    :raises ValueError: when it is longer than MAX_HEAD_BYTES.
    :raises EOFError: when the connection ends within it.
    """
    head = bytearray()
    while not head.endswith((b"\n\n", b"\n\r\n")):
        line = await reader.readline()
        if not line:
            raise EOFError("no end of the head")
        head += line
        if len(head) > MAX_HEAD_BYTES:
            raise ValueError(f"a head of more than {MAX_HEAD_BYTES} bytes")
    return bytes(head)


def request(head: bytes) -> h11.Request:
    """The request that begins with this head.

    :raises ProxyDenied: when it is not a valid request by RFC 9112, or is ambiguous.
    """
    if _MENDED.search(head):
        raise ProxyDenied(400, "a line that ends in a line feed alone, or goes on in the next one")
    connection = h11.Connection(h11.SERVER, MAX_HEAD_BYTES)
    connection.receive_data(head)
    try:
        asked = connection.next_event()
    except h11.RemoteProtocolError as problem:
        raise ProxyDenied(problem.error_status_hint, str(problem)) from None
    if not isinstance(asked, h11.Request):
        raise ProxyDenied(400, "no whole head")
    if not asked.http_version.startswith(b"1."):
        raise ProxyDenied(505, "HTTP/1.1 only")
    return asked


def header(request: h11.Request, name: bytes) -> bytes:
    """The value of the first header with this lower-case name; empty if there is none."""
    return next((value for key, value in request.headers if key == name), b"")


def target(request: h11.Request) -> tuple[SplitResult, str, int]:
    """A request's target URL, its host and its port; a tunnel's URL consists of a host and a port only.

    :raises ProxyDenied: when the target is neither an http URL nor a tunnel's host and port, or contains a user name or
        password.
    """
    tunnel, text = request.method == b"CONNECT", request.target.decode("ascii")
    try:
        parts = urlsplit(f"//{text}" if tunnel else text)
        port = parts.port
    except ValueError as problem:
        raise ProxyDenied(400, str(problem)) from None
    if not parts.hostname or not (parts.netloc == text and port if tunnel else parts.scheme == "http"):
        raise ProxyDenied(400, "http and https only")
    if "@" in parts.netloc:
        raise ProxyDenied(400, "a name or a password in the address")
    return parts, parts.hostname, 80 if port is None else port


def body_length(request: h11.Request) -> int:
    """The length of a request's body in bytes.

    :raises ProxyDenied: when the length is missing, or given in two ways.
    """
    length = header(request, b"content-length")
    if header(request, b"transfer-encoding"):
        raise (
            ProxyDenied(400, "Content-Length and Transfer-Encoding")
            if length
            else ProxyDenied(411, "no Content-Length")
        )
    return int(length or 0)


def forwarded(request: h11.Request, parts: SplitResult, *, whole: bool, own: Headers = ()) -> bytes:
    """The head to forward for a plain request.

    Its Host is the one in its URL, whatever its own Host header says (RFC 9112, 3.2.2), and it is the last request of
    its connection, as the next may be for another host. `whole` keeps the absolute URL, as a proxy expects; `own` are
    headers to add.
    """
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [(name, value) for name, value in request.headers.raw_items() if name.lower() not in {*ONE_HOP, b"host"}]
    headers = [(b"Host", parts.netloc.encode()), *kept, *own, (b"Connection", b"close")]
    target = request.target if whole else path.encode()
    sent = h11.Connection(h11.CLIENT).send(h11.Request(method=request.method, target=target, headers=headers))
    assert sent is not None  # h11 returns None only for the end of a connection
    return sent


async def open_tunnel(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str, own: Headers = ()
) -> None:
    """Have the proxy at the other end connect to this host and port; `own` are headers for that proxy.

    :raises ProxyDenied: when it does not.
    """
    proxy = h11.Connection(h11.CLIENT, MAX_HEAD_BYTES)
    headers = [(b"Host", authority.encode()), *own]
    writer.write(proxy.send(h11.Request(method="CONNECT", target=authority, headers=headers)) or b"")
    proxy.send(h11.EndOfMessage())
    answer: object = None
    try:
        while not isinstance(answer, h11.Response):  # informational (1xx) responses may come first
            proxy.receive_data(await read(reader))
            answer = proxy.next_event()
    except h11.RemoteProtocolError as problem:
        raise ProxyDenied(502, f"the proxy's answer: {problem}") from None
    if not 200 <= answer.status_code < 300:
        raise ProxyDenied(502, f"the proxy answers {answer.status_code}")


def last_answer(head: bytes) -> bytes:
    """A response's head, marked as the last one of its connection, whatever its own headers say.

    It is not parsed by h11, which refuses responses that Chromium accepts (`tests/security/test_http_heads.py`).
    """
    first, *lines = (line.rstrip(b"\r") for line in head.rstrip(b"\r\n").split(b"\n"))
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in ONE_HOP]
    return b"\r\n".join([first, *kept, b"Connection: close"]) + b"\r\n\r\n"


def refusal(refused: ProxyDenied) -> bytes:
    """The proxy's own response to a refused request."""
    lines = [f"HTTP/1.1 {refused.status} -", "Content-Length: 0", "Connection: close"]
    if refused.status == 407:
        lines.append('Proxy-Authenticate: Basic realm="gate"')
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
