"""Server: one HTTP/1.1 listener per site and one for all, which is also an HTTP proxy. Of this machine only."""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from .answer import Answer

HOST = "127.0.0.1"
PIECES = 20  # a dripping answer comes in so many
PATIENCE = 30.0  # s: an idle connection is closed then


@dataclass(frozen=True, slots=True)
class Request:
    """What came and what it got. `time` is of the monotonic clock, at arrival; `path` has the query; `headers` have
    lower-case names; `site` is None for a host that is none of ours; `sent` counts the body's bytes; `client` is the
    address that it came from."""

    time: float
    site: str | None
    host: str
    method: str
    path: str
    headers: Mapping[str, str]
    status: int
    sent: int
    client: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the newsroom is asked: `host` is a name with its port, `listener` the site whose port it came to."""

    time: float
    listener: str | None
    host: str
    method: str
    path: str
    headers: Mapping[str, str]
    client: str


Answerer = Callable[[Call], tuple[Answer, float]]  # the answer, and seconds between its pieces


class Handler(BaseHTTPRequestHandler):
    """Reads a request, asks the newsroom, writes the answer in one piece."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "newsroom", ""
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: header and body leave together
    timeout = PATIENCE
    server: Listener

    def answer(self) -> None:
        arrived = time.monotonic()
        headers = {name.lower(): value for name, value in self.headers.items()}
        parts = urlsplit(self.path)
        host = parts.netloc if parts.scheme else headers.get("host", "")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.rfile.read(int(headers.get("content-length") or 0))
        call = Call(arrived, self.server.site, host, self.command, path, headers, self.client_address[0])
        answer, drip = self.server.answerer(call)
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.content_type, **answer.headers}.items():
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self._write(answer.body, drip)

    do_GET = do_HEAD = do_POST = answer

    def _write(self, body: bytes, drip: float) -> None:
        step = len(body) if not drip else max(1, len(body) // PIECES)
        for start in range(0, len(body), step or 1):
            self.wfile.write(body[start : start + step])
            if drip:
                self.wfile.flush()
                if self.server.stopping.wait(drip):
                    break

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the newsroom keeps a log of its own."""


class Listener(ThreadingHTTPServer):
    """A port: of one site, or of all (`site` None). Its connections end with it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: str, port: int, site: str | None, answerer: Answerer, stopping: threading.Event
    ) -> None:
        super().__init__((address, port), Handler)
        self.site, self.answerer, self.stopping = site, answerer, stopping
        self.timeout = 0  # `handle_request` is called when a connection waits
        self._open: set[socket.socket] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A visitor that hangs up is none; anything else is a fault of the newsroom and shows on stderr."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def end(self) -> None:
        """Close the port and every connection."""
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Server:
    """All listeners, accepted from by one thread."""

    def __init__(self, sites: Sequence[str], answerer: Answerer, port: int = 0, address: str = HOST) -> None:
        self.stopping = threading.Event()
        ports = [port + offset if port else 0 for offset in range(len(sites) + 1)]
        names = [None, *sites]
        self._listeners: list[Listener] = []
        try:
            for number, name in zip(ports, names, strict=True):
                self._listeners.append(Listener(address, number, name, answerer, self.stopping))
        except OSError:
            self._close()
            raise
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name="newsroom", daemon=True)

    @property
    def ports(self) -> dict[str | None, int]:
        """Each site's port; None has that of all, the proxy."""
        return {listener.site: listener.port for listener in self._listeners}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Close all ports and connections; answers under way are cut off."""
        self.stopping.set()
        self._waker.send(b".")
        self._thread.join()
        self._close()
        self._wake.close()
        self._waker.close()

    def _close(self) -> None:
        for listener in self._listeners:
            listener.end()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            for listener in self._listeners:
                selector.register(listener, selectors.EVENT_READ, listener)
            while not self.stopping.is_set():
                for ready, _ in selector.select():
                    if ready.data is not None:
                        ready.data.handle_request()
