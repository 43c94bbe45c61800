"""Pages that yield no article: the one place that records them, and what they say about their site."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
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
from index.archive import frontier, notices, warc_records
from index.archive.frontier import FrontierRow, Visit
from index.warc.record import Response

log = logging.getLogger("arshif.crawl")

Rejection = Literal["refused", "quarantined", "failed"]


def rejection(problem: PageProblem) -> Rejection:
    """What a page with this problem counts as.

    "refused"      not an article, and will not become one: recorded with its reason, not retried automatically
    "quarantined"  fetched but not parsable; retried, as our rules may be better by then
    "failed"       not fetched, or a block page; retried with back-off
    """
    if isinstance(problem, Unreadable):
        return "quarantined"
    return "refused" if isinstance(problem, Refused) and problem.reason not in TRANSIENT_REASONS else "failed"


class Rejections:
    """Records a crawl's pages that yield no article, and what every page says about its site: block pages, traps, and
    whether it needs a browser."""

    def __init__(
        self, store: SessionStore, progress: RunProgress, blocks: BlockDetector, rendering: RenderingPolicy
    ) -> None:
        self.store = store
        self.progress = progress
        self.blocks = blocks
        self.rendering = rendering

    def answered(self, site: Site, page: Page) -> None:
        """Record that a host answered a request with anything but a block page."""
        self.blocks.record_answer(site.id, page.final_url)

    async def accept(self, site: Site, row: FrontierRow, page: Page) -> None:
        """Record that a page yielded an article: its host does not block us, and URLs of its shape are not a trap."""
        self.answered(site, page)
        self.blocks.record_article(site.id, row.url)
        await self.rendering.record_result(site, page, article=True)

    async def reject(
        self,
        site: Site,
        row: FrontierRow,
        problem: PageProblem,
        page: Page | None = None,
        *,
        raw: Response | None = None,
        was_read: bool = False,
        not_before: datetime | None = None,
    ) -> None:
        """Record why a page yields no article, and when it is retried.

        `page` is None if there was no response. `raw` is its response, which is kept if the page has taken the place of
        its article. `was_read` says that the page was parsed, so that the result says
        something about its site. `not_before` is the time until which its host asked for no further requests.
        """
        log.info("%s: %s is not an article: %s", site.id, row.url, problem)
        kind = rejection(problem)
        if was_read and not isinstance(problem, Unreadable):
            self.progress.sites[site.id].counts[problem.reason] += 1
        if page is not None and (problem.reason in TRANSIENT_REASONS or page.status in BLOCK_STATUSES):
            self.blocks.record_block(site.id, page.final_url)
            self.progress.sites[site.id].counts["walls"] += 1
        elif page is not None and was_read and kind == "refused":
            self.answered(site, page)
            self.blocks.record_non_article(site.id, row.url)
            await self.rendering.record_result(site, page, article=False)

        now = datetime.now(UTC)
        visit = Visit(now, None, None) if page is None else Visit(page.fetched, None, page.status)
        retry_at = max(now + back_off(site.id, row.tries + 1), not_before or now)

        def write(conn: Connection) -> None:
            if kind == "refused":
                frontier.mark_refused(conn, site.id, row.url, problem.message, visit)
                if raw is None or row.article is None:
                    return
                known = frontier.row(conn, site.id, row.url)  # its article may have been merged into another meanwhile
                if known is not None and known.article is not None:
                    keep = partial(self._keep, conn, site, raw)
                    notices.keep(conn, known.article, raw.fetched, raw.url, "", keep)
            else:
                frontier.mark_failed(conn, site.id, row.url, problem.message, retry_at, now)

        await self.progress.settle(site.id, write, kind)

    def _keep(self, conn: Connection, site: Site, raw: Response) -> int:
        return warc_records.add(conn, site.id, self.store.warc.append(raw), raw.url, raw.fetched)
