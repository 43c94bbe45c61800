"""Step 6 of the path as Scrapy sees it: an item that a spider yields is stored, or dropped with the reason."""

from __future__ import annotations

from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.item import ArticleItem


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
        kind = await crawl.pages.store(item)
        if kind in ("same", "copy"):
            raise DropItem(f"{item.page.url}: {kind}")
        return item
