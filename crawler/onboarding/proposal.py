"""Proposal: a site's file as it should be, from what the site gave when it was asked. Pure; scout.py asks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import takewhile
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import HttpUrl

from crawler.boilerplate.repeated_blocks import OTHERS, own
from crawler.discover.site_metadata import SiteMetadata
from crawler.scheduling.poll_interval import Bounds, PollRecord, Turn, UpdateHints, in_words, next_poll
from crawler.scheduling.publication_rate import MIN_EXPECTED, PublicationRate, first_look
from crawler.site_config import Rules, Schedule, Site, Source, stranger
from crawler.text import fold, line
from index.model.article import Article
from index.model.candidate import Candidate

RECENT = timedelta(days=30)  # a source whose newest article is older is dead
NEW_SHARE = 0.2  # of a further source's articles that must be on no other: else it costs a request for nothing
NOT_CHOSEN = frozenset(("ar_AR", "en_US", "es_ES"))  # locales that systems write where nobody chose a country
ELSEWHERE = frozenset(
    ("ag", "ai", "am", "cc", "co", "fm", "gg", "io", "la", "me", "nu", "sh", "so", "st", "tv", "ws")
)  # sold to everybody
NOT_ISO = {"uk": "GB"}  # as a top-level domain
MINUTE = timedelta(minutes=1)
PARTS = ("feed", "section")  # kinds of sources that need not list all that a site publishes
POLLS_PER_REACH = (
    2  # how often at least a source is asked in the time that it reaches back, so that nothing leaves it unseen
)
MIN_INTERVAL = timedelta(minutes=5)  # no site is proposed to be asked more often
MIN_MIDDLE_PARAGRAPHS = 3  # paragraphs that an article has more of, where those at its edges are looked at
RULE_CHARS = 60  # characters of a paragraph that a rule names
MIN_RULE_CHARS = (
    20  # of them: a shorter rule would take off more than it was made for; an archive learns such paragraphs
)
MIN_DENIED_SIBLINGS = 2  # addresses below one folder that were no articles, so that what is below it is not asked for
DEPTH = 2  # folders of an address that are looked at
PERMANENT_REASONS = ("listing", "not html", "video")  # reasons for which a page is no article, now and later
SCHEMA = "../site.schema.json"  # from sites.local/
_REGION = re.compile(r"-[A-Z]{2}$")  # of a language as pages declare it: de-AT is de
ASKED_FOR = ("headline", "published", "authors", "section", "images")  # fields that a reader misses


@dataclass(frozen=True, slots=True)
class SourceOffer:
    """A source, the articles that it gave, and what it says of how often to ask."""

    source: Source
    candidates: tuple[Candidate, ...]
    said: UpdateHints = field(default_factory=UpdateHints)

    @property
    def dates(self) -> list[datetime]:
        """Those of its articles, newest first."""
        return sorted((d for c in self.candidates if (d := c.published or c.modified)), reverse=True)


@dataclass(frozen=True, slots=True)
class TrialArticle:
    """An article that was tried: what came of it, or the problem in its place; the short `reason` where the page came
    and is no article; `rendered` where a browser showed it."""

    url: str
    article: Article | None = None
    problem: str = ""
    reason: str = ""
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
    taken: tuple[SourceOffer, ...]
    left: tuple[tuple[SourceOffer, str], ...]
    tried: tuple[TrialArticle, ...]
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


def first_draft(homepage: str, said: SiteMetadata, source: Source) -> Site:
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


def choose(
    offers: Sequence[SourceOffer], now: datetime
) -> tuple[tuple[SourceOffer, ...], tuple[tuple[SourceOffer, str], ...]]:
    """The sources that are worth asking each time, and the others with the reason; one is always taken. Feeds without
    dates come after all others."""
    taken: list[SourceOffer] = []
    left: list[tuple[SourceOffer, str]] = []
    known: set[str] = set()
    for offer in sorted(offers, key=lambda offer: offer.source.kind == "feed" and not offer.dates):
        urls = {c.url for c in offer.candidates}
        if not living([offer], now) and len(offers) > 1:
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


def living(offers: Iterable[SourceOffer], now: datetime) -> bool:
    """Whether one of these sources still lists something new, as far as its dates tell."""
    return any(not offer.dates or now - offer.dates[0] <= RECENT for offer in offers)


def newest(taken: Sequence[SourceOffer]) -> list[Candidate]:
    """The articles of these sources, newest first, each once; those without a date last, in their source's order."""
    known = {c.url: c for offer in reversed(taken) for c in reversed(offer.candidates)}
    dated = sorted((c for c in known.values() if c.published), key=lambda c: c.published or now_utc(), reverse=True)
    return [*dated, *reversed([c for c in known.values() if not c.published])]


def finish(draft: Site, taken: Sequence[SourceOffer], tried: Sequence[TrialArticle]) -> Site:
    """The site with what its articles tell: languages, time zone."""
    read = [one.article for one in tried if one.article is not None]
    languages = Counter(_REGION.sub("", article.language) for article in read if article.language)
    offsets = Counter(article.published.utcoffset() for article in read if article.published)
    return draft.model_copy(
        update={
            "sources": tuple(offer.source for offer in taken),
            "languages": tuple(name for name, _ in languages.most_common()) or draft.languages,
            "time_zone": time_zone(draft.country, offsets.most_common(1)[0][0] if offsets else None, now_utc()),
        }
    )


def a_day(taken: Sequence[SourceOffer]) -> float | None:
    """Articles a day, from the source that reaches over the most of them."""
    rates = [
        (len(dates) - 1) / max((dates[0] - dates[-1]).total_seconds() / 86_400, 1 / 24)
        for offer in taken
        if len(dates := offer.dates) > 1
    ]
    return max(rates, default=None)


def schedule(site: Site, taken: Sequence[SourceOffer], bounds: Bounds, now: datetime) -> tuple[Schedule, str]:
    """When the site is to be crawled, and why in words: as a crawl finds by what its sources publish, within the
    bounds. Articles of a list that reaches back hardly further than it is asked would leave it unseen: there, it may be
    asked more often."""
    reach = _reach(taken, now)
    proposed, why = Schedule(), ""
    if (
        reach is not None
        and (fastest := max(reach / POLLS_PER_REACH // MINUTE * MINUTE, MIN_INTERVAL)) < bounds.fastest
    ):
        proposed, bounds = Schedule(fastest=fastest / MINUTE), replace(bounds, fastest=fastest)
        why = f" (fastest: {fastest / MINUTE:g}, for its lists reach back {in_words(reach)} only)"
    turn = min((_first_turn(site, offer, bounds, now) for offer in taken), key=lambda turn: turn.at)
    often = f"every {in_words(bounds.fastest)} to {in_words(bounds.slowest)}{why}"
    return proposed, f"asked as it publishes, {often}; at first after {in_words(turn.at - now)} ({turn.why})"


def _reach(taken: Sequence[SourceOffer], now: datetime) -> timedelta | None:
    """How far back the sources list what the site publishes: sitemaps and interfaces all of it, feeds and sections each
    a part. None where too few dates tell it."""
    told = [offer for offer in taken if len(offer.dates) >= MIN_EXPECTED and offer.dates[-1] < now]
    spans = [(offer.source.kind in PARTS, now - offer.dates[-1]) for offer in told]
    whole = [span for part, span in spans if not part]
    parts = [span for part, span in spans if part]
    return max([*whole, *([min(parts)] if parts else [])], default=None)


def _first_turn(site: Site, offer: SourceOffer, bounds: Bounds, now: datetime) -> Turn:
    zone = ZoneInfo(site.time_zone)
    habit = first_look([c.published for c in offer.candidates if c.published], now, zone)
    turn = next_poll(PollRecord(f"{site.id} {offer.source.url}", now.astimezone(zone), habit, offer.said), bounds)
    at = now + max(MINUTE, round((turn.at - now) / MINUTE) * MINUTE)
    return Turn(at, turn.why if habit != PublicationRate() else "how often it publishes is not known yet")


def denied(tried: Sequence[TrialArticle], candidates: Sequence[Candidate]) -> list[tuple[Rules, str]]:
    """Rules against folders below which are no articles, as pages show that were tried, each with its reason. Never
    against most of what the sources list."""
    good = {folder for one in tried if one.article is not None for folder in _folders(one.url)}
    bad = Counter(folder for one in tried if one.reason in PERMANENT_REASONS for folder in _folders(one.url))
    listed = Counter(folder for candidate in candidates for folder in _folders(candidate.url))
    found = [
        f for f, n in bad.items() if n >= MIN_DENIED_SIBLINGS and f not in good and listed[f] <= len(candidates) / 2
    ]
    outer = [folder for folder in found if not any(folder != other and folder.startswith(other) for other in found)]
    return [
        (Rules(deny=(f"^https?://[^/]+{re.escape(f)}",)), f"deny: {bad[f]} pages below {f} are no articles")
        for f in outer
    ]


def stripped(tried: Sequence[TrialArticle]) -> list[tuple[Rules, str]]:
    """Rules against paragraphs with which several articles begin or end, each with its reason; none whose beginning
    stands before any other paragraph."""
    read = list({one.article.content_hash: one.article for one in tried if one.article is not None}.values())
    edges = Counter(paragraph for article in read for paragraph in {fold(p): p for p in _edges(article)}.values())
    others = {fold(p) for article in read for p in article.body.split("\n\n")}
    found = []
    for text, times in edges.items():
        beginning = line(text)[:RULE_CHARS].rstrip()
        alone = not any(other != fold(text) and other.startswith(fold(beginning)) for other in others)
        if times > OTHERS and alone and len(beginning) >= MIN_RULE_CHARS:
            reason = f"strip_text: {times} of {len(read)} articles begin or end with “{line(text)}”"
            found.append((Rules(strip_text=(beginning,)), reason))
    return found


def together(rules: Iterable[Rules]) -> Rules:
    """Proposed rules as one layout's."""
    each = list(rules)
    return Rules(
        deny=tuple(pattern for one in each for pattern in one.deny),
        strip_text=tuple(text for one in each for text in one.strip_text),
    )


def holds(before: Sequence[TrialArticle], after: Sequence[TrialArticle]) -> bool:
    """Whether articles that were read again by new rules are all still there, each with the fields that it had."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old.article is not None]
    return all(new.article is not None and set(new.missing) <= set(old.missing) for old, new in pairs)


def _edges(article: Article) -> list[str]:
    """Its first paragraph and its last two, but for what is its own wherever it stands."""
    paragraphs = [paragraph for paragraph in article.body.split("\n\n") if paragraph.strip()]
    mine = own(paragraphs, article.description)
    edges = [*paragraphs[:1], *paragraphs[-2:]] if len(paragraphs) > MIN_MIDDLE_PARAGRAPHS else []
    return [paragraph for paragraph in edges if paragraph not in mine]


def _folders(url: str) -> list[str]:
    """/ar/ and /ar/video/ of https://example.org/ar/video/some-title: the upper ones, as far as they are no numbers."""
    folders = urlsplit(url).path.split("/")[1:-1][:DEPTH]
    named = list(takewhile(lambda folder: folder and not any(map(str.isdigit, folder)), folders))
    return ["/" + "/".join(named[: depth + 1]) + "/" for depth in range(len(named))]


def notes(site: Site, tried: Sequence[TrialArticle]) -> Iterator[str]:
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
