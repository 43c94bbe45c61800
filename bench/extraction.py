"""Arshif's extraction as one function, for comparisons with other extractors: HTML and address in, fields out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from crawler import path
from crawler.clean.text import paragraphs
from crawler.errors import Refused
from crawler.page import Page
from crawler.site import Site, Source
from index.article import Article

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
    return path.article(page, NOBODY).article


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
