"""How long a crawl's reactor computes without a pause: a Scrapy extension that measures it, in the crawl's own process.

`scrapy crawl site -s 'EXTENSIONS={"tests.security.lag.Lag": 0}' -s LAG_FILE=FILE` writes there as JSON how many seconds
of CPU the reactor's thread used at most between two looks, and how many looks there were.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

EVERY = 0.05  # seconds between two looks


class Lag:
    """Looks at its thread's CPU time again and again, from that thread, as often as the reactor lets it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.longest = self.last = 0.0
        self.looks = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        lag = cls(Path(crawler.settings["LAG_FILE"]))
        crawler.signals.connect(lag.begin, signals.spider_opened)
        crawler.signals.connect(lag.end, signals.spider_closed)
        return lag

    def begin(self) -> None:
        self.last = time.thread_time()
        asyncio.get_running_loop().call_later(EVERY, self.look)

    def look(self) -> None:
        self.longest = max(self.longest, time.thread_time() - self.last)
        self.looks += 1
        self.begin()

    def end(self) -> None:
        self.file.write_text(json.dumps({"longest": self.longest, "looks": self.looks}))
