"""Outlet: what is particular to a site and never changes: its names, its addresses, its manner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

FeedKind = Literal["rss", "rss091", "rdf", "atom", "json"]


@dataclass(frozen=True, slots=True)
class Address:
    """What an article's path is made of. `mark` tells equal ones apart: empty, `-2`, `-3` ..."""

    slug: str
    words: str
    number: int
    section: str
    published: datetime
    mark: str = ""


@dataclass(frozen=True)
class Outlet:
    """A site of the newsroom. `sections` maps labels to what their addresses hold; `feeds` paths to kinds, the first
    is announced first. `sources` (kind, path, selector of links) and `rules` are for Arshif's own file about it."""

    id: str
    host: str
    name: str
    language: str
    country: str
    zone: str
    theme: str
    sections: Mapping[str, str]
    permalink: Callable[[Address], str]
    feeds: Mapping[str, FeedKind]
    sources: Sequence[tuple[str, str, str | None]]
    publisher: str = "newspaper"
    section_path: str = "/section/{}"
    tag_path: str = "/tag/{}"
    page_suffix: str = "?page={}"
    image_path: str = "/images/{}.png"
    sitemap: Literal["yoast", "courier", "plain"] = "plain"
    encoding: str = "utf-8"
    content_type: str = "text/html; charset=UTF-8"
    robots: str = ""
    per_page: int = 10
    soft_404: bool = False
    rendering: str = "none"
    rules: Mapping[str, object] | None = None

    @property
    def tzinfo(self) -> ZoneInfo:
        """The zone in which it dates its articles."""
        return ZoneInfo(self.zone)

    def section_for(self, wanted: Sequence[str]) -> str:
        """The first of these sections that it has, or its own first."""
        return next((label for label in wanted if label in self.sections), next(iter(self.sections)))

    def section_url(self, label: str) -> str:
        """The path of a section's listing."""
        return self.section_path.format(self.sections[label])

    def tag_url(self, tag: str) -> str:
        """The path of a keyword's listing."""
        return self.tag_path.format(quote(tag.replace(" ", "-"), safe=""))

    def pages(self, path: str, count: int) -> list[str]:
        """The paths of a listing's pages."""
        suffix = self.page_suffix.replace("?", "&") if "?" in path else self.page_suffix
        return [path, *(path + suffix.format(number) for number in range(2, count + 1))]
