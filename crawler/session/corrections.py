"""Further readings of stored versions, made while a crawl stores other pages: of an article whose page differs from its
newest version, to compare them by the same rules, and of articles with a block that their site was only later found to
repeat."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from crawler import stages
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from crawler.errors import Refused, Unreadable
from crawler.processes.workers import Workers
from crawler.replay import reread_in_worker
from crawler.session.learned_blocks import Discovery, LearnedBlocks
from crawler.session.store import SessionStore
from crawler.site_config import Site
from index.archive import articles, repeated_blocks, warc_records
from index.model.article import Article
from index.model.codes import ReadingReason
from index.warc.store import WarcStore

log = logging.getLogger("arshif.crawl")
MAX_REREAD_ARTICLES = 20  # articles at most that are read again when their site is found to repeat a block
MAX_REREAD_VERSIONS = 40  # latest versions of an article; a live blog can have hundreds


@dataclass(frozen=True, slots=True)
class Rereading:
    """A version of an article (with its id) as read again, why, and the rules and learned blocks it was read with."""

    article: Article
    number: int
    reason: ReadingReason
    state: str

    def store(self, conn: Connection, now: datetime) -> None:
        """Show this reading, if it differs from the one shown; in any case, record by which state it was confirmed."""
        articles.correct(conn, self.article, now, number=self.number, reason=self.reason, state=self.state)


class Corrections:
    """Reads stored versions again when a page being stored gives reason to."""

    def __init__(self, store: SessionStore, workers: Workers, blocks: LearnedBlocks) -> None:
        self.store = store
        self.workers = workers
        self.blocks = blocks

    async def of_article(self, site: Site, article: str, repeats: RepeatedBlocks) -> list[Rereading]:
        """The versions of an article (id) whose page differs from the newest, as read by the rules of today and with
        these learned blocks, by which that page was read.

        What a site repeats is learned over time: a box once taken for text is a discovery of ours, not a change for
        readers. So the stored versions are read again first, and what still differs is a change by the site.
        """
        records = await self.store.read(lambda conn: warc_records.of_article(conn, article, MAX_REREAD_VERSIONS))
        return await reread_versions(self.workers, self.store.warc, site, repeats, records, ReadingReason.COMPARED)

    async def is_refused_too(self, site: Site, article: str) -> bool:
        """Whether the page of an article (id) is refused today as it was stored, too: then a refusal of the page as it
        is now is ours, and does not tell that the site removed the article.

        :raises PoolClosed: when the crawl is ending.
        """
        record = await self.store.read(lambda conn: warc_records.newest(conn, article))
        if record is None:
            return False
        try:
            await reread_in_worker(self.workers, self.store.warc, record, site, await self.blocks.of(site, article))
        except Refused:
            return True
        except Unreadable as problem:
            log.warning("%s: its stored page cannot be read again: %s", record.article.url, problem)
        return False

    async def of_learned_blocks(
        self, site: Site, discovered: Mapping[str, Discovery], article: str | None
    ) -> list[Rereading]:
        """The articles stored with a block that was just discovered to be their site's own, read again without it.

        `article` is the id of the one whose page showed it, if that is stored. A copy of one of the others at another
        URL has the same text again.
        """
        if not discovered:
            return []
        holders = await self.store.read(
            lambda conn: repeated_blocks.holders_of_new(conn, site.id, discovered, MAX_REREAD_ARTICLES)
        )
        found = []
        for holder in holders:
            if holder != article:
                repeats = await self.blocks.of(site, holder, discovered)
                records = await self.store.read(
                    lambda conn, holder=holder: warc_records.of_article(conn, holder, MAX_REREAD_VERSIONS)  # type: ignore[misc]
                )
                warc = self.store.warc
                found += await reread_versions(self.workers, warc, site, repeats, records, ReadingReason.LEARNED)
        return found


async def reread_versions(
    workers: Workers,
    warc: WarcStore,
    site: Site,
    repeats: RepeatedBlocks,
    records: Sequence[warc_records.StoredRecord],
    reason: ReadingReason,
) -> list[Rereading]:
    """These raw copies read again, without those that were read with these rules and learned blocks already, that are
    damaged, or that today's rules refuse."""
    state = stages.state(site, repeats)
    found = []
    for record in records:
        if record.state == state:
            continue
        try:
            better = (await reread_in_worker(workers, warc, record, site, repeats)).article
        except (Refused, Unreadable) as problem:
            log.warning("%s: its stored page cannot be read again: %s", record.article.url, problem)
            continue
        found.append(Rereading(better, record.number, reason, state))
    return found
