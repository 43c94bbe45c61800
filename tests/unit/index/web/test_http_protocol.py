"""Half a request, a response that nobody reads: the connection is closed in time, and others are served meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from index.web import http_protocol
from index.web.bind import bind_socket
from tests.support.patience import PATIENCE, wait_for

LARGE = 64 * 1024 * 1024
Wire = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    """A server with short deadlines; `server.port` is where it listens."""
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(http_protocol, name, 0.5)
    app = FastAPI()

    @app.get("/")
    async def root() -> Response:
        return PlainTextResponse("ok")

    @app.get("/large")
    async def large() -> Response:
        return Response(bytes(LARGE))

    @app.get("/slow")
    async def slow() -> Response:
        await asyncio.sleep(1.5)  # longer than any deadline here, none of which is for us
        return PlainTextResponse("slow")

    @app.post("/")
    async def post(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    with bind_socket("127.0.0.1", 0) as listener:
        config = uvicorn.Config(app, log_config=None, http=http_protocol.DeadlineProtocol, ws="none", lifespan="off")
        it = uvicorn.Server(config)
        it.port = listener.getsockname()[1]  # type: ignore[attr-defined]
        thread = threading.Thread(target=it.run, args=([listener],))
        thread.start()
        wait_for(lambda: it.started)
        yield it
        it.should_exit = True
        thread.join()


def talk(server: uvicorn.Server, wire: Wire) -> None:
    async def run() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)  # type: ignore[attr-defined]
        await asyncio.wait_for(wire(reader, writer), PATIENCE)
        writer.close()

    asyncio.run(run())


HALVES = {
    "nothing": b"",
    "a letter": b"G",
    "a line": b"GET / HTTP/1.1\r\n",
    "a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y",
    "no body": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
    "half a body": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345",
    "half a chunk": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12",
}


@pytest.mark.parametrize("half", HALVES)
def test_half_a_request_is_waited_for_only_so_long(server: uvicorn.Server, half: str) -> None:
    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HALVES[half])
        told = await reader.read()  # until the server closes it
        assert told.startswith(b"HTTP/1.1 408 ")

    talk(server, wire)


def test_a_byte_now_and_then_does_not_keep_it_open(server: uvicorn.Server) -> None:
    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def drip() -> None:
            for byte in b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)

        dripping = asyncio.ensure_future(drip())
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        dripping.cancel()

    talk(server, wire)


def test_the_second_request_of_a_connection_has_its_time_too(server: uvicorn.Server) -> None:
    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.3)
        writer.write(b"GET / HTTP/1.1\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")

    talk(server, wire)


def test_our_own_time_is_not_the_client_s(server: uvicorn.Server) -> None:
    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"slow")

    talk(server, wire)


def test_a_response_that_nobody_reads_is_given_up(server: uvicorn.Server) -> None:
    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readexactly(100)
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        while server.server_state.connections:
            await asyncio.sleep(0.05)
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        with suppress(ConnectionError):
            assert len(await reader.read()) < LARGE

    talk(server, wire)


def test_hundreds_of_halves_hold_nobody_up(server: uvicorn.Server) -> None:
    async def run() -> None:
        halves = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(300)]  # type: ignore[attr-defined]
        for _, writer in halves:
            writer.write(b"GET / HTTP/1.1\r\nHost: loc")
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)  # type: ignore[attr-defined]
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"ok")
        while server.server_state.connections:
            await asyncio.sleep(0.05)
        for _, one in (*halves, (reader, writer)):
            one.close()
            with suppress(ConnectionError):
                await one.wait_closed()

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
