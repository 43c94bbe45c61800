"""The heads of HTTP/1.1 messages that pass through the gate (RFC 9112): read strictly, and written anew.

A head that two readers could understand differently is the way past a proxy that checks one request and forwards
another. So requests, which a browser always writes well, are read and written by h11, and what it would mend is
refused. Answers come from any server of the world, end with their connection, and are the browser's to understand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

import h11

MAX_HEAD_BYTES = 64 << 10  # bytes of a request's or an answer's head
ONE_HOP = frozenset((b"proxy-authorization", b"proxy-connection", b"connection", b"keep-alive"))
_MENDED = re.compile(rb"(?<!\r)\n|\n[ \t]")  # bare LF and obs-fold, both of which RFC 9112 lets a server refuse

Headers = Iterable[tuple[bytes, bytes]]


class ProxyDenied(Exception):
    """The gate stays closed: `status` and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


async def read(reader: asyncio.StreamReader) -> bytes:
    """The next head, with the blank line that ends it; its lines may end in a line feed alone.

    :raises ValueError: it is longer than MAX_HEAD_BYTES.
    :raises EOFError: the connection ended within it.
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

    :raises ProxyDenied: it is no request as RFC 9112 has it, or could be understood in two ways.
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
    """The first header of this name, which is in lower case; empty where there is none."""
    return next((value for key, value in request.headers if key == name), b"")


def target(request: h11.Request) -> tuple[SplitResult, str, int]:
    """The URL that a request is for, which of a tunnel has a host and a port only, its host and its port.

    :raises ProxyDenied: it is no http URL and no tunnel's host and port, or has a name or a password in it.
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
    """The bytes of a request's body.

    :raises ProxyDenied: it does not say how many, or says it in two ways.
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
    """The head with which a plain request goes on: for the host in its URL, whatever its Host said (RFC 9112, 3.2.2),
    and the last one of its connection, as the next may be for another host. `whole`: with the whole URL, as a proxy
    wants it; `own`: headers that are added."""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [(name, value) for name, value in request.headers.raw_items() if name.lower() not in {*ONE_HOP, b"host"}]
    headers = [(b"Host", parts.netloc.encode()), *kept, *own, (b"Connection", b"close")]
    target = request.target if whole else path.encode()
    sent = h11.Connection(h11.CLIENT).send(h11.Request(method=request.method, target=target, headers=headers))
    assert sent is not None  # which only the end of a connection is
    return sent


async def open_tunnel(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str, own: Headers = ()
) -> None:
    """Has the proxy at the other end connect to this host and port. `own`: headers for it.

    :raises ProxyDenied: it does not.
    """
    proxy = h11.Connection(h11.CLIENT, MAX_HEAD_BYTES)
    headers = [(b"Host", authority.encode()), *own]
    writer.write(proxy.send(h11.Request(method="CONNECT", target=authority, headers=headers)) or b"")
    proxy.send(h11.EndOfMessage())
    answer: object = None
    try:
        while not isinstance(answer, h11.Response):  # provisional ones may come before it
            proxy.receive_data(await read(reader))
            answer = proxy.next_event()
    except h11.RemoteProtocolError as problem:
        raise ProxyDenied(502, f"the proxy's answer: {problem}") from None
    if not 200 <= answer.status_code < 300:
        raise ProxyDenied(502, f"the proxy answers {answer.status_code}")


def last_answer(head: bytes) -> bytes:
    """The head of an answer as the last one of its connection, whatever the site says of it. Not by h11, which refuses
    what Chromium shows (`tests/hostile/test_heads.py`)."""
    first, *lines = (line.rstrip(b"\r") for line in head.rstrip(b"\r\n").split(b"\n"))
    kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in ONE_HOP]
    return b"\r\n".join([first, *kept, b"Connection: close"]) + b"\r\n\r\n"


def refusal(refused: ProxyDenied) -> bytes:
    """The answer of the gate itself."""
    lines = [f"HTTP/1.1 {refused.status} -", "Content-Length: 0", "Connection: close"]
    if refused.status == 407:
        lines.append('Proxy-Authenticate: Basic realm="gate"')
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
