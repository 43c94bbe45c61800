"""Slots for what is large to send: so many at once that others can still search, and memory is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from index.errors import IndexUnavailable
from index.model.message import Message

MAX_CONCURRENT_EXPORTS = 2  # each queries the index again and again, or holds a file of many megabytes


class Export(StreamingResponse):
    """What is sent in pieces, and releases its slot when it ends, however it does."""

    def __init__(self, turns: threading.Semaphore, pieces: Iterator[bytes], **about: Any) -> None:
        super().__init__(pieces, **about)
        self.turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.turns.release()


async def _turns(request: Request) -> threading.Semaphore:
    return cast(threading.Semaphore, request.app.state.exports)


Turns = Annotated[threading.Semaphore, Depends(_turns)]


@contextmanager
def turn(turns: threading.Semaphore) -> Iterator[None]:
    """One of the slots, which the `Export` made in this block releases at its end.

    :raises IndexUnavailable: when all are taken.
    """
    if not turns.acquire(blocking=False):
        raise IndexUnavailable(Message("error.busy_exports", {"n": MAX_CONCURRENT_EXPORTS}))
    try:
        yield
    except BaseException:
        turns.release()
        raise
