"""The page of runs, which tells what is running while it runs."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from index.archive import Archive, runs
from index.web import live, queries
from index.web.search_pages import ArchiveOf
from index.web.templating import fragment, render

RUNS = 30  # rows on the page

router = APIRouter(include_in_schema=False)


@router.get("/runs")
def run_list(request: Request, archive: ArchiveOf) -> Response:
    """The last runs with their counts, and how far one is that is running."""
    rows = _rows(request, archive)
    return render(request, "runs.html", rows=rows, seen=live.digest(rows))


@router.get("/runs/events")
async def run_events(request: Request, archive: ArchiveOf, seen: str = "") -> Response:
    """The same list whenever it is another one than the one before, the first of which was `seen`."""
    return live.events(request, partial(_rows, request, archive), seen)


def _rows(request: Request, archive: Archive) -> Markup:
    with archive.read() as conn:
        context: dict[str, Any] = {"runs": runs.recent(conn, RUNS), "names": queries.names(conn)}
    return fragment(request, "runs_list.html", **context)
