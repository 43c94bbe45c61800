"""The archive and the raw copies as a run writes them: off the reactor's thread, a site's only while it is leased."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import ArchiveError
from crawler.storage import open_archive, raw_folder, raw_name
from index.archive import Archive, leases, runs
from index.warc.store import WarcStore

log = logging.getLogger("arshif.crawl")
T = TypeVar("T")


class SessionStore:
    """What a crawl reads and writes. It can be used between `open` and `close`.

    `on_error` is told when nothing can be stored any more. `run` is the run's number in the archive; `owns_run` says
    that nobody else records its end, as for `scrapy crawl`.
    """

    warc: WarcStore

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

        :raises ArchiveError: it is not open, as in `scrapy parse` with this spider.
        """
        if self._archive is None:
            raise ArchiveError("no archive is open: only a crawl opens it; `scrapy parse --spider=probe` needs none")
        return self._archive

    async def open(self, sites: Iterable[str]) -> list[str]:
        """Opens the archive, begins a run where none was begun, and leases these sites; gives those that it got.
        Another crawl holds the others, and they are left to it.

        :raises ArchiveError: the archive cannot be used.
        """
        wanted = list(sites)
        self._archive = await asyncio.to_thread(open_archive, self.config)
        try:
            await self._take(wanted, datetime.now(UTC))
        except BaseException:
            await self._let_go()
            raise
        folder, file_bytes = raw_folder(self.config), self.config.settings.raw.file_bytes
        self.warc = WarcStore(folder, name=raw_name(self.run), file_bytes=file_bytes)
        return [site for site in wanted if site in self.leases]

    async def _take(self, wanted: list[str], now: datetime) -> None:
        if self.owns_run:
            self.run = await self.write(lambda conn: runs.start(conn, wanted, now, owner="scrapy crawl"))

        def take(conn: Connection) -> list[leases.Lease]:
            held = leases.acquire(conn, wanted, f"run {self.run}", now, os.getpid())
            for site in set(wanted) - {lease.site for lease in held}:
                log.warning("%s: another run is crawling it; left to that one", site)
                runs.end_site(conn, self.run, site, "busy", "another run was crawling it")
            return held

        self.leases = {lease.site: lease for lease in await self.write(take)}

    async def write(self, work: Callable[[Connection], T], site: str | None = None) -> T:
        """What `work` gives, in a transaction of its own that holds only while the site's lease does.

        :raises ArchiveError: it could not be written; `on_error` has been told.
        """
        try:
            return await _done(self.archive.write(work, self.leases[site] if site else None))
        except ArchiveError as error:
            self.on_error(error)
            raise

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, off the reactor's thread."""

        def reading() -> T:
            with self.archive.read() as conn:
                return work(conn)

        return await asyncio.to_thread(reading)

    async def close(self) -> None:
        """Lets go of the WARC file and the archive. The leases are released by whoever writes the run's end."""
        self.warc.close()
        await self._let_go()

    async def _let_go(self) -> None:
        await asyncio.to_thread(self.archive.close)
        self._archive = None


async def _done(future: Future[T]) -> T:
    return await asyncio.wrap_future(future)
