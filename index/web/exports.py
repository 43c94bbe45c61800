"""Exports: all results of a search as a file, streamed while it is written."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from index.errors import ArshifError, IndexUnavailable
from index.export.format_names import Name
from index.export.formats import Format, open_format
from index.export.result_stream import ResultStream, stream
from index.model.message import Message
from index.model.query import Sort
from index.web.api_models import ERRORS, failure
from index.web.error_handlers import Refused
from index.web.search_pages import ArchiveOf, EngineOf
from index.web.search_params import SearchParams, search_params

MAX_CONCURRENT_EXPORTS = 2  # each queries the index again and again, and others want to search

router = APIRouter(tags=["archive"])


class _Export(StreamingResponse):
    """An export that releases its slot when it ends, however it does."""

    turns: threading.Semaphore

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.turns.release()


async def _turns(request: Request) -> threading.Semaphore:
    return cast(threading.Semaphore, request.app.state.exports)


def _text(description: str, **schema: str) -> dict[str, Any]:
    return {"schema": {"type": "string", "description": description, **schema}}


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/x-ndjson": _text(description="On each line an Article, as the API has it"),
            "text/csv": _text(description="A table in UTF-8 with a byte order mark (RFC 4180)"),
            "application/vnd.apache.parquet": _text(description="A table with types", format="binary"),
        },
        "headers": {"Arshif-Total": {"schema": {"type": "integer"}}},
    },
    501: failure(description="Parquet needs pyarrow, which is not installed"),
}


@router.head("/export.{form}", include_in_schema=False)
@router.get("/export.{form}", response_class=Response, responses={**ERRORS, **ANSWERS})
def export(
    request: Request,
    archive: ArchiveOf,
    engine: EngineOf,
    turns: Annotated[threading.Semaphore, Depends(_turns)],
    form: Name,
    asked: Annotated[SearchParams, Depends(search_params)],
    sort: Annotated[Sort, Query(description="By date: relevance is no order of a file.")] = "newest",
) -> Any:
    """All results of a search with their texts, by date. `Arshif-Total` is the number of articles to expect; a response
    that breaks off is incomplete.

    A spreadsheet cuts a cell of a CSV file off after 32,767 characters; Parquet has every text whole."""
    query = replace(asked, sort=sort).query()
    try:
        kind = open_format(form)
    except ArshifError as error:
        raise Refused(501, error.message) from None
    if request.method == "HEAD":
        return StreamingResponse(
            iter(()), media_type=kind.media, headers=_headers(kind, stream(query, engine, archive))
        )
    if not turns.acquire(blocking=False):
        raise IndexUnavailable(Message("error.busy_exports", {"n": MAX_CONCURRENT_EXPORTS}))
    try:
        found = stream(query, engine, archive)
        answer = _Export(kind.write(found.pages), media_type=kind.media, headers=_headers(kind, found))
    except BaseException:
        turns.release()
        raise
    answer.turns = turns
    return answer


def _headers(kind: Format, found: ResultStream) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="arshif.{kind.name}"',
        "arshif-total": str(found.total),
        "cache-control": "private, no-store",
    }
