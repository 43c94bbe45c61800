"""A run's access to the archive and raw responses: off the reactor's thread, and writing for a site only while it holds
the site's lease."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import ArchiveError
from crawler.storage import open_archive, open_raw
from index.archive import Archive, leases, runs
from index.model.codes import RunDetail, RunStatus
from index.model.message import Message
from index.warc.record import Resource, Response, WarcRef
from index.warc.store import WarcStore

log = logging.getLogger("arshif.crawl")
T = TypeVar("T")


class SessionStore:
    """The archive and WARC store of a crawl, usable between `open` and `close`.

    `on_error` is called when nothing can be stored any more. `run` is the run's number in the archive; `owns_run` says
    that nobody else records its end, as for `scrapy crawl`; `counts_sites`, that the run counts what it does for each
    site.
    """

    warc: WarcStore
    counts_sites = True

    def __init__(self, config: Config, run: int | None, on_error: Callable[[ArchiveError], None]) -> None:
        self.config = config
        self.owns_run = run is None
        self.run = run or 0
        self.on_error = on_error
        self.leases: dict[str, leases.Lease] = {}
        self._archive: Archive | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is an archive to write to."""
        return self._archive is not None

    @property
    def archive(self) -> Archive:
        """The open archive.

        :raises ArchiveError: when it is not open, as in `scrapy parse` with this spider.
        """
        if self._archive is None:
            raise ArchiveError("no archive is open: only a crawl opens it; `scrapy parse --spider=probe` needs none")
        return self._archive

    async def open(self, sites: Iterable[str]) -> list[str]:
        """Open the archive, begin a run unless one was given, and lease these sites; return those that were leased.

        Another crawl holds the others.

        :raises ArchiveError: when the archive, or the place of its raw copies, cannot be used.
        """
        wanted = list(sites)
        self._archive = await asyncio.to_thread(open_archive, self.config)
        try:
            await self._take(wanted, datetime.now(UTC))
            self.warc = open_raw(self.config, self._archive, self.run)
        except BaseException:
            await self._let_go()
            raise
        return [site for site in wanted if site in self.leases]

    async def _take(self, wanted: list[str], now: datetime) -> None:
        if self.owns_run:
            self.run = await self.write(lambda conn: runs.start(conn, wanted, now, owner="scrapy crawl"))

        def take(conn: Connection) -> list[leases.Lease]:
            held = leases.acquire(conn, wanted, f"run {self.run}", now, os.getpid())
            for site in set(wanted) - {lease.site for lease in held}:
                log.warning("%s: another run is crawling it; skipped", site)
                if self.counts_sites:
                    runs.end_site(conn, self.run, site, RunStatus.BUSY, Message(RunDetail.BUSY))
            return held

        self.leases = {lease.site: lease for lease in await self.write(take)}

    async def write(self, work: Callable[[Connection], T], site: str | None = None) -> T:
        """The result of `work`, run in its own transaction, which commits only while the site's lease is held.

        :raises ArchiveError: when the write failed; `on_error` has been called.
        """
        try:
            return await asyncio.wrap_future(self.archive.write(work, self.leases[site] if site else None))
        except ArchiveError as error:
            self.on_error(error)
            raise

    async def ahead(self, whats: Iterable[Response]) -> Callable[[Response | Resource], WarcRef]:
        """What writes responses and returns their locations: these are written before, where that takes long, and not
        within the transaction that refers to them.

        :raises ArchiveError: when they cannot be written; `on_error` has been called.
        """
        some = list(whats)
        if not some:
            return self.warc.append
        try:
            refs = await asyncio.wrap_future(await asyncio.to_thread(self.warc.ahead, some))
        except ArchiveError as error:
            self.on_error(error)
            raise
        written = {id(one): (one, ref) for one, ref in zip(some, refs, strict=False)}

        def append(what: Response | Resource) -> WarcRef:
            return written[id(what)][1] if id(what) in written else self.warc.append(what)

        return append

    async def read(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, run in a thread other than the reactor's."""
        return await asyncio.to_thread(self.archive.ask, work)

    async def close(self) -> None:
        """Close the WARC file and the archive. Whoever records the run's end releases the leases."""
        self.warc.close()
        await self._let_go()

    async def _let_go(self) -> None:
        archive, self._archive = self.archive, None  # first, so that nobody writes to one that is closing
        await asyncio.to_thread(archive.close)
