"""Corrections of stored articles that today's rules extract better, found while a crawl stores other pages: a revisit
with a different result, and articles stored with a block that their site was only later found to repeat."""

from __future__ import annotations

import logging
from dataclasses import replace

from crawler.boilerplate.repeated_blocks import RepeatedBlocks, block_hash
from crawler.errors import Refused, Unreadable
from crawler.extract.draft import Extraction
from crawler.models import Page
from crawler.processes.parse_pool import ParsePool
from crawler.replay import reread_in_worker
from crawler.session.learned_blocks import LearnedBlocks
from crawler.session.store import SessionStore
from crawler.site_config import Site
from index.archive import documents, repeated_blocks, warc_records
from index.dedup.version_diff import classify_change
from index.model.article import Article
from index.model.candidate import Candidate

log = logging.getLogger("arshif.crawl")
MAX_REREAD_ARTICLES = 20  # articles at most; when a block is learned, two hold it, or nine if it is a sentence


class Corrections:
    """Re-extracts stored articles when a page being stored gives reason to."""

    def __init__(self, store: SessionStore, workers: ParsePool, blocks: LearnedBlocks) -> None:
        self.store = store
        self.workers = workers
        self.blocks = blocks

    async def of_revisit(self, site: Site, article: str, page: Page, extraction: Extraction) -> Article | None:
        """The article (given its id) re-extracted from its stored page, if both a revisit and that page now differ.

        None otherwise. What a site repeats is learned over time: a box once taken for text is a discovery of ours, not
        a change for readers. So the stored version is corrected first, and what still differs is a change by the site.
        """
        known = await self.store.read(lambda conn: documents.document(conn, article))
        if known is None or not classify_change(known.article, extraction.article, seen=page.fetched):
            return None
        return await self._reread(site, known.article, await self.blocks.of(site, article))

    async def of_learned_blocks(self, site: Site, extraction: Extraction) -> list[Article]:
        """The articles stored with a block that the site was only now found to repeat, re-extracted without it.

        These are corrections too, and a copy of one of them at another URL has the same text again.
        """
        learned = [block_hash(removed.text) for removed in extraction.removed if removed.layer == "repeat"]
        if not learned:
            return []
        holders = await self.store.read(
            lambda conn: repeated_blocks.holders_of_new(conn, site.id, learned, MAX_REREAD_ARTICLES)
        )
        holding = await self.store.read(lambda conn: documents.documents(conn, holders))
        repeats = await self.blocks.of(site, None)
        read = [await self._reread(site, document.article, repeats) for document in holding]
        return [article for article in read if article is not None]

    async def _reread(self, site: Site, known: Article, repeats: RepeatedBlocks) -> Article | None:
        record = await self.store.read(lambda conn: warc_records.newest(conn, known.id))
        if record is None:
            return None
        record = replace(record, offered=_offered(known))
        try:
            better = (await reread_in_worker(self.workers, self.store.warc, record, site, repeats)).article
        except (Refused, Unreadable) as problem:
            log.warning("%s: its stored page cannot be re-extracted: %s", known.url, problem)
            return None
        return better if classify_change(known, better) else None


def _offered(article: Article) -> Candidate:
    """The article's fields that came from a source rather than its page, as a candidate, so that re-extraction loses
    none of them; the frontier cannot serve here, as it may hold later dates by now."""
    said = {name for name, origin in article.origins.items() if origin.startswith("feed")}
    return Candidate(
        url=article.url,
        title=article.headline if "headline" in said else None,
        published=article.published if "published" in said else None,
        modified=article.modified if "modified" in said else None,
    )
