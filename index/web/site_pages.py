"""The pages of sites and of how they are doing: the list, each site's own, and the alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from index.archive import (
    Archive,
    article_counts,
    documents,
    edits,
    health,
    runs,
    site_documents,
    site_state,
    source_state,
)
from index.model.message import Message
from index.web import atom, queries
from index.web.error_handlers import Refused
from index.web.saved_searches import ENTRIES, base_of, xml
from index.web.search_pages import ArchiveOf, PageNumber
from index.web.site_days import WEEKS, site_days
from index.web.templating import render

SHOWN = 10  # edits and removals, alerts and crawls of a site
ALERTS = 200
LISTED = 100  # sites on a page of the list

router = APIRouter(include_in_schema=False)


def _follow(request: Request) -> None:
    """Where sites can be changed, lets the archive know of those that are configured."""
    desk = request.app.state.site_desk
    if desk is not None:
        desk.follow()


@router.get("/sites")
def site_list(
    request: Request,
    archive: ArchiveOf,
    state: str = "",
    sort: str = "",
    find: str = "",
    page: PageNumber = 1,
) -> Response:
    """The sites with their state, LISTED on a page: those that need attention first, disabled ones last, unless another
    order is chosen; of one condition, or with some letters in their name, if asked for."""
    _follow(request)
    order: site_state.Order = next((one for one in site_state.ORDERS if one == sort), "attention")
    asked = find[:200]
    with archive.read() as conn:
        conditions = site_state.by_condition(conn)
        shown = site_state.listed(conn, LISTED, skip=(page - 1) * LISTED, condition=state, find=asked, order=order)
        found = site_state.count(conn, state, asked) if asked else conditions.get(state, sum(conditions.values()))
        counts = article_counts.of_sites(conn, [site.id for site in shown])
        running = runs.at_work(conn)
    context: dict[str, Any] = {"sites": shown, "found": found, "more": found > page * LISTED, "page": page}
    context |= {"counts": counts, "conditions": conditions, "known": sum(conditions.values()), "running": running}
    return render(request, "sites.html", order=order, state=state, find=asked, **context)


@router.get("/sites/{site}")
def site_page(request: Request, archive: ArchiveOf, site: str) -> Response:
    """All about one site: its articles by day, its health, sources, edits, removals and crawls, and its file."""
    return about_site(request, archive, site)


def about_site(
    request: Request, archive: Archive, site: str, refused: tuple[tuple[str, str], Message] | None = None
) -> Response:
    """The page of a site; `refused` if a schedule was sent that is none: its kind and value, and why.

    :raises Refused: when the archive has no such site (404).
    """
    now: datetime = request.app.state.now()
    _follow(request)
    with archive.read() as conn:
        shown = site_state.some(conn, [site]).get(site)
        if shown is None:
            raise Refused(404, "error.no_site")
        days, gaps = site_days(queries.by_day(conn, site, now - timedelta(weeks=WEEKS)), now.astimezone(UTC).date())
        context: dict[str, Any] = {
            "site": shown,
            "articles": documents.count(conn, site),
            "alerts": health.recent_alerts(conn, SHOWN, site),
            "sources": source_state.states(conn, site),
            "edits": edits.page(conn, SHOWN, sites=[site]).edits,
            "crawls": runs.of_site(conn, site, SHOWN),
            "running": runs.at_work(conn),
            "stored": site_documents.texts(conn, [site]).get(site),
        }
    files = [(str(path), _text(path)) for path in request.app.state.site_files(site)]
    desk = request.app.state.site_desk
    schedule, problem = refused or (desk.schedule(site) if desk is not None else None, None)
    context |= {"days": days, "gaps": gaps, "files": files, "schedule": schedule, "problem": problem}
    return render(request, "site.html", 400 if refused else 200, **context)


@router.get("/feeds/sites/{site}.atom")
def feed(request: Request, archive: ArchiveOf, site: str) -> Response:
    """The newest articles of a site with their full texts as an Atom feed."""
    _follow(request)
    with archive.read() as conn:
        one = site_state.some(conn, [site]).get(site)
        if one is None:
            raise Refused(404, "error.no_site")
        found, names = queries.newest_of(conn, site, ENTRIES), queries.names(conn)
    return xml(atom.site_feed(one, found, names, base_of(request)), "application/atom+xml; charset=utf-8")


@router.get("/alerts")
def alert_list(request: Request, archive: ArchiveOf) -> Response:
    """The last changes of the sites' health, newest first, and who has been notified."""
    with archive.read() as conn:
        return render(request, "alerts.html", alerts=health.recent_alerts(conn, ALERTS), names=queries.names(conn))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:  # removed since the configuration was read
        return ""
