"""One crawl's hold on the archive: what it is to ask, and what became of it. The spider calls it, never SQL.

Nothing here runs on the reactor: writes go through the archive's writer thread, one short transaction a page.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Connection

from crawler import path
from crawler.account import Account, Status
from crawler.config import Config
from crawler.errors import ArchiveError, Busy, PageProblem, Refused, Unreadable
from crawler.extract.refuse import PASSING
from crawler.item import ArticleItem, Wanted
from crawler.middlewares.raw import decoded, lower_case
from crawler.page import Page
from crawler.schedule import asked_to_wait, back_off, revisit_at
from crawler.site import Site
from crawler.sources import Sources
from crawler.stores import open_archive, raw_folder, raw_name
from crawler.urls import canonical
from crawler.workers import Workers
from index.archive import Archive, articles, frontier, leases, repeats, runs, sites
from index.archive.frontier import Visit
from index.article import Article
from index.raw import Raw, RawDamaged, RawRef, Response

log = logging.getLogger("arshif.crawl")
T = TypeVar("T")

RAN_ITS_TIME = ("finished", "closespider_timeout")  # Scrapy's reasons for an end that nobody asked for
GONE = (404, 410)  # RFC 9110: not found, and gone for good; the second time is as good as the first
REPEATED_IN = 3  # articles that show a block before it counts as the site's own: two may be a story and its follow-up


class Crawl:
    """An open archive with the leases of this crawl's sites; `open` makes one, `close` ends it."""

    def __init__(self, config: Config, archive: Archive, run: int, since: datetime | None, workers: Workers) -> None:
        self.config = config
        self.archive = archive
        self.run = run
        self.when_broken: Callable[[ArchiveError], None] = _nobody  # told when nothing can be stored any more
        self.own = False  # whether it ends with us: nobody else records it
        self.since = since
        self.workers = workers
        self.raw = Raw(raw_folder(config), name=raw_name(run))
        self.raw_turn = asyncio.Lock()  # one record after the other
        self.sites: dict[str, Site] = {}
        self.leases: dict[str, leases.Lease] = {}
        self.accounts: dict[str, Account] = {}  # of the sites that are still crawled
        self.sources = Sources(self)
        # A site's pages are read and stored one after the other: which of two addresses of an article is its own, and
        # what counts as repeated, then follows from the order of fetching alone, and not from who was quicker
        self.turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    async def open(
        cls, config: Config, chosen: Iterable[Site], run: int | None, since: datetime | None, workers: Workers
    ) -> Crawl:
        """Opens the archive and takes the leases of these sites; those that another crawl holds are left to it.

        :raises Busy: another crawl holds all of them.
        :raises ArchiveError: the archive cannot be used.
        """
        archive = await asyncio.to_thread(open_archive, config)
        wanted = {site.id: site for site in chosen}
        now = datetime.now(UTC)
        own = run is None
        if run is None:  # `scrapy crawl`, without a parent that records it
            run = await _done(archive.write(lambda conn: runs.start(conn, wanted, now, owner="scrapy crawl")))
        crawl = cls(config, archive, run, since, workers)
        crawl.own = own
        owner = f"run {run}"

        def take(conn: Connection) -> list[leases.Lease]:
            held = leases.acquire(conn, list(wanted), owner, now, os.getpid())
            for site in wanted.keys() - {lease.site for lease in held}:
                log.warning("%s: another run is crawling it; left to that one", site)
                runs.end_site(conn, run, site, "busy", "another run was crawling it")
            return held

        crawl.leases = {lease.site: lease for lease in await crawl.write(take)}
        crawl.sites = {site: wanted[site] for site in wanted if site in crawl.leases}
        crawl.accounts = {site.id: Account(site) for site in crawl.sites.values()}
        if wanted and not crawl.leases:
            await crawl.close("busy", reached=True)
            raise Busy(f"another run is crawling {', '.join(wanted)}: wait for its end (`arshif runs`)")
        return crawl

    async def write(self, work: Callable[[Connection], T], site: str | None = None) -> T:
        """What `work` gives, in a transaction of its own that holds only while the site's lease does.

        :raises ArchiveError: it could not be written; `when_broken` has been told.
        """
        try:
            return await _done(self.archive.write(work, self.leases[site] if site else None))
        except ArchiveError as error:
            self.when_broken(error)
            raise

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, off the reactor's thread."""

        def reading() -> T:
            with self.archive.read() as conn:
                return work(conn)

        return await asyncio.to_thread(reading)

    # --- 2 fetch -----------------------------------------------------------------------------------------------------

    async def wanted(self, site: Site) -> list[Wanted]:
        """The site's pages that are due, newest first, as many as a run takes; of those, addresses with a query last.

        Where ?ref=section leads to the same article as the plain address, the plain one comes first and names it.
        """
        now, limit = datetime.now(UTC), self.config.settings.schedule.per_run
        rows, due = await self.read(
            lambda conn: (frontier.due(conn, site.id, now, limit), frontier.count_due(conn, site.id, now))
        )
        account = self.accounts[site.id]
        account.taken = len(rows)
        account.counts["discovered"] = due
        if account.complete:
            await self._end(site.id)
        return [Wanted.of(row) for row in sorted(rows, key=lambda row: "?" in row.url)]

    async def settled(self, site: Site, wanted: Wanted, page: Page) -> bool:
        """Whether the answer says all there is to say without being read: unchanged, gone, or no page at all."""
        self.accounts[site.id].counts.update(requests=1, bytes=len(page.body))
        same = page.status == 200 and wanted.article is not None and _hash(page.body) == wanted.body_hash
        if page.status == 304 or same:
            visit = Visit(page.fetched, revisit_at(page.fetched, wanted.visits + 1), page.status)
            await self.write(lambda conn: articles.unchanged(conn, site.id, wanted.url, visit), site.id)
            await self._settle(site.id, "unchanged")
        elif page.status in GONE:
            visit = Visit(page.fetched, revisit_at(page.fetched, wanted.visits + 1), page.status)
            await self.write(lambda conn: frontier.gone(conn, site.id, wanted.url, visit), site.id)
            await self._settle(site.id, "refused")
        elif page.status != 200:
            await self.page_failed(site, wanted, f"HTTP {page.status}", "", asked_to_wait(page.headers, page.fetched))
        elif _led_home(page):
            await self._refuse(site, wanted, page, "led home", f"it redirects to {page.final_url}")
        elif len(page.body) > self.config.settings.politeness.page_max_bytes:
            await self._refuse(site, wanted, page, "too large", f"{len(page.body)} bytes")
        else:
            return False
        return True

    async def page_failed(
        self, site: Site, wanted: Wanted, reason: str, detail: str, not_before: datetime | None = None
    ) -> None:
        """A page that could not be had or read: it is tried again, later each time, and not before the host said."""
        now = datetime.now(UTC)
        retry = max(now + back_off(site.id, wanted.tries + 1), not_before or now)
        await self.write(lambda conn: frontier.failed(conn, site.id, wanted.url, reason, retry, now, detail), site.id)
        await self._settle(site.id, "failed")

    async def not_an_article(self, site: Site, wanted: Wanted, page: Page, problem: PageProblem) -> None:
        """A page that was read and is none, or could not be read."""
        if isinstance(problem, Unreadable) or problem.reason in PASSING:
            await self.page_failed(site, wanted, problem.reason, problem.detail)
        else:
            await self._refuse(site, wanted, page, problem.reason, problem.detail)

    async def _refuse(self, site: Site, wanted: Wanted, page: Page, reason: str, detail: str) -> None:
        visit = Visit(page.fetched, None, page.status)
        await self.write(lambda conn: frontier.refused(conn, site.id, wanted.url, reason, detail, visit), site.id)
        await self._settle(site.id, "refused")

    # --- 4 clean -----------------------------------------------------------------------------------------------------

    async def repeats(self, site: Site) -> frozenset[str]:
        """The blocks that this site shows on many articles."""
        return await self.read(lambda conn: repeats.repeated(conn, site.id, REPEATED_IN))

    # --- 6 store -----------------------------------------------------------------------------------------------------

    async def store(self, item: ArticleItem) -> str:
        """Stores an article and all that belongs to it in one transaction; gives what it was: new, changed, same, copy.

        The raw copy is on disk before the transaction that refers to it.
        """
        page, site, wanted = item.page, item.site.id, item.wanted
        fetched = articles.Fetched(
            site=site,
            url=wanted.url,
            final_url=canonical(page.final_url) or wanted.url,
            article=item.extraction.article,
            fetched=page.fetched,
            body_hash=_hash(page.body),
            etag=page.headers.get("etag"),
            last_modified=page.headers.get("last-modified"),
            revisit_at=revisit_at(page.fetched, wanted.visits + 1),
            run=self.run,
            status=page.status,
        )
        ours = await self._read_again(item)
        raw = await self._keep(item.received)

        def take(conn: Connection) -> articles.Outcome:
            if ours is not None:
                articles.correct(conn, ours, page.fetched)
            outcome = articles.store(conn, replace(fetched, raw=raw))
            repeats.count(conn, site, outcome.id, item.extraction.blocks)
            return outcome

        outcome = await self.write(take, site)
        names = {"new": "stored", "changed": "changed", "same": "unchanged", "copy": "duplicate"}
        await self._settle(site, names[outcome.kind])
        return outcome.kind

    async def _keep(self, received: Response | None) -> RawRef | None:
        if received is None:
            return None
        async with self.raw_turn:
            return await asyncio.to_thread(self.raw.append, received)

    async def _read_again(self, item: ArticleItem) -> Article | None:
        """What today's rules make of the stored page, where a revisit reads differently and so does that.

        What a site repeats is learned over time: a box that was taken for text is news to us, not to its readers. The
        stored version is put right first; what differs then is a change of the site's.
        """
        if item.wanted.article is None:
            return None
        known, copy = await self.read(
            lambda conn: (
                articles.document(conn, item.wanted.article or ""),
                articles.raw_of(conn, item.wanted.article or ""),
            )
        )
        if known is None or copy is None or known.article.content_hash == item.extraction.article.content_hash:
            return None
        ref, url = copy
        try:
            headers, body = await asyncio.to_thread(self.raw.read, ref, url)
            page = Page(known.article.url, url, decoded(headers, body), known.first_seen, headers=lower_case(headers))
            again = await self.workers.run(path.article, page, item.site, await self.repeats(item.site))
        except (RawDamaged, Refused, Unreadable) as problem:
            log.warning("%s: its stored page cannot be read again: %s", known.article.url, problem)
            return None
        better = replace(again.article, id=known.article.id, url=known.article.url)
        return better if better.content_hash != known.article.content_hash else None

    # --- the end -----------------------------------------------------------------------------------------------------

    async def _settle(self, site: str, outcome: str) -> None:
        """Counts what became of a page; with the last one the site is free for another run."""
        account = self.accounts[site]
        account.counts[outcome] += 1
        if account.complete:
            await self._end(site)

    async def _end(self, site: str) -> None:
        """A slow site holds up no other: each is let go of when its own pages are done."""
        account, now = self.accounts.pop(site), datetime.now(UTC)

        def end(conn: Connection) -> None:
            account.end(conn, self.run, "ok", now)
            leases.release(conn, [self.leases[site]])

        await self.write(end, site)

    async def close(self, reason: str, reached: bool) -> None:
        """Writes how it went for the sites that are left, lets go of them, and ends the run if it is our own.

        `reached`: whether anything at all answered. Of a site that did not come to answer before the crawl was ended,
        nothing is said: who ended it knows why.
        """
        now = datetime.now(UTC)

        def end(conn: Connection) -> None:
            silent: Status = "failed" if reached or self._known_to_fail(conn) else "offline"
            for account in self.accounts.values():
                if account.answered or reason in RAN_ITS_TIME:
                    account.end(conn, self.run, "ok" if account.answered else silent, now)
            leases.release(conn, self.leases.values())
            if self.own:
                runs.finish(conn, self.run, "ok" if reason == "finished" else reason, now)

        await self.write(end)
        self.raw.close()
        await asyncio.to_thread(self.archive.close)

    def _known_to_fail(self, conn: Connection) -> bool:
        """Whether all these sites failed last time: then their silence says nothing of our network."""
        return all(sites.state(conn, site).failures for site in self.accounts)


def _hash(body: bytes) -> str:
    return sha256(body).hexdigest()


def _led_home(page: Page) -> bool:
    """Whether a redirect ended at a site's first page: how many sites say that an article is no more."""
    return (
        page.final_url != page.url and urlsplit(page.final_url).path in ("", "/") and not urlsplit(page.final_url).query
    )


def _nobody(error: ArchiveError) -> None:
    del error


async def _done(future: Future[T]) -> T:
    return await asyncio.wrap_future(future)
