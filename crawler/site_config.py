"""Site, Source, Rules: what a site's YAML file says, frozen and validated. `config.py` reads the files.

The descriptions stand in the JSON Schema that editors show, and in the messages of errors.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from crawler.crontab import crontab

Kind = Literal["feed", "sitemap", "section", "wordpress", "urls"]
Publisher = Literal["agency", "newspaper", "broadcaster", "magazine", "online", "government", "organisation"]
FieldName = Literal[
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
]

COUNTRY = r"^[A-Z]{2}$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"  # the shapes of BCP 47 that name a language, a script and a region
SPAN = r"^\s*\d+(\.\d+)?\s*(min|h|d)\s*$"
NOT_ISO = {"UK": "GB", "EN": "GB", "EL": "GR"}  # codes of other lists, taken for ISO 3166-1 again and again


def _web_address(value: object) -> object:
    if isinstance(value, str):
        if re.search(r"\s", value.strip()):
            raise ValueError(f"{value!r} has a space in it: write %20 for it, or give each address an entry of its own")
        if not value.strip().lower().startswith(("http://", "https://")):
            raise ValueError(f"{value!r} is no web address: it begins with https:// or http://")
    return value


def _country(value: str) -> str:
    if value in NOT_ISO:
        raise ValueError(f"{value!r} is no code of ISO 3166-1: write {NOT_ISO[value]}")
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # OSError: a folder of the database, such as "Asia"
        names = {name.casefold(): name for name in available_timezones()}
        close = get_close_matches(value.casefold(), names, n=1)
        hint = f"did you mean {names[close[0]]}?" if close else "write one such as Asia/Damascus or UTC"
        raise ValueError(f"there is no time zone {value!r}: {hint}") from None
    return value


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    return value


def _selector(value: str) -> str:
    try:
        LexborHTMLParser("").css(value)
    except SelectolaxError:
        raise ValueError(f"{value!r} is no CSS selector: write one such as `div.entry-content > p`") from None
    return value


def _span(value: object) -> object:
    """15 min, 1 h, 7 d: a number and min, h or d."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(min|h|d)\s*", value)
    if not found or not float(found[1]):
        raise ValueError(f"{value!r} is no span of time: write one such as 15 min, 6 h or 7 d")
    return timedelta(**{{"min": "minutes", "h": "hours", "d": "days"}[found[2]]: float(found[1])})


def _crontab(value: str) -> str:
    crontab(value)
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Url = Annotated[HttpUrl, BeforeValidator(_web_address)]
Country = Annotated[str, Field(pattern=COUNTRY), AfterValidator(_country)]
Language = Annotated[str, Field(pattern=LANGUAGE)]
TimeZone = Annotated[Text, AfterValidator(_time_zone)]
Expression = Annotated[Text, AfterValidator(_expression)]
Selector = Annotated[Text, AfterValidator(_selector)]
Span = Annotated[timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": SPAN})]
Crontab = Annotated[Text, AfterValidator(_crontab)]


class Model(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Model):
    """Where a site's articles are found."""

    kind: Kind = Field(
        description="feed (RSS, Atom, JSON Feed), sitemap, section (a page that lists articles), wordpress (its REST "
        "interface) or urls (a plain list, for back-fill)"
    )
    url: Url = Field(description="Address of the feed, sitemap, page, list of URLs or WordPress site")
    language: Language | None = Field(
        None, description="Language of this source (BCP 47), where the site has several and the source one"
    )
    homepage: Url | None = Field(
        None, description="Home page of this source, where it is not the site's: a dead feed is looked for there"
    )
    links: Selector | None = Field(
        None, description="section only: CSS selector of the links to articles; without it, all links of the page"
    )


class Rules(Model):
    """What is particular to this site's pages, valid from a date on."""

    valid_from: date | None = Field(
        None, description="First day of this layout, as 2026-01-31; without it, valid from the beginning"
    )
    allow: tuple[Expression, ...] = Field(
        (), description="Regular expressions; an article's URL matches one of them somewhere"
    )
    deny: tuple[Expression, ...] = Field((), description="Regular expressions; an article's URL matches none of them")
    select: dict[FieldName, Selector] = Field(
        default_factory=dict, description="CSS selector per field, tried before any other way of finding it"
    )
    strip: tuple[Selector, ...] = Field((), description="CSS selectors of blocks that are never part of an article")
    strip_text: tuple[Text, ...] = Field(
        (), description="Beginnings of paragraphs that are never part of an article, whatever their case and marks"
    )
    keep_text: tuple[Text, ...] = Field(
        (),
        description="Beginnings of paragraphs that are always part of an article, although a general phrase or their "
        "being repeated says otherwise (`arshif sites repeats` shows what was learned)",
    )


class Schedule(Model):
    """When a site is crawled: every so many minutes, or by cron in its time zone. Neither: as arshif.yaml says, or by
    what its sources publish, between bounds."""

    every: float | None = Field(
        None, ge=0.05, le=43_200, description="Minutes between two crawls, up to 43200 (30 days); 0.5 is 30 seconds"
    )
    fastest: float | None = Field(
        None,
        ge=0.5,
        le=43_200,
        description="Minutes between two requests to a source that publishes much",
    )
    slowest: float | None = Field(
        None,
        ge=0.5,
        le=43_200,
        description="Minutes between two requests to a source that publishes little",
    )
    cron: Crontab | None = Field(
        None,
        description="The five fields of crontab (minute, hour, day, month, weekday), in the site's time zone, instead "
        "of `every`; such as `0 6-22 * * sun-thu`",
    )

    @field_validator("cron")
    @classmethod
    def _one_of_two(cls, cron: str | None, info: ValidationInfo) -> str | None:
        if cron and info.data.get("every"):
            raise ValueError("there is `every` already: keep one of the two")
        return cron


class Site(Model):
    """One news outlet. Its id is the name of its file."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="The name of the file without .yaml: small letters, digits and hyphens. Better left out",
    )
    name: Text = Field(description="What the outlet calls itself, in its own script")
    homepage: Url = Field(description="Its first page: where a feed is looked for that no longer answers")
    country: Country = Field(
        description="Country of the outlet, two capital letters of ISO 3166-1 such as SY, or UN; names of months "
        "depend on it"
    )
    languages: tuple[Language, ...] = Field(
        min_length=1, description="Languages it writes in, as BCP 47 such as ar, ckb or zh-Hant; the main one first"
    )
    time_zone: TimeZone = Field(
        "UTC", description="IANA time zone such as Asia/Damascus, for cron and for dates on its pages without a zone"
    )
    publisher: Publisher = Field("online", description="Kind of publisher")
    sources: tuple[Source, ...] = Field(min_length=1, description="Where its articles are found; all of them are used")
    schedule: Schedule = Field(Schedule(), description="When it is crawled; without it, as arshif.yaml says for all")
    revisit: tuple[Span, ...] | None = Field(
        None,
        description="Ages at which an article is looked at again; without it 15 min, 1 h, 6 h, 1 d, 7 d, 30 d",
    )
    rendering: Literal["auto", "none", "browser"] = Field(
        "auto",
        description="auto: Chromium renders its pages (slow) once a few were empty without JavaScript and articles "
        "with it; browser: from the first page on; none: never",
    )
    delay: float | None = Field(
        None, ge=0, le=600, description="Seconds between two requests to one host; without it, as arshif.yaml says"
    )
    verify_tls: bool = Field(
        True, description="false: its certificate is not looked at (expired, self-signed); `arshif status` says so"
    )
    rules: tuple[Rules, ...] = Field((), description="What is particular to its pages, one entry a layout")
    enabled: bool = Field(False, description="Whether it is crawled")

    @field_validator("sources")
    @classmethod
    def _no_address_twice(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        counts = Counter(source.url for source in sources)
        if twice := [str(url) for url, count in counts.items() if count > 1]:
            raise ValueError(f"{twice[0]} is there twice: keep one of the two")
        return sources

    @field_validator("rules")
    @classmethod
    def _no_day_twice(cls, rules: tuple[Rules, ...]) -> tuple[Rules, ...]:
        if len({rule.valid_from for rule in rules}) < len(rules):
            raise ValueError("two entries begin on the same day: give each layout its own `valid_from`")
        return rules

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of its home page and sources, without ports: those that its crawl asks in any case."""
        return frozenset(url.host for url in (self.homepage, *(source.url for source in self.sources)) if url.host)

    def nearness(self, url: str) -> int:
        """How much of an address is this site's: the characters of its first page's, where it begins with that."""
        home = str(self.homepage)
        return len(home) if url.startswith(home) else 0

    def rules_on(self, day: date) -> Rules:
        """The rules valid on that day: those with the newest `valid_from` that is not later; empty ones if none."""
        dated = [r for r in self.rules if r.valid_from is None or r.valid_from <= day]
        return max(dated, key=lambda r: r.valid_from or date.min, default=Rules())


def stranger(url: str) -> Site:
    """A site for a page whose outlet no file describes: its host is all that is known."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    home = f"{parts.scheme or 'http'}://{parts.netloc or host}/"
    name = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[:63] or "unknown"
    return Site(
        id=name, name=host, homepage=HttpUrl(home), country="UN", languages=("und",),
        sources=(Source(kind="section", url=HttpUrl(home)),),
    )  # fmt: skip
