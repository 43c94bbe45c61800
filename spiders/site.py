"""The spider of every crawl: it covers all sources of all chosen sites, so that each host has one queue and one delay.

It makes the requests that the session asks for, hands over the responses, and yields new and changed articles for
exporters. The session does the rest: `crawler/session/sources.py` and `pages.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, get_args

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.config import ids_in
from crawler.discover import alternates
from crawler.errors import ArchiveError, ArshifError, SourceProblem, Unreadable
from crawler.fetch.circuit_breaker import HostUnavailable, network_was_reached
from crawler.fetch.crawl_state import CrawlState
from crawler.fetch.host_budget import TrapSuspected
from crawler.fetch.politeness import HostTaken
from crawler.fetch.reasons import reason_of
from crawler.fetch.rendering.middleware import captured
from crawler.processes.parse_pool import PoolClosed
from crawler.scheduling.poll_interval import retry_after
from crawler.session.facsimiles import IMAGE_BYTES, FacsimilePlan
from crawler.session.pages import GoesOn, LeadsOn, Received
from crawler.session.polls import Poll
from crawler.session.session import CrawlSession
from crawler.site_config import Kind, Site
from crawler.text import as_utc
from index.archive.frontier import FrontierRow
from index.export.schema_org import schema_org_fields
from index.model.article import Article
from index.model.candidate import Candidate
from index.model.codes import FetchReason, ParseReason
from index.model.message import Message
from spiders.base import SourceSpider, fetch_problem, headers_of, page_of, raw_of

log = logging.getLogger("arshif.spider")

FURTHER_PAGES_FIRST = 5  # request priority of an article's next page over other articles
PICTURES_LAST = -10  # request priority of what articles look like: no article waits for it


@contextmanager
def said_once() -> Iterator[None]:
    """Let an error of the archive, of which `stop` has told, end the crawl without a traceback for each page."""
    try:
        yield
    except ArchiveError as error:
        raise CloseSpider(type(error).__name__) from None


def as_deep(response: Response) -> None:
    """Let what is requested for the sake of a page be as deep as that page: DEPTH_LIMIT is for ways to articles."""
    response.meta["depth"] = response.meta.get("depth", 0) - 1


class SiteSpider(SourceSpider):
    """Crawls sites as their YAML files describe them, into the archive.

    Arguments, all strings: `sites` (comma-separated ids; default: all enabled sites), `since` (ISO date or time, UTC if
    it has no zone: also takes candidates older than those of a first visit), `run` (the run's number in the archive).
    """

    name = "site"
    kinds: ClassVar[frozenset[Kind]] = frozenset(get_args(Kind))
    session_class: ClassVar[type[CrawlSession]] = CrawlSession

    def __init__(self, sites: str = "", since: str = "", run: str = "", **kwargs: Any) -> None:
        super().__init__(only=ids_in(sites) or None, **kwargs)
        self.chosen = self.config.choose(sites)
        self.session = self.session_class(
            self.config, self.workers, self.stop, run=int(run) if run else None, since=as_utc(since)
        )
        session = self.session
        self.crawl_state = CrawlState(session.hosts, session.blocks, session.rendering.needs_browser)
        self.ending: asyncio.Future[None] | None = None
        self.pending: Counter[str] = Counter()  # source documents still awaited, by site

    # --- 1 discover --------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Request]:
        try:
            await self.session.open(self.concerned())
        except ArshifError as error:
            self.stop(error)
            return
        for site in self.session.sites:
            polls = await self.polls(site)
            self.pending[site.id] = len(polls)  # before the first request: it may be answered before the second is sent
            for poll in polls:
                yield self.source_request(poll)
            if not polls:
                async for request in self.due_pages(site):
                    yield request

    def concerned(self) -> tuple[Site, ...]:
        """The chosen sites that have sources of this spider's kinds."""
        return tuple(site for site in self.chosen if any(source.kind in self.kinds for source in site.sources))

    async def polls(self, site: Site) -> list[Poll]:
        """The polls of a site's sources; if there are none, the pages due in its frontier are fetched at once."""
        return await self.session.sources.polls(site, self.kinds)

    async def parse_source(self, response: Response, poll: Poll) -> AsyncIterator[Request]:
        """Add the candidates of a feed, sitemap, section page or API to the frontier.

        Yields requests for its further documents and, once the site's last document has been processed, for the pages
        that are due.
        """
        with said_once():
            try:
                for further in await self._take_in(response, poll):
                    yield self._awaited(further)
            except (SourceProblem, Unreadable) as problem:
                for request in await self._fall_back(poll, problem.message):
                    yield request
            except PoolClosed:
                return  # nothing is learned of the source; it is polled again
            except ArshifError:
                raise
            except Exception as error:  # a bug of ours costs this source, not the site's others
                log.exception("%s: %s", poll.site.id, poll.url)
                for request in await self._fall_back(poll, Message(ParseReason.INTERNAL_ERROR, {"error": repr(error)})):
                    yield request
            async for request in self._answered(poll):
                yield request

    async def _take_in(self, response: Response, poll: Poll) -> list[Poll]:
        """Adds a source document's candidates to the frontier; returns polls of the further documents it leads to."""
        sources = self.session.sources
        if response.status == 304:
            await sources.unchanged(poll)
            return []
        if response.status != 200:
            sources.retry_later(poll, retry_after(headers_of(response), datetime.now(UTC)))
        elif sources.is_unchanged(poll, response.body):
            await sources.unchanged(poll, headers_of(response))
            return []
        found = await self.discover(poll, response)
        if poll.replaces:
            log.warning(
                "%s: %s does not work; using %s, which the home page names", poll.site.id, poll.replaces, poll.url
            )
        return await sources.discovered(poll, found, response.body, headers_of(response))

    def _awaited(self, poll: Poll) -> Request:
        """The request for a further source document, whose response the site's pages wait for too."""
        self.pending[poll.site.id] += 1
        return self.source_request(poll)

    async def _fall_back(self, poll: Poll, reason: Message) -> list[Request]:
        """Records the failure; returns a request for the home page, to find a feed in place of a dead one."""
        home = await self.session.sources.failed(poll, reason)
        return [] if home is None else [self._awaited(home).replace(callback=self.parse_home)]

    async def parse_home(self, response: Response, poll: Poll) -> AsyncIterator[Request]:
        """Yield requests for the feeds that a home page names, in place of the dead one."""
        with said_once():
            if response.status == 200:
                try:
                    feeds = await self.workers.run(alternates, response.body, response.url)
                except Unreadable as problem:  # the feed's own failure has been reported
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
        with said_once():
            poll: Poll = failure.request.cb_kwargs["poll"]  # type: ignore[attr-defined]
            if isinstance(failure.value, HostTaken):  # no fault of the source's, which stays due
                self.session.progress.defer(poll.site.id, reason_of(failure))
            else:
                for request in await self._fall_back(poll, reason_of(failure)):
                    yield request
            async for request in self._answered(poll):
                yield request

    async def _answered(self, poll: Poll) -> AsyncIterator[Request]:
        """Once the last source of a site has answered, yields requests for the pages that are due, newest first."""
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
        """The request for a page in the frontier, with the validators of its last visit if they are trusted."""
        request = self.page_request(site, row.url, render=render, row=row)
        request.meta["keep_raw"] = True
        if self.session.pages.is_conditional(site, row):
            request.meta.update(etag=row.etag, last_modified=row.last_modified)
        return request

    def follow(self, site: Site, row: FrontierRow, there: LeadsOn, hops: int) -> Request:
        """The request for the page to which a page of the frontier leads, as its redirect of that number."""
        request = self.page_request(site, there.url, row=row)
        request.meta.update(keep_raw=True, redirects=there.redirects, redirect_times=hops)
        return request

    def go_on(self, site: Site, row: FrontierRow, begun: GoesOn) -> Request:
        """The request for the next page of an article, before those of other articles: it is in memory meanwhile."""
        request = self.page_request(site, begun.url, render=begun.page.rendered, row=row, begun=begun)
        request.meta["keep_raw"] = True
        return request.replace(callback=self.parse_further, errback=self.further_failed, priority=FURTHER_PAGES_FIRST)

    # --- 3 to 6 extract, clean, identify, store ----------------------------------------------------------------------

    async def parse_article(
        self, response: Response, site: Site, row: FrontierRow
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """Store a page's article; yield it under schema.org's names if it is new or changed.

        A page that may need a browser is requested again, to be rendered; where a page only leads on, that is followed
        like a redirect, within the same bounds; and where its article goes on, the next page is requested.
        """
        with said_once():
            as_deep(response)
            meta = response.request.meta if response.request else {}
            received = Received(meta.get("raw"), tuple(meta.get("redirects", ())))
            hops = int(meta.get("redirect_times", 0))
            most = self.crawler.settings.getint("REDIRECT_MAX_TIMES")
            page = page_of(response, row.candidate)
            async with self.session.facsimiles.holding(site, row):
                came = await self.session.pages.process(site, row, page, received, may_lead=hops < most)
                if came == "render":
                    yield self.fetch(site, row, render=True)
                elif isinstance(came, LeadsOn):
                    yield self.follow(site, row, came, hops + 1)
                else:
                    async for one in self._given(site, row, came):
                        yield one

    async def parse_further(
        self, response: Response, site: Site, row: FrontierRow, begun: GoesOn
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """Go on with an article at its next page."""
        with said_once():
            as_deep(response)
            page = page_of(response, Candidate(begun.url))
            async with self.session.facsimiles.holding(site, row):
                came = await self.session.pages.go_on(site, row, begun, page, raw_of(response))
                async for one in self._given(site, row, came):
                    yield one

    async def further_failed(self, failure: Failure) -> AsyncIterator[dict[str, Any] | Request]:
        """Go on without the next page of an article, or wait for it."""
        with said_once():
            arguments = failure.request.cb_kwargs  # type: ignore[attr-defined]
            site, row, begun = arguments["site"], arguments["row"], arguments["begun"]
            if isinstance(failure.value, HostUnavailable):  # the article stays due
                self.session.progress.defer(site.id, fetch_problem(failure).message)
                return
            async with self.session.facsimiles.holding(site, row):
                came = await self.session.pages.go_on(site, row, begun, fetch_problem(failure))
                async for one in self._given(site, row, came):
                    yield one

    async def _given(
        self, site: Site, row: FrontierRow, came: Article | GoesOn | None
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """What a page gives: the request for its next page, or the fields of an article that is new or changed, and the
        first request for what it looks like."""
        if isinstance(came, GoesOn):
            yield self.go_on(site, row, came)
            return
        if came is not None:
            yield schema_org_fields(came)
        if (plan := await self.session.facsimiles.plan(site, row)) is not None:
            async for request in self._go_on_with(site, row, plan):
                yield request

    async def page_failed(self, failure: Failure) -> None:
        """Record that a page could not be fetched at all; it is retried later."""
        with said_once():
            arguments = failure.request.cb_kwargs  # type: ignore[attr-defined]
            site, row, problem = arguments["site"], arguments["row"], fetch_problem(failure)
            if isinstance(failure.value, HostUnavailable | TrapSuspected):  # it was not even requested
                self.session.progress.defer(site.id, problem.message)
            if not isinstance(failure.value, HostUnavailable):  # in which case the page stays due
                await self.session.rejections.reject(site, row, problem)

    # --- what it looks like ------------------------------------------------------------------------------------------

    async def _go_on_with(self, site: Site, row: FrontierRow, plan: FacsimilePlan) -> AsyncIterator[Request]:
        """The request for what a facsimile still lacks; none once it has all."""
        if plan.is_done:
            await self.session.facsimiles.end(site, plan)
            return
        about = {"site": site, "row": row, "plan": plan}
        meta: dict[str, Any] = {"dont_retry": True}
        if plan.images:
            url, headers = plan.images[0][1], {"Accept": "image/*"}
            meta |= {"download_maxsize": IMAGE_BYTES}
        else:
            url, headers = plan.url, None
            meta |= {"render": True, "facsimile": partial(self.session.facsimiles.first_image, plan)}
        yield Request(
            url, self.parse_part, errback=self.part_failed, cb_kwargs=about, meta=meta, headers=headers,
            priority=PICTURES_LAST, dont_filter=True,
        )  # fmt: skip

    async def parse_part(
        self, response: Response, site: Site, row: FrontierRow, plan: FacsimilePlan
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """Keep a part of a facsimile; go on with the next one."""
        with said_once():
            as_deep(response)
            try:
                await self._take_part(response, site, row, plan)
            except PoolClosed:
                return
            except ArshifError:
                raise
            except Exception as error:  # a bug of ours costs this facsimile, not the site
                log.exception("%s: what %s looks like", site.id, plan.url)
                self.session.facsimiles.give_up(plan, error)
            async for request in self._go_on_with(site, row, plan):
                yield request

    async def _take_part(self, response: Response, site: Site, row: FrontierRow, plan: FacsimilePlan) -> None:
        if plan.images:
            status = Message(FetchReason.HTTP_STATUS, {"status": response.status})
            problem = None if response.status == HTTPStatus.OK else status
            await self.session.facsimiles.take_image(site, plan, response.body, problem)
        else:
            assert response.request is not None
            page = page_of(response, row.candidate)
            await self.session.facsimiles.take_page(site, plan, page, captured(response.request))

    async def part_failed(self, failure: Failure) -> AsyncIterator[dict[str, Any] | Request]:
        """Go on without a part of a facsimile."""
        with said_once():
            arguments = failure.request.cb_kwargs  # type: ignore[attr-defined]
            site, row, plan = arguments["site"], arguments["row"], arguments["plan"]
            if plan.images:
                await self.session.facsimiles.take_image(site, plan, b"", reason_of(failure))
            else:
                self.session.facsimiles.no_page(plan, reason_of(failure))
            async for request in self._go_on_with(site, row, plan):
                yield request

    # --- the end -----------------------------------------------------------------------------------------------------

    def stop(self, error: ArshifError) -> None:
        """End the crawl because nothing can be stored; pages not stored yet stay in the frontier."""
        if self.ending is not None:
            return  # all that is under way meets the same error
        log.error("%s", error)
        assert self.crawler.engine is not None
        self.ending = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=type(error).__name__))

    async def finish(self, reason: str) -> None:
        """End the workers, record the run's end, and release the sites and the archive."""
        await super().finish(reason)
        if self.session.store.is_open:
            assert self.crawler.stats is not None
            await self.session.close(reason, network_was_reached(self.crawler.stats.get_stats()))
