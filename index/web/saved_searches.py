"""Saved searches: the list, saving and deleting; a feed of each; and the OpenSearch description for browsers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from index.archive import saved_searches as saved
from index.errors import InvalidValue
from index.locale import languages
from index.search import service
from index.search.query_language import parse
from index.web import atom, forms, queries
from index.web.error_handlers import Refused
from index.web.search_pages import ArchiveOf, EngineOf, SearchesOf
from index.web.templating import Ui, address, render, ui_of

ENTRIES = 50  # per feed

router = APIRouter(include_in_schema=False)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form sent by a page of ours. A foreign page can make a reader's browser send us a form, but
    cannot make it claim that the form comes from here.

    :raises Refused: when the form comes from elsewhere (403), or is too large (413) or too long (400).
    """
    if not from_here(request):
        raise Refused(403, "error.form_foreign")
    return await forms.fields(request)


Form = Annotated[dict[str, str], Depends(_form)]


def from_here(request: Request) -> bool:
    """Whether the request comes from a page of this server, by the browser's Sec-Fetch-Site
    (https://www.w3.org/TR/fetch-metadata/) or else its Origin. The Host header has been checked before."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc.lower() == request.headers["host"].lower()


@router.get("/searches")
def listed(request: Request, archive: ArchiveOf) -> Response:
    """All saved searches."""
    with archive.read() as conn:
        return render(request, "searches.html", saved=saved.all_saved(conn))


@router.post("/searches")
def save(request: Request, archive: ArchiveOf, form: Form) -> Response:
    """Save a search, then show the list."""
    name, query = form.get("name", ""), form.get("query", "")
    try:
        archive.write(lambda conn: saved.add(conn, name, query, datetime.now(UTC))).result()
    except InvalidValue as error:
        raise Refused(400, error.message) from None
    return _back(request, form)


@router.post("/searches/{number}/delete")
def delete(request: Request, archive: ArchiveOf, number: int, form: Form) -> Response:
    """Delete a saved search if it exists, then show the list."""
    archive.write(lambda conn: saved.remove(conn, number)).result()
    return _back(request, form)


def _back(request: Request, form: dict[str, str]) -> Response:
    language = form.get("ui", "")
    ui = Ui(language, chosen=True) if language in languages() else ui_of(request)
    return RedirectResponse(address(ui, "/searches"), 303)


@router.get("/feeds/{number}.atom")
async def feed(request: Request, archive: ArchiveOf, engine: EngineOf, searches: SearchesOf, number: int) -> Response:
    """The newest results of a saved search as an Atom feed."""
    base = base_of(request)

    def work() -> Response:
        with archive.read() as conn:
            one, names = saved.get(conn, number), queries.names(conn)
        if one is None:
            raise Refused(404, "error.no_search")
        with searches.timed():
            found = service.search(parse(one.query, sort="newest", limit=ENTRIES), engine, archive)
        return xml(atom.atom(one, found.hits, names, base), "application/atom+xml; charset=utf-8")

    return await searches.run(work)


@router.get("/opensearch.xml")
def description(request: Request) -> Response:
    """The OpenSearch description: https://github.com/dewitt/opensearch/blob/master/opensearch-1-1-draft-6.md"""
    ui = ui_of(request)
    made = atom.opensearch(ui.language, base_of(request), ui.chosen)
    return xml(made, "application/opensearchdescription+xml; charset=utf-8")


def base_of(request: Request) -> str:
    """The public base URL of this server: the one in its settings, as a proxy may be in front of it."""
    return request.app.state.url or str(request.base_url)


def xml(body: bytes, kind: str) -> Response:
    """The response with this document, of this media type, which is asked for anew each time."""
    return Response(body, headers={"content-type": kind, "cache-control": "private, no-cache"})
