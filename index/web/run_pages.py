"""The page of runs, which tells what is running while it runs.

Its list comes as server-sent events, too (https://html.spec.whatwg.org/multipage/server-sent-events.html): each is the
list as it is then, and replaces the one before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import blake2b
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from index.archive import Archive, runs
from index.web import queries
from index.web.search_pages import ArchiveOf
from index.web.templating import fragment, render

RUNS = 30  # rows on the page
LOOK_SECONDS = 2.0  # between two looks for something new
STEPS = 8  # of that wait, after each of which the server may have been told to end
LIVE_SECONDS = 60.0  # of one response; a browser asks for the next by itself, and one that has gone is let go
MAX_LIVE = 20  # responses at once; more readers have the page as it was

router = APIRouter(include_in_schema=False)


@router.get("/runs")
def run_list(request: Request, archive: ArchiveOf) -> Response:
    """The last runs with their counts, and how far one is that is running."""
    rows = _rows(request, archive)
    return render(request, "runs.html", rows=rows, seen=_digest(rows))


@router.get("/runs/events")
async def run_events(request: Request, archive: ArchiveOf, seen: str = "") -> Response:
    """The same list whenever it is another one than the one before, the first of which was `seen`; 204, after which no
    browser asks again, for one reader too many."""
    state = request.app.state
    if state.live >= MAX_LIVE:
        return Response(status_code=204)
    return StreamingResponse(_events(request, archive, seen), media_type="text/event-stream; charset=utf-8")


async def _events(request: Request, archive: Archive, seen: str) -> AsyncIterator[str]:
    state = request.app.state
    state.live += 1
    try:
        clock = asyncio.get_running_loop().time
        began = clock()
        yield f"retry: {round(1000 * LOOK_SECONDS)}\n\n"
        while True:
            rows = await run_in_threadpool(_rows, request, archive)
            if (found := _digest(rows)) != seen:
                seen = found
                yield f"id: {seen}\n" + "".join(f"data: {line}\n" for line in rows.splitlines()) + "\n"
            for _ in range(STEPS):
                if clock() - began >= state.live_seconds:  # 0 when the server is to end
                    return
                await asyncio.sleep(LOOK_SECONDS / STEPS)
    finally:
        state.live -= 1


def _rows(request: Request, archive: Archive) -> Markup:
    with archive.read() as conn:
        context: dict[str, Any] = {"runs": runs.recent(conn, RUNS), "names": queries.names(conn)}
    return fragment(request, "runs_list.html", **context)


def _digest(rows: str) -> str:
    return blake2b(rows.encode("utf-8", "replace"), digest_size=8).hexdigest()
