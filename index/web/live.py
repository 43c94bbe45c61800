"""Parts of pages that come again by themselves whenever they are other ones, as server-sent events
(https://html.spec.whatwg.org/multipage/server-sent-events.html): each is the part as it is then, and replaces the one
before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from hashlib import blake2b

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

LOOK_SECONDS = 2.0  # between two looks for something new
STEPS = 8  # of that wait, after each of which the server may have been told to end
LIVE_SECONDS = 60.0  # of one response; a browser asks for the next by itself, and one that has gone is let go
MAX_LIVE = 20  # responses at once; more readers have the page as it was


def events(request: Request, look: Callable[[], str], seen: str) -> Response:
    """What `look` gives whenever it is another than the one before, the first of which was `seen`; 204, after which no
    browser asks again, for one reader too many."""
    if request.app.state.live >= MAX_LIVE:
        return Response(status_code=204)
    return StreamingResponse(_events(request, look, seen), media_type="text/event-stream; charset=utf-8")


async def _events(request: Request, look: Callable[[], str], seen: str) -> AsyncIterator[str]:
    state = request.app.state
    state.live += 1
    try:
        clock = asyncio.get_running_loop().time
        began = clock()
        yield f"retry: {round(1000 * LOOK_SECONDS)}\n\n"
        while True:
            part = await run_in_threadpool(look)
            if (found := digest(part)) != seen:
                seen = found
                yield f"id: {seen}\n" + "".join(f"data: {line}\n" for line in part.splitlines()) + "\n"
            for _ in range(STEPS):
                if clock() - began >= state.live_seconds:  # 0 when the server is to end
                    return
                await asyncio.sleep(LOOK_SECONDS / STEPS)
    finally:
        state.live -= 1


def digest(part: str) -> str:
    """By which a part is known again."""
    return blake2b(part.encode("utf-8", "replace"), digest_size=8).hexdigest()
