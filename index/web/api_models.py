"""The shapes of the API's answers, for its OpenAPI description. Articles have schema.org's names, and what it has no
name for is under `archive`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from index.model.results import Unit


class Image(BaseModel):
    """An image of an article; its address, not its bytes."""

    url: str
    caption: str | None = None
    creditText: str | None = None


class Seen(BaseModel):
    """A version, and when it was first seen (UTC)."""

    number: int
    seen: datetime


class Alias(BaseModel):
    """Another address of an article, why it is the same, and since when."""

    url: str
    reason: str
    seen: datetime


class Archived(BaseModel):
    """What the archive knows of an article. `changed` is null where it never did; `number` is that of its version, and
    `current` false for one that was replaced."""

    id: str
    site: str
    country: str
    origins: dict[str, str]
    contentHash: str
    firstSeen: datetime
    version: int
    number: int
    current: bool
    changed: datetime | None
    gone: bool
    story: str | None
    lead: bool
    versions: list[Seen] = []
    aliases: list[Alias] = []


class NewsArticle(BaseModel):
    """https://schema.org/NewsArticle; fields that are not known are left out."""

    context: str = Field(alias="@context")
    type: str = Field(alias="@type")
    url: str
    mainEntityOfPage: str | None = None
    headline: str = ""
    alternativeHeadline: str | None = None
    description: str | None = None
    articleBody: str | None = None
    articleSection: str | None = None
    keywords: list[str] = []
    author: list[str] = []
    datePublished: datetime | None = None
    dateModified: datetime | None = None
    inLanguage: str | None = None
    image: list[Image] = []
    isAccessibleForFree: bool | None = None


class Article(NewsArticle):
    """An article with what the archive knows of it."""

    archive: Archived


class Version(BaseModel):
    """An article as it read at one time."""

    class Text(NewsArticle):
        """What it said then."""

        archive: dict[str, Any]

    number: int
    seen: datetime
    article: Text


class Snippet(BaseModel):
    """A piece of original text; marked where it is what was asked for."""

    text: str
    marked: bool


class Hit(Article):
    """An article found, without its text: pieces of it in `snippets`, its headline in pieces in `marked`; `others` of
    its story."""

    score: float
    marked: list[Snippet]
    snippets: list[list[Snippet]]
    others: int


class Problem(BaseModel):
    """What of a query could not be read, from character `at` to `end`, as a sentence in English and in Arabic."""

    key: str
    at: int
    end: int
    en: str
    ar: str


class Count(BaseModel):
    """How many of the articles found have this value."""

    value: str
    count: int


class Bar(BaseModel):
    """How many of the articles found are from the time that begins on this day (UTC)."""

    date: date
    count: int


class Histogram(BaseModel):
    """Counts over time; days, weeks or months without an article are left out."""

    unit: Unit
    counts: list[Bar]


class Found(BaseModel):
    """What a search finds: the exact total, a page of it, and the cursor of the next one, null on the last."""

    total: int
    seconds: float
    cursor: str | None
    problems: list[Problem]
    hits: list[Hit]
    facets: dict[str, list[Count]] = {}
    histogram: Histogram | None = None


class SiteState(BaseModel):
    """A site with its state: `verdict` is a word, `detail` its sentence and `example` an address that shows it, null
    where all is normal. Times are UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str | None
    homepage: str | None
    country: str | None
    languages: tuple[str, ...]
    enabled: bool
    verdict: str | None
    detail: str | None
    example: str | None
    since: datetime | None
    failures: int
    last_run: datetime | None
    last_success: datetime | None
    next_run: datetime | None
    next_why: str | None
    articles: int = 0


class SiteRun(BaseModel):
    """What a run did for one site."""

    model_config = ConfigDict(from_attributes=True)

    site: str
    status: str
    detail: str | None
    counts: dict[str, int]


class RunState(BaseModel):
    """A run: when it was (UTC), why, how it ended, and its sites."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    started: datetime
    ended: datetime | None
    status: str
    detail: str | None
    why: str | None
    sites: tuple[SiteRun, ...]
