"""The results of a search: an engine's matches, and the hits with their texts and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from index.model.article import IndexDocument

Facet = Literal["site", "country", "language", "section", "author"]
Unit = Literal["day", "week", "month"]
FACET_FILTERS: Mapping[Facet, str] = {  # facet -> the filter of the query language for its values
    "site": "site",
    "country": "country",
    "language": "lang",
    "section": "section",
    "author": "author",
}


@dataclass(frozen=True, slots=True)
class Match:
    """An engine's match: the article's id, its score (0 when sorted by date), and the version number if it is an
    earlier version."""

    id: str
    score: float
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """An engine's response: the exact total, a page of matches, and the cursor of the next page, or None."""

    total: int
    matches: tuple[Match, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """The exact number of results with each value of a field, most frequent first."""

    field: Facet
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """The number of results from a day, or from the week or month that begins on it (UTC)."""

    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of original text; `marked` if it matched."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A result: the document, its headline and up to three snippets with the matches marked, and the number of other
    articles of its story in the archive."""

    document: IndexDocument
    score: float
    headline: tuple[Span, ...]
    snippets: tuple[tuple[Span, ...], ...]
    others: int = 0


@dataclass(frozen=True, slots=True)
class Results:
    """A page of hits with the exact total, the time taken, and the cursor of the next page, or None.

    If requested, `facets` are each counted as if no value of their own field were chosen, and `histogram` has the days,
    weeks or months with articles, in order.
    """

    total: int
    hits: tuple[Hit, ...]
    seconds: float
    cursor: str | None = None
    facets: tuple[FacetCounts, ...] = ()
    histogram: tuple[Bar, ...] = ()
    unit: Unit | None = None
