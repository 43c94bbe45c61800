"""Gate: the HTTP proxy that the browser's every connection goes through, and that leads to public addresses only.

A page's scripts, frames and redirects ask for what they like, and Playwright's routes never see where a redirect leads
(microsoft/playwright#33882). So what the browser may reach is decided here, after resolving and before connecting. The
gate listens on a free port of this machine while the browser runs, and wants a password that only the browser has.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import ssl
from base64 import b64encode
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from crawler.fetch.ssrf.policy import AddressPolicy

log = logging.getLogger("arshif.gate")

MAX_HEAD_BYTES = 64 << 10  # bytes of a request's or an answer's head
CONNECT_SECONDS = 10.0  # seconds for a name and a connection
IDLE_SECONDS = 60.0  # seconds without a byte in either direction
CHUNK_BYTES = 64 << 10  # bytes that are passed on at once
USER = "browser"
OWN_HEADERS = frozenset(("proxy-authorization", "proxy-connection", "connection", "keep-alive"))  # of one hop only


class ProxyDenied(Exception):
    """The gate stays closed: `status` and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """What the browser asked for: its first line's method, target and version, and its headers as they came."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """The first header of this name; "" where there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")


class BrowserProxy:
    """Listens from `open` to `close`. `upstream` is the user's own proxy, which then resolves the names; `most` is how
    many bytes one connection may bring."""

    def __init__(self, reach: AddressPolicy, upstream: str = "", most: int = 50 << 20) -> None:
        self.reach = reach
        self.upstream = urlsplit(upstream) if upstream else None
        self.most = most
        self.refused: list[str] = []  # hosts, the newest last
        self._password = secrets.token_urlsafe(24)
        self._server: asyncio.Server | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def for_browser(self) -> dict[str, str]:
        """What Playwright is to be told as `proxy`."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return {"server": f"http://127.0.0.1:{port}", "username": USER, "password": self._password}

    async def open(self) -> None:
        """Begins to listen, on this machine only; nothing where it does already."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)

    async def close(self) -> None:
        """Ends it, and what goes through it."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            await self._pass(reader, writer)
        except ProxyDenied as refusal:
            writer.write(_answer(refusal))
        except (OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError) as problem:
            log.debug("%r", problem)
        finally:
            self._under_way.discard(task)
            with suppress(OSError):
                writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(IDLE_SECONDS):
            wish = _parse_request(await reader.readuntil(b"\r\n\r\n"))
        expected = "Basic " + b64encode(f"{USER}:{self._password}".encode()).decode()
        if not hmac.compare_digest(wish.header("proxy-authorization").encode(), expected.encode()):
            raise ProxyDenied(407, "this is no open proxy")
        tunnel = wish.method == "CONNECT"
        parts = urlsplit(f"//{wish.target}" if tunnel else wish.target)
        if not parts.hostname or not (tunnel or parts.scheme == "http"):
            raise ProxyDenied(400, "http and https only")
        port = parts.port or (443 if tunnel else 80)
        their_reader, their_writer = await self._connect(parts.hostname, port, tunnel)
        try:
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _both(_copy(reader, their_writer, None), _copy(their_reader, writer, self.most))
            else:
                their_writer.write(self._forwarded(wish))
                body = int(wish.header("content-length") or 0)
                await _both(_copy(reader, their_writer, body), _last_answer(their_reader, writer, self.most))
        finally:
            their_writer.close()

    async def _connect(self, host: str, port: int, tunnel: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.reach.blocks_host(host):
            raise self._refusal(host, host)
        if self.upstream is not None:
            return await self._by_upstream(host, port, tunnel)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
                addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
                for address in addresses:  # one private address among public ones is no mistake of the site's
                    if self.reach.blocks(address):
                        raise self._refusal(host, address)
                return await _first(addresses, port)
        except (OSError, TimeoutError) as problem:
            raise ProxyDenied(502, f"{host}: {problem}") from None

    def _refusal(self, host: str, address: str) -> ProxyDenied:
        self.refused.append(host)
        del self.refused[:-1_000]
        log.info("a page asked for %s, which leads to %s: not a public address", host, address)
        return ProxyDenied(403, "not a public address")

    async def _by_upstream(
        self, host: str, port: int, tunnel: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self.upstream is not None
        tls = ssl.create_default_context() if self.upstream.scheme == "https" else None
        at = self.upstream.port or (443 if tls else 80)
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(self.upstream.hostname, at, ssl=tls, limit=MAX_HEAD_BYTES)
            if tunnel:
                name = f"[{host}]" if ":" in host else host
                lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}", *self._credentials()]
                writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
                status = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
                if status != b"200":
                    writer.close()
                    raise ProxyDenied(502, f"the proxy answers {status.decode('latin-1')}")
        return reader, writer

    def _credentials(self) -> list[str]:
        """The header with the name and password that stand in the upstream's address."""
        if self.upstream is None or self.upstream.username is None:
            return []
        pair = f"{unquote(self.upstream.username)}:{unquote(self.upstream.password or '')}"
        return [f"Proxy-Authorization: Basic {b64encode(pair.encode()).decode()}"]

    def _forwarded(self, wish: ProxyRequest) -> bytes:
        """The head of a plain request as the site, or the upstream, is to see it. The connection is for this one only:
        the next may be for another host, which has to be looked at as well."""
        parts = urlsplit(wish.target)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        target = wish.target if self.upstream is not None else path
        kept = [f"{name}: {value}" for name, value in wish.headers if name.lower() not in OWN_HEADERS]
        lines = [f"{wish.method} {target} HTTP/1.1", *kept, *self._credentials(), "Connection: close"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _parse_request(head: bytes) -> ProxyRequest:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, version = first.split(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(version)
    headers = tuple((name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    return ProxyRequest(method.upper(), target, headers)


def _answer(refusal: ProxyDenied) -> bytes:
    lines = [f"HTTP/1.1 {refusal.status} -", "Content-Length: 0", "Connection: close"]
    if refusal.status == 407:
        lines.append('Proxy-Authenticate: Basic realm="gate"')
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _first(addresses: list[str], port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first of these addresses that takes one."""
    problem: OSError | None = None
    for address in addresses:
        try:
            return await asyncio.open_connection(address, port, limit=MAX_HEAD_BYTES)
        except OSError as error:
            problem = error
    raise problem or OSError("it has no address")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> None:
    """Passes bytes on until there are no more, or as many as may come."""
    left = most
    while left is None or left > 0:
        async with asyncio.timeout(IDLE_SECONDS):
            piece = await reader.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
        if not piece:
            break
        left = left if left is None else left - len(piece)
        writer.write(piece)
        await writer.drain()


async def _last_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int) -> None:
    """Passes an answer on as the last one of its connection, whatever the site says of it."""
    async with asyncio.timeout(IDLE_SECONDS):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).rstrip(b"\r\n").split(b"\r\n")
    kept = [line for line in lines if line.partition(b":")[0].strip().lower().decode("latin-1") not in OWN_HEADERS]
    writer.write(b"\r\n".join([first, *kept, b"Connection: close"]) + b"\r\n\r\n")
    await _copy(reader, writer, most)


async def _both(sending: Coroutine[Any, Any, None], coming: Coroutine[Any, Any, None]) -> None:
    """Passes bytes in both directions until nothing comes any more."""
    sent, come = asyncio.ensure_future(sending), asyncio.ensure_future(coming)
    try:
        await come
    finally:
        for task in (sent, come):
            task.cancel()
        await asyncio.gather(sent, come, return_exceptions=True)
