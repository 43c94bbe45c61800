"""A limit of requests that are answered at once."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from index.model.message import Message
from index.web.error_handlers import RETRY, bare

HEALTH = "/healthz"


class RequestLimiter:
    """ASGI middleware that answers so many requests at once, and tells others when to come again: 503 with Retry-After.
    Whether the server answers at all is always told."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._running >= self.most and scope["path"] != HEALTH:
            answer = bare(Request(scope), 503, Message("error.busy", {"wait": RETRY}))
            answer.headers["retry-after"] = str(RETRY)
            await answer(scope, receive, send)
            return
        self._running += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._running -= 1
