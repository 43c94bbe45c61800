"""Step 6 of the path as Scrapy sees it: an item that a spider yields is stored, or dropped with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawler.extract.draft import Extraction
from crawler.page import Page
from crawler.site import Site
from index.article import schema_org
from index.raw import Response

if TYPE_CHECKING:
    from crawler.crawl import Wanted


class ArticleItem(dict[str, Any]):
    """An article as Scrapy's exporters see it, with schema.org's names; what the store needs is beside them."""

    def __init__(
        self, extraction: Extraction, page: Page, site: Site, wanted: Wanted, received: Response | None
    ) -> None:
        super().__init__(schema_org(extraction.article))
        self.extraction = extraction
        self.page = page
        self.site = site
        self.wanted = wanted
        self.received = received


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
        kind = await crawl.store(item)
        if kind in ("same", "copy"):
            raise DropItem(f"{item.page.url}: {kind}")
        return item
