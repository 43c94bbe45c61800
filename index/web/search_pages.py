"""The pages of searches; those of articles, sites and runs have modules of their own."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, cast, get_args

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from index.archive import Archive, article_counts, facsimiles, site_state
from index.archive.tables import MAX_KEY
from index.engines import Engine
from index.locale import days
from index.model.codes import PartKind
from index.model.results import Facet
from index.search import service
from index.search.suggestions import suggestion
from index.web import queries
from index.web.facets import choices, chosen
from index.web.forms import MAX_SELECTED
from index.web.histogram import chart
from index.web.search_limiter import SearchLimiter
from index.web.search_params import SearchParams, ordered
from index.web.templating import address, render, ui_of

NEWEST = 8  # articles on the home page: a screenful


async def _archive(request: Request) -> Archive:
    return cast(Archive, request.app.state.archive)


async def _engine(request: Request) -> Engine:
    return cast(Engine, request.app.state.engine)


async def _searches(request: Request) -> SearchLimiter:
    return cast(SearchLimiter, request.app.state.searches)


ArchiveOf = Annotated[Archive, Depends(_archive)]
EngineOf = Annotated[Engine, Depends(_engine)]
SearchesOf = Annotated[SearchLimiter, Depends(_searches)]
Number = Annotated[int, Path(ge=1, le=MAX_KEY)]  # of a row, in a URL
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]  # of a list

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request, archive: ArchiveOf) -> Response:
    """The home page: the search box, the size of the archive, and the newest articles. With a query, the way to its
    results."""
    if request.query_params.get("q", "").strip():
        return RedirectResponse(f"/search?{request.url.query}", 307)
    with archive.read() as conn:
        counts, newest, names = article_counts.of_sites(conn), queries.newest(conn, NEWEST), queries.names(conn)
    return render(request, "home.html", articles=sum(counts.values()), sites=len(counts), newest=newest, names=names)


@router.get("/search")
async def results(
    request: Request,
    searches: SearchesOf,
    archive: ArchiveOf,
    engine: EngineOf,
    asked: Annotated[SearchParams, Depends(ordered)],
    cursor: str = "",
) -> Response:
    """A page of search results with facets and a histogram. Mistakes in the query are reported in `problems`."""
    return await searches.run(partial(_results, request, searches, archive, engine, asked, cursor))


def _results(
    request: Request, searches: SearchLimiter, archive: Archive, engine: Engine, asked: SearchParams, cursor: str
) -> Response:
    query = asked.query(cursor)
    with searches.timed():
        found = service.search(query, engine, archive, facets=get_args(Facet), histogram="day")
        meant = None if found.total or not asked.q else suggestion(query, asked.q, engine, archive)
    with archive.read() as conn:
        names, strangers = queries.names(conn), site_state.unknown_ids(conn, query.sites)
        shown = [hit.document for hit in found.hits if hit.document.current and query.sort == "changed"]
        stories = {hit.document.article.id: queries.same_story(conn, hit.document) for hit in found.hits if hit.others}
        changes = {one.article.id: queries.last_change(conn, one.article.id) for one in shown}
        ids = [hit.document.article.id for hit in found.hits]
        thumbnails = facsimiles.newest_with(conn, PartKind.THUMBNAIL, ids)
    ui = ui_of(request)
    context: dict[str, Any] = {
        "facets": choices(asked, found.facets, names, ui.language),
        "chosen": chosen(asked, names, ui.language),
        "chart": chart(found.histogram, asked, ui.direction),
    }
    over_time = context["chart"]
    context["bars"] = [  # each appears in the drawing and in the list
        (bar, address(ui, "/search", **bar.link), days(ui.language, bar.first, bar.last))
        for bar in (over_time.columns if over_time else ())
    ]
    context |= {"asked": asked, "q": asked.q, "query": query, "cursor": cursor, "results": found, "names": names}
    context |= {"strangers": strangers, "changes": changes, "stories": stories, "meant": meant}
    context |= {"thumbnails": thumbnails, "most_selected": MAX_SELECTED}
    return render(request, "search.html", **context)


@router.get("/healthz")
async def health() -> Response:
    """Whether the server answers, without querying archive or index."""
    return PlainTextResponse("ok\n")
