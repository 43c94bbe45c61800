"""Pages that give no article: the one place where such a page is written down, and what its site learns from it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection

from crawler.errors import PageProblem, Refused, Unreadable
from crawler.extract.page_classifier import TRANSIENT_REASONS
from crawler.fetch.block_detection import BLOCK_STATUSES, BlockDetector
from crawler.models import Page
from crawler.scheduling.poll_interval import back_off
from crawler.session.rendering_policy import RenderingPolicy
from crawler.session.site_progress import RunProgress
from crawler.session.store import SessionStore
from crawler.site_config import Site
from index.archive import frontier
from index.archive.frontier import FrontierRow, Visit

log = logging.getLogger("arshif.crawl")

Rejection = Literal["refused", "quarantined", "failed"]


def rejection(problem: PageProblem) -> Rejection:
    """What a page with this problem counts as.

    "refused"      it is no article and will not become one: kept with its reason, not fetched again by itself
    "quarantined"  it came, and nothing could be made of it; tried again, as our rules may be better then
    "failed"       it could not be fetched, or a wall stood before it; tried again, later each time
    """
    if isinstance(problem, Unreadable):
        return "quarantined"
    return "refused" if isinstance(problem, Refused) and problem.reason not in TRANSIENT_REASONS else "failed"


class Rejections:
    """Writes down the pages of a crawl that give no article, and notes what each page tells of its site: walls, traps,
    and whether it needs a browser."""

    def __init__(
        self, store: SessionStore, progress: RunProgress, blocks: BlockDetector, rendering: RenderingPolicy
    ) -> None:
        self.store = store
        self.progress = progress
        self.blocks = blocks
        self.rendering = rendering

    async def accept(self, site: Site, row: FrontierRow, page: Page) -> None:
        """A page gave an article: no wall stands before its host, and addresses like its own are no trap."""
        self.blocks.record_article(site.id, row.url)
        await self.rendering.record_result(site, page, article=True)

    async def reject(
        self,
        site: Site,
        row: FrontierRow,
        problem: PageProblem,
        page: Page | None = None,
        *,
        was_read: bool = False,
        not_before: datetime | None = None,
    ) -> None:
        """Writes down why a page gives no article, and when it is fetched again.

        `page` is what came, None where nothing did. `was_read`: its text was looked at, so that it tells something of
        its site. `not_before` is how long its host asked to be left alone.
        """
        log.info("%s: %s is no article: %s", site.id, row.url, problem)
        kind = rejection(problem)
        if was_read and not isinstance(problem, Unreadable):
            self.progress.sites[site.id].counts[f"no article: {problem.reason}"] += 1
        if page is not None and (problem.reason in TRANSIENT_REASONS or page.status in BLOCK_STATUSES):
            self.blocks.record_block(page.final_url)
            self.progress.sites[site.id].counts["walls"] += 1
        elif page is not None and was_read and kind == "refused":
            self.blocks.record_non_article(site.id, row.url)
            await self.rendering.record_result(site, page, article=False)

        now = datetime.now(UTC)
        visit = Visit(page.fetched, None, page.status) if page is not None else Visit(now)
        retry_at = max(now + back_off(site.id, row.tries + 1), not_before or now)

        def write(conn: Connection) -> None:
            if kind == "refused":
                frontier.mark_refused(conn, site.id, row.url, problem.reason, problem.detail, visit)
            else:
                frontier.mark_failed(conn, site.id, row.url, problem.reason, retry_at, now, problem.detail)

        await self.progress.settle(site.id, write, kind)
