"""Re-extraction of stored pages with the current rules: for `arshif reextract` and `explain`, and for a crawl that
finds a changed page (`crawler/session/corrections.py`)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from crawler import stages
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from crawler.errors import Unreadable
from crawler.extract.draft import Extraction
from crawler.fetch.raw_capture import decoded, lower_case
from crawler.models import Page
from crawler.processes.workers import Workers
from crawler.site_config import Site
from crawler.urls.canonical import canonical
from index.archive.warc_records import StoredRecord
from index.model.candidate import Candidate
from index.model.codes import ParseReason
from index.warc.record import WarcDamaged, WarcRef
from index.warc.store import WarcStore


def stored_page(warc: WarcStore, record: StoredRecord) -> Page:
    """The page in a raw copy as it was fetched, with the further ones of its article.

    :raises Unreadable: when the copy is missing or damaged.
    """
    page = _page(warc, record.ref, record.url, record.final_url, record.fetched)
    further = ((one, canonical(one.final_url) or one.final_url) for one in record.further)
    rest = tuple(_page(warc, one.ref, url, one.final_url, one.fetched) for one, url in further)
    return replace(page, candidate=_offered(record), rest=rest)


def _page(warc: WarcStore, ref: WarcRef, url: str, final_url: str, fetched: datetime) -> Page:
    try:
        headers, body = warc.read(ref, final_url)
        body = decoded(headers, body)
    except (WarcDamaged, OSError, EOFError) as problem:
        raise Unreadable(ParseReason.DAMAGED_COPY, error=str(problem)) from problem
    return Page(url, final_url, body, fetched, headers=lower_case(headers))


def _offered(record: StoredRecord) -> Candidate:
    """What a source offered when the page was read: the fields that the article has from it. The frontier cannot tell,
    as it may hold later dates by now."""
    article = record.article
    said = {name for name, origin in article.origins.items() if origin.startswith("feed")}
    return replace(
        record.offered,
        title=article.headline if "headline" in said else None,
        published=article.published if "published" in said else None,
        modified=article.modified if "modified" in said else None,
    )


def reread(warc: WarcStore, record: StoredRecord, site: Site, repeats: RepeatedBlocks) -> Extraction:
    """The extraction of a stored page with the current rules, parsed in this process. The article keeps its id and URL.

    :raises Refused: when the page is no longer classified as an article.
    :raises Unreadable: when the copy is damaged or cannot be parsed.
    """
    return _same_article(stages.article(stored_page(warc, record), site, repeats), record)


async def reread_in_worker(
    workers: Workers, warc: WarcStore, record: StoredRecord, site: Site, repeats: RepeatedBlocks
) -> Extraction:
    """The same as `reread`, but read off the reactor's thread and parsed by a worker process.

    :raises Refused: when the page is no longer classified as an article.
    :raises Unreadable: when the copy is damaged or cannot be parsed by the deadline.
    :raises PoolClosed: when the crawl is ending.
    """
    page = await asyncio.to_thread(stored_page, warc, record)
    return _same_article(await workers.run(stages.article, page, site, repeats), record)


def _same_article(again: Extraction, record: StoredRecord) -> Extraction:
    return replace(again, article=replace(again.article, id=record.article.id, url=record.article.url))
