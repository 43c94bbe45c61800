"""A faulty way to a real Elasticsearch: an HTTP proxy on loopback whose faults are turned on and off by command."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from tests.support.patience import PATIENCE

HANG_SECONDS = 20.0  # longer than any client here waits
OWN = {"host", "connection", "accept-encoding", "content-length"}  # of each connection, not handed on
Fault = Literal["", "hang", "429", "503", "half", "dropped", "version"]


class Proxy:
    """Hands requests on to `upstream` and its answers back, but for what `fault` says; `met` counts the requests that
    met one. `close` refuses connections, and `open` listens again on the same port."""

    def __init__(self, upstream: str, *, unawaited: bool = False) -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.fault: Fault = ""
        self.unawaited = unawaited  # whether an index is made without a wait for its shards: 30 s where there are none
        self.met: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self._connections: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> Self:
        """Listen."""
        self.stopping.clear()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", self._port), handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def close(self) -> None:
        """Listen no more, and drop every connection, whatever is under way on it."""
        self.stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for connection in list(self._connections):
            drop(connection)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Dropped connections are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def setup(self) -> None:
        super().setup()
        self.proxy._connections.add(self.connection)

    def finish(self) -> None:
        self.proxy._connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test tells what went wrong."""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.fault
        bulk = self.path.partition("?")[0].endswith("/_bulk")
        if fault == "version" and self.path == "/":
            self._fault(fault, lambda: self._send(*_older(*self._ask(body))))
        elif fault == "half" and bulk:
            self._fault(fault, lambda: self._half(body))
        elif fault == "dropped" and bulk:
            self._fault(fault, lambda: (self._ask(body), drop(self.connection)))
        elif fault == "hang":
            self._fault(fault, lambda: (self.proxy.stopping.wait(HANG_SECONDS), drop(self.connection)))
        elif fault in ("429", "503") and self.path != "/":
            self._fault(fault, lambda: self._send(int(fault), _error(int(fault), "circuit_breaking_exception")))
        else:
            self._send(*self._ask(body))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass

    def _fault(self, name: str, act: Callable[[], Any]) -> None:
        self.proxy.met[name] += 1
        act()

    def _ask(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*self.proxy.upstream, timeout=PATIENCE)
        try:
            kept = {k: v for k, v in self.headers.items() if k.lower() not in OWN}
            new = self.proxy.unawaited and self.command == "PUT" and "_" not in self.path and "?" not in self.path
            path = f"{self.path}?wait_for_active_shards=0" if new else self.path
            connection.request(self.command, path, body or None, kept)
            answer = connection.getresponse()
            self.kind = answer.headers.get("Content-Type", "application/json")
            return answer.status, answer.read()
        finally:
            connection.close()

    def _half(self, body: bytes) -> None:
        """Every second operation is turned down as a full queue does, the others are passed on."""
        pairs = _operations(body)
        passed = b"".join(line for pair in pairs[::2] for line in pair)
        status, answer = self._ask(passed)
        done = iter(json.loads(answer)["items"])
        items = [next(done) if n % 2 == 0 else _turned_down(pair[0]) for n, pair in enumerate(pairs)]
        self._send(status, json.dumps({"took": 1, "errors": True, "items": items}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", getattr(self, "kind", "application/vnd.elasticsearch+json;compatible-with=9"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Balancer:
    """One address before several nodes, as a load balancer is: a connection goes to the next node that takes it."""

    def __init__(self, nodes: Sequence[str]) -> None:
        self.nodes = nodes
        self.turn = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: set[socket.socket] = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._connections.add(client)
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        for _ in self.nodes:
            self.turn += 1
            node = urlsplit(self.nodes[self.turn % len(self.nodes)])
            try:
                server = socket.create_connection((node.hostname or "", node.port or 0), timeout=PATIENCE)
            except OSError:
                continue
            server.settimeout(None)
            self._connections.add(server)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()
            return
        drop(client)

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()
        for connection in list(self._connections):
            drop(connection)


def drop(connection: socket.socket) -> None:
    """Cut a connection as a machine that died does."""
    with suppress(OSError):  # it is cut already
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # one of the ends is gone
        while data := source.recv(65_536):
            target.sendall(data)
    drop(source)
    drop(target)


def _operations(body: bytes) -> list[list[bytes]]:
    """The operations of a bulk request: what to do, and the document where there is one."""
    lines = iter(body.splitlines(keepends=True))
    found = []
    for line in lines:
        found.append([line] if "delete" in json.loads(line) else [line, next(lines)])
    return found


def _turned_down(line: bytes) -> dict[str, Any]:
    ((name, what),) = json.loads(line).items()
    error = {"type": "es_rejected_execution_exception", "reason": "rejected execution of coordinating operation"}
    return {name: {"_id": what["_id"], "status": 429, "error": error}}


def _error(status: int, kind: str) -> bytes:
    return json.dumps({"error": {"type": kind, "reason": "as the test has it"}, "status": status}).encode()


def _older(status: int, body: bytes) -> tuple[int, bytes]:
    said = json.loads(body)
    said["version"]["number"] = "8.19.0"
    return status, json.dumps(said).encode()
