"""Site, Source, Rules: the content of a site's YAML file, frozen and validated. `config.py` reads the files.

The descriptions of keys are codes of the catalogues (`index/locale/`): the sentences appear in the JSON Schema that
editors show, and in error messages.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal
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

from crawler.config_messages import FileMessage, InvalidEntry
from crawler.crontab import crontab
from crawler.urls.country_domains import UNKNOWN
from crawler.urls.registered_domain import domain_of
from index.model.message import Message

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
            raise InvalidEntry(FileMessage.SPACE, given=repr(value))
        if not value.strip().lower().startswith(("http://", "https://")):
            raise InvalidEntry(FileMessage.NOT_URL, given=repr(value))
    return value


def _country(value: str) -> str:
    if value in NOT_ISO:
        raise InvalidEntry(FileMessage.NOT_COUNTRY, given=repr(value), code=NOT_ISO[value])
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # OSError: a folder of the database, such as "Asia"
        names = {name.casefold(): name for name in available_timezones()}
        close = get_close_matches(value.casefold(), names, n=1)
        near = Message(FileMessage.DID_YOU_MEAN, {"name": names[close[0]]}) if close else Message(FileMessage.NAME_ZONE)
        raise InvalidEntry(FileMessage.NO_TIME_ZONE, given=repr(value), hint=near) from None
    return value


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise InvalidEntry(FileMessage.NOT_EXPRESSION, given=repr(value), problem=str(error)) from None
    return value


def _selector(value: str) -> str:
    try:
        LexborHTMLParser("").css(value)
    except SelectolaxError:
        raise InvalidEntry(FileMessage.NOT_SELECTOR, given=repr(value)) from None
    return value


def _domain(value: str) -> str:
    name = value.lower().rstrip(".")
    if urlsplit(f"//{name}").netloc != name or "." not in name:
        raise InvalidEntry(FileMessage.NOT_DOMAIN, given=repr(value))
    return name


def _span(value: object) -> object:
    """Parses a duration such as 15 min, 1 h or 7 d."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(min|h|d)\s*", value)
    if not found or not float(found[1]):
        raise InvalidEntry(FileMessage.NOT_SPAN, given=repr(value))
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

    kind: Kind = Field(description="site_key.source.kind")
    url: Url = Field(description="site_key.source.url")
    language: Language | None = Field(None, description="site_key.source.language")
    homepage: Url | None = Field(
        None,
        description="site_key.source.homepage",
    )
    links: Selector | None = Field(None, description="site_key.source.links")


class Rules(Model):
    """Rules for the site's pages, valid from a date on."""

    valid_from: date | None = Field(None, description="site_key.rules.valid_from")
    allow: tuple[Expression, ...] = Field((), description="site_key.rules.allow")
    deny: tuple[Expression, ...] = Field((), description="site_key.rules.deny")
    select: dict[FieldName, Selector] = Field(default_factory=dict, description="site_key.rules.select")
    strip: tuple[Selector, ...] = Field((), description="site_key.rules.strip")
    strip_text: tuple[Text, ...] = Field((), description="site_key.rules.strip_text")
    keep_text: tuple[Text, ...] = Field(
        (),
        description="site_key.rules.keep_text",
    )


class Schedule(Model):
    """When a site is crawled: every so many minutes, or by cron in its time zone. By default as set in arshif.yaml, or
    adapted to how often its sources publish, within bounds."""

    every: float | None = Field(None, ge=0.05, le=43_200, description="site_key.schedule.every")
    fastest: float | None = Field(
        None,
        ge=0.5,
        le=43_200,
        description="site_key.schedule.fastest",
    )
    slowest: float | None = Field(
        None,
        ge=0.5,
        le=43_200,
        description="site_key.schedule.slowest",
    )
    cron: Crontab | None = Field(
        None,
        description="site_key.schedule.cron",
    )

    @field_validator("cron")
    @classmethod
    def _one_of_two(cls, cron: str | None, info: ValidationInfo) -> str | None:
        if cron and info.data.get("every"):
            raise InvalidEntry(FileMessage.CRON_OR_EVERY)
        return cron


class Site(Model):
    """A news outlet. Its id is the name of its file."""

    id: str = Field(
        pattern=SITE_ID,
        description="site_key.site.id",
    )
    name: Text = Field(description="site_key.site.name")
    homepage: Url = Field(description="site_key.site.homepage")
    country: Country = Field(description="site_key.site.country")
    languages: tuple[Language, ...] = Field(
        min_length=1,
        description="site_key.site.languages",
    )
    time_zone: TimeZone = Field("UTC", description="site_key.site.time_zone")
    publisher: Publisher = Field("online", description="site_key.site.publisher")
    sources: tuple[Source, ...] = Field(min_length=1, description="site_key.site.sources")
    domains: tuple[Domain, ...] = Field(
        (),
        description="site_key.site.domains",
    )
    schedule: Schedule = Field(Schedule(), description="site_key.site.schedule")
    revisit: tuple[Span, ...] | None = Field(
        None,
        description="site_key.site.revisit",
    )
    rendering: Literal["auto", "none", "browser"] = Field(
        "auto",
        description="site_key.site.rendering",
    )
    facsimile: bool = Field(
        False,
        alias="copy",
        description="site_key.site.facsimile",
    )
    delay: float | None = Field(None, ge=0, le=600, description="site_key.site.delay")
    verify_tls: bool = Field(True, description="site_key.site.verify_tls")
    rules: tuple[Rules, ...] = Field((), description="site_key.site.rules")
    enabled: bool = Field(False, description="site_key.site.enabled")

    @field_validator("sources")
    @classmethod
    def _no_address_twice(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        counts = Counter(source.url for source in sources)
        if twice := [str(url) for url, count in counts.items() if count > 1]:
            raise InvalidEntry(FileMessage.LISTED_TWICE, url=twice[0])
        return sources

    @field_validator("rules")
    @classmethod
    def _no_day_twice(cls, rules: tuple[Rules, ...]) -> tuple[Rules, ...]:
        if len({rule.valid_from for rule in rules}) < len(rules):
            raise InvalidEntry(FileMessage.DAY_TWICE)
        return rules

    @property
    def facts(self) -> dict[str, Any]:
        """What the archive knows of it from its file, by fields of `index.archive.site_state.SiteState`."""
        return {
            "name": self.name,
            "homepage": str(self.homepage),
            "country": self.country,
            "languages": self.languages,
            "enabled": self.enabled,
        }

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of its home page and sources, without ports: those that each of its crawls contacts."""
        return frozenset(url.host for url in (self.homepage, *(source.url for source in self.sources)) if url.host)

    def publishes_at(self, url: str) -> bool:
        """Whether a URL is on a host and port of its home page or sources; `www.` and the default ports make no
        difference."""
        return authority(url) in self.authorities

    @property
    def authorities(self) -> frozenset[str]:
        """The hosts of its home page and sources as `authority` gives them."""
        return frozenset(authority(str(own)) for own in (self.homepage, *(source.url for source in self.sources)))

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
        id=name, name=host, homepage=HttpUrl(home), country=UNKNOWN, languages=("und",),
        sources=(Source(kind="section", url=HttpUrl(home)),),
    )  # fmt: skip
