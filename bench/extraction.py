"""Arshif's extraction as one function, for comparisons with other extractors: HTML and address in, fields out.

python -m bench.extraction      CPU a page against trafilatura with metadata, on the modern pages of ../shared/pages"""

from __future__ import annotations

import gzip
import json
import logging
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler import stages
from crawler.errors import Refused
from crawler.models import Page
from crawler.site_config import Site, Source
from crawler.text import paragraphs
from index.model.article import Article

PAGES = Path(__file__).parents[2] / "shared" / "pages" / "open"
MODERN = ("fundus", "scrapinghub", "wcxb_news", "arabic")
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


def main() -> None:
    """Reads each page with both in turn, and prints how much CPU a page each took, and the ratio."""
    logging.disable(logging.CRITICAL)
    taken = {arshif: 0.0, trafilatura: 0.0}
    files = [f for source in MODERN for f in sorted((PAGES / source).glob("*.json"))]
    for number, file in enumerate(files):
        page, url = (
            gzip.decompress(file.with_suffix(".html.gz").read_bytes()),
            json.loads(file.read_text("utf-8"))["url"],
        )
        for read in taken:
            if not number:
                read(page, url)  # loads what it needs
            start = time.process_time()
            read(page, url)
            taken[read] += time.process_time() - start
    for read, seconds in taken.items():
        print(f"{read.__name__:12} {1000 * seconds / len(files):6.1f} ms of CPU a page")
    print(f"{'ratio':12} {taken[arshif] / taken[trafilatura]:6.2f}")


if __name__ == "__main__":
    main()
