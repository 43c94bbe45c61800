"""A proposed site file, from the site's responses. Pure; site_discovery.py makes the requests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import HttpUrl

from crawler.boilerplate.repeated_blocks import OTHERS, own
from crawler.discover.site_metadata import SiteMetadata
from crawler.onboarding.identity import country, free_id, only_country, site_id, time_zone
from crawler.onboarding.messages import ProposalMessage
from crawler.scheduling.poll_interval import Bounds, PollRecord, Turn, UpdateHints, next_poll, seconds
from crawler.scheduling.publication_rate import MIN_EXPECTED, PublicationRate, first_look
from crawler.scheduling.reasons import ScheduleReason
from crawler.site_config import Rules, Schedule, Site, Source, stranger
from crawler.text import fold, line
from crawler.urls.country_domains import UNKNOWN
from crawler.urls.registered_domain import domain_of
from index.locale import FALLBACK, translate
from index.model.article import Article
from index.model.candidate import Candidate
from index.model.codes import FetchReason, PageReason, Reason
from index.model.message import Given, Message

RECENT = timedelta(days=30)  # a source whose newest article is older is considered dead
NEW_SHARE = 0.2  # minimum share of an additional source's articles that no other lists: else its polls are wasted
MINUTE = timedelta(minutes=1)
PARTS = ("feed", "section")  # kinds of sources that may list only a part of what a site publishes
POLLS_PER_REACH = 2  # minimum polls of a source within the time it reaches back, so that no article drops off unseen
MIN_INTERVAL = timedelta(minutes=5)  # the shortest interval that is proposed
MIN_MIDDLE_PARAGRAPHS = 3  # the edges of an article are compared only if it has more paragraphs than this
RULE_CHARS = 60  # maximum characters of a paragraph that a rule contains
# A shorter rule would remove more than intended; the archive learns such paragraphs anyway.
MIN_RULE_CHARS = 20
MIN_DENIED_SIBLINGS = 2  # non-articles below one folder at which the folder is denied
DEPTH = 2  # folders of a URL that are considered
PERMANENT_REASONS = (PageReason.LISTING, PageReason.NOT_HTML, PageReason.VIDEO)  # not an article, now or later
SCHEMA = "../site.schema.json"  # from sites.local/
_REGION = re.compile(r"-[A-Z]{2}$")  # in a declared language: de-AT becomes de
PLACE_NOTES = (ProposalMessage.NO_COUNTRY, ProposalMessage.NO_TIME_ZONE)
ASKED_FOR = ("headline", "published", "authors", "section", "images")  # fields that a reader would miss


@dataclass(frozen=True, slots=True)
class SourceOffer:
    """A source, the articles that it lists, and its polling hints."""

    source: Source
    candidates: tuple[Candidate, ...]
    said: UpdateHints = field(default_factory=UpdateHints)

    @property
    def dates(self) -> list[datetime]:
        """The dates of its articles, newest first."""
        return sorted((d for c in self.candidates if (d := c.published or c.modified)), reverse=True)


@dataclass(frozen=True, slots=True)
class TrialArticle:
    """A trial extraction: the article or the problem; the `reason` if the page was fetched but is not an article;
    `rendered` if Chromium rendered it."""

    url: str
    article: Article | None = None
    problem: Message | None = None
    reason: Reason | None = None
    rendered: bool = False

    @property
    def missing(self) -> list[str]:
        """The empty fields that a reader would miss."""
        return [name for name in ASKED_FOR if self.article is not None and not getattr(self.article, name)]

    @property
    def signs(self) -> frozenset[str]:
        """The URLs and the text hash by which it is known whether it was erased on request."""
        own = self.article
        found = (own.url, own.canonical_url or own.url, own.content_hash) if own else ()
        return frozenset((self.url, *found))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed site: `taken` are its sources, `left` the sources that answered but were not chosen, each with the
    reason; `tried` the trial articles; `a_day` the number of articles per day, None if no source dates them; `notes`
    what a person should check; `pace` how often it will be polled and why, None if it was not contacted."""

    site: Site
    taken: tuple[SourceOffer, ...]
    left: tuple[tuple[SourceOffer, Message], ...]
    tried: tuple[TrialArticle, ...]
    a_day: float | None
    notes: tuple[Message, ...]
    pace: Message | None = None

    def yaml(self) -> str:
        """The content of the site's file."""
        facts = self.site.model_dump(mode="json", exclude_defaults=True, exclude={"id"})
        facts["sources"] = [source.model_dump(mode="json", exclude_none=True) for source in self.site.sources]
        facts = {key: facts[key] for key in Site.model_fields if key in facts}  # in the order of the model
        text = yaml.safe_dump(facts, allow_unicode=True, sort_keys=False, width=120)
        lines = [f"# yaml-language-server: $schema={SCHEMA}", text.rstrip()]
        lines += [
            f"# also there: {offer.source.kind} {offer.source.url} ({translate(why, FALLBACK)})"
            for offer, why in self.left
        ]
        return "\n".join(lines) + "\n"


def first_draft(homepage: str, said: SiteMetadata, source: Source) -> Site:
    """The site as far as its home page tells."""
    unknown = stranger(homepage)
    host = urlsplit(homepage).hostname or ""
    return unknown.model_copy(
        update={
            "id": site_id(homepage, said.name),
            "name": said.name or host,
            "homepage": HttpUrl(homepage),
            "country": country(host, said.locale, said.country),
            "languages": ((said.locale or "und").partition("_")[0],),
            "sources": (source,),
            "enabled": True,
        }
    )


def choose(
    offers: Sequence[SourceOffer], now: datetime
) -> tuple[tuple[SourceOffer, ...], tuple[tuple[SourceOffer, Message], ...]]:
    """The sources worth polling, and the others with the reason; at least one is always chosen. Feeds without dates are
    considered last."""
    taken: list[SourceOffer] = []
    left: list[tuple[SourceOffer, Message]] = []
    known: set[str] = set()
    for offer in sorted(offers, key=lambda offer: offer.source.kind == "feed" and not offer.dates):
        urls = {c.url for c in offer.candidates}
        if not living([offer], now) and len(offers) > 1:
            left.append((offer, Message(ProposalMessage.LEFT_OLD, {"date": offer.dates[0]})))
        elif taken and offer.source.kind in ("feed", "section") and len(urls - known) < NEW_SHARE * len(urls):
            left.append((offer, Message(ProposalMessage.LEFT_REPEATS)))
        elif any(offer.source.kind == other.source.kind not in ("feed", "section") for other in taken):
            kind = Message(f"source.kind.{offer.source.kind}")
            left.append((offer, Message(ProposalMessage.LEFT_ONE_IS_ENOUGH, {"kind": kind})))
        else:
            taken.append(offer)
            known |= urls
    if not taken:
        taken = [max(offers, key=lambda offer: offer.dates[0])]
        left = [pair for pair in left if pair[0] is not taken[0]]
    return tuple(taken), tuple(left)


def living(offers: Iterable[SourceOffer], now: datetime) -> bool:
    """Whether one of these sources still lists recent articles, as far as its dates tell."""
    return any(not offer.dates or now - offer.dates[0] <= RECENT for offer in offers)


def newest(taken: Sequence[SourceOffer]) -> list[Candidate]:
    """The articles of these sources without duplicates, newest first; those without a date last, in source order."""
    known = {c.url: c for offer in reversed(taken) for c in reversed(offer.candidates)}
    dated = sorted((c for c in known.values() if c.published), key=lambda c: c.published or now_utc(), reverse=True)
    return [*dated, *reversed([c for c in known.values() if not c.published])]


def finish(draft: Site, taken: Sequence[SourceOffer], tried: Sequence[TrialArticle]) -> Site:
    """The site, with its sources and with languages, country and time zone derived from its articles where it did not
    tell."""
    read = [one.article for one in tried if one.article is not None]
    found = Counter(_REGION.sub("", article.language) for article in read if article.language)
    languages = tuple(name for name, _ in found.most_common()) or draft.languages
    place = draft.country if draft.country != UNKNOWN else only_country(languages)
    sources = tuple(offer.source for offer in taken)
    site = draft.model_copy(update={"sources": sources, "languages": languages})
    domains = dict.fromkeys(domain_of(article.url) for article in read)
    own = site.own_domains
    return _located(site.model_copy(update={"domains": tuple(d for d in domains if d not in own)}), place, tried)


def named(proposal: Proposal, name: str, country_code: str, taken: Container[str]) -> Proposal:
    """The proposal with the id and the country that a person chose, each "" where none was; without a chosen id it gets
    one that is not `taken`."""
    site = proposal.site.model_copy(update={"id": name or free_id(proposal.site.id, taken)})
    if not country_code:
        return replace(proposal, site=site)
    others = [note for note in proposal.notes if note.code not in PLACE_NOTES]
    site = _located(site, country_code, proposal.tried)
    return replace(proposal, site=site, notes=(*_place_notes(site), *others))


def _located(site: Site, country_code: str, tried: Sequence[TrialArticle]) -> Site:
    read = [one.article for one in tried if one.article is not None]
    offsets = Counter(article.published.utcoffset() for article in read if article.published)
    zone = time_zone(country_code, offsets.most_common(1)[0][0] if offsets else None, now_utc())
    return site.model_copy(update={"country": country_code, "time_zone": zone})


def a_day(taken: Sequence[SourceOffer]) -> float | None:
    """Articles per day, by the source with the highest rate; None if no source has two dates."""
    rates = [
        (len(dates) - 1) / max((dates[0] - dates[-1]).total_seconds() / 86_400, 1 / 24)
        for offer in taken
        if len(dates := offer.dates) > 1
    ]
    return max(rates, default=None)


def schedule(site: Site, taken: Sequence[SourceOffer], bounds: Bounds, now: datetime) -> tuple[Schedule, Message]:
    """The proposed schedule and its explanation: adaptive within the bounds, as in a crawl. If a list hardly reaches
    back further than the polling interval, articles would drop off unseen: it may then be polled more often."""
    reach = _reach(taken, now)
    proposed, faster = Schedule(), dict[str, Given]()
    if (
        reach is not None
        and (fastest := max(reach / POLLS_PER_REACH // MINUTE * MINUTE, MIN_INTERVAL)) < bounds.fastest
    ):
        proposed, bounds = Schedule(fastest=fastest / MINUTE), replace(bounds, fastest=fastest)
        faster = {"minutes": fastest / MINUTE, "reach": seconds(reach)}
    turn = min((_first_turn(site, offer, bounds, now) for offer in taken), key=lambda turn: turn.at)
    params: dict[str, Given] = {
        "fastest": seconds(bounds.fastest),
        "slowest": seconds(bounds.slowest),
        "first": seconds(turn.at - now),
        "why": turn.why,
        **faster,
    }
    return proposed, Message(ProposalMessage.SCHEDULE_FASTER if faster else ProposalMessage.SCHEDULE, params)


def _reach(taken: Sequence[SourceOffer], now: datetime) -> timedelta | None:
    """How far back the sources list the site's articles: sitemaps and APIs list all of them, feeds and sections each a
    part. None if there are too few dates."""
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
    return Turn(at, turn.why if habit != PublicationRate() else Message(ScheduleReason.UNKNOWN_RATE))


def denied(tried: Sequence[TrialArticle], candidates: Sequence[Candidate]) -> list[tuple[Rules, Message]]:
    """Rules that deny folders without articles, according to the trials, each with its reason. Never against more than
    half of what the sources list."""
    good = {folder for one in tried if one.article is not None for folder in _folders(one.url)}
    bad = Counter(folder for one in tried if one.reason in PERMANENT_REASONS for folder in _folders(one.url))
    listed = Counter(folder for candidate in candidates for folder in _folders(candidate.url))
    found = [
        f for f, n in bad.items() if n >= MIN_DENIED_SIBLINGS and f not in good and listed[f] <= len(candidates) / 2
    ]
    outer = [folder for folder in found if not any(folder != other and folder.startswith(other) for other in found)]
    return [
        (
            Rules(deny=(f"^https?://[^/]+{re.escape(f)}",)),
            Message(ProposalMessage.DENY, {"n": bad[f], "folder": f}),
        )
        for f in outer
    ]


def stripped(tried: Sequence[TrialArticle]) -> list[tuple[Rules, Message]]:
    """Rules that strip paragraphs at the beginning or end of several articles, each with its reason; none that would
    match the beginning of another paragraph."""
    read = list({one.article.content_hash: one.article for one in tried if one.article is not None}.values())
    edges = Counter(paragraph for article in read for paragraph in {fold(p): p for p in _edges(article)}.values())
    others = {fold(p) for article in read for p in article.body.split("\n\n")}
    found = []
    for text, times in edges.items():
        beginning = line(text)[:RULE_CHARS].rstrip()
        alone = not any(other != fold(text) and other.startswith(fold(beginning)) for other in others)
        if times > OTHERS and alone and len(beginning) >= MIN_RULE_CHARS:
            reason = Message(ProposalMessage.STRIP_TEXT, {"n": times, "of": len(read), "text": line(text)})
            found.append((Rules(strip_text=(beginning,)), reason))
    return found


def together(rules: Iterable[Rules]) -> Rules:
    """Proposed rules merged into those of one layout."""
    each = list(rules)
    return Rules(
        deny=tuple(pattern for one in each for pattern in one.deny),
        strip_text=tuple(text for one in each for text in one.strip_text),
    )


def holds(before: Sequence[TrialArticle], after: Sequence[TrialArticle]) -> bool:
    """Whether all articles are still extracted under new rules, each with the fields that it had."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old.article is not None]
    return all(new.article is not None and set(new.missing) <= set(old.missing) for old, new in pairs)


def _edges(article: Article) -> list[str]:
    """The first and the last two paragraphs of an article, except those that are certainly its own."""
    paragraphs = [paragraph for paragraph in article.body.split("\n\n") if paragraph.strip()]
    mine = own(paragraphs, article.description)
    edges = [*paragraphs[:1], *paragraphs[-2:]] if len(paragraphs) > MIN_MIDDLE_PARAGRAPHS else []
    return [paragraph for paragraph in edges if paragraph not in mine]


def _folders(url: str) -> list[str]:
    """The upper folders of a URL, up to the first with a digit: /ar/ and /ar/video/ of
    https://example.org/ar/video/some-title."""
    folders = urlsplit(url).path.split("/")[1:-1][:DEPTH]
    named = list(takewhile(lambda folder: folder and not any(map(str.isdigit, folder)), folders))
    return ["/" + "/".join(named[: depth + 1]) + "/" for depth in range(len(named))]


def notes(site: Site, tried: Sequence[TrialArticle]) -> Iterator[Message]:
    """What a person should check before the site is crawled for months."""
    yield from _place_notes(site)
    failed = [one for one in tried if one.article is None]
    if tried and len(failed) == len(tried):
        why = failed[0].problem or Message(FetchReason.NO_ANSWER)
        yield Message(ProposalMessage.NOTHING_READ, {"n": len(tried), "why": why})
    if site.rendering == "browser":
        yield Message(ProposalMessage.BROWSER)
    for name in ASKED_FOR:
        if (read := [one for one in tried if one.article]) and all(name in one.missing for one in read):
            yield Message(ProposalMessage.FIELD_MISSING, {"field": name, "n": len(read)})


def _place_notes(site: Site) -> Iterator[Message]:
    if site.country == UNKNOWN:
        yield Message(ProposalMessage.NO_COUNTRY)
    elif site.time_zone == "UTC":
        yield Message(ProposalMessage.NO_TIME_ZONE)


def now_utc() -> datetime:
    return datetime.now(UTC)
