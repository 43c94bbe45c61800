"""Half a request, a response that nobody reads: the connection is closed in time, and others are served meanwhile."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from index.web import http_protocol
from index.web.app import server_of
from index.web.bind import bind_socket
from tests.support.patience import PATIENCE, wait_for

LARGE = 64 * 1024 * 1024
Wire = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def root() -> Response:
        return PlainTextResponse("ok")

    @app.get("/large")
    async def large() -> Response:
        return Response(bytes(LARGE))

    @app.get("/brim")
    async def brim() -> Response:
        """As much as the client's machine and ours take, and a little more."""

        async def pieces() -> AsyncIterator[bytes]:
            (connection,) = app.state.server.server_state.connections
            while not connection.transport.get_write_buffer_size():
                yield bytes(1 << 14)

        return StreamingResponse(pieces())

    @app.get("/slow")
    async def slow() -> Response:
        await asyncio.sleep(1.5)  # longer than any deadline here, none of which is for us
        return PlainTextResponse("slow")

    @app.post("/")
    async def post(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    return app


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    """A server with short deadlines; `server.port` is where it listens."""
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(http_protocol, name, 0.5)
    app = application()
    with bind_socket("127.0.0.1", 0) as listener:
        it = app.state.server = server_of(app)
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


def test_what_follows_a_request_of_two_lengths_is_no_request(server: uvicorn.Server) -> None:
    """A proxy that goes by the other length took it for a part of the body."""
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    before = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(before + head + before)
        assert (await reader.read()).count(b"HTTP/1.1 200 ") == 2

    talk(server, wire)


def test_our_own_time_is_not_the_client_s(server: uvicorn.Server) -> None:
    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"slow")

    talk(server, wire)


async def left_unread(server: uvicorn.Server, reader: asyncio.StreamReader) -> None:
    """Reads the beginning of a response and nothing more, until the server has closed the connection."""
    await reader.readexactly(100)
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    while server.server_state.connections:
        await asyncio.sleep(0.05)


def test_a_response_that_nobody_reads_is_given_up(server: uvicorn.Server) -> None:
    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await left_unread(server, reader)
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        with suppress(ConnectionError):
            assert len(await reader.read()) < LARGE

    talk(server, wire)


def test_the_last_bytes_of_a_response_are_given_up_too(server: uvicorn.Server) -> None:
    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /brim HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await left_unread(server, reader)

    talk(server, wire)


def test_who_reads_some_of_a_response_is_sent_the_rest(server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "READ_BYTES", 0)  # none is enough

    async def wire(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await reader.readexactly(100)
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(3 * http_protocol.READ_SECONDS)
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        read = 0
        while piece := await reader.read(1 << 22):
            read += len(piece)
        assert read > LARGE

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


FILES = 256  # as many systems and containers allow a process
HALF = b"GET / HTTP/1.1\r\nHost: loc"


@pytest.fixture
def narrow() -> Iterator[int]:
    """The port of a server that may open few files, and whose deadlines never come."""

    def serve() -> None:
        for file in set(map(int, os.listdir("/proc/self/fd"))) - {0, 1, 2, listener.fileno()}:
            with suppress(OSError):
                os.close(file)  # what the tests before have open would count among its files
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
        http_protocol.HEAD_SECONDS = http_protocol.BODY_SECONDS = 2 * PATIENCE
        it = server_of(application())
        it.config.timeout_keep_alive = 2 * round(PATIENCE)
        it.run([listener])

    with bind_socket("127.0.0.1", 0) as listener:
        child = multiprocessing.get_context("fork").Process(target=serve, daemon=True)
        child.start()
        yield listener.getsockname()[1]
        child.kill()
        child.join()


@pytest.mark.parametrize("half", [b"", b"G", HALF, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_more_connections_than_files_hold_nobody_up(narrow: int, half: bytes) -> None:
    """Each of those that wait for their client makes room for a new one, the oldest first; one in the midst of its
    body is the last to go."""

    async def connect(data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", narrow)
        writer.write(data)
        return reader, writer

    async def ended(reader: asyncio.StreamReader) -> bool:
        with suppress(ConnectionError, TimeoutError):
            while await asyncio.wait_for(reader.read(1 << 16), 0.002):
                pass
            return True
        return reader.exception() is not None

    async def run() -> None:
        first_reader, first = await connect(HALVES["half a body"])
        others = [await connect(half) for _ in range(600)]
        for _ in range(3):
            reader, writer = await connect(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert (await reader.read()).endswith(b"ok")
            writer.close()
        gone = [await ended(reader) for reader, _ in others]
        kept = gone.index(False)
        assert all(gone[:kept]), "the oldest goes first"
        assert 50 < len(gone) - kept < FILES
        assert not any(gone[kept:])
        first.write(b"67890")
        assert (await first_reader.read(1 << 16)).startswith(b"HTTP/1.1 200 ")
        for _, one in (*others, (first_reader, first)):
            one.transport.abort()

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
