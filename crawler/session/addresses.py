"""A crawl of single addresses that people asked for, instead of what is due: the same path for each page, and what came
of it recorded with the request.

It is no crawl of their sites: it counts nothing for them, and moves neither their schedule nor their health.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection

from crawler.session.session import CrawlSession
from crawler.session.site_progress import RunProgress
from crawler.site_config import Site
from index.archive import documents, erasure, frontier, leases, requests
from index.archive.frontier import FrontierRow
from index.model.codes import FetchOutcome, FetchReason, PageReason, RunDetail
from index.model.message import Message

T = TypeVar("T")


class AddressProgress(RunProgress):
    """The progress of a run that counts nothing for its sites; each is released once its addresses are done."""

    def expect(self, site: str, pages: int) -> None:
        """Set the number of the site's pages that are to be fetched."""
        self.sites[site].taken = pages

    async def settle(self, site: str, work: Callable[[Connection], T], outcome: Callable[[T], str] | str) -> T:  # noqa: ARG002
        """Run `work`, which records a page's outcome; return its result."""
        return await self.store.write(work, site)

    def hold(self, site: str) -> None:
        """Nothing to do: an address is done once its article is pictured."""

    async def let_go(self, site: str) -> None:
        """Nothing to do, as for `hold`."""

    async def one_done(self, site: str) -> None:
        """Note that one of the site's addresses is done."""
        progress = self.sites[site]
        progress.settled += 1
        if progress.taken is not None and progress.settled >= progress.taken:
            lease = self.store.leases[site]
            await self.store.write(lambda conn: leases.release(conn, [lease]), site)


class AddressSession(CrawlSession):
    """One crawl of the addresses that its run has claimed."""

    progress: AddressProgress
    progress_class = AddressProgress

    async def open_for(self, sites: tuple[Site, ...]) -> dict[str, list[str]]:
        """Open the archive and acquire the leases of these sites, as `open` does; return the addresses to fetch, by
        site. The requests for sites whose crawl has begun since they were claimed wait again."""
        self.store.counts_sites = False
        await self.open(sites)
        if busy := {site.id for site in sites} - {site.id for site in self.sites}:
            run, now = self.store.run, datetime.now(UTC)
            await self.store.write(lambda conn: requests.let_go(conn, run, now, Message(RunDetail.BUSY), busy))
        asked = await self.store.read(lambda conn: requests.of_run(conn, self.store.run))
        self.requests: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self.last: dict[tuple[str, str], list[frontier.Fetch]] = {}  # of each address, before this one
        for one in asked:
            self.requests[one.site, one.url].append(one.id)
            if one.facsimile:
                self.facsimiles.asked.add((one.site, one.url))
        found = {site.id: [url for of, url in self.requests if of == site.id] for site in self.sites}
        for site, urls in found.items():
            self.progress.expect(site, len(urls))
        return found

    async def row(self, site: Site, url: str) -> FrontierRow | None:
        """The frontier's row of an address to fetch; None if it was erased on request, and so is done."""

        def take(conn: Connection) -> FrontierRow | None:
            if erasure.among(conn, site.id, [url]):
                return None
            row = frontier.requested(conn, site.id, url, datetime.now(UTC))
            self.last[site.id, url] = frontier.fetches_of(conn, site.id, url)[-1:]
            return row

        row = await self.store.write(take, site.id)
        if row is None:
            await self.settle(site, url, Message(PageReason.FORGOTTEN))
        return row

    async def settle(self, site: Site, url: str, outcome: Message | None = None) -> None:
        """Record what came of an address: this, or else what its last fetch did. If it was not fetched after all,
        because the crawl is ending, its requests stay as they are."""

        def end(conn: Connection) -> None:
            now, row = datetime.now(UTC), frontier.row(conn, site.id, url)
            last = frontier.fetches_of(conn, site.id, url)[-1:]
            came = outcome or next((fetch.outcome for fetch in last if last != self.last[site.id, url]), None)
            document = documents.document(conn, row.article) if row is not None and row.article else None
            article, number = (document.article.id, document.number) if document else (None, None)
            if came is not None and came.code == FetchOutcome.GONE and document is None:
                came = Message(FetchReason.HTTP_STATUS, {"status": row.status if row else None})
            if came is not None:
                requests.settle(conn, self.requests[site.id, url], came, now, article, number)

        await self.store.write(end, site.id)
        await self.progress.one_done(site.id)

    def _end_sites(self, conn: Connection, reason: str, reached: bool, now: datetime) -> None:  # noqa: ARG002
        """Nothing is recorded for the sites; what waited in vain for another machine at a host waits on."""
        for site, progress in self.progress.sites.items():
            if progress.kept_out is not None:
                requests.let_go(conn, self.store.run, now, progress.kept_out, {site})
