"""All that a search finds, as a file that is written while it is read."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from index.errors import ArshifError, IndexUnavailable
from index.export.formats import Name, open_format
from index.export.result_stream import stream
from index.model.message import Message
from index.model.query import Sort
from index.web.error_handlers import Refused
from index.web.search_pages import ArchiveOf, EngineOf
from index.web.search_params import SearchParams, search_params

MAX_CONCURRENT_EXPORTS = 2  # exports: each asks the index again and again, and others want to search

router = APIRouter(tags=["archive"])


class _Export(StreamingResponse):
    """An export, whose turn is over when it ends, however that is."""

    turns: threading.Semaphore

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.turns.release()


async def _turns(request: Request) -> threading.Semaphore:
    return cast(threading.Semaphore, request.app.state.exports)


@router.get(
    "/export.{form}",
    response_class=Response,
    responses={200: {"content": {"application/x-ndjson": {}, "text/csv": {}, "application/vnd.apache.parquet": {}}}},
)
def export(
    archive: ArchiveOf,
    engine: EngineOf,
    turns: Annotated[threading.Semaphore, Depends(_turns)],
    form: Name,
    asked: Annotated[SearchParams, Depends(search_params)],
    sort: Annotated[Sort, Query(description="By date: relevance is no order of a file.")] = "newest",
) -> Any:
    """All that a search finds, with its texts, by date. `Arshif-Total` says how many articles that will be; an answer
    that breaks off is not whole."""
    query = replace(asked, sort=sort).query()
    try:
        kind = open_format(form)
    except ArshifError as error:
        raise Refused(501, error.message) from None
    if not turns.acquire(blocking=False):
        raise IndexUnavailable(Message("error.busy_exports", {"n": MAX_CONCURRENT_EXPORTS}))
    try:
        found = stream(query, engine, archive)
        headers = {
            "content-disposition": f'attachment; filename="arshif.{kind.name}"',
            "arshif-total": str(found.total),
            "cache-control": "private, no-store",
        }
        answer = _Export(kind.write(found.pages), media_type=kind.media, headers=headers)
    except BaseException:
        turns.release()
        raise
    answer.turns = turns
    return answer
