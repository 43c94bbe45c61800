"""The HTTP proxy that carries all of the browser's connections, and connects to public addresses only.

A page's scripts, frames and redirects request whatever they like, and Playwright's routes never see where a redirect
leads (microsoft/playwright#33882). So what the browser may reach is decided here, after resolving and before
connecting. The proxy listens on a free local port while the browser runs, and requires a password that only the browser
has.
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
from typing import Any
from urllib.parse import unquote, urlsplit

from crawler.fetch.ssrf import http_heads
from crawler.fetch.ssrf.http_heads import MAX_HEAD_BYTES, ProxyDenied
from crawler.fetch.ssrf.policy import AddressPolicy

log = logging.getLogger("arshif.gate")

CONNECT_SECONDS = 10.0  # to resolve a name and connect
IDLE_SECONDS = 60.0  # without a byte in either direction
CHUNK_BYTES = 64 << 10  # forwarded at once
USER = "browser"


class BrowserProxy:
    """A proxy that listens from `open` to `close`.

    `upstream` is the URL of the user's own proxy, if any, which then resolves the names; `most` is the most bytes that
    one connection may deliver.
    """

    def __init__(self, reach: AddressPolicy, upstream: str = "", most: int = 50 << 20) -> None:
        self.reach = reach
        self.upstream = urlsplit(upstream) if upstream else None
        self.most = most
        self.refused: list[str] = []  # refused hosts, newest last
        self._password = secrets.token_urlsafe(24)
        self._server: asyncio.Server | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def for_browser(self) -> dict[str, str]:
        """The `proxy` option for Playwright."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return {"server": f"http://127.0.0.1:{port}", "username": USER, "password": self._password}

    async def open(self) -> None:
        """Start to listen on the loopback interface, unless it does so already."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)

    async def close(self) -> None:
        """Stop listening, and cancel the connections under way."""
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
            writer.write(http_heads.refusal(refusal))
        except (OSError, TimeoutError, EOFError, ValueError) as problem:
            log.debug("%r", problem)
        finally:
            self._under_way.discard(task)
            with suppress(OSError):
                writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = http_heads.request(await self._head(reader))
        expected = "Basic " + b64encode(f"{USER}:{self._password}".encode()).decode()
        if not hmac.compare_digest(http_heads.header(request, b"proxy-authorization"), expected.encode()):
            raise ProxyDenied(407, "this is no open proxy")
        tunnel, body = request.method == b"CONNECT", http_heads.body_length(request)
        parts, host, port = http_heads.target(request)
        their_reader, their_writer = await self._connect(host, port, tunnel)
        try:
            if tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _both(_copy(reader, their_writer, None), _copy(their_reader, writer, self.most))
            else:
                whole = self.upstream is not None
                their_writer.write(http_heads.forwarded(request, parts, whole=whole, own=self._credentials()))
                await _both(_copy(reader, their_writer, body), _last_answer(their_reader, writer, self.most))
        finally:
            their_writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                return await http_heads.read(reader)
        except ValueError as problem:
            raise ProxyDenied(431, str(problem)) from None

    async def _connect(self, host: str, port: int, tunnel: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.reach.blocks_host(host):
            raise self._refusal(host, host)
        if self.upstream is not None:
            return await self._by_upstream(host, port, tunnel)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
                addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
                for address in addresses:  # a private address among public ones is no accident
                    if self.reach.blocks(address):
                        raise self._refusal(host, address)
                return await _first(addresses, port)
        except (OSError, TimeoutError) as problem:
            raise ProxyDenied(502, f"{host}: {problem}") from None

    def _refusal(self, host: str, address: str) -> ProxyDenied:
        self.refused.append(host)
        del self.refused[:-1_000]
        log.info("a page requested %s, which resolves to %s: not a public address", host, address)
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
                try:
                    await http_heads.open_tunnel(reader, writer, f"{name}:{port}", self._credentials())
                except BaseException:
                    writer.close()
                    raise
        return reader, writer

    def _credentials(self) -> list[tuple[bytes, bytes]]:
        """The header with the user name and password in the upstream proxy's URL."""
        if self.upstream is None or self.upstream.username is None:
            return []
        pair = f"{unquote(self.upstream.username)}:{unquote(self.upstream.password or '')}"
        return [(b"Proxy-Authorization", b"Basic " + b64encode(pair.encode()))]


async def _first(addresses: list[str], port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first of these addresses that accepts one."""
    problem: OSError | None = None
    for address in addresses:
        try:
            return await asyncio.open_connection(address, port, limit=MAX_HEAD_BYTES)
        except OSError as error:
            problem = error
    raise problem or OSError("it has no address")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None) -> None:
    """Forwards bytes to the end of the stream, at most `most`."""
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
    """Forwards a response as the last one of its connection, whatever its own headers say."""
    async with asyncio.timeout(IDLE_SECONDS):
        writer.write(http_heads.last_answer(await http_heads.read(reader)))
    await _copy(reader, writer, most)


async def _both(sending: Coroutine[Any, Any, None], coming: Coroutine[Any, Any, None]) -> None:
    """Forwards bytes in both directions until the server's end."""
    sent, come = asyncio.ensure_future(sending), asyncio.ensure_future(coming)
    try:
        await come
    finally:
        for task in (sent, come):
            task.cancel()
        await asyncio.gather(sent, come, return_exceptions=True)
