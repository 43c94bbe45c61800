"""One crawl of some sites: what it is to fetch, and what became of it. The spider calls it, never SQL.

Nothing here runs on the reactor: writes go through the archive's writer thread, one short transaction a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import ArchiveError, Busy, LeaseLost
from crawler.fetch.block_detection import BlockDetector
from crawler.fetch.rendering.settings import find_browser
from crawler.processes.parse_pool import ParsePool
from crawler.session.host_records import HostRecords
from crawler.session.pages import Pages
from crawler.session.rejections import Rejections
from crawler.session.rendering_policy import RenderingPolicy
from crawler.session.site_progress import RunProgress
from crawler.session.sources import Sources
from crawler.session.store import SessionStore
from crawler.site_config import Site
from index.archive import leases, runs, site_state
from index.model.codes import RunCause, RunStatus
from index.model.message import Message

COMPLETE_REASONS = ("finished", "closespider_timeout")  # Scrapy's reasons for an end that nobody asked for
STATUSES = {  # how a run went, by Scrapy's reason for its end or the class of the error that ended it
    "finished": RunStatus.OK,
    "shutdown": RunStatus.STOPPED,
    "closespider_timeout": RunStatus.TIMED_OUT,
    "busy": RunStatus.BUSY,
    LeaseLost.__name__: RunStatus.LEASE_LOST,
    ArchiveError.__name__: RunStatus.ARCHIVE_ERROR,
}


class CrawlSession:
    """The parts of one crawl, each with what it needs of the others. It stores between `open` and `close`.

    `run` is the archive's number of the run, None where nobody has begun one; `since` also takes candidates older than
    a first visit does; `on_error` is told when nothing can be stored any more.
    """

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
        self.progress = RunProgress(self.store)
        self.rendering = RenderingPolicy(self.store, browser=find_browser(config.settings.browser.path) is not None)
        self.rejections = Rejections(self.store, self.progress, self.blocks, self.rendering)
        self.sources = Sources(self.store, self.progress, config.settings.schedule, since)
        self.pages = Pages(self.store, self.progress, self.rejections, self.rendering, workers, config.settings)
        self.sites: tuple[Site, ...] = ()

    async def open(self, chosen: Iterable[Site]) -> None:
        """Opens the archive and takes the leases of these sites; those that another crawl holds are left to it.

        :raises Busy: another crawl holds all of them.
        :raises ArchiveError: the archive cannot be used.
        """
        wanted = {site.id: site for site in chosen}
        held = await self.store.open(wanted)
        if wanted and not held:
            await self.close("busy", reached=True)
            raise Busy(f"another run is crawling {', '.join(wanted)}: wait for its end (`arshif runs`)")
        record = await self.store.read(lambda conn: runs.get(conn, self.store.run))
        self.sources.scheduled = record is not None and record.why == Message(RunCause.SCHEDULED)
        self.sites = tuple(wanted[site] for site in held)
        self.progress.begin(self.sites)

    async def close(self, reason: str, reached: bool) -> None:
        """Writes how it went for the sites that are left, releases them, and ends the run if it is our own.

        `reason` is Scrapy's; `reached`: whether anything at all answered. Of a site that did not come to answer before
        the crawl was ended, nothing is said: who ended it knows why.
        """
        now, run = datetime.now(UTC), self.store.run

        def end(conn: Connection) -> None:
            silent = RunStatus.FAILED if reached or self._known_to_fail(conn) else RunStatus.OFFLINE
            for progress in self.progress.sites.values():
                if progress.has_answered or reason in COMPLETE_REASONS:
                    progress.end(conn, run, RunStatus.OK if progress.has_answered else silent, now)
                    if progress.has_answered or silent != RunStatus.OFFLINE:
                        progress.save_sources(conn)
            leases.release(conn, self.store.leases.values())
            if self.store.owns_run:
                runs.finish(conn, run, STATUSES.get(reason, RunStatus.FAILED), now)

        try:
            await self.store.write(end)
        finally:
            await self.store.close()

    def _known_to_fail(self, conn: Connection) -> bool:
        """Whether all these sites failed last time: then their silence says nothing of our network."""
        return all(site_state.state(conn, site).failures for site in self.progress.sites)
