"""uvicorn's HTTP/1.1 protocol with deadlines for what a client sends and reads, and a limit of connections.

uvicorn has a deadline for idle connections alone: whoever sends half a request, or reads no response, would hold a
connection for ever, and hundreds of them all files that a process may open, so that nobody else is let in.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from index.web.error_handlers import RETRY

HEAD_SECONDS = 10.0  # for a request's head, from when it may begin
BODY_SECONDS = 30.0  # for its body; our forms have 16 KiB at most
READ_SECONDS = 60.0  # in which a client has to read what was sent, or
READ_BYTES = 64 * 1024  # so much of it
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"  # RFC 9110, 15.5.9
FULL = (
    f"HTTP/1.1 503 Service Unavailable\r\nretry-after: {RETRY}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
).encode()
MOST_CONNECTIONS = 512  # on any machine
OWN_FILES = 96  # that we have open ourselves: each of 40 threads may read the archive, a file and its journal
ACCEPTED_AT_ONCE = 8  # connections that asyncio takes from the queue before it looks at any of them
QUEUE = 1024  # connections that wait in the kernel until they are accepted
# Both tell how long a body is: whoever sends both may have a proxy take one and us the other (RFC 9112, 6.1 and 11.2)
LENGTHS = {b"content-length", b"transfer-encoding"}
LOOKS = 2  # turns of the loop after which it has read what a new client sent with its connection


def most_connections(files: int = 0) -> int:
    """How many connections are held at once where a process may open so many files; as many as this one may if 0."""
    files = files or resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(ACCEPTED_AT_ONCE, min(MOST_CONNECTIONS, files - OWN_FILES - 2 * ACCEPTED_AT_ONCE))


class DeadlineProtocol(H11Protocol):
    """A connection that is closed when its client takes too long. The time does not begin anew with each byte.

    Once there are as many as may be, each new one takes the place of the one that has waited longest for its client:
    of those that have no whole head, if there are any.
    """

    _limit: asyncio.TimerHandle | None = None
    _phase: object = None
    _since = 0.0
    _unread: asyncio.TimerHandle | None = None
    _looked = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # else the last bytes of what is sent could stay unread for ever
        self._set_limit()
        self.loop.call_soon(self._look, LOOKS)
        if len(self.connections) > most_connections():
            self._make_room()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._set_limit()

    def handle_events(self) -> None:
        """Answer a request whose length is told in two ways as the last one of its connection."""
        super().handle_events()
        if self.cycle is not None and LENGTHS.issubset(name for name, _ in self.headers):
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._set_limit()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._limit, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def _await_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(READ_SECONDS, self._see_what_was_read, left)

    def _see_what_was_read(self, left: int) -> None:
        if left - self.transport.get_write_buffer_size() < READ_BYTES:
            self.transport.abort()
        else:
            self._await_reader()

    def _set_limit(self) -> None:
        """Begin the time of what is awaited from the client now, if that is something else than before."""
        state: Any = self.conn.their_state
        phase = state, self.cycle
        if phase == self._phase:
            return
        self._phase, self._since = phase, self.loop.time()
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        seconds = {h11.IDLE: HEAD_SECONDS, h11.SEND_BODY: BODY_SECONDS}.get(state)
        if seconds is not None:
            self._limit = self.loop.call_later(seconds, self._time_out)

    def _time_out(self) -> None:
        if not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
                self.transport.write(TIMED_OUT)
            self.transport.close()

    def _look(self, looks: int) -> None:
        """Wait until the loop has read what the client has sent so far: whoever sent a whole head is not in the way."""
        if looks:
            self.loop.call_soon(self._look, looks - 1)
        self._looked = not looks

    def _make_room(self) -> None:
        ours = [one for one in self.connections if isinstance(one, DeadlineProtocol)]
        waiting = [one for one in ours if one._waits_for_client()]
        if waiting:
            min(waiting, key=lambda one: (one.conn.their_state is not h11.IDLE, one._since)).transport.abort()
        else:
            self.transport.write(FULL)
            self.transport.close()

    def _waits_for_client(self) -> bool:
        waits = self._limit is not None or self._unread is not None
        return self._looked and waits and not self.transport.is_closing()
