"""Site, Source, Rules: the content of a site's YAML file, frozen and validated. `config.py` reads the files.

The descriptions appear in the JSON Schema that editors show, and in error messages.
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
from crawler.urls.registered_domain import domain_of

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

SITE_ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
DEFAULT_PORTS = (80, 443)
COUNTRY = r"^[A-Z]{2}$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"  # the forms of BCP 47 with a language, a script and a region
SPAN = r"^\s*\d+(\.\d+)?\s*(min|h|d)\s*$"
NOT_ISO = {"UK": "GB", "EN": "GB", "EL": "GR"}  # codes often mistaken for ISO 3166-1


def _web_address(value: object) -> object:
    if isinstance(value, str):
        if re.search(r"\s", value.strip()):
            raise ValueError(f"{value!r} contains a space: write it as %20, or give each URL an entry of its own")
        if not value.strip().lower().startswith(("http://", "https://")):
            raise ValueError(f"{value!r} is not a web address: it must begin with https:// or http://")
    return value


def _country(value: str) -> str:
    if value in NOT_ISO:
        raise ValueError(f"{value!r} is not an ISO 3166-1 code: use {NOT_ISO[value]}")
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # OSError: a folder of the database, such as "Asia"
        names = {name.casefold(): name for name in available_timezones()}
        close = get_close_matches(value.casefold(), names, n=1)
        hint = f"did you mean {names[close[0]]}?" if close else "use a name such as Asia/Damascus or UTC"
        raise ValueError(f"there is no time zone {value!r}: {hint}") from None
    return value


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from None
    return value


def _selector(value: str) -> str:
    try:
        LexborHTMLParser("").css(value)
    except SelectolaxError:
        raise ValueError(f"{value!r} is not a CSS selector: use a form such as `div.entry-content > p`") from None
    return value


def _domain(value: str) -> str:
    name = value.lower().rstrip(".")
    if urlsplit(f"//{name}").netloc != name or "." not in name:
        raise ValueError(f"{value!r} is not a domain: use a name such as example.com")
    return name


def _span(value: object) -> object:
    """Parses a duration such as 15 min, 1 h or 7 d."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(min|h|d)\s*", value)
    if not found or not float(found[1]):
        raise ValueError(f"{value!r} is not a duration: use a form such as 15 min, 6 h or 7 d")
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
Domain = Annotated[Text, AfterValidator(_domain)]
Selector = Annotated[Text, AfterValidator(_selector)]
Span = Annotated[timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": SPAN})]
Crontab = Annotated[Text, AfterValidator(_crontab)]


class Model(BaseModel):
    """A frozen model that rejects unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class Source(Model):
    """A place where a site's articles are listed."""

    kind: Kind = Field(
        description="feed (RSS, Atom, JSON Feed), sitemap, section (a page that lists articles), wordpress (its REST "
        "API) or urls (a plain list, to fetch older articles)"
    )
    url: Url = Field(description="URL of the feed, sitemap, page, list or WordPress site")
    language: Language | None = Field(
        None, description="Language of this source (BCP 47), if the site has several languages and the source only one"
    )
    homepage: Url | None = Field(
        None,
        description="Home page of this source, if not the site's; searched for a new feed if this one fails",
    )
    links: Selector | None = Field(
        None, description="section only: CSS selector of the links to articles; by default, all links on the page"
    )


class Rules(Model):
    """Rules for the site's pages, valid from a date on."""

    valid_from: date | None = Field(
        None, description="First day of this layout, such as 2026-01-31; by default, valid from the beginning"
    )
    allow: tuple[Expression, ...] = Field(
        (), description="Regular expressions, at least one of which an article's URL must match"
    )
    deny: tuple[Expression, ...] = Field(
        (), description="Regular expressions, none of which an article's URL may match"
    )
    select: dict[FieldName, Selector] = Field(
        default_factory=dict, description="CSS selector for each field, tried before any other way of finding it"
    )
    strip: tuple[Selector, ...] = Field((), description="CSS selectors of blocks that are never part of an article")
    strip_text: tuple[Text, ...] = Field(
        (), description="Beginnings of paragraphs that are never part of an article, ignoring case and diacritics"
    )
    keep_text: tuple[Text, ...] = Field(
        (),
        description="Beginnings of paragraphs that are always part of an article, even if they are repeated or match a "
        "boilerplate phrase (`arshif sites repeats` shows what was learned)",
    )


class Schedule(Model):
    """When a site is crawled: every so many minutes, or by cron in its time zone. By default as set in arshif.yaml, or
    adapted to how often its sources publish, within bounds."""

    every: float | None = Field(
        None, ge=0.05, le=43_200, description="Minutes between two crawls, up to 43200 (30 days); 0.5 means 30 seconds"
    )
    fastest: float | None = Field(
        None,
        ge=0.5,
        le=43_200,
        description="Minutes between two requests to the most active sources",
    )
    slowest: float | None = Field(
        None,
        ge=0.5,
        le=43_200,
        description="Minutes between two requests to the least active sources",
    )
    cron: Crontab | None = Field(
        None,
        description="The five crontab fields (minute, hour, day, month, weekday) in the site's time zone, instead of "
        "`every`; such as `0 6-22 * * sun-thu`",
    )

    @field_validator("cron")
    @classmethod
    def _one_of_two(cls, cron: str | None, info: ValidationInfo) -> str | None:
        if cron and info.data.get("every"):
            raise ValueError("cannot be combined with `every`: keep one of the two")
        return cron


class Site(Model):
    """A news outlet. Its id is the name of its file."""

    id: str = Field(
        pattern=SITE_ID,
        description="The name of the file without .yaml: lowercase letters, digits and hyphens. Best left out",
    )
    name: Text = Field(description="The name of the outlet, in its own script")
    homepage: Url = Field(description="Its home page; searched for a new feed if a feed fails")
    country: Country = Field(
        description="Country of the outlet: its two-letter ISO 3166-1 code such as SY, or UN; month names depend on it"
    )
    languages: tuple[Language, ...] = Field(
        min_length=1,
        description="Languages it writes in, as BCP 47 tags such as ar, ckb or zh-Hant; the main one first",
    )
    time_zone: TimeZone = Field(
        "UTC", description="IANA time zone such as Asia/Damascus, for cron and for dates without a zone on its pages"
    )
    publisher: Publisher = Field("online", description="Kind of publisher")
    sources: tuple[Source, ...] = Field(min_length=1, description="Where its articles are listed; all sources are used")
    domains: tuple[Domain, ...] = Field(
        (),
        description="Further domains on which its articles are published, such as example.com; those of its home page "
        "and sources are its own anyway. Addresses elsewhere that its sources list are left out",
    )
    schedule: Schedule = Field(Schedule(), description="When it is crawled; by default, as set in arshif.yaml")
    revisit: tuple[Span, ...] | None = Field(
        None,
        description="Ages at which an article is fetched again; by default 15 min, 1 h, 6 h, 1 d, 7 d and 30 d",
    )
    rendering: Literal["auto", "none", "browser"] = Field(
        "auto",
        description="auto: Chromium renders its pages (slow) once a few of them needed JavaScript; browser: always; "
        "none: never",
    )
    facsimile: bool = Field(
        False,
        alias="copy",
        description="true: also keep what its articles look like: their images, a picture and one file of each page, "
        "by Chromium",
    )
    delay: float | None = Field(
        None, ge=0, le=600, description="Seconds between two requests to one host; by default, as set in arshif.yaml"
    )
    verify_tls: bool = Field(
        True, description="false: accept an expired or self-signed certificate; `arshif status` shows it"
    )
    rules: tuple[Rules, ...] = Field((), description="Rules for its pages, one entry per layout")
    enabled: bool = Field(False, description="Whether it is crawled")

    @field_validator("sources")
    @classmethod
    def _no_address_twice(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        counts = Counter(source.url for source in sources)
        if twice := [str(url) for url, count in counts.items() if count > 1]:
            raise ValueError(f"{twice[0]} is listed twice: keep one of the two")
        return sources

    @field_validator("rules")
    @classmethod
    def _no_day_twice(cls, rules: tuple[Rules, ...]) -> tuple[Rules, ...]:
        if len({rule.valid_from for rule in rules}) < len(rules):
            raise ValueError("two entries have the same `valid_from`: give each layout its own")
        return rules

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of its home page and sources, without ports: those that each of its crawls contacts."""
        return frozenset(url.host for url in (self.homepage, *(source.url for source in self.sources)) if url.host)

    def publishes_at(self, url: str) -> bool:
        """Whether a URL is on a host and port of its home page or sources; `www.` and the default ports make no
        difference."""
        return authority(url) in {
            authority(str(own)) for own in (self.homepage, *(source.url for source in self.sources))
        }

    @property
    def own_domains(self) -> frozenset[str]:
        """The domains of its home page and its sources, and its `domains`, as `domain_of` gives them."""
        return self.home_domains | {domain_of(f"//{name}") for name in self.domains}

    @property
    def home_domains(self) -> frozenset[str]:
        """The domains of its home page and its sources."""
        pages = (self.homepage, *(url for source in self.sources for url in (source.url, source.homepage) if url))
        return frozenset(domain_of(str(page)) for page in pages)

    def nearness(self, url: str) -> int:
        """The length of the home page's URL in characters if `url` begins with it, else 0."""
        home = str(self.homepage)
        return len(home) if url.startswith(home) else 0

    def rules_on(self, day: date) -> Rules:
        """The rules valid on that day: those with the latest `valid_from` up to it; empty rules if there are none."""
        dated = [r for r in self.rules if r.valid_from is None or r.valid_from <= day]
        return max(dated, key=lambda r: r.valid_from or date.min, default=Rules())


def authority(url: str) -> str:
    """The host of a URL without `www.`, and its port unless that is a default one; "" if it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    return host if port in (None, *DEFAULT_PORTS) else f"{host}:{port}"


def stranger(url: str) -> Site:
    """A minimal site for a page whose outlet is not configured: only its host is known."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    home = f"{parts.scheme or 'http'}://{parts.netloc or host}/"
    name = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[:63] or "unknown"
    return Site(
        id=name, name=host, homepage=HttpUrl(home), country="UN", languages=("und",),
        sources=(Source(kind="section", url=HttpUrl(home)),),
    )  # fmt: skip
