"""One crawl's hold on the archive: what it is to ask, and what became of it. The spider calls it, never SQL.

Nothing here runs on the reactor: writes go through the archive's writer thread, one short transaction a page.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import ArchiveError, Busy, LeaseLost
from crawler.processes.parse_pool import ParsePool
from crawler.session.block_detection import BlockDetector
from crawler.session.pages import Pages
from crawler.session.rendering_policy import RenderingPolicy
from crawler.session.site_progress import AMOUNTS, SiteProgress
from crawler.session.sources import Sources
from crawler.site_config import Site
from crawler.storage import open_archive, raw_folder, raw_name
from index.archive import Archive, leases, runs, site_state
from index.model.codes import RunCause, RunDetail, RunStatus
from index.model.message import Message
from index.warc.store import WarcStore

log = logging.getLogger("arshif.crawl")
T = TypeVar("T")

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
    """An open archive with the leases of this crawl's sites; `open` makes one, `close` ends it."""

    def __init__(self, config: Config, archive: Archive, run: int, since: datetime | None, workers: ParsePool) -> None:
        self.config = config
        self.archive = archive
        self.run = run
        self.when_broken: Callable[[ArchiveError], None] = _nobody  # told when nothing can be stored any more
        self.scheduled = False  # whether it asks those sources only whose turn it is
        self.own = False  # whether it ends with us: nobody else records it
        self.since = since
        self.workers = workers
        self.raw = WarcStore(raw_folder(config), name=raw_name(run), file_bytes=config.settings.raw.file_bytes)
        self.sites: dict[str, Site] = {}
        self.leases: dict[str, leases.Lease] = {}
        self.accounts: dict[str, SiteProgress] = {}  # of the sites that are still crawled
        self.sources = Sources(self)
        self.pages = Pages(self)
        self.conduct = BlockDetector()
        self.rendering = RenderingPolicy(self)
        # A site's pages are read and stored one after the other: which of two addresses of an article is its own, and
        # what counts as repeated, then follows from the order of fetching alone, and not from who was quicker
        self.turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    async def open(
        cls, config: Config, chosen: Iterable[Site], run: int | None, since: datetime | None, workers: ParsePool
    ) -> CrawlSession:
        """Opens the archive and takes the leases of these sites; those that another crawl holds are left to it.

        :raises Busy: another crawl holds all of them.
        :raises ArchiveError: the archive cannot be used.
        """
        archive = await asyncio.to_thread(open_archive, config)
        wanted = {site.id: site for site in chosen}
        now = datetime.now(UTC)
        own = run is None
        if run is None:  # `scrapy crawl`, without a parent that records it
            run = await _done(archive.write(lambda conn: runs.start(conn, wanted, now, owner="scrapy crawl")))
        crawl = cls(config, archive, run, since, workers)
        crawl.own = own
        owner = f"run {run}"

        def take(conn: Connection) -> list[leases.Lease]:
            held = leases.acquire(conn, list(wanted), owner, now, os.getpid())
            for site in wanted.keys() - {lease.site for lease in held}:
                log.warning("%s: another run is crawling it; left to that one", site)
                runs.end_site(conn, run, site, RunStatus.BUSY, Message(RunDetail.BUSY))
            return held

        record = await crawl.read(lambda conn: runs.get(conn, crawl.run))
        crawl.scheduled = record is not None and record.why == Message(RunCause.SCHEDULED)
        crawl.leases = {lease.site: lease for lease in await crawl.write(take)}
        crawl.sites = {site: wanted[site] for site in wanted if site in crawl.leases}
        crawl.accounts = {site.id: SiteProgress(site) for site in crawl.sites.values()}
        if wanted and not crawl.leases:
            await crawl.close("busy", reached=True)
            raise Busy(f"another run is crawling {', '.join(wanted)}: wait for its end (`arshif runs`)")
        return crawl

    async def write(self, work: Callable[[Connection], T], site: str | None = None) -> T:
        """What `work` gives, in a transaction of its own that holds only while the site's lease does.

        :raises ArchiveError: it could not be written; `when_broken` has been told.
        """
        try:
            return await _done(self.archive.write(work, self.leases[site] if site else None))
        except ArchiveError as error:
            self.when_broken(error)
            raise

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, off the reactor's thread."""

        def reading() -> T:
            with self.archive.read() as conn:
                return work(conn)

        return await asyncio.to_thread(reading)

    # --- the end -----------------------------------------------------------------------------------------------------

    async def take(self, site: str, taken: int, due: int) -> None:
        """Notes how many of the site's pages are due, and how many of them this run takes."""
        account = self.accounts[site]
        await self.write(lambda conn: runs.add(conn, self.run, site, discovered=due, pending=due), site)
        account.counts.update(discovered=due, pending=due)
        account.taken = taken
        if account.complete or (not account.asked and not taken):
            await self._end(site)

    async def settle(self, site: str, work: Callable[[Connection], T], outcome: Callable[[T], str] | str) -> T:
        """What `work` gives, which writes what became of a page, in one transaction with its count; with the last page
        the site is free for another run."""

        def settling(conn: Connection) -> tuple[T, Mapping[str, int]]:
            result = work(conn)
            amounts = AMOUNTS[outcome if isinstance(outcome, str) else outcome(result)]
            runs.add(conn, self.run, site, **amounts)
            return result, amounts

        result, amounts = await self.write(settling, site)
        account = self.accounts[site]
        account.counts.update(amounts)
        account.settled += 1
        if account.complete:
            await self._end(site)
        return result

    async def _end(self, site: str) -> None:
        """A slow site holds up no other: each is let go of when its own pages are done."""
        account, now = self.accounts.pop(site), datetime.now(UTC)

        def end(conn: Connection) -> None:
            account.end(conn, self.run, RunStatus.OK, now)
            self.sources.end(conn, account.site)
            leases.release(conn, [self.leases[site]])

        await self.write(end, site)

    async def close(self, reason: str, reached: bool) -> None:
        """Writes how it went for the sites that are left, lets go of them, and ends the run if it is our own.

        `reached`: whether anything at all answered. Of a site that did not come to answer before the crawl was ended,
        nothing is said: who ended it knows why.
        """
        now = datetime.now(UTC)

        def end(conn: Connection) -> None:
            silent = RunStatus.FAILED if reached or self._known_to_fail(conn) else RunStatus.OFFLINE
            for account in self.accounts.values():
                if account.heard or reason in COMPLETE_REASONS:
                    account.end(conn, self.run, RunStatus.OK if account.heard else silent, now)
                    if account.heard or silent != RunStatus.OFFLINE:
                        self.sources.end(conn, account.site)
            leases.release(conn, self.leases.values())
            if self.own:
                runs.finish(conn, self.run, STATUSES.get(reason, RunStatus.FAILED), now)

        await self.write(end)
        self.raw.close()
        await asyncio.to_thread(self.archive.close)

    def _known_to_fail(self, conn: Connection) -> bool:
        """Whether all these sites failed last time: then their silence says nothing of our network."""
        return all(site_state.state(conn, site).failures for site in self.accounts)


def _nobody(error: ArchiveError) -> None:
    del error


async def _done(future: Future[T]) -> T:
    return await asyncio.wrap_future(future)
