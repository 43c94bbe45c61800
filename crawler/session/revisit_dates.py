"""Moving the dates of a site's next visits when its file gives other ages at which articles are looked at again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection

from crawler.scheduling.revisit import LADDER, next_look, stretched
from crawler.session.store import SessionStore
from crawler.site_config import Site
from index.archive import frontier, site_state
from index.archive.frontier import FrontierRow
from index.model.codes import PageState

log = logging.getLogger("arshif.crawl")

PIECE = 2_000  # pages of one transaction, which holds up every other writer


async def move_dates(store: SessionStore, site: Site) -> int:
    """Give the site's pages the dates that its ages ask for, if those are others than before; return how many moved.

    Only what depends on its age moves. A date that was set is set anew as of that fetch. A page that was not to be
    visited again is from now on, so that it is not fetched because of ages long past. If this is interrupted, the next
    run does it again.
    """
    ages = None if site.revisit is None else tuple(age.total_seconds() for age in site.revisit)
    state = await store.read(lambda conn: site_state.state(conn, site.id))
    if ages == state.revisit:
        return 0
    ladder = LADDER if site.revisit is None else site.revisit
    stretch, now = stretched(state.looked, state.changed), datetime.now(UTC)

    def due(row: FrontierRow) -> datetime | None:
        since = now if row.due is None or row.fetched is None else row.fetched
        return next_look(since, row.published_or_discovered, row.content_changed_at, ladder, stretch)

    def piece(conn: Connection, which: PageState, after: int) -> tuple[int, int]:
        pages = frontier.redatable(conn, site.id, which, now, after, PIECE)
        dates = {number: then for number, row in pages.items() if (then := due(row)) != row.due}
        frontier.set_due(conn, dates)
        return len(dates), max(pages, default=0)

    moved = 0
    for which in (PageState.STORED, PageState.GONE):
        n, last = await store.write(partial(piece, which=which, after=0), site.id)
        moved += n
        while last:
            n, last = await store.write(partial(piece, which=which, after=last), site.id)
            moved += n
    await store.write(lambda conn: site_state.put(conn, site.id, revisit=ages), site.id)
    log.info("%s: looks at its articles again at other ages: %d dates moved", site.id, moved)
    return moved
