"""Addresses that people want fetched now: "check this address now" on an article's page, "archive an address", the same
in the API; and what became of each.

The server fetches nothing itself. `app.state.ask` puts the address into a queue, which others work off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from markupsafe import Markup

from index.archive import Archive, documents, facsimiles, requests
from index.archive.facsimiles import Facsimile
from index.archive.requests import AddressRequest
from index.errors import InvalidValue
from index.locale import plain
from index.model.codes import RequestReason, RequestState, RequestWay
from index.search.query_language import MAX_LIMIT
from index.web import live, queries
from index.web.api_models import ERRORS, NOT_FOUND, REFUSALS, Address, AddressState, failure
from index.web.error_handlers import NoArticle, Refused, RefusedForm
from index.web.forms import Form, body_of, on_to, told
from index.web.search_pages import ArchiveOf, Number
from index.web.templating import fragment, render

Ask = Callable[[str, RequestWay, bool], AddressRequest]  # the address, how it was asked for, whether with a copy

LISTED = 20  # requests on the page
RETRY = 300  # seconds after which to ask again, where there were too many
BUSY = (RequestReason.TOO_MANY, RequestReason.QUEUE_FULL)
MAX_URL = 8_192  # characters that the form is filled in with


async def _ask(request: Request) -> Ask:
    """How this server takes an address.

    :raises Refused: when it takes none.
    """
    if request.app.state.ask is None:
        raise Refused(403, "request.closed")
    return cast(Ask, request.app.state.ask)


AskOf = Annotated[Ask, Depends(_ask)]

router = APIRouter(include_in_schema=False)


@router.get("/archive")
def asked_for(request: Request, archive: ArchiveOf, url: str = "") -> Response:
    """The form for an address, filled in by a bookmarklet perhaps, and the last requests."""
    rows = _rows(request, archive)
    base = request.app.state.url or str(request.base_url)
    bookmarklet = f"javascript:location='{base}archive?url='+encodeURIComponent(location.href)"
    return render(
        request, "archive.html", given=url[:MAX_URL], rows=rows, seen=live.digest(rows), bookmarklet=bookmarklet
    )


@router.get("/archive/events")
async def list_events(request: Request, archive: ArchiveOf, seen: str = "") -> Response:
    """The last requests, whenever there is something new."""
    return live.events(request, partial(_rows, request, archive), seen)


@router.post("/archive")
def archive_address(request: Request, form: Form, ask: AskOf) -> Response:
    """Ask for an address, then show what becomes of it."""
    asked = _asked(ask, form.get("url", ""), RequestWay.PAGE, facsimile=bool(form.get("copy")))
    return on_to(request, f"/archive/{asked.id}")


@router.post("/articles/{article}/check")
def check_article(request: Request, archive: ArchiveOf, article: str, _: Form, ask: AskOf) -> Response:
    """Ask for the address of an article, then show what becomes of it."""
    with archive.read() as conn:
        document = documents.document(conn, article)
    if document is None:
        raise NoArticle(article)
    return on_to(request, f"/archive/{_asked(ask, document.article.url, RequestWay.PAGE).id}")


@router.get("/archive/{number}")
def asked_one(request: Request, archive: ArchiveOf, number: Number) -> Response:
    """What became of one address so far."""
    row = _row(request, archive, number)
    return render(request, "archive_one.html", row=row, number=number, seen=live.digest(row))


@router.get("/archive/{number}/events")
async def one_events(request: Request, archive: ArchiveOf, number: Number, seen: str = "") -> Response:
    """The same, whenever there is something new; 204 once it is done and known."""
    row = _row(request, archive, number)
    with archive.read() as conn:
        one = requests.get(conn, number)
    if one is not None and one.state == RequestState.DONE and live.digest(row) == seen:
        return Response(status_code=204)
    return live.events(request, partial(_row, request, archive, number), seen)


def _asked(ask: Ask, url: str, way: RequestWay, *, facsimile: bool = False) -> AddressRequest:
    try:
        return ask(url, way, facsimile)
    except InvalidValue as error:
        if error.message.code in BUSY:
            refusal = RefusedForm(429, error.message)
            refusal.headers = {"retry-after": str(RETRY)}
            raise refusal from None
        raise RefusedForm(400, error.message) from None


def _rows(request: Request, archive: Archive) -> Markup:
    with archive.read() as conn:
        context: dict[str, Any] = {"requests": requests.recent(conn, LISTED), "names": queries.names(conn)}
    return fragment(request, "archive_list.html", **context)


def _row(request: Request, archive: Archive, number: int) -> Markup:
    with archive.read() as conn:
        one, names = requests.get(conn, number), queries.names(conn)
        document = documents.document(conn, one.article) if one is not None and one.article else None
        facsimile = facsimiles.of_request(conn, one) if one is not None else None
    if one is None:
        raise Refused(404, "error.no_request")
    return fragment(request, "archive_state.html", one=one, document=document, facsimile=facsimile, names=names)


# --- the API ---------------------------------------------------------------------------------------------------------


TOO_MANY: dict[int | str, dict[str, Any]] = {
    **REFUSALS,
    429: failure(description="Too many addresses within an hour, or waiting"),
}

api = APIRouter(prefix="/api", tags=["archive"], responses=ERRORS)


async def _address(request: Request) -> Address:
    return await told(request, Address)


@api.post(
    "/archive",
    operation_id="archive_address",
    status_code=202,
    response_model=AddressState,
    responses=TOO_MANY,
    **body_of(Address),
)
def ask_for(address: Annotated[Address, Depends(_address)], ask: AskOf, response: Response) -> Any:
    """Have an address fetched now, whether or not it is known, of any site or of none. `Location` is where to look what
    became of it. An address that waits already is not added again."""
    one = _asked(ask, address.url, RequestWay.API, facsimile=address.looks)
    response.headers["location"] = f"/api/archive/{one.id}"
    return _state(one, None)


@api.get("/archive", operation_id="list_requests", response_model=list[AddressState])
def asked_states(archive: ArchiveOf, limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = LISTED) -> Any:
    """The last addresses that someone asked for, and what became of each, newest first."""
    with archive.read() as conn:
        return [_state(one, facsimiles.of_request(conn, one)) for one in requests.recent(conn, limit)]


@api.get("/archive/{number}", operation_id="get_request", response_model=AddressState, responses=NOT_FOUND)
def asked_state(archive: ArchiveOf, number: Number) -> Any:
    """What became of an address that someone asked for."""
    with archive.read() as conn:
        one = requests.get(conn, number)
        facsimile = facsimiles.of_request(conn, one) if one is not None else None
    if one is None:
        raise Refused(404, "error.no_request")
    return _state(one, facsimile)


def _state(one: AddressRequest, facsimile: Facsimile | None) -> dict[str, Any]:
    names = ("id", "url", "site", "state", "asked", "ended", "archived", "result", "article")
    fields = {name: getattr(one, name) for name in names}
    fields |= {"detail": one.outcome, "version": one.number, "copy": facsimile and facsimile.told}
    found: dict[str, Any] = plain(fields)
    return found
