"""Exports: all results of a search as a file, streamed while it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from index.archive import Archive, collections, documents, notes
from index.errors import ArshifError
from index.export.format_names import Form
from index.export.formats import open_format
from index.export.result_stream import ResultStream, article_ids, chosen, stream
from index.export.wacz import MEDIA, Collection
from index.model.query import Sort
from index.warc.store import WarcStore
from index.web.annotation_pages import known
from index.web.api_models import ERRORS, failure
from index.web.article_pages import RawOf
from index.web.error_handlers import NoArticle, Refused
from index.web.export_slots import Export, Turns, turn
from index.web.forms import MAX_SELECTED
from index.web.search_pages import ArchiveOf, EngineOf
from index.web.search_params import SearchParams, search_params

router = APIRouter(tags=["archive"])


def _text(description: str, **schema: str) -> dict[str, Any]:
    return {"schema": {"type": "string", "description": description, **schema}}


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/x-ndjson": _text(description="On each line an Article, as the API has it"),
            "text/csv": _text(description="A table in UTF-8 with a byte order mark (RFC 4180)"),
            "application/vnd.apache.parquet": _text(description="A table with types", format="binary"),
            MEDIA: _text(description="A web archive collection (WACZ 1.1.1)", format="binary"),
        },
        "headers": {"Arshif-Total": {"schema": {"type": "integer"}}},
    },
    403: failure(description="Collections, tags or notes of a server that does not show them to everybody"),
    404: failure(description="No such collection; or this server has no saved pages, so no web archive collection"),
    501: failure(description="Parquet needs pyarrow, which is not installed"),
}


def _chosen(
    request: Request,
    archive: ArchiveOf,
    collection: Annotated[int | None, Query(description="Id of a collection.")] = None,
    tag: Annotated[str, Query(description="A tag.")] = "",
    noted: Annotated[bool, Query(description="Articles with a note.")] = False,
    id: Annotated[list[str] | None, Query(description="Ids of articles.", max_length=MAX_SELECTED)] = None,
    ticked: Annotated[bool, Query(include_in_schema=False)] = False,  # by the form of ticked results, with none, too
) -> list[str] | None:
    """The ids of chosen articles, of those of a collection, with a tag or with a note; None if a request asks for none
    of these.

    :raises Refused: when nothing was ticked of what to choose from (400), there is no such collection (404), or this
        server does not show them (403).
    """
    if ticked and not id:
        raise Refused(400, "selection.none")
    if id:
        with archive.read() as conn:
            return [one.article.id for one in documents.documents(conn, list(dict.fromkeys(id)))]
    if collection is None and not tag and not noted:
        return None
    if not request.app.state.annotates:
        raise Refused(403, "annotations.closed")
    with archive.read() as conn:
        if collection is not None:
            return list(collections.articles_of(conn, known(conn, collection).id))
        return notes.tagged(conn, tag) if tag else notes.noted(conn)


@router.head("/export.{form}", include_in_schema=False)
@router.get("/export.{form}", operation_id="export", response_class=Response, responses={**ERRORS, **ANSWERS})
def export(  # noqa: PLR0913 - the parameters of a URL
    request: Request,
    archive: ArchiveOf,
    engine: EngineOf,
    turns: Turns,
    form: Form,
    asked: Annotated[SearchParams, Depends(search_params)],
    ids: Annotated[list[str] | None, Depends(_chosen)],
    sort: Annotated[Sort, Query(description="By date: relevance is no order of a file.")] = "newest",
) -> Any:
    """All results of a search with their texts, by date; or the articles with these ids, of a collection, with a tag or
    with a note, whatever else is asked for. `Arshif-Total` is the number of articles to expect; a response that breaks
    off is incomplete.

    A spreadsheet cuts a cell of a CSV file off after 32,767 characters; Parquet has every text whole. WACZ has no texts
    but the saved pages of all versions of these articles, and the redirects that led to them."""

    def begun() -> ResultStream:
        if ids is not None:
            return chosen(ids, archive, annotated=request.app.state.annotates)
        query = replace(asked, sort=sort).query()
        return stream(query, engine, archive, annotated=request.app.state.annotates)

    write = _writer(form, archive, request.app.state.raw)
    if request.method == "HEAD":
        return StreamingResponse(iter(()), **_about(form, begun().total))
    with turn(turns):
        found = begun()
        return Export(turns, write(found), **_about(form, found.total))


@router.head("/articles/{article}/copies.wacz", include_in_schema=False)
@router.get("/articles/{article}/copies.wacz", include_in_schema=False)
def copies(
    request: Request,
    archive: ArchiveOf,
    raw: RawOf,
    turns: Turns,
    article: str,
) -> Any:
    """The saved pages of an article's versions as a web archive collection."""
    with archive.read() as conn:
        document = documents.document(conn, article)
    if document is None:
        raise NoArticle(article)
    collection = _collection(archive, raw, document.article.headline or document.article.url)
    if request.method == "HEAD":
        return StreamingResponse(iter(()), **_about("wacz", 1))
    with turn(turns):
        return Export(turns, collection.pieces([article]), **_about("wacz", 1))


def _writer(form: Form, archive: Archive, raw: WarcStore | None) -> Callable[[ResultStream], Iterator[bytes]]:
    """How results are written in this form.

    :raises Refused: when it cannot be had here.
    """
    if form == "wacz":
        collection = _collection(archive, raw, "Arshif")
        return lambda found: collection.pieces(article_ids(found))
    try:
        kind = open_format(form)
    except ArshifError as error:
        raise Refused(501, error.message) from None
    return lambda found: kind.write(found.pages)


def _collection(archive: Archive, raw: WarcStore | None, title: str) -> Collection:
    if raw is None:
        raise Refused(404, "error.no_raw_copies")
    return Collection(archive, raw, datetime.now(UTC), {"title": title, "software": "Arshif"})


def _about(form: Form, total: int) -> dict[str, Any]:
    headers = {
        "content-disposition": f'attachment; filename="arshif.{form}"',
        "arshif-total": str(total),
        "cache-control": "private, no-store",
    }
    return {"media_type": MEDIA if form == "wacz" else open_format(form).media, "headers": headers}
