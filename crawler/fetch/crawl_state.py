"""What a crawl knows and its downloader middlewares act on: they are made before the crawl opens its archive."""

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
    """States of hosts, the walls and traps that were met, and whether a site's next page is rendered without being
    requested plainly first. By default that of a process without an archive, where nothing is known."""

    hosts: HostStates = field(default_factory=MemoryHostStates)
    blocks: BlockDetector = field(default_factory=BlockDetector)
    needs_browser: Callable[[Site], Awaitable[bool]] = _never


@runtime_checkable
class StatefulSpider(Protocol):
    """A spider whose crawl the middlewares share the state of."""

    crawl_state: CrawlState


def crawl_state(crawler: Crawler) -> CrawlState:
    """The state of the crawl that this crawler runs, for `from_crawler` of its middlewares."""
    spider = crawler.spider
    return spider.crawl_state if isinstance(spider, StatefulSpider) else CrawlState()
