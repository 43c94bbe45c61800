"""Politeness: the delay between two requests to one host, as the host sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any, Self

from scrapy import Request, signals
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.utils.httpobj import urlparse_cached

from crawler.fetch.block_detection import BlockDetector
from crawler.fetch.circuit_breaker import HostUnavailable
from crawler.fetch.crawl_state import crawl_state
from crawler.fetch.host_state import HostStates, host_slower, request_unsent
from crawler.fetch.penalties import payer
from index.archive.hosts import origin
from index.model.codes import FetchReason

MAX_DELAY_SECONDS = 60.0  # between two requests to a host, however slowly it answers
# With no delay at all, Scrapy takes a slot's whole queue before it counts the first request (`_process_queue`)
MIN_DELAY_SECONDS = 0.001
MAX_TURN_WAIT = 20.0  # seconds that a request waits for another machine; less than a crawl has when it is asked to end
TURN_LOOK = 0.5  # seconds between two looks at whether another machine is done, at most
SLACK = 10.0  # seconds that a turn lasts beyond the time in which a page must have come


class HostTaken(HostUnavailable):
    """Another machine is asking the host, and did not leave it in time."""

    reason = FetchReason.HOST_TAKEN
    heard = True


class PolitenessMiddleware:
    """Gives each host its own download slot, and measures its delay from the end of the last response.

    Scrapy measures from when a request was sent: a slow one followed by a fast one arrive closer together than the
    delay. A redirect also keeps the slot of the host that it came from (scrapy/core/downloader,
    `Downloader.get_slot_key`), so the host that it leads to would be requested without any delay.

    After a slow response, the delay is at least as long as the response took; each block page in a row doubles it.
    Scrapy's AutoThrottle would reset the delay of a site that has its own (DOWNLOAD_SLOTS) to the general one.

    Where several machines crawl, a host is asked by one at a time, and by none within its delay (`HostStates`).
    """

    def __init__(
        self,
        delay: float,
        delays: Mapping[str, Mapping[str, Any]],
        blocks: BlockDetector,
        slot_of: Callable[[str], Slot | None],
        hosts: HostStates,
        longest: float,
    ) -> None:
        self.delay = delay
        self.blocks = blocks
        self.hosts = hosts
        self.longest = longest  # seconds that a turn lasts
        self.taken: set[str] = set()  # hosts that another machine did not leave in time
        self.slot_of = slot_of  # the download slot of a host, None before its first request
        self.delays = {host: float(slot["delay"]) for host, slot in delays.items() if "delay" in slot}
        self.wishes: dict[str, float] = {}  # delays in seconds that hosts request themselves, such as by Crawl-delay

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        def slot_of(host: str) -> Slot | None:
            assert crawler.engine is not None
            return crawler.engine.downloader.slots.get(host)

        settings = crawler.settings
        delay, delays = settings.getfloat("DOWNLOAD_DELAY"), settings.getdict("DOWNLOAD_SLOTS")
        longest = settings.getfloat("DOWNLOAD_TIMEOUT") + SLACK
        state = crawl_state(crawler)
        middleware = cls(delay, delays, state.blocks, slot_of, state.hosts, longest)
        crawler.signals.connect(middleware.answered, signals.response_downloaded)
        crawler.signals.connect(middleware.slower, host_slower)
        crawler.signals.connect(middleware.unsent, request_unsent)
        crawler.signals.connect(middleware.left, signals.request_left_downloader)
        return middleware

    async def process_request(self, request: Request) -> None:
        request.meta["download_slot"] = urlparse_cached(request).hostname or ""
        request.meta["turn"] = partial(self.take_turn, request.meta["download_slot"], origin(request.url))

    async def take_turn(self, host: str, origin: str) -> None:
        """Wait until no other machine asks the host, nor has within its delay; `left` ends our turn.

        :raises HostTaken: when that takes too long: then the host gets no further requests in this run.
        """
        end = monotonic() + MAX_TURN_WAIT
        while host not in self.taken and (wait := await self.hosts.take_turn(origin, self.longest)):
            if monotonic() > end:
                self.taken.add(host)
            else:
                await asyncio.sleep(min(wait, TURN_LOOK))
        if host in self.taken:
            raise HostTaken(host=host)

    def left(self, request: Request) -> None:
        """End our turn at the host, with the delay that it has now."""
        host = request.meta.get("download_slot", "")
        slot = self.slot_of(host)
        self.hosts.end_turn(host, self.delay if slot is None else slot.delay)

    def slower(self, host: str, seconds: float) -> None:
        """Raise the host's delay to this many seconds, MAX_DELAY_SECONDS at most, from now on."""
        self.wishes[host] = max(self.wishes.get(host, 0.0), min(seconds, MAX_DELAY_SECONDS))
        if (slot := self.slot_of(host)) is not None:
            slot.delay = max(slot.delay, self.wishes[host])

    def answered(self, request: Request) -> None:
        """Restart the host's delay now: `response_downloaded` is sent before the slot's queue is processed further."""
        host = request.meta["download_slot"]
        if (slot := self.slot_of(host)) is not None:
            slot.lastseen = monotonic()
            promised = max(self.delays.get(host, self.delay), self.wishes.get(host, 0.0))
            # A rendered page's latency is our browser's, not the host's
            took = 0.0 if request.meta.get("playwright") else request.meta.get("download_latency", 0.0)
            slot.delay = pause(promised, took, self.blocks.walls[payer(request)[0], host])

    def unsent(self, request: Request) -> None:
        """Let the next request go at once: hundreds of abandoned requests must not each wait out the delay."""
        if (slot := self.slot_of(request.meta.get("download_slot", ""))) is not None:
            slot.lastseen = 0.0
            if slot.latercall is not None:
                slot.latercall.cancel()
                slot.latercall = None


def pause(promised: float, took: float, walls: int) -> float:
    """Seconds until the next request to a host.

    That is the `promised` delay, doubled for each block page in a row, and at least as long as the last response `took`
    (seconds); neither raises it above MAX_DELAY_SECONDS, but a longer promised delay is honoured.
    """
    slowed = min(MAX_DELAY_SECONDS, max(promised, 1.0) * 2**walls) if walls else promised
    return max(promised, slowed, min(took, MAX_DELAY_SECONDS), MIN_DELAY_SECONDS)
