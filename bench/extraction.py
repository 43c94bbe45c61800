"""Arshif's extraction as one function, for comparisons with other extractors: HTML and address in, fields out.

    python -m bench.extraction [--rounds 5]

CPU time a page against trafilatura with metadata, on the modern pages of ../shared/pages, and where ours goes."""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from crawler import stages
from crawler.errors import Refused
from crawler.extract import (
    body,
    dom_pruning,
    extractor,
    html_document,
    images,
    jsonld,
    language_detection,
    page_classifier,
    pagination,
    visible_dates,
    visible_metadata,
)
from crawler.models import Page
from crawler.site_config import Site, Source
from crawler.text import paragraphs
from index.model.article import Article
from index.text import charset

PAGES = Path(__file__).parents[2] / "shared" / "pages" / "open"
MODERN = ("fundus", "scrapinghub", "wcxb_news", "arabic")
OF_TRAFILATURA = 0.25  # of its CPU time, at most
STAGES: dict[str, tuple[tuple[ModuleType, str], ...]] = {  # the functions of each
    "decode and parse": ((charset, "decode"), (html_document, "parse")),
    "next page": ((pagination, "following"), (pagination, "beginning")),
    "JSON-LD, metadata, headline": ((jsonld, "nodes"), (extractor, "read")),
    "visible fields": (
        (visible_metadata, "fill_visible"),
        (visible_dates, "apply_page_timezone"),
        (visible_dates, "fill_relative_date"),
        (visible_dates, "date_from_htmldate"),
    ),
    "images": ((images, "add"),),
    "what is hidden, boxes": ((dom_pruning, "prune"),),
    "body": ((body, "fill"),),
    "trafilatura, where that finds nothing": ((body, "_first_good"),),
    "language": ((language_detection, "language"),),
    "whether it is an article": ((page_classifier, "reject_document"), (page_classifier, "reject_draft")),
    "phrases and repeats": ((stages, "_clean"), (stages, "_without_repeats")),
    "hashes": ((stages, "_identified"),),
}
# A site that nobody described: no rules, no name, no zone. What a page gives here it gives on any site.
NOBODY = Site.model_validate(
    {
        "id": "bench",
        "name": "-",
        "homepage": "https://bench.invalid/",
        "country": "UN",
        "languages": ["en"],
        "sources": [Source.model_validate({"kind": "urls", "url": "https://bench.invalid/"})],
    }
)


def read(html: bytes, url: str) -> Article:
    """The article that the path reads off a page. Raises PageProblem where it takes the page for none."""
    address = url if urlsplit(url).hostname else "https://bench.invalid/article"
    page = Page(url=address, final_url=address, body=html, fetched=datetime.now(UTC))
    return stages.article(page, NOBODY).article


def arshif(html: bytes, url: str) -> dict[str, Any]:
    """What the path gives for a page: title, body (paragraphs), authors, date (ISO day), image, lang; of a page that it
    takes for no article, what `arshif extract --explain` tells of it: title and date, and never a body."""
    try:
        return told(read(html, url))
    except Refused as refused:
        return told_all_the_same(refused)


def told(article: Article) -> dict[str, Any]:
    """An article's fields by the names of the comparison."""
    return {
        "title": article.headline,
        "body": paragraphs(article.body),
        "authors": list(article.authors),
        "date": article.published.date().isoformat() if article.published else None,
        "image": article.images[0].url if article.images else None,
        "lang": article.language,
    }


def told_all_the_same(refused: Refused) -> dict[str, Any]:
    """Title and date of a page that is taken for no article."""
    said = {name: value for name, value, _ in refused.said}
    date = said.get("published")
    return {"title": said.get("headline"), "date": date.date().isoformat() if isinstance(date, datetime) else None}


def trafilatura(html: bytes, url: str) -> object:
    """What trafilatura gives with metadata, and with its defaults else."""
    from trafilatura import bare_extraction

    return bare_extraction(html, url=url or None, with_metadata=True, include_comments=False)


def main() -> int:
    """Reads each page with both in turn, and prints how much CPU time a page each took, the ratio, and the stages."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    logging.disable(logging.CRITICAL)
    files = [f for source in MODERN for f in sorted((PAGES / source).glob("*.json"))]
    pages = [
        (gzip.decompress(f.with_suffix(".html.gz").read_bytes()), json.loads(f.read_text("utf-8"))["url"])
        for f in files
    ]
    for reader in (arshif, trafilatura):
        reader(*pages[0])  # loads what it needs
    taken = [by_turns(pages) for _ in range(rounds)]
    ours, theirs = (1000 * statistics.median(column) / len(pages) for column in zip(*taken, strict=True))
    ratio = statistics.median(own / other for own, other in taken)
    print(f"arshif {ours:.1f}, trafilatura {theirs:.1f} ms of CPU a page")
    for name, seconds in by_stage(pages).items():
        ms = 1000 * seconds / len(pages)
        print(f"  {name:36} {ms:5.2f} ms, {ms / theirs:.3f} of trafilatura")
    well = ratio <= OF_TRAFILATURA
    print(f"extraction: {ratio:.2f} of trafilatura (at most {OF_TRAFILATURA:g}): {'pass' if well else 'FAIL'}")
    return int(not well)


def by_turns(pages: list[tuple[bytes, str]]) -> tuple[float, float]:
    """Seconds of CPU that we and trafilatura take for the pages, each page read by both before the next."""
    ours = theirs = 0.0
    for page in pages:
        start = time.process_time()
        arshif(*page)
        between = time.process_time()
        trafilatura(*page)
        ours, theirs = ours + between - start, theirs + time.process_time() - between
    return ours, theirs


def by_stage(pages: list[tuple[bytes, str]]) -> dict[str, float]:
    """Seconds of CPU by stage, the most first. What one stage calls of another counts for that."""
    spent: dict[str, float] = defaultdict(float)
    inner: list[float] = [0.0]  # seconds in stages called by each stage that is under way

    @contextmanager
    def counted(stage: str) -> Iterator[None]:
        inner.append(0.0)
        start = time.process_time()
        try:
            yield
        finally:
            seconds = time.process_time() - start
            spent[stage] += seconds - inner.pop()
            inner[-1] += seconds

    def timed(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            with counted(stage):
                return function(*args, **kwargs)

        return run

    with ExitStack() as patched:
        for stage, where in STAGES.items():
            for module, name in where:
                patched.enter_context(mock.patch.object(module, name, timed(stage, getattr(module, name))))
        for page in pages:
            arshif(*page)
    return dict(sorted(spent.items(), key=lambda item: -item[1]))


if __name__ == "__main__":
    sys.exit(main())
