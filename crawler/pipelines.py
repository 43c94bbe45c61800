"""Step 6 of the path as Scrapy sees it: an item that a spider yields is stored, or dropped with the reason."""

from __future__ import annotations

import logging
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.errors import ArshifError
from crawler.items import ArticleItem
from crawler.processes.parse_pool import PoolClosed
from index.model.codes import FetchReason, ParseReason
from index.model.message import Message

log = logging.getLogger("arshif.crawl")


class Store:
    """Stores new and changed articles; drops what the archive has already, so that an export holds only news."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        crawl = getattr(self.crawler.spider, "crawl", None)
        if crawl is None or not isinstance(item, ArticleItem):
            return item
        try:
            kind = await crawl.pages.store(item)
        except ArshifError:
            raise
        except PoolClosed:
            crawl.pages.defer(item.site, Message(FetchReason.CRAWL_ENDED))
            raise DropItem(f"{item.page.url}: the crawl ends") from None
        except Exception as error:  # a fault of ours costs this page, and not the site's others
            log.exception("%s: %s", item.site.id, item.page.url)
            reason = Message(ParseReason.INTERNAL_ERROR, {"error": repr(error)})
            await crawl.pages.quarantine(item.site, item.wanted, reason)
            raise DropItem(f"{item.page.url}: {error!r}") from error
        if kind in ("same", "copy"):
            raise DropItem(f"{item.page.url}: {kind}")
        return item
