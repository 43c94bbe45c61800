"""Article, Version, Query, Results: the contract between crawling and searching.

Names follow schema.org NewsArticle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Image:
    """An image of an article, with what stands under it."""

    url: str
    caption: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """What a page says, free of boilerplate.

    `id` is stable for (site, URL); `content_hash` is over the folded headline and body; `signature` is the MinHash of
    the folded text, or None where the text is too short to compare. Texts are NFC without control characters; `body`
    holds paragraphs separated by a blank line. Dates are aware, in the zone that the page gave. `language` is BCP 47.
    `origins` names, for each filled field, where it came from, such as `json-ld`, `og`, `feed`, `body`.
    """

    id: str
    site: str
    url: str
    headline: str
    body: str
    content_hash: str
    extractor: str
    country: str = ""
    canonical_url: str | None = None
    alternative_headline: str | None = None
    description: str | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
    images: tuple[Image, ...] = ()
    paywalled: bool | None = None
    signature: bytes | None = None
    template: bool = False  # a flash or a table: never merged by its content
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """An article as it read at one time: `number` counts from 1, `seen` is UTC."""

    number: int
    seen: datetime
    article: Article


@dataclass(frozen=True, slots=True)
class Document:
    """What an index is given of an article: its newest version, and what the archive decided about it.

    `version` grows with each change of the document (external versioning); `first_seen` is UTC and never changes;
    `sort_date` is published, or first_seen where the page gave none or one in the future; `lead` says whether it leads
    its story.
    """

    article: Article
    version: int
    first_seen: datetime
    sort_date: datetime
    lead: bool = True
    story: str | None = None
    gone: bool = False


# --- what is asked -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """Words that stand next to each other in this order: one word, or a "phrase". `field` None is headline or body."""

    text: str
    field: Literal["headline", "body"] | None = None
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """Articles without it."""

    node: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    nodes: tuple[Node, ...]


Node = Words | Not | And | Or
Sort = Literal["relevance", "newest", "oldest"]


@dataclass(frozen=True, slots=True)
class Query:
    """A search: a tree of words (None is every article), filters, order and place.

    Filters with several values mean any of them. `after` is inclusive, `before` exclusive, both aware, held against the
    document's sort_date. `limit` is 1 to 100; `cursor` is what the page before gave, None for the first.
    """

    node: Node | None = None
    sites: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    sort: Sort = "relevance"
    limit: int = 10
    cursor: str | None = None

    @property
    def filtered(self) -> bool:
        """Whether a filter can exclude a story's lead, so that every matching article shows and not leads only."""
        return bool(
            self.sites or self.countries or self.languages or self.authors or self.sections or self.after or self.before
        )


# --- what is found -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match:
    """What an engine answers for one document: its id, and its score (0 when sorted by date)."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Matches:
    """What an engine answers: how many in all (exact), this page of them, and the cursor of the next, or None."""

    total: int
    matches: tuple[Match, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of original text; `marked` where it matched."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found: the document, its headline and up to three pieces of its text with the matches marked, and how
    many other articles of its story the archive has."""

    document: Document
    score: float
    headline: tuple[Span, ...]
    snippets: tuple[tuple[Span, ...], ...]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits with the exact total, how long it took, and the cursor of the next page, or None."""

    total: int
    hits: tuple[Hit, ...]
    seconds: float
    cursor: str | None = None


def schema_org(article: Article) -> dict[str, object]:
    """An article under schema.org's names (NewsArticle), ready for JSON: dates as ISO 8601 with zone, empty fields left
    out; what schema.org has no name for is under `archive`."""
    named = {
        "url": article.url,
        "mainEntityOfPage": article.canonical_url,
        "headline": article.headline,
        "alternativeHeadline": article.alternative_headline,
        "description": article.description,
        "articleBody": article.body,
        "articleSection": article.section,
        "keywords": list(article.keywords),
        "author": list(article.authors),
        "datePublished": article.published and article.published.isoformat(),
        "dateModified": article.modified and article.modified.isoformat(),
        "inLanguage": article.language,
        "image": [{"url": image.url, "caption": image.caption, "creditText": image.credit} for image in article.images],
        "isAccessibleForFree": None if article.paywalled is None else not article.paywalled,
        "archive": {
            "id": article.id,
            "site": article.site,
            "country": article.country,
            "origins": dict(article.origins),
        },
    }
    return {name: value for name, value in named.items() if value not in (None, "", [])}
