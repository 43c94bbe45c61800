"""One crawl of some sites: what it fetches, and the outcome. The spider calls this instead of SQL.

No database work runs on the reactor: writes go through the archive's writer thread, one short transaction per page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import ArchiveError, Busy, LeaseLost
from crawler.fetch.block_detection import BlockDetector
from crawler.fetch.rendering.settings import find_browser
from crawler.processes.parse_pool import ParsePool
from crawler.session.facsimiles import Facsimiles
from crawler.session.host_records import HostRecords
from crawler.session.pages import Pages
from crawler.session.rejections import Rejections
from crawler.session.rendering_policy import RenderingPolicy
from crawler.session.revisit_dates import move_dates
from crawler.session.site_progress import RunProgress
from crawler.session.sources import Sources
from crawler.session.store import SessionStore
from crawler.site_config import Site
from index.archive import clock, dialect, leases, runs, site_state
from index.model.codes import RunCause, RunStatus
from index.model.message import Message

log = logging.getLogger("arshif.crawl")
COMPLETE_REASONS = ("finished", "closespider_timeout")  # Scrapy's close reasons for an end that nobody asked for
STATUSES = {  # a run's status, by Scrapy's close reason or the class of the error that ended it
    "finished": RunStatus.OK,
    "shutdown": RunStatus.STOPPED,
    "closespider_timeout": RunStatus.TIMED_OUT,
    "busy": RunStatus.BUSY,
    LeaseLost.__name__: RunStatus.LEASE_LOST,
    ArchiveError.__name__: RunStatus.ARCHIVE_ERROR,
}


class CrawlSession:
    """The parts of one crawl, wired together; it can store between `open` and `close`.

    `run` is the run's number in the archive, None to begin one; `since` also takes candidates older than those of a
    first visit; `on_error` is called when nothing can be stored any more.
    """

    progress_class = RunProgress

    def __init__(
        self,
        config: Config,
        workers: ParsePool,
        on_error: Callable[[ArchiveError], None],
        *,
        run: int | None = None,
        since: datetime | None = None,
    ) -> None:
        self.store = SessionStore(config, run, on_error)
        self.hosts = HostRecords(self.store)
        self.blocks = BlockDetector()
        self.progress = self.progress_class(self.store)
        self.rendering = RenderingPolicy(self.store, browser=find_browser(config.settings.browser.path) is not None)
        self.rejections = Rejections(self.store, self.progress, self.blocks, self.rendering)
        self.sources = Sources(self.store, self.progress, config.settings.schedule, since)
        self.pages = Pages(self.store, self.progress, self.rejections, self.rendering, workers, config.settings)
        self.facsimiles = Facsimiles(
            self.store, self.progress, workers, self.pages.blocks, config.settings, browser=self.rendering.browser
        )
        self.sites: tuple[Site, ...] = ()

    async def open(self, chosen: Iterable[Site]) -> None:
        """Open the archive and acquire the leases of these sites, without those that another crawl holds.

        :raises Busy: when another crawl holds all of them.
        :raises ArchiveError: when the archive cannot be used.
        """
        wanted = {site.id: site for site in chosen}
        held = await self.store.open(wanted)
        if wanted and not held:
            await self.close("busy", reached=True)
            raise Busy(f"another run is crawling {', '.join(wanted)}: wait for its end (`arshif runs`)")
        first_visit = self.sources.first_visit

        def mend(conn: Connection) -> datetime | None:
            return clock.mend(conn, dialect.of(conn).now(conn), first_visit)

        if (wrong := await self.store.write(mend)) is not None:
            log.warning("the clock was once at %s: what was recorded later than now counts as unknown", wrong)
        record = await self.store.read(lambda conn: runs.get(conn, self.store.run))
        self.sources.scheduled = record is not None and record.why == Message(RunCause.SCHEDULED)
        self.sites = tuple(wanted[site] for site in held)
        self.progress.begin(self.sites)
        for site in self.sites:
            await move_dates(self.store, site)

    async def close(self, reason: str, reached: bool) -> None:
        """Record the outcome for the sites that are left, release them, and end the run if this session began it.

        `reason` is Scrapy's close reason; `reached` is whether any host answered. Nothing is recorded for a site that
        had not answered when the crawl was stopped: whoever stopped it knows why.
        """
        now, run = datetime.now(UTC), self.store.run

        def end(conn: Connection) -> None:
            self._end_sites(conn, reason, reached, now)
            leases.release(conn, self.store.leases.values())
            if self.store.owns_run:
                runs.finish(conn, run, STATUSES.get(reason, RunStatus.FAILED), now)

        try:
            await self.store.write(end)
        finally:
            await self.store.close()

    def _end_sites(self, conn: Connection, reason: str, reached: bool, now: datetime) -> None:
        silent = RunStatus.FAILED if reached or self._known_to_fail(conn) else RunStatus.OFFLINE
        for progress in self.progress.sites.values():
            if progress.has_answered or reason in COMPLETE_REASONS:
                status = RunStatus.HOST_BUSY if progress.kept_out else silent
                status = RunStatus.OK if progress.has_answered else status
                progress.end(conn, self.store.run, status, now)
                if status != RunStatus.OFFLINE:
                    progress.save_sources(conn)

    def _known_to_fail(self, conn: Connection) -> bool:
        """Whether all these sites failed last time: then their silence says nothing about our network."""
        return all(site_state.state(conn, site).failures for site in self.progress.sites)
