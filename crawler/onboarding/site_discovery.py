"""Site discovery: finds the sources of a news site with the same requests as a crawl, and proposes its site file.

Independent of Scrapy: requests go through `get`, which spiders/site_discovery.py provides."""

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
from crawler.discover.sitemap import lists_archives, lists_posts
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
from crawler.urls.reasons import UrlReason
from index.model.candidate import Candidate
from index.model.codes import FetchReason
from index.model.message import Message

log = logging.getLogger("arshif.scout")

# Usual paths, for sites that name none.
FEEDS = ("/feed/", "/rss.xml", "/rss", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json")
SITEMAPS = ("/news-sitemap.xml", "/sitemap_index.xml", "/sitemap.xml")
# Feeds or sitemaps named by a site that are requested: the rest are those of sections and of past years.
MAX_NAMED_SOURCES = 4
ARTICLES = 5  # articles fetched on trial
ROUNDS = 3  # in each, pages that are not articles are replaced by others
SECTIONS = 8  # sections linked from the home page that are requested if there is no better source


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A response: `url` is the URL after redirects, `headers` have lower-case names."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


class FetchFunction(Protocol):
    """The function that makes requests to a site."""

    async def __call__(self, url: str, rendered: bool = False) -> FetchedPage:
        """The response from this URL, or the page as rendered by Chromium.

        :raises ArshifError: when there is no response.
        """


class SiteDiscovery:
    """Examines one site. `bounds`: the limits of the polling interval; `browser`: whether Chromium is available."""

    def __init__(self, get: FetchFunction, workers: ParsePool, bounds: Bounds, browser: bool) -> None:
        self.get = get
        self.workers = workers
        self.bounds = bounds
        self.browser = browser
        self.pages: dict[tuple[str, bool], Page | Message] = {}  # by URL and rendering: the page, or why it failed

    async def run(self, url: str) -> Proposal:
        """A proposed file for the site with this home page.

        :raises ArshifError: when the home page cannot be fetched or nothing lists articles.
        """
        home = await self.get(url)
        if home.status != 200:
            raise ArshifError(Message(ProposalMessage.HOME_STATUS, {"url": url, "status": home.status}))
        said = await self.workers.run(site_metadata, home.body, home.url, home.headers)
        draft = first_draft(home.url, said, Source(kind="section", url=HttpUrl(home.url)))
        offers = await self._offers(draft, home, said)
        if not offers:
            raise ArshifError(Message(ProposalMessage.NOTHING_LISTED, {"url": home.url}))
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
        """The site with the settings that trial articles show to be necessary, the trials, and the reasons."""
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
        """The site with rules that deny folders without articles, and the reasons; pages in these folders are replaced
        by others."""
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
        """Whether pages without text have some in Chromium, by the same measure as in a crawl."""
        empty = [c for c, one in zip(chosen, tried, strict=True) if one.reason in WITHOUT_TEXT][:TRIAL_PAGES]
        rendered = [await self._try(site, candidate, rendered=True) for candidate in empty]
        return sum(one.article is not None for one in rendered) >= MIN_TRIAL_ARTICLES

    async def _offers(self, site: Site, home: FetchedPage, said: SiteMetadata) -> list[SourceOffer]:
        """The sources with articles: those that the site names, else those at the usual paths; its home page and
        sections if there is nothing better."""

        def places(usual: Iterable[str]) -> list[str]:
            return [urljoin(home.url, place) for place in usual]

        named = await self._sitemaps(home.url)
        named = tuple(one for one in named if not lists_archives(one)) or named
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
        """The articles of a source; None if it has none."""
        address = str(source.url)
        try:
            found = await self._read(site, source, first_request(address) if source.kind == "wordpress" else address)
            if not (found.candidates or found.foreign) and found.further:
                found = await self._read(site, source, _likeliest(found))
        except (ArshifError, PageProblem) as problem:
            log.info("%s: %s", address, problem)
            return None
        candidates = (*found.candidates, *found.foreign)  # wherever they are: a person looks at the file
        if not candidates or found.kind != source.kind:
            log.info("%s: no article", address)
            return None
        log.info("%s: %s with %d articles", address, source.kind, len(candidates))
        return SourceOffer(source, candidates, found.hints or UpdateHints())

    async def _read(self, site: Site, source: Source, address: str) -> Discovered:
        got = await self.get(address)
        if got.status != 200:
            raise ArshifError(Message(FetchReason.HTTP_STATUS, {"status": got.status}))
        return await self.workers.run(stages.discover, site, source, got.body, got.url, got.headers)

    async def _try(self, site: Site, candidate: Candidate, rendered: bool = False) -> TrialArticle:
        """The extraction of an article by the site's rules; its page is requested only once."""
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
    return [candidate for candidate in candidates if may_be_article(candidate.url, deny=deny) != UrlReason.DENIED]


def _likeliest(index: Discovered) -> str:
    """The child sitemap with the newest articles, by its date or its name."""
    named = [pair for pair in index.further if lists_posts(pair[0])] or list(index.further)
    dated = [(date, url) for url, date in named if date]
    return max(dated)[1] if dated else named[-1][0]
