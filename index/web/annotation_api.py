"""What people add to articles, in the API: collections, tags and notes, for those who hold the token."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection

from index.archive import collections, documents, notes
from index.model.article import Annotations as Stored
from index.web.annotation_pages import known, own
from index.web.api_models import (
    ERRORS,
    MERGED,
    NOT_FOUND,
    REFUSALS,
    AnnotationChange,
    Annotations,
    CollectionMembers,
    CollectionName,
    CollectionState,
    TagCount,
)
from index.web.error_handlers import NoArticle, Refused, refusing
from index.web.forms import MAX_LONG_FORM_BYTES, body_of, from_program, told
from index.web.search_pages import ArchiveOf, Number

guards = [Depends(own), Depends(from_program)]
router = APIRouter(prefix="/api", tags=["annotations"], responses=ERRORS | REFUSALS, dependencies=guards)


async def _change(request: Request) -> AnnotationChange:
    return await told(request, AnnotationChange, MAX_LONG_FORM_BYTES)


async def _name(request: Request) -> CollectionName:
    return await told(request, CollectionName)


Change = Annotated[AnnotationChange, Depends(_change)]
NONE = Stored()
Name = Annotated[CollectionName, Depends(_name)]


@router.patch(
    "/articles/{article}",
    operation_id="annotate_article",
    response_model=Annotations,
    responses=NOT_FOUND | MERGED,
    **body_of(AnnotationChange),
)
def annotate(archive: ArchiveOf, article: str, change: Change) -> Any:
    """Write the tags, the note or both of an article in place of those there; what is not given stays."""

    def work(conn: Connection) -> Any:
        if documents.document(conn, article) is None:
            raise NoArticle(article)
        if change.tags is not None:
            notes.set_tags(conn, article, change.tags)
        if change.note is not None:
            notes.set_note(conn, article, change.note, datetime.now(UTC))
        return notes.of(conn, [article]).get(article, NONE)

    with refusing():
        return archive.write(work).result()


@router.get("/tags", operation_id="list_tags", response_model=list[TagCount])
def tag_list(archive: ArchiveOf) -> Any:
    """All tags, each with its number of articles. `/export.jsonl?tag=TAG` gives the articles."""
    with archive.read() as conn:
        return [{"tag": tag, "articles": n} for tag, n in notes.all_tags(conn).items()]


@router.get("/collections", operation_id="list_collections", response_model=list[CollectionState])
def collection_list(archive: ArchiveOf) -> Any:
    """All collections, by name. `/export.jsonl?collection=ID` gives the articles of one."""
    with archive.read() as conn:
        return [asdict(one) for one in collections.all_collections(conn)]


@router.post(
    "/collections",
    operation_id="create_collection",
    status_code=201,
    response_model=CollectionState,
    **body_of(CollectionName),
)
def create(archive: ArchiveOf, wanted: Name) -> Any:
    """Make a collection."""

    def work(conn: Connection) -> Any:
        return _state(conn, collections.create(conn, wanted.name, datetime.now(UTC)))

    with refusing():
        return archive.write(work).result()


@router.get(
    "/collections/{number}", operation_id="get_collection", response_model=CollectionMembers, responses=NOT_FOUND
)
def collection(archive: ArchiveOf, number: Number) -> Any:
    """A collection with the ids of its articles, the one put in last first."""
    with archive.read() as conn:
        added = collections.articles_of(conn, number)
        return _state(conn, number) | {"members": [{"article": one, "added": at} for one, at in added.items()]}


@router.patch(
    "/collections/{number}",
    operation_id="rename_collection",
    response_model=CollectionState,
    responses=NOT_FOUND,
    **body_of(CollectionName),
)
def rename(archive: ArchiveOf, number: Number, wanted: Name) -> Any:
    """Give a collection another name."""

    def work(conn: Connection) -> Any:
        collections.rename(conn, number, wanted.name)
        return _state(conn, number)

    with refusing():
        return archive.write(work).result()


@router.delete("/collections/{number}", operation_id="delete_collection", status_code=204, responses=NOT_FOUND)
def remove(archive: ArchiveOf, number: Number) -> Response:
    """Delete a collection; its articles stay in the archive."""
    if not archive.write(lambda conn: collections.remove(conn, number)).result():
        raise Refused(404, "error.no_collection")
    return Response(status_code=204)


@router.put(
    "/collections/{number}/articles/{article}", operation_id="add_to_collection", status_code=204, responses=NOT_FOUND
)
def add(archive: ArchiveOf, number: Number, article: str) -> Response:
    """Put an article into a collection, unless it is in it already."""
    with refusing():
        archive.write(lambda conn: collections.add(conn, number, [article], datetime.now(UTC))).result()
    return Response(status_code=204)


@router.delete("/collections/{number}/articles/{article}", operation_id="remove_from_collection", status_code=204)
def take_out(archive: ArchiveOf, number: Number, article: str) -> Response:
    """Take an article out of a collection, if it is in it."""
    archive.write(lambda conn: collections.take_out(conn, number, [article])).result()
    return Response(status_code=204)


def _state(conn: Connection, number: int) -> dict[str, Any]:
    return asdict(known(conn, number))
