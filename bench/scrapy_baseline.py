"""Scrapy as its documentation has it, for comparisons: fetches a list of addresses, and extracts them or does not.

python -m bench.scrapy_baseline FILE yes|no      prints seconds between the spider's opening and closing, pages, bytes
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

SETTINGS: dict[str, Any] = {
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "DOWNLOAD_DELAY": 0,
    "ROBOTSTXT_OBEY": False,
    "TELNETCONSOLE_ENABLED": False,
    "LOG_ENABLED": False,
}


class Trafilatura:
    """A pipeline that extracts text and metadata, and keeps nothing."""

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        from trafilatura import bare_extraction

        found = bare_extraction(item.pop("html"), url=item["url"], with_metadata=True)
        return {**item, "text": found.text if found else None}


class Plain(Spider):
    """Fetches all that it is told."""

    name = "plain"

    def __init__(self, urls: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_urls = urls

    async def start(self) -> Any:
        for url in self.start_urls:
            yield Request(url, dont_filter=True)

    def parse(self, response: Response) -> Iterator[dict[str, Any]]:
        yield {"url": response.url, "html": response.body}


def main(file: str, extracting: str) -> None:
    """Crawls, and prints how it went."""
    pipelines = {"bench.scrapy_baseline.Trafilatura": 100} if extracting == "yes" else {}
    process = CrawlerProcess({**SETTINGS, "ITEM_PIPELINES": pipelines})
    crawler = process.create_crawler(Plain)
    times: list[float] = []
    for signal in (signals.spider_opened, signals.spider_closed):
        crawler.signals.connect(lambda: times.append(time.perf_counter()), signal, weak=False)
    process.crawl(crawler, urls=Path(file).read_text().split())
    process.start()
    assert crawler.stats is not None
    print(json.dumps({
        "seconds": times[1] - times[0],
        "pages": crawler.stats.get_value("downloader/response_status_count/200", 0),
        "bytes": crawler.stats.get_value("downloader/response_bytes", 0),
    }))  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
