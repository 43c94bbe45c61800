"""Looks at what a site gives, fetched as a crawl would (robots, reach, rendering), without an archive."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

from scrapy import Spider, signals
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

from crawler.boilerplate.repeated_blocks import NO_REPEATS, RepeatedBlocks
from crawler.errors import ArshifError, PageProblem
from crawler.extract.draft import Extraction
from crawler.items import ArticleItem
from crawler.models import Discovered
from crawler.onboarding.messages import ProposalMessage
from crawler.onboarding.proposal import Proposal
from crawler.scheduling.poll_interval import Bounds
from crawler.site_config import Kind
from index.model.codes import FetchReason
from index.model.message import Message


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What a source gave: how many candidates, the newest's date, and how many further documents (child sitemaps, next
    pages); or the problem in its place. `kind` is what really came."""

    url: str
    kind: Kind
    candidates: int = 0
    newest: datetime | None = None
    further: int = 0
    problem: Message | None = None


def fetch(url: str, repeats: RepeatedBlocks = NO_REPEATS) -> Extraction:
    """What the page at this address gives, without what its site is known to repeat.

    :raises PageProblem: it is no article, or cannot be read.
    :raises ArshifError: it cannot be fetched; the message says why.
    """
    spider, items = _crawl(url=url, repeats=repeats)
    if not items and isinstance(problem := getattr(spider, "refused", None), PageProblem):
        raise problem
    if not items:
        why = getattr(spider, "problem", None) or Message(FetchReason.NO_ANSWER)
        raise ArshifError(Message(ProposalMessage.NO_ARTICLE, {"url": url, "why": why}))
    return items[0].extraction


def check_sources(site: str) -> list[SourceCheck]:
    """What each source of a site offers now, each asked once."""
    spider, _ = _crawl(sites=site, check="1")
    answers = []
    for poll, found in getattr(spider, "answers", ()):
        if isinstance(found, Discovered):
            dates = [date for c in found.candidates if (date := c.published or c.modified)]
            newest = max(dates, default=None)
            answers.append(SourceCheck(poll.key, found.kind, len(found.candidates), newest, len(found.further)))
        else:
            answers.append(SourceCheck(poll.key, poll.source.kind, problem=found))
    return answers


def discover_site(url: str, bounds: Bounds) -> Proposal:
    """What the file of the site with this first page should say; `bounds`: how often sites are asked.

    :raises ArshifError: the site does not answer, or nothing on it lists articles; the message says what to do.
    """
    spider, _ = _crawl("scout", url=url, bounds=bounds)
    proposal: Proposal | None = getattr(spider, "proposal", None)
    if proposal is None:
        why = getattr(spider, "problem", None) or Message(FetchReason.NO_ANSWER)
        raise ArshifError(why)
    return proposal


def _crawl(name: str = "site", **arguments: object) -> tuple[Spider | None, list[ArticleItem]]:
    """The spider, run with these arguments, and its items. Once a process: Twisted's reactor does not start twice."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    settings = get_project_settings()
    settings.setdict({"LOG_INSTALL_ROOT_HANDLER": False, "ITEM_PIPELINES": {}}, priority="cmdline")
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(name)
    items: list[ArticleItem] = []

    def keep(item: ArticleItem) -> None:  # Scrapy sends what a receiver's parameters name
        items.append(item)

    crawler.signals.connect(keep, signals.item_scraped, weak=False)
    process.crawl(crawler, **arguments)
    process.start()
    return crawler.spider, items
