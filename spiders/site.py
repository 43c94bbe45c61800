"""The one spider: all sources of all its sites, in one crawl, so that each host has one queue and one delay.

Steps 1 to 5 of the path (`crawler/stages.py`); the pipeline does the sixth.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal, Self, get_args

from pydantic import HttpUrl
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import stages
from crawler.boilerplate.repeated_blocks import NO_REPEATS, RepeatedBlocks
from crawler.config import load
from crawler.discover import alternates
from crawler.errors import ArshifError, PageProblem, Refused, SourceProblem, Unreadable
from crawler.extract.draft import Extraction
from crawler.fetch.circuit_breaker import HostUnavailable, network_was_reached
from crawler.fetch.host_budget import TrapSuspected
from crawler.fetch.politeness import MIN_DELAY_SECONDS
from crawler.fetch.reasons import reason_of
from crawler.fetch.rendering.settings import scrapy_settings
from crawler.items import ArticleItem, FetchTask
from crawler.models import Discovered, Page
from crawler.processes.parse_pool import ParsePool, PoolClosed
from crawler.scheduling.poll_interval import retry_after
from crawler.session.polls import Poll, first_polls
from crawler.session.session import CrawlSession
from crawler.site_config import Kind, Site, Source
from crawler.urls.canonical import canonical
from index.locale import FALLBACK, translate
from index.model.codes import FetchReason, ParseReason
from index.model.message import Message

log = logging.getLogger("arshif.spider")

SOURCES_FIRST = 10  # priority of a source's request over an article's: the newest of all sites come first


class SiteSpider(Spider):
    """Crawls sites as their YAML files describe them.

    Arguments, all strings: `sites` (ids with commas between; default: all enabled ones), `since` (ISO date or time, UTC
    if it has no zone: also takes candidates older than a first visit does), `run` (the archive's number of this run).
    """

    name = "site"
    kinds: ClassVar[frozenset[Kind]] = frozenset(get_args(Kind))

    def __init__(
        self, sites: str = "", since: str = "", run: str = "", url: str = "", check: str = "", **kwargs: Any
    ) -> None:
        self.repeats: RepeatedBlocks = kwargs.pop(
            "repeats", NO_REPEATS
        )  # of the site of `url`, which is read without an archive
        super().__init__(**kwargs)
        self.config = load()
        self.url = url
        self.check = bool(check)  # ask the sources only, without an archive
        self.answers: list[tuple[Poll, Discovered | Message]] = []  # what they gave, where there is no archive
        self.chosen = (self.config.site_of(url),) if url else self.config.choose(sites)
        self.problem: Message | None = None  # why the page of `url` gave no article
        self.refused: PageProblem | None = None  # the same, where it was read
        self.since = _aware(since)
        self.run = int(run) if run else None
        self.workers = ParsePool()
        self.workers.warm()
        self.crawl: CrawlSession | None = None  # opened by start(); shell, parse and check go without an archive
        self.polling: Counter[str] = Counter()  # answers of sources that are still awaited, by site

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.finish, signals.spider_closed)
        spider.workers.ended = spider.ending_now
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider.item_done, signal)
        needed = any(site.rendering == "browser" for site in spider.chosen)
        crawler.settings.setdict(scrapy_settings(spider.config.settings, needed=needed), priority="spider")
        delays = [(site.hosts, max(site.delay, MIN_DELAY_SECONDS)) for site in spider.chosen if site.delay is not None]
        slots = {host: {"delay": delay} for hosts, delay in delays for host in hosts}
        crawler.settings.set("DOWNLOAD_SLOTS", slots, priority="spider")
        unverified = [host for site in spider.chosen if not site.verify_tls for host in site.hosts]
        crawler.settings.set("UNVERIFIED_HOSTS", unverified, priority="spider")
        return spider

    # --- 1 discover --------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Request]:
        if self.url:
            yield self.fetch(self.chosen[0], FetchTask(self.url))
            return
        if self.check:
            for poll in first_polls(self.chosen, self.config.settings.schedule.first_visit_days):
                yield self.ask(poll)
            return
        try:
            self.crawl = await CrawlSession.open(self.config, self.concerned(), self.run, self.since, self.workers)
        except ArshifError as error:
            self.stop(error)
            return
        self.crawl.when_broken = self.stop
        for site in self.crawl.sites.values():
            polls = await self.polls(site)
            self.polling[site.id] = len(polls)  # before the first is asked: it may answer before the second is
            for poll in polls:
                yield self.ask(poll)
            if not polls:
                async for request in self.wanted(site):
                    yield request

    def concerned(self) -> tuple[Site, ...]:
        """The chosen sites that have sources of these kinds."""
        return tuple(site for site in self.chosen if any(source.kind in self.kinds for source in site.sources))

    async def polls(self, site: Site) -> list[Poll]:
        """What is asked of a site's sources; none: what is due of its frontier is fetched at once."""
        assert self.crawl is not None
        return await self.crawl.sources.polls(site, self.kinds)

    def ask(self, poll: Poll) -> Request:
        """The request for a source's document."""
        return Request(
            poll.url,
            self.parse_source,
            errback=self.source_failed,
            cb_kwargs={"poll": poll},
            meta={"etag": poll.etag, "last_modified": poll.last_modified},
            priority=SOURCES_FIRST,
            dont_filter=True,
        )

    async def parse_source(self, response: Response, poll: Poll | None = None) -> AsyncIterator[Request]:
        """Candidates of a feed, sitemap, section page or API.

        @url http://stepagency-sy.net/feed/
        @returns requests 1
        """
        poll = poll or self._poll_for(response)
        try:
            async for request in self._discover(response, poll):
                yield request
        except (SourceProblem, Unreadable) as problem:
            for further in await self._fall_back(poll, problem.message):
                yield further
        except PoolClosed:
            return  # nothing is known of it; it is asked again
        except ArshifError:
            raise
        except Exception as error:  # a fault of ours costs this source, and not the site's others
            log.exception("%s: %s", poll.site.id, poll.url)
            reason = Message(ParseReason.INTERNAL_ERROR, {"error": repr(error)})
            for further in await self._fall_back(poll, reason):
                yield further
        async for request in self._answered(poll):
            yield request

    async def _discover(self, response: Response, poll: Poll) -> AsyncIterator[Request]:
        if response.status == 304 and self.crawl is not None:
            await self.crawl.sources.unchanged(poll)
            return
        if response.status != 200:
            if self.crawl is not None:
                self.crawl.sources.retry_later(poll, retry_after(_headers(response), datetime.now(UTC)))
            raise SourceProblem(FetchReason.HTTP_STATUS, status=response.status, url=response.url)
        if self.crawl is not None and self.crawl.sources.is_unchanged(poll, response.body):
            await self.crawl.sources.unchanged(poll, sent=True)
            return
        found = await self.workers.run(
            stages.discover, poll.site, poll.source, response.body, response.url, _headers(response)
        )
        if poll.replaces:
            log.warning(
                "%s: %s does not work; using %s, which its home page names", poll.site.id, poll.replaces, poll.url
            )
        if self.crawl is None:
            self.answers.append((poll, found))
            for candidate in () if self.check else found.candidates:
                yield self.fetch(poll.site, FetchTask(candidate.url, candidate))
            return
        for further in await self.crawl.sources.discovered(poll, found, response.body, _headers(response)):
            self.polling[poll.site.id] += 1
            yield self.ask(further)

    async def _fall_back(self, poll: Poll, reason: Message) -> list[Request]:
        """The home page, asked for a feed in place of a dead one; the failure is noted in the site's state."""
        if self.crawl is None:
            self.answers.append((poll, reason))
            return []
        home = await self.crawl.sources.failed(poll, reason)
        if home is None:
            return []
        self.polling[poll.site.id] += 1
        request = self.ask(home)
        return [request.replace(callback=self.parse_home)]

    async def parse_home(self, response: Response, poll: Poll) -> AsyncIterator[Request]:
        """The feeds that a home page names, asked in place of the dead one."""
        if response.status == 200 and self.crawl is not None:
            try:
                feeds = await self.workers.run(alternates, response.body, response.url)
            except Unreadable as problem:  # what is wrong with the feed itself was told
                log.info("%s: %s: %s", poll.site.id, poll.url, problem)
                feeds = []
            except PoolClosed:
                return
            for feed in feeds:
                if feed != poll.replaces:
                    self.polling[poll.site.id] += 1
                    yield self.ask(poll.alternate(feed))
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
        if self.crawl is None:
            return
        self.polling[poll.site.id] -= 1
        if not self.polling[poll.site.id]:
            async for request in self.wanted(poll.site):
                yield request

    async def wanted(self, site: Site) -> AsyncIterator[Request]:
        """Requests for the candidates of a site that are due."""
        assert self.crawl is not None
        for wanted in await self.crawl.pages.due_tasks(site):
            yield self.fetch(site, wanted)

    # --- 2 fetch -----------------------------------------------------------------------------------------------------

    def fetch(self, site: Site, wanted: FetchTask, *, render: bool = False) -> Request:
        """The request for a candidate's page; `render` whether or not the site is known to need it."""
        return Request(
            wanted.url,
            self.parse_article,
            errback=self.page_failed,
            cb_kwargs={"site": site, "wanted": wanted},
            meta={
                "etag": None if wanted.unconditional else wanted.etag,
                "last_modified": None if wanted.unconditional else wanted.last_modified,
                "render": render or site.rendering == "browser",
                "keep_raw": True,
                "download_maxsize": self.config.settings.politeness.page_max_bytes,
            },
            dont_filter=True,  # the frontier has each URL once
        )

    # --- 3 to 5 extract, clean, identify -----------------------------------------------------------------------------

    async def parse_article(
        self, response: Response, site: Site | None = None, wanted: FetchTask | None = None
    ) -> AsyncIterator[ArticleItem | Request]:
        """An article's fields.

        @url http://stepagency-sy.net/?p=1040
        @returns items 1 1
        @scrapes headline articleBody url
        """
        site = site or self._site_of(response)
        wanted = wanted or FetchTask(response.request.url if response.request else response.url)
        url = canonical(response.url) or wanted.url
        page = Page(
            url=url,
            final_url=response.url,
            body=response.body,
            fetched=datetime.now(UTC),
            status=response.status,
            headers=_headers(response),
            candidate=wanted.candidate,
            rendered=bool(response.meta.get("playwright")) if response.request else False,
            asked=None if url == wanted.url else wanted.url,
        )
        if self.crawl is not None and await self.crawl.pages.settle_response(site, wanted, page):
            return
        with ExitStack() as turn:
            if self.crawl is not None:
                await self.crawl.turns[site.id].acquire()
                turn.callback(self.crawl.turns[site.id].release)
            extraction = await self._read(page, site, wanted)
            if extraction is None:
                return
            if extraction == "render":
                yield self.fetch(site, wanted, render=True)
                return
            turn.pop_all()  # it ends when the article is stored
        raw = response.request.meta.get("raw") if response.request else None
        yield ArticleItem(extraction, page, site, wanted, raw)

    async def _read(self, page: Page, site: Site, wanted: FetchTask) -> Extraction | Literal["render"] | None:
        """What a page says; None where it is no article, "render" where a browser may make it one."""
        repeats = await self.crawl.pages.repeats(site, wanted.article) if self.crawl is not None else self.repeats
        try:
            return await self.workers.run(stages.article, page, site, repeats)
        except (Refused, Unreadable) as problem:
            if self.crawl is not None and await self.crawl.rendering.should_render(site, page, problem.reason):
                return "render"
            log.info("%s: %s is no article: %s", site.id, wanted.url, problem)
            self.problem, self.refused = problem.message, problem
            if self.crawl is not None:
                await self.crawl.pages.reject(site, wanted, page, problem)
            return None
        except PoolClosed:
            if self.crawl is not None:
                self.crawl.pages.defer(site, Message(FetchReason.CRAWL_ENDED))
            return None
        except ArshifError:
            raise
        except Exception as error:  # a fault of ours costs this page, and not the site's others
            log.exception("%s: %s", site.id, wanted.url)
            self.problem = Message(ParseReason.INTERNAL_ERROR, {"error": repr(error)})
            if self.crawl is not None:
                await self.crawl.pages.quarantine(site, wanted, self.problem)
            return None

    def item_done(self, item: object) -> None:
        """An article was stored, dropped, or failed to be: the site's next page is read."""
        if self.crawl is not None and isinstance(item, ArticleItem):
            self.crawl.turns[item.site.id].release()

    async def page_failed(self, failure: Failure) -> None:
        """A page that could not be fetched at all: it is tried again later."""
        request: Request = failure.request  # type: ignore[attr-defined]
        site, wanted = request.cb_kwargs["site"], request.cb_kwargs["wanted"]
        self.problem = reason = reason_of(failure)
        log.info("%s: %s: %s", site.id, wanted.url, translate(reason, FALLBACK))
        if self.crawl is None:
            return
        if isinstance(failure.value, HostUnavailable | TrapSuspected):  # it was not even asked for
            self.crawl.pages.defer(site, reason)
        if isinstance(failure.value, HostUnavailable):
            return  # it stays due
        if reason.code == FetchReason.TOO_LARGE:
            await self.crawl.pages.reject_oversized(site, wanted, reason)
        else:
            await self.crawl.pages.record_failure(site, wanted, reason)

    # --- Scrapy's own commands, which come with an address only ------------------------------------------------------

    def _site_of(self, response: Response) -> Site:
        return self.config.site_of(response.url)

    def _poll_for(self, response: Response) -> Poll:
        site = self._site_of(response)
        return Poll.of(site, Source(kind="feed", url=HttpUrl(response.url)))

    def stop(self, error: ArshifError) -> None:
        """Ends the crawl because nothing can be stored; what is not stored yet stays in the frontier."""
        log.error("%s", error)
        assert self.crawler.engine is not None
        self.ending = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=type(error).__name__))

    def ending_now(self) -> bool:
        """Whether the crawl was asked to end, and waits for what it is at."""
        slot = self.crawler.engine._slot if self.crawler.engine is not None else None
        return slot is not None and slot.closing is not None

    async def finish(self, reason: str) -> None:
        """Writes the run's end, and lets go of sites, archive and workers."""
        self.workers.close()
        if self.crawl is not None:
            assert self.crawler.stats is not None
            await self.crawl.close(reason, network_was_reached(self.crawler.stats.get_stats()))


def _headers(response: Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): (value or b"").decode("latin-1") for name, value in _pairs(response)}


def _pairs(response: Response) -> list[tuple[bytes, bytes | None]]:
    return [(name, response.headers[name]) for name in response.headers]


def _aware(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
