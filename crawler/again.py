"""A stored page, read again with today's rules, where a revisit reads differently."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler import path
from crawler.errors import Refused, Unreadable
from crawler.item import ArticleItem
from crawler.middlewares.raw import decoded, lower_case
from crawler.page import Page
from index.archive import articles
from index.article import Article
from index.raw import RawDamaged

if TYPE_CHECKING:
    from crawler.crawl import Crawl

log = logging.getLogger("arshif.crawl")


async def read_again(crawl: Crawl, item: ArticleItem) -> Article | None:
    """What today's rules make of the stored page, where a revisit reads differently and so does that.

    What a site repeats is learned over time: a box that was taken for text is news to us, not to its readers. The
    stored version is put right first; what differs then is a change of the site's.
    """
    if item.wanted.article is None:
        return None
    known, copy = await crawl.read(
        lambda conn: (
            articles.document(conn, item.wanted.article or ""),
            articles.raw_of(conn, item.wanted.article or ""),
        )
    )
    if known is None or copy is None or known.article.content_hash == item.extraction.article.content_hash:
        return None
    ref, url = copy
    try:
        headers, body = await asyncio.to_thread(crawl.raw.read, ref, url)
        page = Page(known.article.url, url, decoded(headers, body), known.first_seen, headers=lower_case(headers))
        again = await crawl.workers.run(path.article, page, item.site, await crawl.pages.repeats(item.site))
    except (RawDamaged, Refused, Unreadable) as problem:
        log.warning("%s: its stored page cannot be read again: %s", known.article.url, problem)
        return None
    better = replace(again.article, id=known.article.id, url=known.article.url)
    return better if better.content_hash != known.article.content_hash else None
