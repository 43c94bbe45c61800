"""A server that answers with whatever bytes a test likes, by host and path, and is an HTTP proxy too. Loopback only."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from tests.support.patience import PATIENCE

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: `time` is of the monotonic clock, `path` has the query, `headers` have lower-case names."""

    time: float
    host: str
    method: str
    path: str
    headers: Mapping[str, str]


Answerer = Callable[[Ask], Iterable[bytes]]  # the raw answer, piece by piece; the connection is closed after it


def reply(body: bytes | str = b"", status: int = 200, kind: str = "text/html; charset=utf-8", **headers: str) -> bytes:
    """A whole answer; `Retry_After="3"` gives that header."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} -", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Server:
    """Listens on a free port while its block runs; each connection is one request, answered in a thread of its own."""

    def __init__(self, answer: Answerer, host: str = HOST, tls: ssl.SSLContext | None = None) -> None:
        self.answer, self.tls = answer, tls
        self.log: list[Ask] = []
        self.connections = 0
        self._listener = socket.create_server((host, 0), backlog=256)
        self._open: set[socket.socket] = set()
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http{'s' if tls else ''}://{host}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def hits(self) -> int:
        """How many connections came, also those of a moment ago."""
        time.sleep(0.3)
        return self.connections

    def asked(self, host: str = "", path: str = "/") -> list[Ask]:
        """The requests to this host (or to any) whose path begins so."""
        return [ask for ask in list(self.log) if host in ("", ask.host) and ask.path.startswith(path)]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        connection.settimeout(PATIENCE)
        with suppress(OSError), self.tls.wrap_socket(connection, True) if self.tls else connection as connection:
            if (ask := _read(connection)) is not None:
                self.log.append(ask)
                for piece in self.answer(ask):
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):  # else what the client still sends resets what it has not read
                    pass
        self._open.discard(connection)


def _read(connection: socket.socket) -> Ask | None:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65_536)
        if not piece:
            return None
        head += piece
    first, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Ask(time.monotonic(), parts.netloc or headers.get("host", ""), method, path, headers)
