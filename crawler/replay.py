"""A stored page, read again with today's rules: by `arshif reextract` and `explain`, and by a crawl that meets a page
which reads differently (`crawler/session/corrections.py`)."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import replace

from crawler import stages
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from crawler.errors import Unreadable
from crawler.extract.draft import Extraction
from crawler.fetch.raw_capture import decoded, lower_case
from crawler.models import Page
from crawler.processes.parse_pool import ParsePool
from crawler.site_config import Site
from index.archive.warc_records import StoredRecord
from index.warc.store import WarcDamaged, WarcStore


def stored_page(warc: WarcStore, record: StoredRecord) -> Page:
    """The page of a raw copy, as it was fetched.

    :raises Unreadable: the copy is missing or damaged.
    """
    try:
        headers, body = warc.read(record.ref, record.final_url)
        body = decoded(headers, body)
    except (WarcDamaged, OSError, EOFError, zlib.error) as problem:
        raise Unreadable("damaged", str(problem)) from problem
    url, final_url = record.url, record.final_url
    return Page(url, final_url, body, record.fetched, headers=lower_case(headers), candidate=record.offered)


def reread(warc: WarcStore, record: StoredRecord, site: Site, repeats: RepeatedBlocks) -> Extraction:
    """What today's rules make of a stored page; the article keeps its id and address. Parses in this process.

    :raises Refused: today it is taken for no article.
    :raises Unreadable: the copy is damaged, or cannot be parsed.
    """
    return _same_article(stages.article(stored_page(warc, record), site, repeats), record)


async def reread_in_worker(
    workers: ParsePool, warc: WarcStore, record: StoredRecord, site: Site, repeats: RepeatedBlocks
) -> Extraction:
    """The same, off the reactor's thread and parsed by a worker.

    :raises Refused: today it is taken for no article.
    :raises Unreadable: the copy is damaged, or cannot be parsed by the deadline.
    :raises PoolClosed: the crawl is at its end.
    """
    page = await asyncio.to_thread(stored_page, warc, record)
    return _same_article(await workers.run(stages.article, page, site, repeats), record)


def _same_article(again: Extraction, record: StoredRecord) -> Extraction:
    return replace(again, article=replace(again.article, id=record.article.id, url=record.article.url))
