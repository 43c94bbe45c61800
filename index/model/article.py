"""An article, its versions, and the document that an index is given. Names follow schema.org's NewsArticle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


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
class IndexDocument:
    """What an index is given of an article: its newest version, and what the archive decided about it.

    `version` grows with each change of the document (external versioning); `first_seen` is UTC and never changes;
    `sort_date` is published, or first_seen where the page gave none or one in the future; `lead` says whether it leads
    its story. `changed` is when the text or its date of modification last changed, None where it never did. `number` is
    that of the article's version, and `current` False for one that was replaced by a later one.
    """

    article: Article
    version: int
    first_seen: datetime
    sort_date: datetime
    lead: bool = True
    story: str | None = None
    gone: bool = False
    changed: datetime | None = None
    number: int = 1
    current: bool = True
