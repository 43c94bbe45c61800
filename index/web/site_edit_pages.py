"""Sites added and changed in the browser: a preview of a site by its address, its file, on or off, its schedule.

The server fetches nothing and writes no file itself: `app.state.site_desk` does, for those who hold the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Protocol, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from markupsafe import Markup

from index.archive import Archive, site_previews
from index.archive.site_previews import SitePreview
from index.errors import InvalidValue
from index.model.codes import RequestReason, RequestState
from index.model.message import Message
from index.web import live
from index.web.error_handlers import Refused, refusing
from index.web.forms import Form, LongForm, on_to
from index.web.request_pages import RETRY
from index.web.search_pages import ArchiveOf, Number
from index.web.site_pages import about_site
from index.web.templating import fragment, render

MAX_URL = 8_192  # characters that the form is filled in with


class SiteDesk(Protocol):
    """Who knows the configured sites and may change their files; what it is asked raises InvalidValue."""

    def follow(self) -> None: ...
    def schedule(self, site_id: str) -> tuple[str, str] | None: ...
    def ask(self, address: str) -> SitePreview: ...
    def add(self, site_id: str, text: str) -> None: ...
    def switch(self, site_id: str, on: bool) -> None: ...
    def set_schedule(self, site_id: str, kind: str, value: str) -> None: ...


async def _desk(request: Request) -> SiteDesk:
    """Who changes sites here.

    :raises Refused: when nobody does (403).
    """
    if request.app.state.site_desk is None:
        raise Refused(403, "site.closed")
    return cast(SiteDesk, request.app.state.site_desk)


DeskOf = Annotated[SiteDesk, Depends(_desk)]

router = APIRouter(include_in_schema=False)


@router.get("/add-site")
def add_form(request: Request, url: str = "") -> Response:
    """The form for the address of a site."""
    return render(request, "add_site.html", given=url[:MAX_URL], problem=None)


@router.post("/add-site")
def look(request: Request, form: Form, desk: DeskOf) -> Response:
    """Ask for a preview of a site, then show how far it is."""
    try:
        one = desk.ask(form.get("url", ""))
    except InvalidValue as error:
        busy = error.message.code == RequestReason.QUEUE_FULL
        answer = render(
            request, "add_site.html", 429 if busy else 400, given=form.get("url", "")[:MAX_URL], problem=error.message
        )
        if busy:
            answer.headers["retry-after"] = str(RETRY)
        return answer
    return on_to(request, f"/add-site/{one.id}")


@router.get("/add-site/{number}")
def preview(request: Request, archive: ArchiveOf, number: Number, _: DeskOf) -> Response:
    """How far a preview is; then what it found, and the site's file to be added."""
    part = _part(request, archive, number)
    return render(request, "site_preview.html", part=part, number=number, seen=live.digest(part))


@router.get("/add-site/{number}/events")
async def preview_events(request: Request, archive: ArchiveOf, number: Number, _: DeskOf, seen: str = "") -> Response:
    """The same, whenever there is something new; 204 once it is done and known."""
    part = _part(request, archive, number)
    if _known(archive, number).state == RequestState.DONE and live.digest(part) == seen:
        return Response(status_code=204)
    return live.events(request, partial(_part, request, archive, number), seen)


@router.post("/add-site/{number}")
def add(request: Request, archive: ArchiveOf, number: Number, form: LongForm, desk: DeskOf) -> Response:
    """Write the file of a previewed site, then show the site; what is wrong with it is told above it, as sent."""
    site, text = form.get("id", "").strip(), form.get("file", "")
    try:
        desk.add(site, text)
    except InvalidValue as error:
        part = _part(request, archive, number, site=site, text=text, problem=error.message)
        return render(request, "site_preview.html", 400, part=part, number=number, seen="")
    return on_to(request, f"/sites/{site}")


@router.post("/sites/{site}/switch")
def switch(request: Request, site: str, form: Form, desk: DeskOf) -> Response:
    """Have a site crawled, or not, then show it."""
    with refusing():
        desk.switch(site, form.get("on", "") == "yes")
    return on_to(request, f"/sites/{site}")


@router.post("/sites/{site}/schedule")
def set_schedule(request: Request, archive: ArchiveOf, site: str, form: Form, desk: DeskOf) -> Response:
    """Set when a site is crawled, then show it; what is wrong with that is told in the form, as sent."""
    kind = form.get("kind", "")
    value = form.get(kind, "")
    try:
        desk.set_schedule(site, kind, value)
    except InvalidValue as error:
        return about_site(request, archive, site, ((kind, value), error.message))
    return on_to(request, f"/sites/{site}")


def _known(archive: Archive, number: int) -> SitePreview:
    with archive.read() as conn:
        one = site_previews.get(conn, number)
    if one is None:
        raise Refused(404, "error.no_preview")
    return one


def _part(
    request: Request,
    archive: Archive,
    number: int,
    *,
    site: str | None = None,
    text: str | None = None,
    problem: Message | None = None,
) -> Markup:
    """What a page shows of a preview; `site`, `text` and `problem` if its file was sent and refused."""
    one = _known(archive, number)
    found = _readable(one.found) if one.found is not None else None
    given = {"site": found["id"] if found and site is None else site, "text": one.file if text is None else text}
    return fragment(request, "site_preview_part.html", one=one, found=found, problem=problem, **given)


def _readable(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a preview found, with its messages and moments as such."""

    def message(text: str | None) -> Message | None:
        return Message.from_json(text) if text else None

    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    return {
        **found,
        "pace": message(found["pace"]),
        "taken": [one | {"newest": moment(one["newest"])} for one in found["taken"]],
        "left": [one | {"newest": moment(one["newest"]), "why": message(one["why"])} for one in found["left"]],
        "tried": [
            one | {"problem": message(one["problem"]), "published": moment(one.get("published"))}
            for one in found["tried"]
        ],
        "notes": [message(text) for text in found["notes"]],
    }
