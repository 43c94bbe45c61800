"""What the crawling and the probing spiders share: configuration, parse workers, Scrapy's settings and requests."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import stages
from crawler.config import Config, load
from crawler.errors import PageProblem, Refused, SourceProblem
from crawler.fetch.politeness import MIN_DELAY_SECONDS
from crawler.fetch.reasons import reason_of
from crawler.fetch.rendering.settings import scrapy_settings
from crawler.models import Discovered, Page
from crawler.processes.parse_pool import ParsePool
from crawler.session.polls import Poll
from crawler.site_config import Site
from crawler.urls.canonical import canonical
from index.model.candidate import Candidate
from index.model.codes import FetchReason
from index.warc.record import Response as RawResponse

VALIDATORS = ("etag", "last-modified")
MAX_VALIDATOR = 500  # characters
SOURCES_FIRST = 10  # request priority of sources over articles, so that all sites' newest articles come first


class SourceSpider(Spider):
    """Requests sources and pages of the `chosen` sites; subclasses choose them and handle responses and failures.

    It knows the sites of a `config` that was read already; else all that are configured, or `only` those of these ids.
    """

    chosen: tuple[Site, ...]
    parse_source: Callable[..., Any]
    source_failed: Callable[..., Any]
    parse_article: Callable[..., Any]
    page_failed: Callable[..., Any]

    def __init__(self, only: Collection[str] | None = None, config: Config | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config or load(only=only)
        self.workers = ParsePool()
        self.workers.warm()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.finish, signals.spider_closed)
        spider.workers.ended = spider.ending_now
        if crawler.settings.frozen:  # Scrapy's shell makes its spider last; ours needs no settings there
            return spider
        needed = any(site.rendering == "browser" for site in spider.chosen)
        crawler.settings.setdict(scrapy_settings(spider.config.settings, needed=needed), priority="spider")
        delays = [(site.hosts, max(site.delay, MIN_DELAY_SECONDS)) for site in spider.chosen if site.delay is not None]
        slots = {host: {"delay": delay} for hosts, delay in delays for host in hosts}
        crawler.settings.set("DOWNLOAD_SLOTS", slots, priority="spider")
        unverified = [host for site in spider.chosen if not site.verify_tls for host in site.hosts]
        crawler.settings.set("UNVERIFIED_HOSTS", unverified, priority="spider")
        return spider

    def source_request(self, poll: Poll) -> Request:
        """The request for a source document."""
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
        """The request for a page; `render` forces the browser, `about` are further arguments of the callback."""
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
        """The candidates of a source document, parsed by a worker.

        :raises SourceProblem: when the response is not a 200, or its content cannot be parsed.
        :raises Unreadable: when it was not parsed within the deadline.
        :raises PoolClosed: when the crawl is ending.
        """
        if response.status != 200:
            raise SourceProblem(FetchReason.HTTP_STATUS, status=response.status, url=response.url)
        return await self.workers.run(
            stages.discover, poll.site, poll.source, response.body, response.url, headers_of(response)
        )

    def ending_now(self) -> bool:
        """Whether the crawl was asked to end and is finishing what is under way."""
        slot = self.crawler.engine._slot if self.crawler.engine is not None else None
        return slot is not None and slot.closing is not None

    async def finish(self, reason: str) -> None:  # noqa: ARG002
        """End the workers."""
        self.workers.close()


def page_of(response: Response, candidate: Candidate) -> Page:
    """The page in a response to a candidate's URL."""
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


def raw_of(response: Response) -> RawResponse | None:
    """The response as received, if it was to be kept."""
    return response.request.meta.get("raw") if response.request else None


def headers_of(response: Response) -> dict[str, str]:
    """A response's headers by lower-case name; the last one wins where a name repeats. Validators that are too long to
    be kept for each page and sent with each request are left out."""
    pairs = ((name, response.headers[name] or b"") for name in response.headers)
    found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}
    return {name: value for name, value in found.items() if name not in VALIDATORS or len(value) <= MAX_VALIDATOR}


def fetch_problem(failure: Failure) -> PageProblem:
    """The problem that kept a document or page from being fetched; one that is too large is refused for good."""
    message = reason_of(failure)
    reason = FetchReason(message.code)
    return (Refused if reason == FetchReason.TOO_LARGE else PageProblem)(reason, **message.params)
