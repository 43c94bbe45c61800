"""How long a crawl's reactor is deaf at most: a Scrapy extension that measures it, in the crawl's own process.

`scrapy crawl site -s 'EXTENSIONS={"tests.security.lag.Lag": 0}' -s LAG_FILE=FILE` writes it there, in seconds.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler

EVERY = 0.05  # seconds between two looks


class Lag:
    """Looks at the clock again and again, from the reactor's own thread, and notes by how much it came too late.

    Time in which the thread could have run, and the machine had something else to do, is taken off.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.longest = 0.0
        self.last = self.waited = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        lag = cls(Path(crawler.settings["LAG_FILE"]))
        crawler.signals.connect(lag.begin, signals.spider_opened)
        crawler.signals.connect(lag.end, signals.spider_closed)
        return lag

    def begin(self) -> None:
        self.last, self.waited = time.monotonic(), waited()
        asyncio.get_running_loop().call_later(EVERY, self.look)

    def look(self) -> None:
        now, by_now = time.monotonic(), waited()
        self.longest = max(self.longest, now - self.last - (by_now - self.waited) - EVERY)
        self.begin()

    def end(self) -> None:
        self.file.write_text(str(self.longest))


def waited() -> float:
    """For how many seconds in all this thread has waited for a processor (proc(5), schedstat)."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
