"""Saved searches in the API, by the rules of the page and the command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from index.archive import saved_searches as saved
from index.archive.saved_searches import SavedSearch
from index.search.query_language import parse
from index.web.api import unread
from index.web.api_models import ERRORS, NOT_FOUND, REFUSALS, NewSearch, SearchChange, SearchState
from index.web.error_handlers import Refused, refusing
from index.web.forms import body_of, from_program, told
from index.web.saved_searches import base_of
from index.web.search_pages import ArchiveOf, Number

router = APIRouter(prefix="/api", tags=["searches"], responses=ERRORS, dependencies=[Depends(from_program)])


async def _new(request: Request) -> NewSearch:
    return await told(request, NewSearch)


async def _change(request: Request) -> SearchChange:
    return await told(request, SearchChange)


@router.get("/searches", operation_id="list_searches", response_model=list[SearchState])
def listed(request: Request, archive: ArchiveOf) -> Any:
    """All saved searches, the newest first."""
    with archive.read() as conn:
        return [_state(request, one) for one in saved.all_saved(conn)]


@router.post(
    "/searches",
    operation_id="save_search",
    status_code=201,
    response_model=SearchState,
    responses=REFUSALS,
    **body_of(NewSearch),
)
def save(request: Request, archive: ArchiveOf, wanted: Annotated[NewSearch, Depends(_new)]) -> Any:
    """Save a search. Articles already in the archive are not new to it. Parts of the query that cannot be parsed are
    reported in `problems`, and the rest is searched."""

    def work(conn: Connection) -> SavedSearch:
        number = saved.add(conn, wanted.name, wanted.query, datetime.now(UTC), wanted.digest)
        return _known(conn, number)

    with refusing():
        return _state(request, archive.write(work).result())


@router.get("/searches/{number}", operation_id="get_search", response_model=SearchState, responses=NOT_FOUND)
def one_search(request: Request, archive: ArchiveOf, number: Number) -> Any:
    """A saved search."""
    with archive.read() as conn:
        return _state(request, _known(conn, number))


@router.patch(
    "/searches/{number}",
    operation_id="change_search",
    response_model=SearchState,
    responses=NOT_FOUND | REFUSALS,
    **body_of(SearchChange),
)
def change(
    request: Request, archive: ArchiveOf, number: Number, wanted: Annotated[SearchChange, Depends(_change)]
) -> Any:
    """Give a saved search another name, set how often you are notified, or both; what is not given stays."""

    def work(conn: Connection) -> SavedSearch:
        if wanted.name is not None:
            saved.rename(conn, number, wanted.name)
        if "digest" in wanted.model_fields_set:
            saved.set_digest(conn, number, wanted.digest)
        return _known(conn, number)

    with refusing():
        return _state(request, archive.write(work).result())


@router.delete("/searches/{number}", operation_id="delete_search", status_code=204, responses=NOT_FOUND | REFUSALS)
def delete(archive: ArchiveOf, number: Number) -> Response:
    """Delete a saved search."""
    if not archive.write(lambda conn: saved.remove(conn, number)).result():
        raise Refused(404, "error.no_search")
    return Response(status_code=204)


def _known(conn: Connection, number: int) -> SavedSearch:
    one = saved.get(conn, number)
    if one is None:
        raise Refused(404, "error.no_search")
    return one


def _state(request: Request, one: SavedSearch) -> dict[str, Any]:
    fields = {name: getattr(one, name) for name in ("id", "name", "query", "created", "digest")}
    feed = f"{base_of(request)}feeds/{one.id}.atom"
    return fields | {"feed": feed, "problems": unread(parse(one.query))}
