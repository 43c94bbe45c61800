"""The blocks that sites repeat from article to article: loaded once per run, and updated with what the run stores."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from crawler.boilerplate.repeated_blocks import OTHERS, RepeatedBlocks, block_hash
from crawler.extract.draft import Extraction
from crawler.models import Page
from crawler.session.source_stats import excluding, repeated
from crawler.session.store import SessionStore
from crawler.site_config import Site
from index.archive import repeated_blocks
from index.archive.articles import Outcome


class LearnedBlocks:
    """How many of each site's articles contain each of its repeated blocks."""

    def __init__(self, store: SessionStore) -> None:
        self.store = store
        self.by_site: dict[str, RepeatedBlocks] = {}

    async def of(self, site: Site, article: str | None, counting: Collection[str] = ()) -> RepeatedBlocks:
        """The blocks that the site's articles repeat, not counting this article (its id, if it is stored).

        `counting` are the blocks of another one that is about to be stored."""
        if site.id not in self.by_site:
            self.by_site[site.id] = await self.store.read(lambda conn: repeated(conn, site.id))
        learned = self.by_site[site.id]
        if counting:
            known = await self.store.read(lambda conn: repeated_blocks.among(conn, site.id, counting))
            more = {block: known.get(block, 0) + 1 for block in counting}
            learned = RepeatedBlocks({**learned.counts, **_often(more)}, learned.articles + 1)
        own = await self.store.read(lambda conn: repeated_blocks.of(conn, article)) if article else frozenset()
        return excluding(learned, own) if own else learned

    def learn(self, conn: Connection, site: str, outcome: Outcome, extraction: Extraction, page: Page) -> None:
        """Count a stored article's blocks, and record the texts of the repeated ones that were removed from it."""
        repeated_blocks.count(conn, site, outcome.id, extraction.blocks)
        texts = {block_hash(r.text): r.text for r in extraction.removed if r.layer == "repeat"}
        repeated_blocks.record_learned(conn, site, texts, page.fetched)
        if (learned := self.by_site.get(site)) is not None:
            now = repeated_blocks.among(conn, site, extraction.blocks)
            articles = learned.articles + (outcome.kind == "new")
            self.by_site[site] = RepeatedBlocks({**learned.counts, **_often(now)}, articles)


def _often(counts: Mapping[str, int]) -> dict[str, int]:
    return {block: n for block, n in counts.items() if n >= OTHERS}
