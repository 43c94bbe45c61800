"""A spider run to its end in this process. Only once per process: Twisted's reactor cannot be restarted."""

from __future__ import annotations

import os

from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.utils.project import get_project_settings


def run_spider(name: str, **arguments: object) -> Crawler:
    """The crawler of the spider of this name, after it has run with these arguments.

    Its `spider` is None if that could not be started. The log is left as the command has set it up.
    """
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    settings = get_project_settings()
    settings.set("LOG_INSTALL_ROOT_HANDLER", False)
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(name)
    process.crawl(crawler, **arguments)
    process.start()
    return crawler
