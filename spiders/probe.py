"""Probing of sources and pages without an archive: `arshif extract`, `arshif sites check`, Scrapy's `parse` and
`check`.

`scrapy parse URL` shows what is extracted from a page, with `--spider=probe` or without; `scrapy check` reads the pages
in `spiders/samples/`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import HttpUrl
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import stages
from crawler.boilerplate.repeated_blocks import NO_REPEATS, RepeatedBlocks
from crawler.errors import ArshifError, PageProblem, Refused, SourceProblem, Unreadable
from crawler.extract.draft import Extraction
from crawler.models import Discovered, Page
from crawler.processes.parse_pool import PoolClosed
from crawler.session.polls import Poll, first_polls
from crawler.site_config import Site, Source
from index.export.schema_org import schema_org_fields
from index.model.candidate import Candidate
from index.model.codes import ParseReason
from spiders.base import SourceSpider, fetch_problem, page_of

log = logging.getLogger("arshif.spider")


class ProbeSpider(SourceSpider):
    """Fetches one page, or polls each source once, as a crawl would, and stores nothing.

    Arguments: `url`, a page's URL, and `repeats`, the blocks that its site is known to repeat; or `sites`,
    comma-separated ids of the sites whose sources are polled, and `told`, which is called with the number of those that
    were. The results are in `extraction` and `answers`, a page's failure in `problem`.
    """

    name = "probe"

    def __init__(
        self,
        url: str = "",
        sites: str = "",
        repeats: RepeatedBlocks = NO_REPEATS,
        told: Callable[[int], None] = lambda _: None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.told = told
        self.url = url
        self.repeats = repeats
        self.chosen = (self.config.site_of(url),) if url else self.config.choose(sites)
        self.extraction: Extraction | None = None
        self.problem: PageProblem | None = None
        self.answers: list[tuple[Poll, Discovered | PageProblem]] = []

    @classmethod
    def handles_request(cls, request: Request) -> bool:
        """Whether a Scrapy command without --spider uses this one for a URL: for any page, as it stores nothing."""
        return urlsplit(request.url).scheme in ("http", "https")

    async def start(self) -> AsyncIterator[Request]:
        if self.url:
            yield self.page_request(self.chosen[0], self.url)
            return
        for poll in first_polls(self.chosen, self.config.settings.schedule.first_visit_days):
            yield self.source_request(poll)

    async def parse_source(self, response: Response, poll: Poll | None = None) -> AsyncIterator[Request]:
        """Record the candidates of a feed, sitemap, section page or API; for a Scrapy command, request their pages.

        @url https://courier.example/feed/
        @sample feed.xml
        @returns requests 1
        """
        wanted = poll is None  # called by a Scrapy command, which has only a URL
        poll = poll or self._poll_for(response)
        try:
            found = await self.discover(poll, response)
        except (SourceProblem, Unreadable) as problem:
            self._answered(poll, problem)
            return
        except PoolClosed:
            return
        except ArshifError:
            raise
        except Exception as error:  # a bug of ours costs this source, not the others
            log.exception("%s: %s", poll.site.id, poll.url)
            self._answered(poll, SourceProblem(ParseReason.INTERNAL_ERROR, error=repr(error)))
            return
        self._answered(poll, found)
        for candidate in found.candidates if wanted else ():
            yield self.page_request(poll.site, candidate.url, candidate=candidate)

    async def source_failed(self, failure: Failure) -> None:
        poll: Poll = failure.request.cb_kwargs["poll"]  # type: ignore[attr-defined]
        self._answered(poll, fetch_problem(failure))

    def _answered(self, poll: Poll, found: Discovered | PageProblem) -> None:
        self.answers.append((poll, found))
        self.told(len(self.answers))

    async def parse_article(
        self,
        response: Response,
        site: Site | None = None,
        candidate: Candidate | None = None,
        begun: Page | None = None,
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """Yield an article's fields, or the request for its next page.

        @url https://courier.example/news/2026/05/ferry-runs-again
        @sample article.html
        @returns items 1 1
        @scrapes headline articleBody url
        """
        site = site or self.config.site_of(response.url)
        page = page_of(response, candidate or Candidate(response.request.url if response.request else response.url))
        if begun is not None:
            page = replace(begun, rest=(*begun.rest, page))
        try:
            self.extraction = await self.workers.run(stages.article, page, site, self.repeats)
        except (Refused, Unreadable) as problem:
            if begun is None or self.extraction is None:  # else the article ends here
                self._failed(site, page.url, problem)
                return
        except PoolClosed:
            return
        except ArshifError:
            raise
        except Exception as error:
            log.exception("%s: %s", site.id, page.url)
            self.problem = Unreadable(ParseReason.INTERNAL_ERROR, error=repr(error))
            return
        else:
            if url := self.extraction.next_page:
                yield self.page_request(site, url, begun=page).replace(errback=self.further_failed)
                return
        yield schema_org_fields(self.extraction.article)

    async def further_failed(self, failure: Failure) -> AsyncIterator[dict[str, Any]]:
        """Yield the fields of an article whose next page cannot be fetched."""
        log.info("%s: %s", failure.request.url, fetch_problem(failure))  # type: ignore[attr-defined]
        if self.extraction is not None:
            yield schema_org_fields(self.extraction.article)

    async def parse(self, response: Response, **arguments: Any) -> AsyncIterator[dict[str, Any] | Request]:
        """The same, for `scrapy parse` without a callback."""
        async for fields in self.parse_article(response, **arguments):
            yield fields

    async def page_failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]
        self._failed(request.cb_kwargs["site"], request.url, fetch_problem(failure))

    def _failed(self, site: Site, url: str, problem: PageProblem) -> None:
        log.info("%s: %s: %s", site.id, url, problem)
        self.problem = problem

    def _poll_for(self, response: Response) -> Poll:
        site = self.config.site_of(response.url)
        return Poll.of(site, Source(kind="feed", url=HttpUrl(response.url)))
