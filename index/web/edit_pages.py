"""Edits and removals: the page that lists them, and its feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Query as Parameter
from fastapi.responses import Response
from pydantic import WithJsonSchema
from sqlalchemy import Connection

from index.archive import edits
from index.model.query import Is, Period
from index.search.query_language import filters
from index.search.query_language.limits import MAX_FILTERS
from index.web import atom, queries
from index.web.error_handlers import Refused
from index.web.saved_searches import ENTRIES, base_of, xml
from index.web.search_pages import ArchiveOf
from index.web.templating import address, render, ui_of

SHOWN = 50  # on a page

router = APIRouter(include_in_schema=False)
KindName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(edits.KINDS)})]


@dataclass(frozen=True, slots=True)
class EditParams:
    """Which edits a URL asks for: of these sites (ids), of these kinds, and from the beginning of `since` on."""

    site: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    since: str = ""

    def parameters(self) -> dict[str, str | Sequence[str]]:
        """The URL parameters, without empty ones."""
        given = {"site": self.site, "kind": self.kind, "since": self.since}
        return {name: value for name, value in given.items() if value}

    def page(self, conn: Connection, limit: int, cursor: str = "") -> edits.Page:
        """So many of them after the cursor.

        :raises Refused: when a kind or the date is none (400).
        :raises QueryError: when the cursor is none of ours.
        """
        if unknown := [kind for kind in self.kind if kind not in edits.KINDS]:
            raise Refused(400, "error.kind", given=unknown[0], allowed=", ".join(edits.KINDS))
        return edits.page(conn, limit, sites=self.site, kinds=self.kind, since=self._beginning(), cursor=cursor or None)

    def _beginning(self) -> datetime | None:
        if not self.since:
            return None
        one = filters.read("after", self.since)
        if not isinstance(one, Is) or not isinstance(one.value, Period):
            raise Refused(400, "error.date", given=self.since)
        return one.value.after


async def edit_params(
    site: Annotated[list[str], Parameter(default_factory=list, description="Ids of sites.")],
    kind: Annotated[list[KindName], Parameter(default_factory=list, description="Any of these.")],
    since: Annotated[str, Parameter(description="The first day, month or year (2026, 2026-01, 2026-01-31), UTC.")] = "",
) -> EditParams:
    """Which edits a request asks for; several values of one parameter mean any of them."""
    return EditParams(_kept(site), _kept(kind), since.strip())


Asked = Annotated[EditParams, Depends(edit_params)]


def _kept(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))[:MAX_FILTERS]


@router.get("/edits")
def edit_list(request: Request, archive: ArchiveOf, asked: Asked, cursor: str = "") -> Response:
    """What sites changed and removed, newest first."""
    with archive.read() as conn:
        page, waiting, names = asked.page(conn, SHOWN, cursor), edits.count_waiting(conn), queries.names(conn)
    return render(
        request,
        "edits.html",
        asked=asked,
        page=page,
        cursor=cursor,
        waiting=waiting,
        names=names,
        every_kind=edits.KINDS,
    )


@router.get("/edits.atom")
def edit_feed(request: Request, archive: ArchiveOf, asked: Asked) -> Response:
    """The same as an Atom feed, in the page's language, without what is yet to be compared: a reader shows an entry as
    it was first."""
    with archive.read() as conn:
        page, names = asked.page(conn, ENTRIES), queries.names(conn)
    told = [one for one in page.edits if one.kinds is not None]
    ui = ui_of(request)
    links = [address(ui, path, **asked.parameters()).lstrip("/") for path in ("/edits.atom", "/edits")]
    made = atom.edit_feed(told, names, base_of(request), links, ui.language)
    return xml(made, "application/atom+xml; charset=utf-8")
