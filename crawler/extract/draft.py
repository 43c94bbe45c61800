"""Draft: an article during extraction; Extraction: the result of the pipeline for a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crawler.boilerplate.removed import Removed
from crawler.boilerplate.repeated_blocks import Block
from index.model.article import Article, Image

_OTHERS = 60  # alternative values kept per page; a hostile page has thousands of <time>


@dataclass(frozen=True, slots=True)
class AlternativeValue:
    """The value of a field from a lower-ranking source than the one used, whether equal or different."""

    name: str
    value: object
    origin: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """The extraction of a page: its article, the removed boilerplate, and its paragraphs in their places (including
    those known to be the site's own), from which the archive learns what a site repeats. `others` are the alternative
    values of fields, to explain the choice. `pages` is the number of its pages, and `next_page` the URL of the one that
    follows them and was not read."""

    article: Article
    removed: tuple[Removed, ...] = ()
    placed: tuple[Block, ...] = ()
    others: tuple[AlternativeValue, ...] = ()
    pages: int = 1
    next_page: str | None = None

    @property
    def blocks(self) -> tuple[str, ...]:
        """The hashes of the paragraphs, in order."""
        return tuple(block.hash for block in self.placed)


@dataclass(slots=True)
class Draft:
    """The fields found so far. Use `fill`, which never overwrites the value from an earlier, better source."""

    headline: str = ""
    alternative_headline: str | None = None
    description: str | None = None
    body: list[str] = field(default_factory=list)
    apart: frozenset[str] = frozenset()  # paragraphs of the body in elements of their own
    section: str | None = None
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
    images: tuple[Image, ...] = ()
    canonical_url: str | None = None
    paywalled: bool | None = None
    origins: dict[str, str] = field(default_factory=dict)
    removed: list[Removed] = field(default_factory=list)
    others: list[AlternativeValue] = field(default_factory=list)

    def lacks(self, name: str) -> bool:
        """Whether the field is still empty."""
        return name not in self.origins

    def fill(self, name: str, value: object, origin: str) -> None:
        """Sets an empty field to a non-empty value and records its origin; later values become alternatives."""
        if not value and value is not False:
            return
        if self.lacks(name):
            setattr(self, name, value)
            self.origins[name] = origin
        elif len(self.others) < _OTHERS:
            self.others.append(AlternativeValue(name, value, origin))

    def fill_all(self, values: Mapping[str, object], origin: str) -> None:
        """Fills several fields from one origin."""
        for name, value in values.items():
            self.fill(name, value, origin)
