"""What a search finds: the matches of an engine, and the hits with their texts and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from index.model.article import IndexDocument

Facet = Literal["site", "country", "language", "section", "author"]
Unit = Literal["day", "week", "month"]
FACET_FILTERS: Mapping[Facet, str] = {  # a facet -> the filter of the query language that chooses a value of it
    "site": "site",
    "country": "country",
    "language": "lang",
    "section": "section",
    "author": "author",
}


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
