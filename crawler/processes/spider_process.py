"""A spider run to its end in this process. Only once per process: Twisted's reactor cannot be restarted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module

from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoader
from scrapy.utils.project import get_project_settings
from twisted.python.failure import Failure

from crawler.processes import parse_pool

SETTINGS = "crawler.settings"


def run_spider(name: str, **arguments: object) -> Crawler:
    """The crawler of the spider of this name, after it has run with these arguments.

    The log is left as the command has set it up.

    :raises Exception: what the spider or its engine raised when it was to start, such as a ConfigError.
    """
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", SETTINGS)
    settings = get_project_settings()
    parse_pool.fork_workers()
    settings.set("LOG_INSTALL_ROOT_HANDLER", False)
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(name)
    failed: list[Failure] = []
    process.crawl(crawler, **arguments).addErrback(failed.append)
    process.start()
    if failed:
        failed[0].raiseException()
    return crawler


def load_components() -> None:
    """Import all spiders and what Scrapy would import for a crawl, but keep no setting: what is forked reads its own.

    :raises SystemExit: when one of them has begun what a fork must not inherit.
    """
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", SETTINGS)
    settings = get_project_settings()
    for path in _components(settings):
        import_module(path.rpartition(".")[0])
    SpiderLoader.from_settings(settings)
    if "twisted.internet.reactor" in sys.modules:
        sys.exit("a spider imports the reactor: crawls are started anew")
    del sys.modules[SETTINGS]


def _components(settings: BaseSettings) -> Iterator[str]:
    """The paths of the classes that every crawl uses."""
    # The handlers first: Scrapy looks at all modules on the way, the fewer the better (scrapy.utils.deprecate).
    yield from filter(None, settings["DOWNLOAD_HANDLERS"].values())
    for name in ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "EXTENSIONS"):
        yield from (path for path, place in settings.getwithbase(name).items() if place is not None)
    yield from (value for value in settings.values() if isinstance(value, str) and value.startswith("scrapy."))
