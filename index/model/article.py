"""Article, Version, Query, Results: the contract between crawling and searching.

Names follow schema.org NewsArticle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
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


# --- what is asked -------------------------------------------------------------------------------------------------


Field = Literal["headline", "body"]  # None, where a field may be given: either


@dataclass(frozen=True, slots=True)
class Words:
    """Words that stand next to each other in this order: one word, or a "phrase"."""

    text: str
    field: Field | None = None
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Prefix:
    """A word that begins like this: wor*."""

    text: str
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """A word that is this one after at most `edits` letters were put in, left out, changed or swapped: word~."""

    text: str
    field: Field | None = None
    edits: int = 1


@dataclass(frozen=True, slots=True)
class Near:
    """Words of which each has at most `gap` others between it and the next, in whichever order: "a b"~5."""

    text: str
    field: Field | None = None
    gap: int = 5


@dataclass(frozen=True, slots=True)
class Period:
    """From `after`, inclusive, to `before`, exclusive; both aware, None without an end."""

    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Is:
    """A filter that holds within a group or is excluded: `name` as in the query language, or "date" for a Period of the
    article's date."""

    name: str
    value: str | Period


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


Leaf = Words | Prefix | Fuzzy | Near | Is
Node = Leaf | Not | And | Or
Sort = Literal["relevance", "newest", "oldest", "changed"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read in a query: from character `at` to `end` of its text. `key` names the sentence that tells
    it (`index.search.query_language.diagnostics`), `given` is what stands there."""

    key: str
    at: int
    end: int
    given: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A search: a tree of words (None is every article), filters, order and place.

    Filters with several values mean any of them, `has` all; `articles` are ids, and let no copies through. `after` is
    inclusive, `before` exclusive, both aware, held against the document's sort_date; `changed` is held against its
    `changed`. `copies` shows every article of a story and not its lead only; `versions` searches what articles said
    before as well. `limit` is 1 to 100, an export's more; `cursor` is what the page before gave, None for the first.
    `problems` tell what of the text has no meaning, and was left out.
    """

    node: Node | None = None
    sites: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    changed: Period | None = None
    gone: bool | None = None
    copies: bool = False
    versions: bool = False
    sort: Sort = "relevance"
    limit: int = 10
    cursor: str | None = None
    problems: tuple[Problem, ...] = field(default=(), compare=False)

    @property
    def filtered(self) -> bool:
        """Whether a filter can exclude a story's lead, so that every matching article shows and not leads only."""
        named = (self.sites, self.countries, self.languages, self.authors, self.sections, self.has)
        other = (self.after, self.before, self.changed)
        return any(named) or any(other) or self.gone is not None or _holds_filter(self.node)


def _holds_filter(node: Node | None) -> bool:
    match node:
        case Is():
            return True
        case Not(inner):
            return _holds_filter(inner)
        case And(nodes) | Or(nodes):
            return any(map(_holds_filter, nodes))
    return False


# --- what is found -------------------------------------------------------------------------------------------------

Facet = Literal["site", "country", "language", "section", "author"]
Unit = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Match:
    """What an engine answers for one document: the article's id, its score (0 when sorted by date), and the number of
    the version where it is an earlier one."""

    id: str
    score: float
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """What an engine answers: how many in all (exact), this page of them, and the cursor of the next, or None."""

    total: int
    matches: tuple[Match, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """How many of the articles found have each value of a field, the most frequent first: exact."""

    field: Facet
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """How many of the articles found are from a day, from the week or month that begins with it (UTC)."""

    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of original text; `marked` where it matched."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One article found: the document, its headline and up to three pieces of its text with the matches marked, and how
    many other articles of its story the archive has."""

    document: IndexDocument
    score: float
    headline: tuple[Span, ...]
    snippets: tuple[tuple[Span, ...], ...]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits with the exact total, how long it took, and the cursor of the next page, or None.

    Where they were asked for: `facets`, each counted as if no value of its own field were chosen, and `histogram`, the
    days, weeks or months that have articles, in order."""

    total: int
    hits: tuple[Hit, ...]
    seconds: float
    cursor: str | None = None
    facets: tuple[FacetCounts, ...] = ()
    histogram: tuple[Bar, ...] = ()
    unit: Unit | None = None
