"""The pages of sites and of how they are doing: the list, each site's own, and the alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from index.archive import Archive, documents, edits, health, runs, site_state, source_state
from index.archive.site_state import SiteState
from index.model.message import Message
from index.text.analysis import fold
from index.web import atom, queries
from index.web.error_handlers import Refused
from index.web.saved_searches import ENTRIES, base_of, xml
from index.web.search_pages import ArchiveOf
from index.web.site_days import WEEKS, site_days
from index.web.templating import render

SHOWN = 10  # edits and removals, alerts and crawls of a site
ALERTS = 200
NEVER = datetime.min.replace(tzinfo=UTC)

router = APIRouter(include_in_schema=False)


def condition(site: SiteState) -> str:
    """How a site is: `off`, `wrong`, `waiting` for its first crawl, or `fine`."""
    if not site.enabled:
        return "off"
    if site.verdict or site.failures:
        return "wrong"
    return "waiting" if site.last_run is None else "fine"


CONDITIONS = ("wrong", "fine", "waiting", "off")  # in the order in which they need attention


def _name(site: SiteState) -> str:
    return fold(site.name or site.id)


ORDERS: Mapping[str, Callable[[SiteState, Mapping[str, int]], Any]] = {
    "attention": lambda site, _: (CONDITIONS.index(condition(site)), _name(site)),
    "name": lambda site, _: _name(site),
    "articles": lambda site, counts: (-counts.get(site.id, 0), _name(site)),
    "last_run": lambda site, _: (-(site.last_run or NEVER).timestamp(), _name(site)),
    "next_run": lambda site, _: (site.next_run is None, site.next_run or NEVER, _name(site)),
}


def chosen(sites: Sequence[SiteState], state: str, words: str) -> list[SiteState]:
    """The sites in this condition, if it is one, whose name, id, address or country has these letters."""
    asked = fold(words.strip())
    return [
        site
        for site in sites
        if state not in CONDITIONS or condition(site) == state
        if asked in fold(" ".join(filter(None, (site.name, site.id, site.homepage, site.country))))
    ]


def _all(request: Request, conn: Connection) -> dict[str, SiteState]:
    """The sites that the archive knows, and where sites can be changed those that are configured besides, by id."""
    desk = request.app.state.site_desk
    configured: Mapping[str, SiteState] = desk.sites() if desk is not None else {}
    return {**configured, **{site.id: site for site in site_state.states(conn)}}


@router.get("/sites")
def site_list(request: Request, archive: ArchiveOf, state: str = "", sort: str = "", find: str = "") -> Response:
    """The sites with their state: those that need attention first, disabled ones last, unless another order is chosen;
    of one condition, or with some letters in their name, if asked for."""
    with archive.read() as conn:
        known, counts = list(_all(request, conn).values()), queries.by_site(conn)
        running = runs.at_work(conn)
    order = sort if sort in ORDERS else "attention"
    shown = sorted(chosen(known, state, find[:200]), key=lambda site: ORDERS[order](site, counts))
    conditions = {name: sum(condition(site) == name for site in known) for name in CONDITIONS}
    context: dict[str, Any] = {"known": known, "sites": shown, "counts": counts, "conditions": conditions}
    context |= {"running": running}
    return render(request, "sites.html", order=order, orders=ORDERS, state=state, find=find[:200], **context)


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
    with archive.read() as conn:
        shown = _all(request, conn).get(site)
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
        }
    files = [(str(path), _text(path)) for path in request.app.state.site_files(site)]
    desk = request.app.state.site_desk
    schedule, problem = refused or (desk.schedule(site) if desk is not None else None, None)
    context |= {"days": days, "gaps": gaps, "files": files, "schedule": schedule, "problem": problem}
    return render(request, "site.html", 400 if refused else 200, **context)


@router.get("/feeds/sites/{site}.atom")
def feed(request: Request, archive: ArchiveOf, site: str) -> Response:
    """The newest articles of a site with their full texts as an Atom feed."""
    with archive.read() as conn:
        one = _all(request, conn).get(site)
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
