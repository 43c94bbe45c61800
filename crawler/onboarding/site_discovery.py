"""Scout: asks a news site where its articles are, as a crawl would ask it, and proposes the file that describes it.

Knows nothing of Scrapy: `get` is how it asks, spiders/site_discovery.py gives it one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urljoin

from pydantic import HttpUrl

from crawler import stages
from crawler.discover.site_metadata import SiteMetadata, site_metadata, sitemaps
from crawler.discover.wordpress import first_request
from crawler.errors import ArshifError, PageProblem, Refused
from crawler.fetch.rendering.settings import MIN_TRIAL_ARTICLES, TRIAL_PAGES, WITHOUT_TEXT
from crawler.models import Discovered, Page
from crawler.onboarding.messages import ProposalMessage
from crawler.onboarding.proposal import (
    Proposal,
    SourceOffer,
    TrialArticle,
    a_day,
    choose,
    denied,
    finish,
    first_draft,
    holds,
    living,
    newest,
    notes,
    schedule,
    stripped,
    together,
)
from crawler.processes.parse_pool import ParsePool
from crawler.scheduling.poll_interval import Bounds, UpdateHints
from crawler.site_config import Kind, Rules, Site, Source
from crawler.urls.article_filter import may_be_article
from index.model.candidate import Candidate
from index.model.codes import FetchReason
from index.model.message import Message

log = logging.getLogger("arshif.scout")

FEEDS = ("/feed/", "/rss.xml", "/rss", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json")  # where nothing names one
SITEMAPS = ("/news-sitemap.xml", "/sitemap_index.xml", "/sitemap.xml")
MAX_NAMED_SOURCES = (
    4  # feeds or sitemaps that a site names and that are asked: beyond come feeds of sections and of years past
)
ARTICLES = 5  # that are tried
ROUNDS = 3  # in which others are tried in place of pages that are no articles
SECTIONS = 8  # that the first page leads to and that are asked, where it has no better source
NEWS = ("news", "post", "article", "story")  # in the address of that child of a sitemap index that has articles


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """An answer: `url` is where redirects led, `headers` have lower-case names."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


class FetchFunction(Protocol):
    """How a site is asked."""

    async def __call__(self, url: str, rendered: bool = False) -> FetchedPage:
        """The answer at this address, or the page as a browser shows it. Raises ArshifError where nothing answers."""


class SiteDiscovery:
    """Looks at one site. `bounds`: how often sites are asked; `browser`: whether there is one."""

    def __init__(self, get: FetchFunction, workers: ParsePool, bounds: Bounds, browser: bool) -> None:
        self.get = get
        self.workers = workers
        self.bounds = bounds
        self.browser = browser
        self.pages: dict[tuple[str, bool], Page | Message] = {}  # those that were tried, plain or rendered, or why not

    async def run(self, url: str) -> Proposal:
        """What the file of the site with this first page should say.

        :raises ArshifError: the first page cannot be had, or nothing lists articles.
        """
        home = await self.get(url)
        if home.status != 200:
            raise ArshifError(f"{url} answered HTTP {home.status}: give the address of the site's first page")
        said = await self.workers.run(site_metadata, home.body, home.url, home.headers)
        draft = first_draft(home.url, said, Source(kind="section", url=HttpUrl(home.url)))
        offers = await self._offers(draft, home, said)
        if not offers:
            raise ArshifError(
                f"{home.url} has no feed, no sitemap, and no link that looks like an article's: write its file by hand "
                "(docs/add-a-site.md)"
            )
        now = datetime.now(UTC)
        taken, left = choose(offers, now)
        site, tried, reasons = await self._tried(draft, newest(taken))
        site = finish(site, taken, tried)
        times, pace = schedule(site, taken, self.bounds, now)
        site = site.model_copy(update={"schedule": times})
        return Proposal(site, taken, left, tried, a_day(taken), (*notes(site, tried), *reasons), pace)

    async def _tried(
        self, site: Site, candidates: Sequence[Candidate]
    ) -> tuple[Site, tuple[TrialArticle, ...], tuple[Message, ...]]:
        """What comes of some articles, and the site with what they show that it needs, each with the reason."""
        chosen = candidates[:ARTICLES]
        tried = [await self._try(site, candidate) for candidate in chosen]
        said = []
        if any(one.reason in WITHOUT_TEXT for one in tried) and not any(one.article for one in tried):
            if not self.browser:
                said.append(Message(ProposalMessage.NO_BROWSER))
            elif await self._needs_browser(site, chosen, tried):
                site = site.model_copy(update={"rendering": "browser"})
        site, reasons = await self._without_folders(site, candidates)
        said += reasons
        chosen = _allowed(site, candidates)[:ARTICLES]
        tried = [await self._try(site, candidate) for candidate in chosen]
        for rule, reason in stripped(tried):
            ruled = _ruled(site, [*site.rules, rule])
            by_rule = [await self._try(ruled, candidate) for candidate in chosen]
            if holds(tried, by_rule):
                site, tried, said = ruled, by_rule, [*said, reason]
        return site, tuple(tried), tuple(said)

    async def _without_folders(self, site: Site, candidates: Sequence[Candidate]) -> tuple[Site, list[Message]]:
        """The site with rules against folders that have no articles, each with the reason; in place of their pages,
        others are tried."""
        seen: dict[str, TrialArticle] = {}
        reasons: list[Message] = []
        for _ in range(ROUNDS):
            seen |= {c.url: await self._try(site, c) for c in _allowed(site, candidates)[:ARTICLES]}
            deny = denied(list(seen.values()), candidates)
            if len(deny) == len(reasons):
                break
            site, reasons = _ruled(site, [rule for rule, _ in deny]), [reason for _, reason in deny]
        return site, reasons

    async def _needs_browser(self, site: Site, chosen: Sequence[Candidate], tried: Sequence[TrialArticle]) -> bool:
        """Whether pages without text have one in a browser, measured as a crawl does."""
        empty = [c for c, one in zip(chosen, tried, strict=True) if one.reason in WITHOUT_TEXT][:TRIAL_PAGES]
        rendered = [await self._try(site, candidate, rendered=True) for candidate in empty]
        return sum(one.article is not None for one in rendered) >= MIN_TRIAL_ARTICLES

    async def _offers(self, site: Site, home: FetchedPage, said: SiteMetadata) -> list[SourceOffer]:
        """The sources that give articles: those that the site names, else those at the usual places; its first page
        where there is nothing better."""

        def places(usual: Iterable[str]) -> list[str]:
            return [urljoin(home.url, place) for place in usual]

        named = await self._sitemaps(home.url)
        feeds = await self._poll(site, "feed", said.feeds[:MAX_NAMED_SOURCES]) or await self._first(
            site, "feed", places(FEEDS)
        )
        maps = await self._poll(site, "sitemap", named[:MAX_NAMED_SOURCES]) or await self._first(
            site, "sitemap", places(SITEMAPS)
        )
        posts = await self._poll(site, "wordpress", filter(None, [said.wordpress]))
        found = [*feeds, *maps, *posts]
        if living(found, datetime.now(UTC)):
            return found
        return [*found, *await self._poll(site, "section", [home.url, *said.sections[:SECTIONS]])]

    async def _sitemaps(self, url: str) -> tuple[str, ...]:
        try:
            robots = await self.get(urljoin(url, "/robots.txt"))
        except ArshifError:
            return ()
        return sitemaps(robots.body.decode("utf-8", "replace"), url) if robots.status == 200 else ()

    async def _poll(self, site: Site, kind: Kind, addresses: Iterable[str]) -> list[SourceOffer]:
        asked = [await self._one(site, Source(kind=kind, url=HttpUrl(address))) for address in addresses]
        return [offer for offer in asked if offer is not None]

    async def _first(self, site: Site, kind: Kind, addresses: Iterable[str]) -> list[SourceOffer]:
        for address in addresses:
            if offer := await self._one(site, Source(kind=kind, url=HttpUrl(address))):
                return [offer]
        return []

    async def _one(self, site: Site, source: Source) -> SourceOffer | None:
        """What a source gives; None where that is no article."""
        address = str(source.url)
        try:
            found = await self._read(site, source, first_request(address) if source.kind == "wordpress" else address)
            if not found.candidates and found.further:
                found = await self._read(site, source, _likeliest(found))
        except (ArshifError, PageProblem) as problem:
            log.info("%s: %s", address, problem)
            return None
        if not found.candidates or found.kind != source.kind:
            log.info("%s: no article", address)
            return None
        log.info("%s: %s with %d articles", address, source.kind, len(found.candidates))
        return SourceOffer(source, found.candidates, found.hints or UpdateHints())

    async def _read(self, site: Site, source: Source, address: str) -> Discovered:
        got = await self.get(address)
        if got.status != 200:
            raise ArshifError(Message(FetchReason.HTTP_STATUS, {"status": got.status}))
        return await self.workers.run(stages.discover, site, source, got.body, got.url, got.headers)

    async def _try(self, site: Site, candidate: Candidate, rendered: bool = False) -> TrialArticle:
        """What the article gives by the site's rules; it is asked for once, however often it is tried."""
        rendered = rendered or site.rendering == "browser"
        asked = (candidate.url, rendered)
        if asked not in self.pages:
            self.pages[asked] = await self._page(candidate, rendered)
        page = self.pages[asked]
        if isinstance(page, Message):
            return TrialArticle(candidate.url, problem=page)
        try:
            article = (await self.workers.run(stages.article, page, site)).article
        except (ArshifError, PageProblem) as problem:
            reason = problem.reason if isinstance(problem, Refused) else None
            return TrialArticle(page.url, problem=problem.message, reason=reason, rendered=rendered)
        return TrialArticle(page.url, article, rendered=rendered)

    async def _page(self, candidate: Candidate, rendered: bool) -> Page | Message:
        """The article's page, or why it could not be fetched."""
        try:
            got = await self.get(candidate.url, rendered=rendered)
        except ArshifError as problem:
            return problem.message
        if got.status != 200:
            return Message(FetchReason.HTTP_STATUS, {"status": got.status})
        now = datetime.now(UTC)
        return Page(candidate.url, got.url, got.body, now, got.status, got.headers, candidate, rendered)


def _ruled(site: Site, rules: Iterable[Rules]) -> Site:
    return site.model_copy(update={"rules": (together(rules),)})


def _allowed(site: Site, candidates: Iterable[Candidate]) -> list[Candidate]:
    deny = [pattern for rules in site.rules for pattern in rules.deny]
    return [candidate for candidate in candidates if may_be_article(candidate.url, deny=deny) != "denied"]


def _likeliest(index: Discovered) -> str:
    """The part of a sitemap index with the newest articles, as its date or its name tells."""
    named = [pair for pair in index.further if any(word in pair[0].lower() for word in NEWS)] or list(index.further)
    dated = [(date, url) for url, date in named if date]
    return max(dated)[1] if dated else named[-1][0]
