"""What a crawl and a probe of sites share: the configuration, the workers, Scrapy's settings and the requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import stages
from crawler.config import load
from crawler.errors import PageProblem, Refused, SourceProblem
from crawler.fetch.politeness import MIN_DELAY_SECONDS
from crawler.fetch.rendering.settings import scrapy_settings
from crawler.models import Discovered, Page
from crawler.processes.parse_pool import ParsePool
from crawler.session.polls import Poll
from crawler.site_config import Site
from crawler.urls.canonical import canonical
from index.model.candidate import Candidate

SOURCES_FIRST = 10  # priority of a source's request over an article's: the newest of all sites come first


class SourceSpider(Spider):
    """Requests sources and pages of the `chosen` sites. Subclasses choose them, and take the responses and failures."""

    chosen: tuple[Site, ...]
    parse_source: Callable[..., Any]
    source_failed: Callable[..., Any]
    parse_article: Callable[..., Any]
    page_failed: Callable[..., Any]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = load()
        self.workers = ParsePool()
        self.workers.warm()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.finish, signals.spider_closed)
        spider.workers.ended = spider.ending_now
        needed = any(site.rendering == "browser" for site in spider.chosen)
        crawler.settings.setdict(scrapy_settings(spider.config.settings, needed=needed), priority="spider")
        delays = [(site.hosts, max(site.delay, MIN_DELAY_SECONDS)) for site in spider.chosen if site.delay is not None]
        slots = {host: {"delay": delay} for hosts, delay in delays for host in hosts}
        crawler.settings.set("DOWNLOAD_SLOTS", slots, priority="spider")
        unverified = [host for site in spider.chosen if not site.verify_tls for host in site.hosts]
        crawler.settings.set("UNVERIFIED_HOSTS", unverified, priority="spider")
        return spider

    def source_request(self, poll: Poll) -> Request:
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

    def page_request(self, site: Site, url: str, *, render: bool = False, **about: object) -> Request:
        """The request for a page; `render` whether or not the site is known to need it. `about` are further arguments
        of the callback."""
        return Request(
            url,
            self.parse_article,
            errback=self.page_failed,
            cb_kwargs={"site": site, **about},
            meta={
                "render": render or site.rendering == "browser",
                "download_maxsize": self.config.settings.politeness.page_max_bytes,
            },
            dont_filter=True,  # the frontier has each URL once
        )

    async def discover(self, poll: Poll, response: Response) -> Discovered:
        """The candidates of a source's document, read by a worker.

        :raises SourceProblem: it is no answer, or nothing that can be read came.
        :raises Unreadable: it could not be parsed by the deadline.
        :raises PoolClosed: the crawl is at its end.
        """
        if response.status != 200:
            raise SourceProblem(f"HTTP {response.status}", f"{response.url} answered {response.status}")
        return await self.workers.run(
            stages.discover, poll.site, poll.source, response.body, response.url, headers_of(response)
        )

    def ending_now(self) -> bool:
        """Whether the crawl was asked to end, and waits for what it is at."""
        slot = self.crawler.engine._slot if self.crawler.engine is not None else None
        return slot is not None and slot.closing is not None

    async def finish(self, reason: str) -> None:  # noqa: ARG002
        """Ends the workers."""
        self.workers.close()


def page_of(response: Response, candidate: Candidate) -> Page:
    """The page that came for a candidate."""
    url = canonical(response.url) or candidate.url
    request = response.request
    rendered = request is not None and bool(request.meta.get("playwright"))
    validators = request is not None and bool({b"If-None-Match", b"If-Modified-Since"} & request.headers.keys())
    return Page(
        url=url,
        final_url=response.url,
        body=response.body,
        fetched=datetime.now(UTC),
        status=response.status,
        headers=headers_of(response),
        candidate=candidate,
        rendered=rendered,
        asked=None if url == candidate.url else candidate.url,
        conditional=validators and not rendered,  # a browser sends none
    )


def headers_of(response: Response) -> dict[str, str]:
    """The headers of a response by their names in lower case; of several of one name, the last."""
    pairs = ((name, response.headers[name] or b"") for name in response.headers)
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}


def fetch_problem(failure: Failure) -> PageProblem:
    """Why a document or a page could not be fetched: a short word that is counted, and the sentence behind it."""
    told = str(failure.value)
    if isinstance(failure.value, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in told:
        return Refused("too large", told)
    if isinstance(failure.value, IgnoreRequest):
        return PageProblem(getattr(failure.value, "reason", "not allowed"), told)
    return PageProblem(type(failure.value).__name__, told)
