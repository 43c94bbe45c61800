"""The spider of every crawl: all sources of all its sites, so that each host has one queue and one delay.

It fetches what the session names, hands over what came, and yields what is news for exporters. The session does the
rest of the path: `crawler/session/sources.py` and `pages.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, ClassVar, get_args

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.discover import alternates
from crawler.errors import ArshifError, SourceProblem, Unreadable
from crawler.fetch.circuit_breaker import HostUnavailable, network_was_reached
from crawler.fetch.crawl_state import CrawlState
from crawler.fetch.host_budget import TrapSuspected
from crawler.fetch.reasons import reason_of
from crawler.processes.parse_pool import PoolClosed
from crawler.scheduling.poll_interval import retry_after
from crawler.session.polls import Poll
from crawler.session.session import CrawlSession
from crawler.site_config import Kind, Site
from index.archive.frontier import FrontierRow
from index.export.schema_org import schema_org_fields
from index.model.codes import ParseReason
from index.model.message import Message
from spiders.base import SourceSpider, fetch_problem, headers_of, page_of

log = logging.getLogger("arshif.spider")


class SiteSpider(SourceSpider):
    """Crawls sites as their YAML files describe them, into the archive.

    Arguments, all strings: `sites` (ids with commas between; default: all enabled ones), `since` (ISO date or time, UTC
    if it has no zone: also takes candidates older than a first visit does), `run` (the archive's number of this run).
    """

    name = "site"
    kinds: ClassVar[frozenset[Kind]] = frozenset(get_args(Kind))

    def __init__(self, sites: str = "", since: str = "", run: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chosen = self.config.choose(sites)
        self.session = CrawlSession(
            self.config, self.workers, self.stop, run=int(run) if run else None, since=_aware(since)
        )
        session = self.session
        self.crawl_state = CrawlState(session.hosts, session.blocks, session.rendering.needs_browser)
        self.pending: Counter[str] = Counter()  # documents of sources that are still awaited, by site

    # --- 1 discover --------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Request]:
        try:
            await self.session.open(self.concerned())
        except ArshifError as error:
            self.stop(error)
            return
        for site in self.session.sites:
            polls = await self.polls(site)
            self.pending[site.id] = len(polls)  # before the first is asked: it may answer before the second is
            for poll in polls:
                yield self.source_request(poll)
            if not polls:
                async for request in self.due_pages(site):
                    yield request

    def concerned(self) -> tuple[Site, ...]:
        """The chosen sites that have sources of these kinds."""
        return tuple(site for site in self.chosen if any(source.kind in self.kinds for source in site.sources))

    async def polls(self, site: Site) -> list[Poll]:
        """What is asked of a site's sources; none: what is due of its frontier is fetched at once."""
        return await self.session.sources.polls(site, self.kinds)

    async def parse_source(self, response: Response, poll: Poll) -> AsyncIterator[Request]:
        """Candidates of a feed, sitemap, section page or API go to the frontier; its further documents are requested,
        and with the last one of the site, the pages that are due."""
        try:
            for further in await self._take_in(response, poll):
                yield self._awaited(further)
        except (SourceProblem, Unreadable) as problem:
            for request in await self._fall_back(poll, problem.message):
                yield request
        except PoolClosed:
            return  # nothing is known of it; it is asked again
        except ArshifError:
            raise
        except Exception as error:  # a fault of ours costs this source, and not the site's others
            log.exception("%s: %s", poll.site.id, poll.url)
            for request in await self._fall_back(poll, Message(ParseReason.INTERNAL_ERROR, {"error": repr(error)})):
                yield request
        async for request in self._answered(poll):
            yield request

    async def _take_in(self, response: Response, poll: Poll) -> list[Poll]:
        """Brings a source's document into the frontier; gives the further documents that it leads to."""
        sources = self.session.sources
        if response.status == 304:
            await sources.unchanged(poll)
            return []
        if response.status != 200:
            sources.retry_later(poll, retry_after(headers_of(response), datetime.now(UTC)))
        elif sources.is_unchanged(poll, response.body):
            await sources.unchanged(poll, sent=True)
            return []
        found = await self.discover(poll, response)
        if poll.replaces:
            log.warning(
                "%s: %s does not work; using %s, which its home page names", poll.site.id, poll.replaces, poll.url
            )
        return await sources.discovered(poll, found, response.body, headers_of(response))

    def _awaited(self, poll: Poll) -> Request:
        """A further request for a source's document: the site's pages wait for its answer too."""
        self.pending[poll.site.id] += 1
        return self.source_request(poll)

    async def _fall_back(self, poll: Poll, reason: Message) -> list[Request]:
        """The home page, asked for a feed in place of a dead one; the failure is kept in the site's state."""
        home = await self.session.sources.failed(poll, reason)
        return [] if home is None else [self._awaited(home).replace(callback=self.parse_home)]

    async def parse_home(self, response: Response, poll: Poll) -> AsyncIterator[Request]:
        """The feeds that a home page names, asked in place of the dead one."""
        if response.status == 200:
            try:
                feeds = await self.workers.run(alternates, response.body, response.url)
            except Unreadable as problem:  # what is wrong with the feed itself was told
                log.info("%s: %s: %s", poll.site.id, poll.url, problem)
                feeds = []
            except PoolClosed:
                return
            for feed in feeds:
                if feed != poll.replaces:
                    yield self._awaited(poll.alternate(feed))
        async for request in self._answered(poll):
            yield request

    async def source_failed(self, failure: Failure) -> AsyncIterator[Request]:
        poll: Poll = failure.request.cb_kwargs["poll"]  # type: ignore[attr-defined]
        for request in await self._fall_back(poll, reason_of(failure)):
            yield request
        async for request in self._answered(poll):
            yield request

    async def _answered(self, poll: Poll) -> AsyncIterator[Request]:
        """When the last source of a site has answered, what is due of its frontier is fetched, the newest first."""
        self.pending[poll.site.id] -= 1
        if not self.pending[poll.site.id]:
            async for request in self.due_pages(poll.site):
                yield request

    # --- 2 fetch -----------------------------------------------------------------------------------------------------

    async def due_pages(self, site: Site) -> AsyncIterator[Request]:
        """Requests for the site's pages that are due."""
        for row in await self.session.pages.due_tasks(site):
            yield self.fetch(site, row)

    def fetch(self, site: Site, row: FrontierRow, *, render: bool = False) -> Request:
        """The request for a page of the frontier, with the validators of its last visit where they are believed."""
        request = self.page_request(site, row.url, render=render, row=row)
        request.meta["keep_raw"] = True
        if self.session.pages.is_conditional(site, row):
            request.meta.update(etag=row.etag, last_modified=row.last_modified)
        return request

    # --- 3 to 6 extract, clean, identify, store ----------------------------------------------------------------------

    async def parse_article(
        self, response: Response, site: Site, row: FrontierRow
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """The article of a page with schema.org's names, once it is stored, where it is new or changed."""
        raw = response.request.meta.get("raw") if response.request else None
        came = await self.session.pages.process(site, row, page_of(response, row.candidate), raw)
        if came == "render":
            yield self.fetch(site, row, render=True)
        elif came is not None:
            yield schema_org_fields(came)

    async def page_failed(self, failure: Failure) -> None:
        """A page that could not be fetched at all: it is tried again later."""
        arguments = failure.request.cb_kwargs  # type: ignore[attr-defined]
        site, row, problem = arguments["site"], arguments["row"], fetch_problem(failure)
        if isinstance(failure.value, HostUnavailable | TrapSuspected):  # it was not even asked for
            self.session.progress.defer(site.id, problem.message)
        if not isinstance(failure.value, HostUnavailable):  # of which the page stays due
            await self.session.rejections.reject(site, row, problem)

    # --- the end -----------------------------------------------------------------------------------------------------

    def stop(self, error: ArshifError) -> None:
        """Ends the crawl because nothing can be stored; what is not stored yet stays in the frontier."""
        log.error("%s", error)
        assert self.crawler.engine is not None
        self.ending = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=type(error).__name__))

    async def finish(self, reason: str) -> None:
        """Ends the workers, writes the run's end, and lets go of sites and archive."""
        await super().finish(reason)
        if self.session.store.is_open:
            assert self.crawler.stats is not None
            await self.session.close(reason, network_was_reached(self.crawler.stats.get_stats()))


def _aware(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
