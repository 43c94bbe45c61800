"""Saved searches: the list, saving and deleting; a feed of each; and the OpenSearch description for browsers."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from index.archive import saved_searches as saved
from index.model.codes import Digest
from index.search import service
from index.search.query_language import parse
from index.web import atom, queries
from index.web.error_handlers import Refused, refusing
from index.web.forms import Form, on_to
from index.web.search_pages import ArchiveOf, EngineOf, Number, SearchesOf
from index.web.templating import render, ui_of

ENTRIES = 50  # per feed

router = APIRouter(include_in_schema=False)


@router.get("/searches")
def listed(request: Request, archive: ArchiveOf) -> Response:
    """All saved searches."""
    with archive.read() as conn:
        return render(request, "searches.html", saved=saved.all_saved(conn))


@router.post("/searches")
def save(request: Request, archive: ArchiveOf, form: Form) -> Response:
    """Save a search, then show the list."""
    name, query, digest = form.get("name", ""), form.get("query", ""), _digest(form)
    with refusing():
        archive.write(lambda conn: saved.add(conn, name, query, datetime.now(UTC), digest)).result()
    return on_to(request, "/searches")


@router.post("/searches/{number}")
def rename(request: Request, archive: ArchiveOf, number: Number, form: Form) -> Response:
    """Give a saved search another name, then show the list."""
    with refusing():
        if not archive.write(lambda conn: saved.rename(conn, number, form.get("name", ""))).result():
            raise Refused(404, "error.no_search")
    return on_to(request, "/searches")


@router.post("/searches/{number}/digest")
def set_digest(request: Request, archive: ArchiveOf, number: int, form: Form) -> Response:
    """Set how often people are told of what is new to a saved search, if it exists, then show the list."""
    archive.write(lambda conn: saved.set_digest(conn, number, _digest(form))).result()
    return on_to(request, "/searches")


def _digest(form: dict[str, str]) -> Digest | None:
    chosen = form.get("digest", "")
    return Digest(chosen) if chosen in set(Digest) else None


@router.post("/searches/{number}/delete")
def delete(request: Request, archive: ArchiveOf, number: int, _: Form) -> Response:
    """Delete a saved search if it exists, then show the list."""
    archive.write(lambda conn: saved.remove(conn, number)).result()
    return on_to(request, "/searches")


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
