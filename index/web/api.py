"""The JSON API, with the names of schema.org."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import WithJsonSchema

from index.archive import article_counts, documents, facsimiles, notes, readings, runs, site_state
from index.archive.facsimiles import Facsimile
from index.export.edits import page_fields
from index.export.schema_org import as_news_article, document_fields
from index.locale import plain
from index.model.article import Version as StoredVersion
from index.model.query import Query as Searched
from index.model.query import Sort
from index.model.results import Facet, Hit, Results, Unit
from index.search import service
from index.search.query_language import MAX_LIMIT, sentence
from index.search.suggestions import suggestion
from index.web.api_models import ERRORS, MERGED, NOT_FOUND, Article, Edits, Found, Reading, RunState, SiteState, Version
from index.web.article_pages import facsimile_path
from index.web.edit_pages import Asked
from index.web.error_handlers import NoArticle, Refused
from index.web.search_pages import ArchiveOf, EngineOf, SearchesOf
from index.web.search_params import SearchParams, search_params

MAX_SITES = 1_000  # of a page, where one is asked for

router = APIRouter(prefix="/api", tags=["archive"], responses=ERRORS)
FACETS = get_args(Facet)
KNOWN: dict[str, Any] = {"response_model_exclude_unset": True, "responses": NOT_FOUND | MERGED}
FacetName = Annotated[str, WithJsonSchema({"type": "string", "enum": [*FACETS, "all"]})]


async def _query(
    asked: Annotated[SearchParams, Depends(search_params)],
    sort: Sort = "relevance",
    cursor: Annotated[str, Query(description="`cursor` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 10,
) -> Searched:
    return replace(asked, sort=sort).query(cursor, limit)


async def _counts(
    facets: Annotated[
        list[FacetName] | None, Query(description="Fields to count by, repeated or in one value with commas; or all.")
    ] = None,
    histogram: Annotated[Literal["", "auto"] | Unit, Query(description="Counts over time, by this unit.")] = "",
) -> dict[str, Any]:
    given = [name.strip() for value in facets or () for name in value.split(",") if name.strip()]
    asked = FACETS if given == ["all"] else given
    if unknown := [name for name in asked if name not in FACETS]:
        raise Refused(400, "error.facets", given=unknown[0], allowed=", ".join(FACETS))
    names = tuple(name for name in FACETS if name in asked)
    return {"facets": names, "histogram": histogram == "auto" or histogram or False}


@router.get("/search", operation_id="search", response_model=Found, response_model_exclude_unset=True)
async def results(
    archive: ArchiveOf,
    engine: EngineOf,
    searches: SearchesOf,
    asked: Annotated[Searched, Depends(_query)],
    counts: Annotated[dict[str, Any], Depends(_counts)],
    written: Annotated[SearchParams, Depends(search_params)],
) -> Response:
    """The results of a search: `total`, `hits` with snippets in place of their full text, and the next `cursor`.

    Parts of `q` that cannot be parsed are reported in `problems`, and the rest is searched."""

    def work() -> Response:
        with searches.timed():
            found = service.search(asked, engine, archive, **counts)
            meant = None if found.total or not written.q else suggestion(asked, written.q, engine, archive)
        answer = _found(asked, counts, found) | ({"suggestion": meant} if meant else {})
        return JSONResponse(answer)  # not validated: checking them costs half a search

    return await searches.run(work)


def _found(asked: Searched, counts: dict[str, Any], found: Results) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "total": found.total,
        "seconds": round(found.seconds, 4),
        "cursor": found.cursor,
        "problems": unread(asked),
        "hits": [_hit(hit) for hit in found.hits],
    }
    if counts["facets"]:
        answer["facets"] = {
            tally.field: [{"value": value, "count": count} for value, count in tally.counts] for tally in found.facets
        }
    if found.unit:
        bars = [{"date": bar.day.isoformat(), "count": bar.count} for bar in found.histogram]
        answer["histogram"] = {"unit": found.unit, "counts": bars}
    return answer


def unread(asked: Searched) -> list[dict[str, Any]]:
    """The parts of a query that could not be parsed, each as an `api_models.Problem`."""
    return [
        {"key": p.key, "at": p.at, "end": p.end, "en": sentence(p, "en"), "ar": sentence(p, "ar")}
        for p in asked.problems
    ]


@router.get("/articles/{article}", operation_id="get_article", response_model=Article, **KNOWN)
def article(request: Request, archive: ArchiveOf, article: str) -> dict[str, Any]:
    """One article with its text, its other URLs, the time when each of its versions was first seen, and what people
    added to it."""
    with archive.read() as conn:
        document = documents.document(conn, article)
        if document is None:
            raise NoArticle(article)
        if request.app.state.annotates:
            (document,) = notes.annotated(conn, [document])
        versions, aliases = documents.versions(conn, article), documents.aliases(conn, article)
        looks = facsimiles.of_article(conn, article)
    answer = document_fields(document)
    answer["archive"] |= {
        "versions": [_version_of(one, looks.get(one.number)) for one in versions],
        "aliases": [{"url": alias.url, "reason": alias.reason, "seen": alias.seen} for alias in aliases],
    }
    return answer


@router.get(
    "/articles/{article}/versions",
    operation_id="list_versions",
    response_model=list[Version],
    response_model_exclude_unset=True,
    responses=NOT_FOUND | MERGED,
)
def versions(archive: ArchiveOf, article: str) -> list[dict[str, Any]]:
    """The versions of an article, oldest first, each with its full text."""
    with archive.read() as conn:
        found, looks = documents.versions(conn, article), facsimiles.of_article(conn, article)
    if not found:
        raise NoArticle(article)
    return [_version_of(one, looks.get(one.number)) | {"article": as_news_article(one.article)} for one in found]


@router.get(
    "/hash/{content_hash}",
    operation_id="find_hash",
    response_model=list[Reading],
    response_model_exclude_unset=True,
    responses=NOT_FOUND,
)
def by_hash(archive: ArchiveOf, content_hash: str) -> list[dict[str, Any]]:
    """The texts with this content hash, such as a citation gives, whether or not they are what is shown now."""
    with archive.read() as conn:
        found = readings.with_hash(conn, content_hash)
    if not found:
        raise Refused(404, "error.no_hash")
    return [
        {
            **{name: getattr(one, name) for name in ("version", "reason", "state", "shown")},
            "reading": one.number,
            "read": one.at,
            "article": as_news_article(one.article),
        }
        for one in found
    ]


@router.get("/edits", operation_id="list_edits", response_model=Edits)
def edit_list(
    archive: ArchiveOf,
    asked: Asked,
    cursor: Annotated[str, Query(description="`cursor` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
) -> dict[str, Any]:
    """What sites changed and removed, newest first, and the next `cursor`."""
    with archive.read() as conn:
        return page_fields(asked.page(conn, limit, cursor))


@router.get("/sites", operation_id="list_sites")
def site_list(
    archive: ArchiveOf,
    after: Annotated[str, Query(description="The id of the last site of the page before.")] = "",
    limit: Annotated[int | None, Query(ge=1, le=MAX_SITES, description="At most so many; by default all.")] = None,
) -> list[SiteState]:
    """The sites by id, with their state and number of articles."""
    with archive.read() as conn:
        states = site_state.states(conn, after, limit)
        counts = article_counts.of_sites(conn, None if limit is None else [state.id for state in states])
    return [SiteState.model_validate(plain(state) | {"articles": counts.get(state.id, 0)}) for state in states]


@router.get("/runs", operation_id="list_runs", response_model=list[RunState])
def run_list(archive: ArchiveOf, limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 30) -> list[Any]:
    """The last runs with their counts, newest first."""
    with archive.read() as conn:
        return [plain(run) for run in runs.recent(conn, limit)]


def _version_of(version: StoredVersion, looks: Facsimile | None) -> dict[str, Any]:
    return {
        "number": version.number,
        "seen": version.seen,
        "reading": version.reading,
        "read": version.read,
        "reason": version.reason,
        "state": version.confirmed,
        "contentHash": version.article.content_hash,
        "facsimile": _facsimile_of(version, looks) if looks else None,
    }


def _facsimile_of(version: StoredVersion, looks: Facsimile) -> dict[str, Any]:
    files = [
        {
            "kind": part.kind,
            "url": part.url,
            "made": part.made,
            "path": facsimile_path(version.article.id, version.number, part),
        }
        for part in looks.parts
    ]
    told: dict[str, Any] = plain({"tried": looks.tried, "parts": files, "detail": looks.problem})
    return told


def _hit(hit: Hit) -> dict[str, Any]:
    answer = document_fields(hit.document)
    answer.pop("articleBody", None)
    marked = [[{"text": span.text, "marked": span.marked} for span in piece] for piece in (hit.headline, *hit.snippets)]
    return answer | {"score": hit.score, "marked": marked[0], "snippets": marked[1:], "others": hit.others}
