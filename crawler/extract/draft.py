"""Draft: an article that is being read off a page; Extraction: what the path gives in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crawler.boilerplate.removed import Removed
from index.model.article import Article, Image

_OTHERS = 60  # sayings about fields that are kept; a hostile page has thousands of <time>


@dataclass(frozen=True, slots=True)
class AlternativeValue:
    """What a source says of a field that a better one had given: the same, or something else."""

    name: str
    value: object
    origin: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a page gives: its article, what was taken off, and the hashes of its paragraphs (also those of paragraphs
    that the site is known to repeat), by which the archive learns what a site repeats. `others` is what was said of
    its fields besides, for who wants to know why they read as they do."""

    article: Article
    removed: tuple[Removed, ...] = ()
    blocks: tuple[str, ...] = ()
    others: tuple[AlternativeValue, ...] = ()


@dataclass(slots=True)
class Draft:
    """Fields as they are found. Use `fill`: it never overwrites what an earlier, better source gave."""

    headline: str = ""
    alternative_headline: str | None = None
    description: str | None = None
    body: list[str] = field(default_factory=list)
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
        """Sets an empty field to a value that is not empty, and notes where it came from."""
        if not value and value is not False:
            return
        if self.lacks(name):
            setattr(self, name, value)
            self.origins[name] = origin
        elif len(self.others) < _OTHERS:
            self.others.append(AlternativeValue(name, value, origin))

    def fill_all(self, values: Mapping[str, object], origin: str) -> None:
        """`fill` for several fields of one origin."""
        for name, value in values.items():
            self.fill(name, value, origin)
