"""Stored pages, read again with today's rules: where a revisit reads differently, or a box has been learned."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler import stages
from crawler.boilerplate.repeated_blocks import RepeatedBlocks, block_hash
from crawler.errors import Refused, Unreadable
from crawler.fetch.raw_capture import stored_page
from crawler.items import ArticleItem
from index.archive import articles, repeated_blocks
from index.dedup.version_diff import classify_change
from index.model.article import Article, IndexDocument
from index.model.candidate import Candidate
from index.warc.store import WarcDamaged

if TYPE_CHECKING:
    from crawler.session.session import CrawlSession

log = logging.getLogger("arshif.crawl")
MAX_REREAD_ARTICLES = (
    20  # articles that are read again at most when a block is learned; there are two, or nine with a sentence
)


async def reread_current(crawl: CrawlSession, item: ArticleItem) -> Article | None:
    """What today's rules make of the stored page, where a revisit reads differently and so does that.

    What a site repeats is learned over time: a box that was taken for text is news to us, not to its readers. The
    stored version is put right first; what differs then is a change of the site's.
    """
    if item.wanted.article is None:
        return None
    known = await crawl.read(lambda conn: articles.document(conn, item.wanted.article or ""))
    if known is None or not classify_change(known.article, item.extraction.article, seen=item.page.fetched):
        return None
    return await _reread(crawl, item, known, await crawl.pages.repeats(item.site, known.article.id))


async def reread_first_articles(crawl: CrawlSession, item: ArticleItem) -> list[Article]:
    """The articles that showed a block before it was learned that the site repeats it, read again without it.

    Theirs are corrections too; and a copy of one of them, at another address, has the same text again."""
    blocks = [block_hash(removed.text) for removed in item.extraction.removed if removed.layer == "repeat"]
    if not blocks:
        return []
    holders = await crawl.read(
        lambda conn: repeated_blocks.holders_of_new(conn, item.site.id, blocks, MAX_REREAD_ARTICLES)
    )
    documents = await crawl.read(lambda conn: articles.documents(conn, holders))
    known = await crawl.pages.repeats(item.site, None)
    read = [await _reread(crawl, item, document, known) for document in documents]
    return [article for article in read if article is not None]


async def _reread(
    crawl: CrawlSession, item: ArticleItem, known: IndexDocument, repeated: RepeatedBlocks
) -> Article | None:
    copy = await crawl.read(lambda conn: articles.raw_of(conn, known.article.id))
    if copy is None:
        return None
    ref, url = copy
    try:
        offered = _offered(known.article)
        page = await asyncio.to_thread(stored_page, crawl.raw, ref, known.article.url, url, known.first_seen, offered)
        again = await crawl.workers.run(stages.article, page, item.site, repeated)
    except (WarcDamaged, Refused, Unreadable) as problem:
        log.warning("%s: its stored page cannot be read again: %s", known.article.url, problem)
        return None
    better = replace(again.article, id=known.article.id, url=known.article.url)
    return better if classify_change(known.article, better) else None


def _offered(article: Article) -> Candidate:
    """What a source had said of an article where its page said nothing, so that reading it again loses nothing."""
    said = {name for name, origin in article.origins.items() if origin.startswith("feed")}
    return Candidate(
        url=article.url,
        title=article.headline if "headline" in said else None,
        published=article.published if "published" in said else None,
        modified=article.modified if "modified" in said else None,
    )
