"""The state that a crawl shares with its downloader middlewares, which are created before it opens its archive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from scrapy.crawler import Crawler

from crawler.fetch.block_detection import BlockDetector
from crawler.fetch.host_state import HostStates, MemoryHostStates
from crawler.site_config import Site


async def _never(site: Site) -> bool:  # noqa: ARG001
    return False


@dataclass(frozen=True, slots=True)
class CrawlState:
    """Host states, the block pages and traps seen so far, and whether a site's next page goes straight to the browser.

    The defaults suit a process without an archive, where nothing is known.
    """

    hosts: HostStates = field(default_factory=MemoryHostStates)
    blocks: BlockDetector = field(default_factory=BlockDetector)
    needs_browser: Callable[[Site], Awaitable[bool]] = _never


@runtime_checkable
class StatefulSpider(Protocol):
    """A spider that shares its crawl's state with the middlewares."""

    crawl_state: CrawlState


def crawl_state(crawler: Crawler) -> CrawlState:
    """The state of the crawl that this crawler runs, for its middlewares' `from_crawler`."""
    spider = crawler.spider
    return spider.crawl_state if isinstance(spider, StatefulSpider) else CrawlState()
