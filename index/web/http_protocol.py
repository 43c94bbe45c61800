"""uvicorn's HTTP/1.1 protocol with deadlines for what a client sends and reads.

uvicorn has one for idle connections alone: whoever sends half a request, or reads no response, would hold a connection
for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0  # for a request's head, from when it may begin
BODY_SECONDS = 30.0  # for its body; our forms have 16 KiB at most
READ_SECONDS = 60.0  # for which a client may leave what was sent unread
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"  # RFC 9110, 15.5.9


class DeadlineProtocol(H11Protocol):
    """A connection that is closed when its client takes too long. The time does not begin anew with each byte."""

    _limit: asyncio.TimerHandle | None = None
    _phase: object = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._set_limit()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._set_limit()

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
        self._unread = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
        super().resume_writing()

    def _set_limit(self) -> None:
        """Begin the time of what is awaited from the client now, if that is something else than before."""
        state: Any = self.conn.their_state
        phase = state, self.cycle
        if phase == self._phase:
            return
        self._phase = phase
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
