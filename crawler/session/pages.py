"""A crawl's pages: which of them are fetched, and the path of each from its response into the archive."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal, cast

from sqlalchemy import Connection

from crawler import stages
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from crawler.errors import ArshifError, PageProblem, Refused, Unreadable
from crawler.extract.draft import Extraction
from crawler.extract.page_classifier import TRANSIENT_REASONS
from crawler.fetch.raw_capture import shortened
from crawler.fingerprint import body_hash
from crawler.models import Page
from crawler.processes.parse_pool import ParsePool, PoolClosed
from crawler.scheduling.poll_interval import retry_after
from crawler.scheduling.revisit import FADE, LADDER, next_look, stretched
from crawler.session.corrections import Corrections, Rereading
from crawler.session.learned_blocks import Discovery, LearnedBlocks
from crawler.session.rejections import Rejections
from crawler.session.rendering_policy import RenderingPolicy
from crawler.session.site_progress import RunProgress
from crawler.session.store import SessionStore
from crawler.settings_model import Settings
from crawler.site_config import Site
from crawler.urls.article_filter import may_be_article
from crawler.urls.canonical import canonical
from crawler.urls.reasons import UrlReason
from crawler.urls.variants import variants
from index.archive import articles, erasure, frontier, site_state, trust
from index.archive.frontier import FrontierRow, Visit
from index.archive.trust import TrustObservation
from index.archive.warc_records import Redirect
from index.model.article import Article
from index.model.codes import FetchReason, PageReason, ParseReason, TrustReason
from index.model.message import Message
from index.warc.record import Resource, Response, WarcRef

log = logging.getLogger("arshif.crawl")

OUTCOMES = {
    "new": "stored", "changed": "changed", "same": "unchanged", "copy": "duplicate", "emptied": "refused",
    "refused": "refused",
}  # fmt: skip
NEWS = ("new", "changed")  # outcomes that are exported
GONE_STATUSES = (404, 410)  # RFC 9110: not found, and gone for good; treated alike, the first time as later
FURTHER_PAGE_TRIES = 3  # times that an article waits for a next page that does not answer, before it is stored without
Append = Callable[[Response | Resource], WarcRef]  # what writes a response, and returns where it is
FULL_FETCH_EVERY = 4  # every fourth visit to a page is made without its validators, which may be wrong


@dataclass(frozen=True, slots=True)
class Reading:
    """A page as extracted, the site's own blocks that it was read with, those discovered with it, and the stored
    versions that were read again because of it."""

    extraction: Extraction
    repeats: RepeatedBlocks
    discovered: Mapping[str, Discovery]
    rereadings: tuple[Rereading, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """What came for a page, to be kept: its own response, if there is one to keep, those that led to it, and those of
    the further pages of its article."""

    page: Response | None = None
    redirects: tuple[Response, ...] = ()
    further: tuple[Response | None, ...] = ()

    @property
    def all(self) -> list[Response]:
        """All of these."""
        return [one for one in (*self.redirects, self.page, *self.further) if one is not None]

    @property
    def leading_on(self) -> list[Response]:
        """All of these, where the page itself leads on."""
        return [*self.redirects, *([shortened(self.page)] if self.page is not None else [])]


@dataclass(frozen=True, slots=True)
class LeadsOn:
    """The URL to which a page leads at once, without being one itself, and the responses that led there."""

    url: str
    redirects: list[Response]


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The URL at which an article goes on, the page that was read with those after it so far, and what came for
    them."""

    url: str
    page: Page
    received: Received


class Pages:
    """The pages of a crawl's sites; the spider fetches those that are due, and hands over the responses."""

    def __init__(
        self,
        store: SessionStore,
        progress: RunProgress,
        rejections: Rejections,
        rendering: RenderingPolicy,
        workers: ParsePool,
        settings: Settings,
    ) -> None:
        self.archive = store
        self.progress = progress
        self.rejections = rejections
        self.rendering = rendering
        self.workers = workers
        self.settings = settings
        self.blocks = LearnedBlocks(store)
        self.corrections = Corrections(store, workers, self.blocks)
        self.stretches: dict[str, float] = {}  # factors for each site's revisit ladder
        self.doubted: set[str] = set()  # sites whose validators are not trusted
        # A site's pages are extracted and stored one at a time: which of an article's two URLs is its own, and what
        # counts as repeated, then depends only on the order of fetching, not on which worker was faster
        self.turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    # --- 2 fetch -----------------------------------------------------------------------------------------------------

    async def due_tasks(self, site: Site) -> list[FrontierRow]:
        """The site's due pages, newest first, up to the limit of a run, with URLs that have a query moved to the end.

        If ?ref=section leads to the same article as the plain URL, the plain one is stored first and becomes its URL.
        """
        now, limit = datetime.now(UTC), self.settings.schedule.per_run
        rows, due = await self.archive.read(
            lambda conn: (frontier.due(conn, site.id, now, limit), frontier.count_due(conn, site.id, now))
        )
        await self.progress.take(site.id, len(rows), due)
        if "validators" in await self.archive.read(lambda conn: trust.untrusted(conn, site.id)):
            self.doubted.add(site.id)
        return sorted(rows, key=lambda row: "?" in row.url)

    def is_conditional(self, site: Site, row: FrontierRow) -> bool:
        """Whether to request the page with the validators of its last visit."""
        return site.id not in self.doubted and row.visits % FULL_FETCH_EVERY != FULL_FETCH_EVERY - 1

    # --- 3 to 6 read and store ---------------------------------------------------------------------------------------

    async def process(
        self, site: Site, row: FrontierRow, page: Page, received: Received, *, may_lead: bool = False
    ) -> Article | LeadsOn | GoesOn | Literal["render"] | None:
        """Settle a fetched page by its response alone, or extract and store it, or reject it.

        Returns the article if it is new or changed, "render" if a browser may yield an article, where to go on if the
        page only leads there, and where its article goes on if that has several pages. `may_lead` is whether one more
        redirect is followed.
        """
        if await self.settle_response(site, row, page, received):
            return None
        return await self._process(site, row, page, received, may_lead=may_lead)

    async def go_on(
        self, site: Site, row: FrontierRow, begun: GoesOn, came: Page | PageProblem, received: Response | None = None
    ) -> Article | GoesOn | None:
        """Go on with the next page of an article, or with what kept it from being fetched, as `process` does.

        A page that is gone, or is none of it, ends the article. One that did not answer is waited for: the article is
        fetched again later, but not for ever.
        """
        page, problem = begun.page, came if isinstance(came, PageProblem) else None
        if isinstance(came, Page):
            counts = self.progress.sites[site.id].counts
            counts["requests"] += 1
            counts["bytes"] += len(came.body)
            left = self.settings.politeness.page_max_bytes - sum(len(one.body) for one in (page, *page.rest))
            problem = response_problem(came, left)
            if problem is None and came.url not in {one.url for one in (page, *page.rest)}:
                longer = replace(page, rest=(*page.rest, came))
                kept = replace(begun.received, further=(*begun.received.further, received))
                return cast("Article | GoesOn | None", await self._process(site, row, longer, kept))
        if problem is not None and not _is_end(problem) and row.tries < FURTHER_PAGE_TRIES:
            await self.rejections.reject(site, row, problem, came if isinstance(came, Page) else None)
            return None
        return cast("Article | GoesOn | None", await self._process(site, row, page, begun.received, ended=True))

    async def _process(
        self,
        site: Site,
        row: FrontierRow,
        page: Page,
        received: Received,
        *,
        may_lead: bool = False,
        ended: bool = False,
    ) -> Article | LeadsOn | GoesOn | Literal["render"] | None:
        try:
            return await self._settle(site, row, page, received, may_lead=may_lead, ended=ended)
        except PoolClosed:
            self.progress.defer(site.id, Message(FetchReason.CRAWL_ENDED))
        except ArshifError:
            raise
        except Exception as error:  # a bug of ours costs this page, not the site's others
            log.exception("%s: %s", site.id, row.url)
            fault = Unreadable(ParseReason.INTERNAL_ERROR, error=repr(error))
            await self.rejections.reject(site, row, fault, page, was_read=True)
        return None

    async def _settle(
        self, site: Site, row: FrontierRow, page: Page, received: Received, *, may_lead: bool, ended: bool
    ) -> Article | LeadsOn | GoesOn | Literal["render"] | None:
        async with self.turns[site.id]:
            try:
                return await self._read_and_store(site, row, page, received, ended=ended)
            except (Refused, Unreadable) as problem:
                if not page.rest:
                    return await self._refused(site, row, page, received, problem, may_lead=may_lead)
                last = problem
        begun = GoesOn("", replace(page, rest=page.rest[:-1]), replace(received, further=received.further[:-1]))
        return await self.go_on(site, row, begun, last)

    async def _refused(
        self,
        site: Site,
        row: FrontierRow,
        page: Page,
        received: Received,
        problem: Refused | Unreadable,
        *,
        may_lead: bool,
    ) -> LeadsOn | Literal["render"] | None:
        if await self.rendering.should_render(site, page, problem.reason):
            return "render"
        if may_lead and problem.reason == PageReason.LEADS_ON:
            return LeadsOn(str(problem.message.params["url"]), received.leading_on)
        if may_lead and problem.reason == PageReason.FURTHER_PAGE:
            return LeadsOn(str(problem.message.params["url"]), [])  # where it is fetched again, and kept
        if page.rendered and problem.reason == PageReason.NEEDS_BROWSER:
            problem = Refused(PageReason.NO_TEXT)  # it had one
        if row.article is not None and isinstance(problem, Refused) and problem.reason not in TRANSIENT_REASONS:
            is_ours = await self.corrections.is_refused_too(site, row.article)
            if is_ours:  # retried: our rules may be better by then
                problem = Unreadable(problem.reason, **problem.message.params)
        await self.rejections.reject(site, row, problem, page, raw=received.page, was_read=True)
        return None

    async def settle_response(self, site: Site, row: FrontierRow, page: Page, received: Received) -> bool:
        """Record a page that needs no parsing: unchanged, gone, or not a page at all; return whether it was one."""
        counts = self.progress.sites[site.id].counts
        counts["requests"] += 1
        counts["bytes"] += len(page.body)
        same = page.status == 200 and row.article is not None and body_hash(page.body) == row.body_hash
        if page.status == 304 or same or page.status in GONE_STATUSES:
            self.rejections.answered(site, page)
        if page.status == 304 or same:
            visit = Visit(page.fetched, await self.revisit_at(site, row, page), page.status)
            if same and page.status == 200:  # a site that is built anew has new validators for all that stayed
                visit = replace(visit, etag=page.headers.get("etag"), last_modified=page.headers.get("last-modified"))

            def unchanged(conn: Connection) -> None:
                articles.unchanged(conn, site.id, row.url, visit, redirects(received, self.archive.warc.append))
                self._judge(conn, site.id, row, page, changed=False)
                site_state.record_revisit(conn, site.id, changed=False, fade=FADE)

            await self.progress.settle(site.id, unchanged, "unchanged")
        elif page.status in GONE_STATUSES:
            visit = Visit(page.fetched, await self.revisit_at(site, row, page), page.status)
            await self.progress.settle(
                site.id, partial(frontier.mark_gone, site=site.id, url=row.url, visit=visit), "refused"
            )
        elif problem := response_problem(page, self.settings.politeness.page_max_bytes):
            not_before = retry_after(page.headers, page.fetched) if page.status != 200 else None
            await self.rejections.reject(site, row, problem, page, not_before=not_before)
        else:
            return False
        return True

    async def revisit_at(self, site: Site, row: FrontierRow, page: Page) -> datetime | None:
        """When to revisit a page just fetched, by its age, its last change, and the site's history of changes.

        None if it is not to be revisited.
        """
        ladder = LADDER if site.revisit is None else site.revisit
        if site.id not in self.stretches:
            state = await self.archive.read(lambda conn: site_state.state(conn, site.id))
            self.stretches[site.id] = stretched(state.looked, state.changed)
        since = row.published_or_discovered
        return next_look(page.fetched, since, row.content_changed_at, ladder, self.stretches[site.id])

    @staticmethod
    def _judge(conn: Connection, site: str, row: FrontierRow, page: Page, changed: bool) -> None:
        """Records whether the site's statement about a page, that it is unchanged or has changed, was true."""
        for finding in trust_observations(row, page, changed):
            trust.note(conn, site, finding, page.fetched)

    async def _read_and_store(
        self, site: Site, row: FrontierRow, page: Page, received: Received, *, ended: bool
    ) -> Article | GoesOn | None:
        """Extract an article and store it, and return it if it is new or changed; or where it goes on, unless it has
        `ended`.

        A page that differs from its article's newest version is stored once the two have been read by the same rules
        and with the same learned blocks: only then is the difference the site's.

        :raises Refused: when the page is not an article.
        :raises Unreadable: when it cannot be parsed.
        """
        if row.article is not None:  # which may have been merged into another one since the page was requested
            known = await self.archive.read(lambda conn: frontier.row(conn, site.id, row.url))
            row = replace(row, article=known.article if known is not None else None)
        reading = await self._read(site, page, row.article)
        if reading.extraction.next_page is not None and not ended:
            return GoesOn(reading.extraction.next_page, page, received)
        page = replace(page, rest=page.rest[: reading.extraction.pages - 1])
        is_news = row.article is None  # a page that is known is often the same, and then not kept
        append = await self.archive.ahead(received.all if is_news else ())
        fetched = await self._fetched(site, row, page, reading.extraction.article, received, append)
        try:
            kind = await self.store(site, row, page, replace(fetched, strict=True), reading)
        except articles.NotCompared as differing:
            home = differing.article
        else:
            return reading.extraction.article if kind in NEWS else None
        if home != row.article:  # what the article itself has is not counted
            reading = await self._read(site, page, home)
        compared = await self.corrections.of_article(site, home, reading.repeats)
        reading = replace(reading, rereadings=(*reading.rereadings, *compared))
        append = append if is_news else await self.archive.ahead(received.all)
        fetched = await self._fetched(site, row, page, reading.extraction.article, received, append)
        kind = await self.store(site, row, page, fetched, reading)
        return reading.extraction.article if kind in NEWS else None

    async def _read(self, site: Site, page: Page, article: str | None) -> Reading:
        """Extract a page without the blocks that are the site's own, those included that it turns out with it."""
        await self.workers.expect_pages()
        repeats = await self.blocks.of(site, article)
        extraction = await self.workers.run(stages.article, page, site, repeats)
        discovered = await self.blocks.discover(site, extraction, article)
        if discovered:
            repeats = await self.blocks.of(site, article, discovered)
            extraction = await self.workers.run(stages.article, page, site, repeats)
        rereadings = await self.corrections.of_learned_blocks(site, discovered, article)
        return Reading(extraction, repeats, discovered, tuple(rereadings))

    async def store(
        self,
        site: Site,
        row: FrontierRow,
        page: Page,
        fetched: articles.Fetched,
        reading: Reading,
    ) -> str:
        """Store an article and everything that belongs to it in one transaction, after further readings of others.

        Returns the outcome: new, changed, same, copy, emptied (its text is no longer there), or refused (it was erased
        on request). The raw response of a new or changed article is on disk before the transaction that refers to it
        ends.

        :raises NotCompared: when it is strict, and a version must be read again first.
        """
        await self.rejections.accept(site, row, page)
        again = await self.revisit_at(site, replace(row, content_changed_at=page.fetched), page)
        fetched = replace(fetched, state=stages.state(site, reading.repeats))

        def take(conn: Connection) -> str:
            if erasure.among(conn, site.id, fetched.signs):
                visit = Visit(page.fetched, None, page.status)
                frontier.mark_refused(conn, site.id, row.url, Message(PageReason.FORGOTTEN), visit)
                return "refused"
            for rereading in reading.rereadings:
                rereading.store(conn, page.fetched)
            outcome = articles.store(conn, fetched)
            if outcome.kind == "emptied":
                return outcome.kind
            self.blocks.learn(conn, site.id, outcome, reading.extraction, reading.discovered, page)
            if row.article is not None:
                self._judge(conn, site.id, row, page, changed=outcome.kind == "changed")
                site_state.record_revisit(conn, site.id, changed=outcome.kind == "changed", fade=FADE)
            if outcome.kind == "changed":
                frontier.mark_content_changed(conn, site.id, row.url, page.fetched, again)
            return outcome.kind

        return await self.progress.settle(site.id, take, OUTCOMES.__getitem__)

    async def _fetched(
        self,
        site: Site,
        row: FrontierRow,
        page: Page,
        article: Article,
        received: Received,
        append: Append,
    ) -> articles.Fetched:
        """The article and how its page was fetched, in the form that the archive stores.

        The validators of the first page say nothing about those after it, so an article in several is read whole again.
        """
        raw = received.page
        keep = [None if one is None else partial(append, one) for one in received.further]
        further = tuple(
            articles.Continuation(one.url, raw.url if raw else one.final_url, one.fetched, body_hash(one.body), write)
            for one, raw, write in zip(page.rest, received.further, keep, strict=False)
        )
        return articles.Fetched(
            site=site.id,
            url=row.url,
            final_url=canonical(page.final_url) or row.url,
            article=article,
            fetched=page.fetched,
            body_hash=body_hash(b"".join(one.body for one in (page, *page.rest))),
            etag=None if further else page.headers.get("etag"),
            last_modified=None if further else page.headers.get("last-modified"),
            raw=None if raw is None else partial(append, raw),
            raw_url=None if raw is None else raw.url,
            redirects=redirects(received, append),
            revisit_at=await self.revisit_at(site, row, page),
            run=self.archive.run,
            status=page.status,
            spellings=variants(article.url),
            guid=row.guid,
            further=further,
        )


def redirects(received: Received, append: Append) -> tuple[Redirect, ...]:
    """The responses that led to a page, each with what writes it."""
    return tuple(Redirect(one.url, one.fetched, partial(append, one)) for one in received.redirects)


def _is_end(problem: PageProblem) -> bool:
    """Whether what kept the next page of an article from being read says that there is none for us."""
    if problem.reason == FetchReason.HTTP_STATUS:
        return problem.message.params.get("status") in GONE_STATUSES
    refused = isinstance(problem, Refused) and problem.reason not in TRANSIENT_REASONS
    return refused or problem.reason == FetchReason.ROBOTS_DISALLOWED


def response_problem(page: Page, max_bytes: int) -> PageProblem | None:
    """The problem that keeps a response from being parsed as a page: its status, a redirect to the home page, or a body
    of more than `max_bytes`; None if there is none."""
    if page.status != 200:
        return PageProblem(FetchReason.HTTP_STATUS, status=page.status)
    if (
        page.asked is not None and may_be_article(page.url) == UrlReason.HOME
    ):  # how many sites report that an article is gone
        return Refused(PageReason.REDIRECTED_HOME, url=page.final_url)
    if len(page.body) > max_bytes:
        return Refused(FetchReason.TOO_LARGE, bytes=len(page.body))
    return None


def trust_observations(row: FrontierRow, page: Page, changed: bool) -> Iterator[TrustObservation]:
    """Evidence from a revisit of whether the site's validators and dates are true; `changed` is whether the article
    differs from its last version."""
    before = (row.etag, row.last_modified)
    same = before == (page.headers.get("etag"), page.headers.get("last-modified"))
    if any(before) and page.status == 200:
        if changed:
            lie = Message(TrustReason.SAME_VALIDATORS_OTHER_TEXT) if same else None
            yield TrustObservation("validators", row.url, lie)
        elif same and page.conditional:
            yield TrustObservation("validators", row.url, Message(TrustReason.SENT_AGAIN))
        elif same:
            yield TrustObservation("validators", row.url)
    if row.modified is not None and row.lastmod_at_fetch is not None:
        moved = row.modified > row.lastmod_at_fetch
        if moved and not changed:
            yield TrustObservation("dates", row.url, Message(TrustReason.DATE_MOVED_ALONE))
        elif changed:
            lie = None if moved else Message(TrustReason.TEXT_CHANGED_ALONE)
            yield TrustObservation("dates", row.url, lie)
