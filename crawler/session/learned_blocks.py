"""The blocks that are sites' own, not their articles': loaded once per run, and learned from what the run stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from crawler.boilerplate.repeated_blocks import OTHERS, Ground, RepeatedBlocks, Sighting, block_hash, ground, topic
from crawler.extract.draft import Extraction
from crawler.models import Page
from crawler.session.source_stats import excluding, repeated
from crawler.session.store import SessionStore
from crawler.site_config import Site
from crawler.text import fold, paragraphs
from index.archive import repeated_blocks
from index.archive.articles import Outcome
from index.archive.repeated_blocks import Occurrence, Place

_SEEN = 24  # articles with a block that are looked at
_EVERY = 8  # a block found to be no boilerplate in so many articles is looked at again in as many more


@dataclass(frozen=True, slots=True)
class Discovery:
    """A block just found to be its site's own: its text, why, and the number of articles with it."""

    text: str
    ground: Ground
    articles: int


class LearnedBlocks:
    """How many of each site's articles contain each of the site's own blocks."""

    def __init__(self, store: SessionStore) -> None:
        self.store = store
        self.by_site: dict[str, RepeatedBlocks] = {}

    async def of(
        self, site: Site, article: str | None, discovered: Mapping[str, Discovery] | None = None
    ) -> RepeatedBlocks:
        """The site's own blocks, not counting this article (its id, if it is stored), with those just `discovered`."""
        learned = await self._of_site(site)
        if discovered:
            counts = {**learned.counts, **{block: one.articles for block, one in discovered.items()}}
            learned = RepeatedBlocks(counts, learned.articles)
        own = await self.store.read(lambda conn: repeated_blocks.of(conn, article)) if article else frozenset()
        return excluding(learned, own) if own else learned

    async def _of_site(self, site: Site) -> RepeatedBlocks:
        if site.id not in self.by_site:
            self.by_site[site.id] = await self.store.read(lambda conn: repeated(conn, site.id))
        return self.by_site[site.id]

    async def discover(self, site: Site, extraction: Extraction, article: str | None) -> dict[str, Discovery]:
        """The blocks of this page, by hash, that turn out with it to be the site's own; `article` is its id, if it is
        stored."""
        learned = await self._of_site(site)
        return await self.store.read(lambda conn: _discover(conn, site.id, learned, extraction, article))

    def learn(
        self,
        conn: Connection,
        site: str,
        outcome: Outcome,
        extraction: Extraction,
        discovered: Mapping[str, Discovery],
        page: Page,
    ) -> None:
        """Record a stored article's blocks with their places, and those that were discovered with it.

        What an edit brought to it was no block of the site's, even if it was once found to be on the first articles."""
        places, learned = places_of(extraction), self.by_site.get(site)
        repeated_blocks.count(conn, site, outcome.id, places)
        if outcome.kind == "changed" and learned is not None:
            before = _hashes(repeated_blocks.first_text(conn, outcome.id) or "")
            mine = {block for block, place in places.items() if not place.apart and block not in before}
            repeated_blocks.unlearn(conn, site, mine - learned.counts.keys() - discovered.keys())
        texts = {block: one.text for block, one in discovered.items()}
        grounds = {block: one.ground for block, one in discovered.items()}
        repeated_blocks.record_learned(conn, site, texts, page.fetched, grounds)
        if learned is not None:
            ours = [block for block in places if block in learned.counts or block in discovered]
            counts = {**learned.counts, **repeated_blocks.among(conn, site, ours)} if ours else learned.counts
            self.by_site[site] = RepeatedBlocks(counts, learned.articles + (outcome.kind == "new"))


def places_of(extraction: Extraction) -> dict[str, Place]:
    """The places of a page's blocks, by their hashes."""
    return {block.hash: Place(block.above, block.below, block.apart) for block in extraction.placed}


def _discover(
    conn: Connection, site: str, learned: RepeatedBlocks, extraction: Extraction, article: str | None
) -> dict[str, Discovery]:
    own = repeated_blocks.of(conn, article) if article else frozenset()
    if own.issuperset(extraction.blocks):
        return {}  # as when it was last read: most pages that are fetched again
    counts = repeated_blocks.among(conn, site, extraction.blocks)
    others = {block: n - (block in own) for block, n in counts.items() if n - (block in own) >= OTHERS}
    new = [block for block, n in others.items() if block not in learned.counts and (n <= _EVERY or n % _EVERY == 0)]
    if not new:
        return {}
    texts = {block_hash(text): text for text in paragraphs(extraction.article.body)}
    usual = repeated_blocks.usual_keywords(conn, site, _SEEN)
    before = repeated_blocks.first_text(conn, article) if article else None
    here = _sightings_here(extraction, {*others, *learned.counts}, usual, before)
    found = {}
    for block in new:
        if block in texts:
            there = repeated_blocks.occurrences(conn, site, block, OTHERS + 1, _SEEN)
            seen = [
                here[block],
                *(_sighting(one, block, usual) for one in there if one.article != article and one.place is not None),
            ]
            articles = learned.articles + (article is None)
            if why := ground(texts[block], seen, others[block] + 1, articles):
                found[block] = Discovery(texts[block], why, others[block] + 1)
    return found


def _sightings_here(
    extraction: Extraction, repeated_here: set[str], usual: frozenset[str], before: str | None
) -> dict[str, Sighting]:
    """The page's blocks as they stand on it; `before` is what its article said when it was first read."""
    article = extraction.article
    known = _hashes(before) if before is not None else None
    once = [block for block in extraction.placed if block.hash not in repeated_here]
    day = article.published.date().isoformat() if article.published else ""
    about = topic(article.headline), _own_keywords(article.keywords, usual)
    return {
        block.hash: Sighting(
            block.apart,
            all(one.above < block.above for one in once) or all(one.below < block.below for one in once),
            *about,
            day=day,
            by_edit=known is not None and block.hash not in known,
        )
        for block in extraction.placed
    }


def _hashes(text: str) -> frozenset[str]:
    return frozenset(map(block_hash, paragraphs(text)))


def _own_keywords(given: Iterable[str], usual: frozenset[str]) -> frozenset[str]:
    return frozenset(fold(keyword) for keyword in given if keyword not in usual)


def _sighting(one: Occurrence, block: str, usual: frozenset[str]) -> Sighting:
    apart = one.place is not None and one.place.apart
    keywords = _own_keywords(one.keywords, usual)
    by_edit = one.first_text is not None and block not in _hashes(one.first_text)
    return Sighting(apart, one.at_end, topic(one.headline), keywords, one.story, one.day.isoformat(), by_edit)
