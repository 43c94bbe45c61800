"""One page, fetched as a crawl would (robots, reach, rendering) and extracted, without an archive."""

from __future__ import annotations

import os

from scrapy import signals
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

from crawler.errors import ArshifError
from crawler.extract.draft import Extraction
from crawler.item import ArticleItem


def fetch(url: str) -> Extraction:
    """What the page at this address gives.

    :raises ArshifError: it cannot be fetched, or is no article; the message says why.
    """
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    found: list[ArticleItem] = []
    process = CrawlerProcess({**get_project_settings(), "LOG_INSTALL_ROOT_HANDLER": False, "ITEM_PIPELINES": {}})
    crawler = process.create_crawler("site")

    def keep(item: ArticleItem) -> None:  # Scrapy sends what a receiver's parameters name
        found.append(item)

    crawler.signals.connect(keep, signals.item_scraped, weak=False)
    process.crawl(crawler, url=url)
    process.start()
    if not found:
        raise ArshifError(f"{url} gives no article: {getattr(crawler.spider, 'problem', None) or 'nothing came back'}")
    return found[0].extraction
