"""Looks at what a site gives, fetched as a crawl would (robots, reach, rendering), without an archive."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

from crawler.boilerplate.repeated_blocks import NO_REPEATS, RepeatedBlocks
from crawler.errors import ArshifError, PageProblem, Refused, Unreadable
from crawler.extract.draft import Extraction
from crawler.models import Discovered
from crawler.onboarding.proposal import Proposal
from crawler.scheduling.poll_interval import Bounds
from crawler.site_config import Kind


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What a source gave: how many candidates, the newest's date, and how many further documents (child sitemaps, next
    pages); or the problem in its place. `kind` is what really came."""

    url: str
    kind: Kind
    candidates: int = 0
    newest: datetime | None = None
    further: int = 0
    problem: str | None = None


def fetch(url: str, repeats: RepeatedBlocks = NO_REPEATS) -> Extraction:
    """What the page at this address gives, without what its site is known to repeat.

    :raises PageProblem: it is no article, or cannot be read.
    :raises ArshifError: it cannot be fetched; the message says why.
    """
    spider = _run("probe", url=url, repeats=repeats)
    extraction: Extraction | None = spider.extraction
    problem: PageProblem | None = spider.problem
    if extraction is not None:
        return extraction
    if isinstance(problem, Refused | Unreadable):
        raise problem
    raise ArshifError(
        f"{url} gives no article: {(problem and (problem.detail or problem.reason)) or 'nothing came back'}"
    )


def check_sources(site: str) -> list[SourceCheck]:
    """What each source of a site offers now, each asked once."""
    answers = []
    for poll, found in _run("probe", sites=site).answers:
        if isinstance(found, Discovered):
            dates = [date for c in found.candidates if (date := c.published or c.modified)]
            newest = max(dates, default=None)
            answers.append(SourceCheck(poll.key, found.kind, len(found.candidates), newest, len(found.further)))
        else:
            answers.append(SourceCheck(poll.key, poll.source.kind, problem=str(found)))
    return answers


def discover_site(url: str, bounds: Bounds) -> Proposal:
    """What the file of the site with this first page should say; `bounds`: how often sites are asked.

    :raises ArshifError: the site does not answer, or nothing on it lists articles; the message says what to do.
    """
    spider = _run("scout", url=url, bounds=bounds)
    proposal: Proposal | None = spider.proposal
    if proposal is None:
        raise ArshifError(spider.problem or f"{url}: nothing came back")
    return proposal


def _run(name: str, **arguments: object) -> Any:
    """The spider of this name, after it has run with these arguments. Once a process: Twisted's reactor does not start
    twice.

    :raises ArshifError: it could not even begin.
    """
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    settings = get_project_settings()
    settings.set("LOG_INSTALL_ROOT_HANDLER", False)
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(name)
    process.crawl(crawler, **arguments)
    process.start()
    if crawler.spider is None:
        raise ArshifError("nothing came back")
    return crawler.spider
