"""Trial runs without an archive, fetched as in a crawl (robots.txt, private networks, rendering)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawler.boilerplate.repeated_blocks import NO_REPEATS, RepeatedBlocks
from crawler.errors import ArshifError, PageProblem, Refused, Unreadable
from crawler.extract.draft import Extraction
from crawler.models import Discovered
from crawler.onboarding.messages import ProposalMessage
from crawler.onboarding.proposal import Proposal
from crawler.processes.spider_process import run_spider
from crawler.scheduling.poll_interval import Bounds
from crawler.site_config import Kind
from index.model.codes import FetchReason
from index.model.message import Message


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """The result of one poll of a source: the number of candidates, the date of the newest, and the number of further
    documents (child sitemaps, next pages); or the problem. `kind` is the detected kind."""

    url: str
    kind: Kind
    candidates: int = 0
    newest: datetime | None = None
    further: int = 0
    problem: Message | None = None


def fetch(url: str, repeats: RepeatedBlocks = NO_REPEATS) -> Extraction:
    """The extraction of the page at this URL, without the paragraphs that its site is known to repeat.

    :raises PageProblem: when the page is not an article or cannot be read.
    :raises ArshifError: when it cannot be fetched; the message says why.
    """
    spider = _run("probe", url=url, repeats=repeats)
    extraction: Extraction | None = spider.extraction
    problem: PageProblem | None = spider.problem
    if extraction is not None:
        return extraction
    if isinstance(problem, Refused | Unreadable):
        raise problem
    why = Message(FetchReason.NO_ANSWER) if problem is None else problem.message
    raise ArshifError(Message(ProposalMessage.NO_ARTICLE, {"url": url, "why": why}))


def check_sources(sites: str, told: Callable[[int], None] = lambda _: None) -> list[SourceCheck]:
    """The results of polling each source of the sites with these ids, comma-separated, once. `told` is called with the
    number of those that were polled.

    :raises ArshifError: when the spider could not be started.
    """
    answers = []
    for poll, found in _run("probe", sites=sites, told=told).answers:
        if isinstance(found, Discovered):
            dates = [date for c in found.candidates if (date := c.published or c.modified)]
            newest = max(dates, default=None)
            answers.append(SourceCheck(poll.key, found.kind, len(found.candidates), newest, len(found.further)))
        else:
            answers.append(SourceCheck(poll.key, poll.source.kind, problem=found.message))
    return answers


def discover_site(url: str, bounds: Bounds, told: Callable[[Message], None] = lambda _: None) -> Proposal:
    """A proposed file for the site with this home page; `bounds`: the limits of the polling interval. `told` is called
    with each page that is fetched.

    :raises ArshifError: when the site does not answer or nothing on it lists articles; the message says what to do.
    """
    spider = _run("scout", url=url, bounds=bounds, told=told)
    proposal: Proposal | None = spider.proposal
    if proposal is None:
        raise ArshifError(spider.problem or Message(FetchReason.NO_ANSWER))
    return proposal


def _run(name: str, **arguments: object) -> Any:
    """The spider of this name, after it has run with these arguments.

    :raises ArshifError: when the spider could not be started.
    """
    return run_spider(name, **arguments).spider
