"""Proposal: a site's file as it should be, from what the site gave when it was asked. Pure; scout.py asks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import HttpUrl

from crawler.clean.text import fold, line
from crawler.discover.outlet import Outlet
from crawler.pace.cadence import Bounds, evenly, in_words
from crawler.page import Candidate
from crawler.site import Rules, Schedule, Site, Source, stranger
from index.article import Article

RECENT = timedelta(days=30)  # a source whose newest article is older is dead
NEW_SHARE = 0.2  # of a further source's articles that must be on no other: else it costs a request for nothing
NOT_CHOSEN = frozenset(("ar_AR", "en_US"))  # locales that systems write where nobody chose one; AR is Argentina
ELSEWHERE = frozenset(
    ("ai", "am", "cc", "co", "fm", "gg", "io", "la", "me", "sh", "so", "st", "tv", "ws")
)  # sold to everybody
NOT_ISO = {"uk": "GB"}  # as a top-level domain
FEWEST = 5  # dates by which it is known how far back a source reaches
TWICE = 2  # how often at least a source is asked in the time that it reaches back, so that nothing leaves it unseen
REPEATED = 3  # articles that end or begin with the same paragraph, which is then no part of them
BEGINNING = 60  # characters of such a paragraph that a rule names
ALIKE = 2  # addresses below one folder that were no articles, so that what is below it is not asked for
SCHEMA = "../site.schema.json"  # from sites.local/
ASKED_FOR = ("headline", "published", "authors", "section", "images")  # fields that a reader misses


@dataclass(frozen=True, slots=True)
class Offer:
    """A source and the articles that it gave."""

    source: Source
    candidates: tuple[Candidate, ...]

    @property
    def dates(self) -> list[datetime]:
        """Those of its articles, newest first."""
        return sorted((d for c in self.candidates if (d := c.published or c.modified)), reverse=True)


@dataclass(frozen=True, slots=True)
class Tried:
    """An article that was tried: what came of it, or the problem in its place; `refused` where the page came and is no
    article, `rendered` where a browser showed it."""

    url: str
    article: Article | None = None
    problem: str = ""
    refused: bool = False
    rendered: bool = False

    @property
    def missing(self) -> list[str]:
        """Fields that a reader would miss, and that are empty."""
        return [name for name in ASKED_FOR if self.article is not None and not getattr(self.article, name)]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A site, ready to be written; `left` are sources that answered and were not taken, each with the reason; `a_day`
    says how many articles it publishes, None where no source dates them; `pace` how often it will be asked, and why, ""
    where nobody looked; `notes` are for a person to look at."""

    site: Site
    taken: tuple[Offer, ...]
    left: tuple[tuple[Offer, str], ...]
    tried: tuple[Tried, ...]
    a_day: float | None
    notes: tuple[str, ...]
    pace: str = ""

    def yaml(self) -> str:
        """The site's file."""
        facts = self.site.model_dump(mode="json", exclude_defaults=True, exclude={"id"})
        facts["sources"] = [source.model_dump(mode="json", exclude_none=True) for source in self.site.sources]
        facts = {key: facts[key] for key in Site.model_fields if key in facts}  # in the order that people read
        text = yaml.safe_dump(facts, allow_unicode=True, sort_keys=False, width=120)
        lines = [f"# yaml-language-server: $schema={SCHEMA}", text.rstrip()]
        lines += [f"# also there: {offer.source.kind} {offer.source.url} ({why})" for offer, why in self.left]
        return "\n".join(lines) + "\n"


def first_draft(homepage: str, said: Outlet, source: Source) -> Site:
    """The site as far as its first page tells."""
    unknown = stranger(homepage)
    host = urlsplit(homepage).hostname or ""
    return unknown.model_copy(
        update={
            "id": _id(host),
            "name": said.name or host,
            "homepage": HttpUrl(homepage),
            "country": country(host, said.locale),
            "languages": ((said.locale or "und").partition("_")[0],),
            "sources": (source,),
            "enabled": True,
        }
    )


def choose(offers: Sequence[Offer], now: datetime) -> tuple[tuple[Offer, ...], tuple[tuple[Offer, str], ...]]:
    """The sources that are worth asking each time, and the others with the reason; one is always taken. Feeds without
    dates come after all others."""
    taken: list[Offer] = []
    left: list[tuple[Offer, str]] = []
    known: set[str] = set()
    for offer in sorted(offers, key=lambda offer: offer.source.kind == "feed" and not offer.dates):
        urls = {c.url for c in offer.candidates}
        if offer.dates and now - offer.dates[0] > RECENT and len(offers) > 1:
            left.append((offer, f"its newest article is of {offer.dates[0]:%Y-%m-%d}"))
        elif taken and offer.source.kind in ("feed", "section") and len(urls - known) < NEW_SHARE * len(urls):
            left.append((offer, "it repeats the others"))
        elif any(offer.source.kind == other.source.kind not in ("feed", "section") for other in taken):
            left.append((offer, f"one {offer.source.kind} is enough"))
        else:
            taken.append(offer)
            known |= urls
    if not taken:
        taken = [max(offers, key=lambda offer: offer.dates[0])]
        left = [pair for pair in left if pair[0] is not taken[0]]
    return tuple(taken), tuple(left)


def newest(taken: Sequence[Offer], count: int) -> list[Candidate]:
    """The newest articles of these sources, each once; those without a date come last, in their source's order."""
    known = {c.url: c for offer in reversed(taken) for c in reversed(offer.candidates)}
    dated = sorted((c for c in known.values() if c.published), key=lambda c: c.published or now_utc(), reverse=True)
    return [*dated, *reversed([c for c in known.values() if not c.published])][:count]


def finish(draft: Site, taken: Sequence[Offer], tried: Sequence[Tried]) -> Site:
    """The site with what its articles tell: languages, time zone."""
    read = [one.article for one in tried if one.article is not None]
    languages = Counter(article.language for article in read if article.language)
    offsets = Counter(article.published.utcoffset() for article in read if article.published)
    return draft.model_copy(
        update={
            "sources": tuple(offer.source for offer in taken),
            "languages": tuple(name for name, _ in languages.most_common()) or draft.languages,
            "time_zone": time_zone(draft.country, offsets.most_common(1)[0][0] if offsets else None, now_utc()),
        }
    )


def a_day(taken: Sequence[Offer]) -> float | None:
    """Articles a day, from the source that reaches over the most of them."""
    rates = [
        (len(dates) - 1) / max((dates[0] - dates[-1]).total_seconds() / 86_400, 1 / 24)
        for offer in taken
        if len(dates := offer.dates) > 1
    ]
    return max(rates, default=None)


def schedule(taken: Sequence[Offer], bounds: Bounds) -> tuple[Schedule, str]:
    """When the site is to be crawled, and why in words: as it publishes, within the bounds; these are narrowed where
    its sources reach back so little that articles would have left them between two requests."""
    reach = max((dates[0] - dates[-1] for offer in taken if len(dates := offer.dates) >= FEWEST), default=None)
    proposed, why = Schedule(), ""
    if reach is not None and reach / TWICE < bounds.slowest:
        slowest = max(1.0, reach / TWICE // timedelta(minutes=1))
        fastest = min(bounds.fastest / timedelta(minutes=1), slowest)
        proposed = Schedule(slowest=slowest, fastest=fastest if timedelta(minutes=fastest) < bounds.fastest else None)
        bounds = Bounds(timedelta(minutes=fastest), timedelta(minutes=slowest), bounds.enough)
        why = f"; at least every {in_words(bounds.slowest)}, for its sources list the last {in_words(reach)} only"
    rate = a_day(taken)
    often = f"about every {in_words(evenly(rate, bounds))} at first, then " if rate is not None else ""
    return proposed, f"asked {often}as it publishes{why}"


def rules(tried: Sequence[Tried]) -> tuple[Rules, tuple[str, ...]]:
    """What the articles that were tried show to be particular to the site, each rule with its reason: paragraphs with
    which several of them begin or end, and folders below which were no articles."""
    read = [one.article for one in tried if one.article is not None]
    edges = Counter(paragraph for article in read for paragraph in {fold(p): p for p in _edges(article.body)}.values())
    strip = [paragraph for paragraph, times in edges.items() if times >= REPEATED]
    good = {_folder(one.url) for one in tried if one.article is not None}
    bad = Counter(_folder(one.url) for one in tried if one.refused)
    deny = [folder for folder, times in bad.items() if folder and times >= ALIKE and folder not in good]
    made = Rules(
        strip_text=tuple(line(text)[:BEGINNING].rstrip() for text in strip),
        deny=tuple(f"^https?://[^/]+{re.escape(folder)}" for folder in deny),
    )
    reasons = [f"strip_text: {edges[text]} of {len(read)} articles begin or end with “{line(text)}”" for text in strip]
    return made, (*reasons, *(f"deny: {bad[folder]} pages below {folder} are no articles" for folder in deny))


def holds(before: Sequence[Tried], after: Sequence[Tried]) -> bool:
    """Whether articles that were read again by new rules are all still there, each with the fields that it had."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old.article is not None]
    return all(new.article is not None and set(new.missing) <= set(old.missing) for old, new in pairs)


def _edges(body: str) -> list[str]:
    paragraphs = [paragraph for paragraph in body.split("\n\n") if paragraph.strip()]
    return [*paragraphs[:1], *paragraphs[-2:]] if len(paragraphs) > REPEATED else []


def _folder(url: str) -> str:
    """/video/ of https://example.org/video/some-title; "" of what lies in no folder."""
    first, _, rest = urlsplit(url).path.lstrip("/").partition("/")
    return f"/{first}/" if rest else ""


def notes(site: Site, tried: Sequence[Tried]) -> Iterator[str]:
    """What a person should look at before the site is crawled for months."""
    if site.country == "UN":
        yield "country: not found out; write it, because names of months and time zones depend on it"
    elif site.time_zone == "UTC":
        yield "time_zone: not found out; write it if its pages give times without a zone"
    failed = [one for one in tried if one.article is None]
    if tried and len(failed) == len(tried):
        yield f"none of {len(tried)} articles could be read ({failed[0].problem}); rules: may help (docs/add-a-site.md)"
    if site.rendering == "browser":
        yield "rendering: browser, for its pages give articles only there; that is slow, and needs Chromium"
    for name in ASKED_FOR:
        if (read := [one for one in tried if one.article]) and all(name in one.missing for one in read):
            yield f"{name}: on none of {len(read)} articles; a selector under rules: select: may find it"


def country(host: str, locale: str | None) -> str:
    """ISO 3166-1 of the outlet, as its host or its locale tells; UN where neither does."""
    end = host.rpartition(".")[2]
    code = NOT_ISO.get(end, end.upper())
    if code in zones() and end not in ELSEWHERE:
        return code
    region = (locale or "").rpartition("_")[2]
    return region if region in zones() and locale not in NOT_CHOSEN else "UN"


def time_zone(country_code: str, offset: timedelta | None, now: datetime) -> str:
    """The zone of a country; of several the one whose clocks show this offset now, else the first in tz's
    zone.tab; UTC where the country is not known."""
    theirs = zones().get(country_code, ())
    fitting = [name for name in theirs if offset is not None and now.astimezone(ZoneInfo(name)).utcoffset() == offset]
    return next(iter(fitting or theirs), "UTC")


@cache
def zones() -> dict[str, tuple[str, ...]]:
    """The time zones of each country (ISO 3166-1), in the order of tz's zone.tab."""
    found: dict[str, tuple[str, ...]] = {}
    for row in (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines():
        if not row.startswith("#"):
            code, _, name, *_ = row.split("\t")
            found[code] = (*found.get(code, ()), name)
    return found


def now_utc() -> datetime:
    return datetime.now(UTC)


def _id(host: str) -> str:
    """arabic.example.co.uk -> arabic-example: the host without www and its public ending."""
    labels = host.removeprefix("www.").split(".")
    while len(labels) > 1 and (len(labels[-1]) <= 3 or labels[-1] in ("info", "news", "example", "online")):
        labels.pop()
    return re.sub(r"[^a-z0-9]+", "-", "-".join(labels).lower()).strip("-")[:63] or "site"
