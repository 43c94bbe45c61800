"""Site, Source, Rules: what a site's YAML file says, frozen and validated. `config.py` reads the files."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, StringConstraints

Kind = Literal["feed", "sitemap", "section", "wordpress", "urls"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Model(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Model):
    """Where a site's articles are found."""

    kind: Kind = Field(description="feed (RSS, Atom, JSON Feed), sitemap, section page, wordpress (REST) or urls")
    url: HttpUrl = Field(description="Address of the feed, sitemap, page, list of URLs or WordPress site")
    language: str | None = Field(None, description="BCP 47, where the source has one language and the site several")
    links: Text | None = Field(None, description="section: CSS selector of the links to articles; default: all links")


class Rules(Model):
    """What is particular to this site's pages, valid from a date on."""

    valid_from: date | None = Field(None, description="First day of this layout; None: from the beginning")
    allow: tuple[Text, ...] = Field((), description="Regular expressions; an article's URL matches one of them")
    deny: tuple[Text, ...] = Field((), description="Regular expressions; an article's URL matches none of them")
    select: dict[
        Literal[
            "headline",
            "alternative_headline",
            "description",
            "body",
            "section",
            "keywords",
            "authors",
            "published",
            "modified",
            "images",
        ],
        Text,
    ] = Field(default_factory=dict, description="CSS selector per field, before any other way of finding it")
    strip: tuple[Text, ...] = Field((), description="CSS selectors of blocks that are never part of an article")


class Schedule(Model):
    """When a site is crawled: every so many minutes, or by cron in its time zone."""

    every: int | None = Field(None, ge=1, le=43_200, description="Minutes between two crawls")
    cron: Text | None = Field(None, description="Five fields of crontab, in the site's time zone")


class Site(Model):
    """One news outlet. `id` is its file's name."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    name: Text
    homepage: HttpUrl
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2, or UN; names of months depend on it")
    languages: tuple[Text, ...] = Field(min_length=1, description="BCP 47, the main one first")
    time_zone: Text = Field("UTC", description="IANA zone, for its cron and for dates without a zone")
    publisher: Literal["agency", "newspaper", "broadcaster", "magazine", "online", "government", "organisation"] = (
        Field("online", description="Kind of publisher")
    )
    sources: tuple[Source, ...] = Field(min_length=1)
    schedule: Schedule = Schedule()
    rendering: Literal["none", "browser"] = "none"
    delay: float | None = Field(None, ge=0, le=600, description="Seconds between two requests to one host")
    rules: tuple[Rules, ...] = ()
    enabled: bool = False

    def rules_on(self, day: date) -> Rules:
        """The rules valid on that day: those with the newest `valid_from` that is not later; empty ones if none."""
        dated = [r for r in self.rules if r.valid_from is None or r.valid_from <= day]
        return max(dated, key=lambda r: r.valid_from or date.min, default=Rules())
