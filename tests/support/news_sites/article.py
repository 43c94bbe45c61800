"""Article, Draft: what the newsroom's pages say, as the tests compare it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

DESCRIPTION = 155  # characters: about what WordPress and search engines keep of a first paragraph
Figure = Literal["none", "top", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Image:
    """The picture of an article and what stands under it."""

    url: str
    caption: str
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A text before a site has published it. `sections` are in order of preference: a site takes the first it has.

    `hours` is its age at publication, `edited` its age at the last edit (None: never edited), or `published` says when.
    """

    slug: str
    headline: str
    body: tuple[str, ...]
    sections: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    alternative_headline: str | None = None
    caption: str | None = None
    credit: str | None = None
    figure: Figure = "none"
    paywalled: bool = False
    hours: float = 0.0
    edited: float | None = None
    published: datetime | None = None

    def dates(self, now: datetime) -> tuple[datetime, datetime]:
        """When it was published and last modified: whole minutes, in the zone of `now`."""
        published = self.published or now - timedelta(hours=self.hours)
        edited = published if self.edited is None else now - timedelta(hours=self.edited)
        return published.replace(second=0, microsecond=0), edited.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Article:
    """What a published page says. The truth: its page holds exactly this, and boilerplate around it.

    `slug` names it in the newsroom's commands and stays when it moves; `number` is the site's own id; `path` is as its
    site writes it. `url` and the image's are empty until `at` is told where the site is reached. Dates are aware.
    """

    site: str
    slug: str
    number: int
    path: str
    headline: str
    body: tuple[str, ...]
    section: str
    authors: tuple[str, ...]
    keywords: tuple[str, ...]
    published: datetime
    modified: datetime
    language: str
    alternative_headline: str | None = None
    image: Image | None = None
    figure: Figure = "none"
    paywalled: bool = False
    url: str = ""

    @property
    def text(self) -> str:
        """The body in one string, a blank line between paragraphs."""
        return "\n\n".join(self.body)

    @property
    def description(self) -> str:
        """The beginning of the text, cut at a word."""
        first = self.body[0]
        return first if len(first) <= DESCRIPTION else first[:DESCRIPTION].rsplit(" ", 1)[0] + "…"

    def at(self, base: str) -> Article:
        """The same with addresses below `base`, such as `http://127.0.0.1:8100`."""
        image = self.image and replace(self.image, url=base + self.image.url)
        return replace(self, url=base + self.path, image=image)
