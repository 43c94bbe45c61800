"""A crawl's pages: which of them are to be fetched, and what becomes of the answers: steps 2 and 6 of the path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from crawler.boilerplate.repeated_blocks import OTHERS, RepeatedBlocks, block_hash
from crawler.errors import PageProblem, Unreadable
from crawler.extract.page_classifier import TRANSIENT_REASONS
from crawler.items import ArticleItem, FetchTask
from crawler.models import Page
from crawler.replay import reread_current, reread_first_articles
from crawler.scheduling.poll_interval import back_off, retry_after
from crawler.scheduling.revisit import FADE, LADDER, next_look, stretched
from crawler.session.block_detection import BLOCK_STATUSES
from crawler.session.source_stats import excluding, repeated
from crawler.site_config import Site
from crawler.urls.canonical import canonical, may_be_article
from crawler.urls.variants import variants
from index.archive import articles, erasure, frontier, repeated_blocks, site_state, trust
from index.archive.frontier import Visit
from index.archive.trust import TrustObservation
from index.model.codes import FetchReason, PageReason, TrustReason
from index.model.message import Message

if TYPE_CHECKING:
    from crawler.session.session import CrawlSession

OUTCOMES = {
    "new": "stored", "changed": "changed", "same": "unchanged", "copy": "duplicate", "emptied": "refused",
    "refused": "refused",
}  # fmt: skip
GONE_STATUSES = (404, 410)  # RFC 9110: not found, and gone for good; the second time is as good as the first


FULL_FETCH_EVERY = 4  # each fourth look at a page is without its validators, which may lie


class Pages:
    """The pages of a crawl's sites. The spider fetches those that it is given, and hands over what came."""

    def __init__(self, crawl: CrawlSession) -> None:
        self.crawl = crawl
        self.stretches: dict[str, float] = {}  # of each site's ladder of revisits
        self.learned: dict[
            str, RepeatedBlocks
        ] = {}  # by site: read once a run, and kept up to date with what it stores

    # --- 2 fetch -----------------------------------------------------------------------------------------------------

    async def due_tasks(self, site: Site) -> list[FetchTask]:
        """The site's pages that are due, newest first, as many as a run takes; of those, addresses with a query last.

        Where ?ref=section leads to the same article as the plain address, the plain one comes first and names it.
        """
        now, limit = datetime.now(UTC), self.crawl.config.settings.schedule.per_run
        rows, due = await self.crawl.read(
            lambda conn: (frontier.due(conn, site.id, now, limit), frontier.count_due(conn, site.id, now))
        )
        await self.crawl.take(site.id, len(rows), due)
        doubted = "validators" in await self.crawl.read(lambda conn: trust.untrusted(conn, site.id))
        return [
            replace(FetchTask.of(row), unconditional=doubted or row.visits % FULL_FETCH_EVERY == FULL_FETCH_EVERY - 1)
            for row in sorted(rows, key=lambda row: "?" in row.url)
        ]

    async def settle_response(self, site: Site, wanted: FetchTask, page: Page) -> bool:
        """Whether the answer says all there is to say without being read: unchanged, gone, or no page at all."""
        counts = self.crawl.accounts[site.id].counts
        counts["requests"] += 1
        counts["bytes"] += len(page.body)
        same = page.status == 200 and wanted.article is not None and _hash(page.body) == wanted.body_hash
        if page.status == 304 or same:
            visit = Visit(page.fetched, await self.look_again(site, wanted, page), page.status)

            def unchanged(conn: Connection) -> None:
                articles.unchanged(conn, site.id, wanted.url, visit)
                self._judge(conn, site.id, wanted, page, changed=False)
                site_state.record_revisit(conn, site.id, changed=False, fade=FADE)

            await self.crawl.settle(site.id, unchanged, "unchanged")
        elif page.status in GONE_STATUSES:
            visit = Visit(page.fetched, await self.look_again(site, wanted, page), page.status)
            await self.crawl.settle(
                site.id, partial(frontier.mark_gone, site=site.id, url=wanted.url, visit=visit), "refused"
            )
        elif page.status != 200:
            if page.status in BLOCK_STATUSES:
                self.record_block(site, page)
            reason = Message(FetchReason.HTTP_STATUS, {"status": page.status})
            await self.record_failure(site, wanted, reason, retry_after(page.headers, page.fetched))
        elif _redirected_home(page):
            await self._refuse(site, wanted, page, Message(PageReason.REDIRECTED_HOME, {"url": page.final_url}))
        elif len(page.body) > self.crawl.config.settings.politeness.page_max_bytes:
            await self._refuse(site, wanted, page, Message(FetchReason.TOO_LARGE, {"bytes": len(page.body)}))
        else:
            return False
        return True

    async def look_again(self, site: Site, wanted: FetchTask, page: Page) -> datetime | None:
        """When a page that was just read is fetched again, by its age, its last change, and the site's record."""
        ladder = LADDER if site.revisit is None else site.revisit
        if site.id not in self.stretches:
            state = await self.crawl.read(lambda conn: site_state.state(conn, site.id))
            self.stretches[site.id] = stretched(state.looked, state.changed)
        since = wanted.since or page.fetched
        return next_look(page.fetched, since, wanted.content_changed_at, ladder, self.stretches[site.id])

    @staticmethod
    def _judge(conn: Connection, site: str, wanted: FetchTask, page: Page, changed: bool) -> None:
        """Notes whether what the site said of a page was true: that it is the same, or that it changed."""
        for finding in trust_observations(wanted, page, changed):
            trust.note(conn, site, finding, page.fetched)

    async def record_failure(
        self, site: Site, wanted: FetchTask, reason: Message, not_before: datetime | None = None
    ) -> None:
        """A page that could not be fetched or read: it is tried again, later each time, not before the host said."""
        await self._again(site, wanted, "failed", reason, not_before)

    async def quarantine(self, site: Site, wanted: FetchTask, reason: Message) -> None:
        """A page that came, and of which nothing could be made: a parser crashed over it, or we have a fault. It is
        tried again like one that failed; our rules may be better then."""
        await self._again(site, wanted, "quarantined", reason, None)

    async def _again(
        self, site: Site, wanted: FetchTask, outcome: str, reason: Message, not_before: datetime | None
    ) -> None:
        now = datetime.now(UTC)
        retry = max(now + back_off(site.id, wanted.tries + 1), not_before or now)

        def work(conn: Connection) -> int:
            return frontier.mark_failed(conn, site.id, wanted.url, reason, retry, now)

        await self.crawl.settle(site.id, work, outcome)

    async def reject(self, site: Site, wanted: FetchTask, page: Page, problem: PageProblem) -> None:
        """A page that was read and is none, which is counted by its kind, or could not be read."""
        if not isinstance(problem, Unreadable):
            self.crawl.accounts[site.id].counts[problem.reason] += 1
        if isinstance(problem, Unreadable):
            await self.quarantine(site, wanted, problem.message)
        elif problem.reason in TRANSIENT_REASONS:
            self.record_block(site, page)
            await self.record_failure(site, wanted, problem.message)
        else:
            self.crawl.conduct.record_non_article(site.id, wanted.url)
            await self.crawl.rendering.record_result(site, page, article=False)
            await self._refuse(site, wanted, page, problem.message)

    def record_block(self, site: Site, page: Page) -> None:
        """The page asks for a person or for consent, or the host refuses us: it is counted, and slows us down."""
        self.crawl.conduct.record_block(page.final_url)
        self.crawl.accounts[site.id].counts["walls"] += 1

    def defer(self, site: Site, reason: Message) -> None:
        """A page that was not requested in this run, and stays to be fetched."""
        if (account := self.crawl.accounts.get(site.id)) is not None:
            if reason.code != FetchReason.CRAWL_ENDED:
                account.problem = account.problem or reason
            account.counts[reason.code] += 1

    async def reject_oversized(self, site: Site, wanted: FetchTask, reason: Message) -> None:
        """A page that was given up on the way, because no article is as long."""
        await self._refuse(site, wanted, Page(wanted.url, wanted.url, b"", datetime.now(UTC)), reason)

    async def _refuse(self, site: Site, wanted: FetchTask, page: Page, reason: Message) -> None:
        visit = Visit(page.fetched, None, page.status)

        def work(conn: Connection) -> None:
            frontier.mark_refused(conn, site.id, wanted.url, reason, visit)

        await self.crawl.settle(site.id, work, "refused")

    # --- 4 clean -----------------------------------------------------------------------------------------------------

    async def repeats(self, site: Site, article: str | None) -> RepeatedBlocks:
        """In how many articles of the site its blocks stand, apart from this one where it is known."""
        if site.id not in self.learned:
            self.learned[site.id] = await self.crawl.read(lambda conn: repeated(conn, site.id))
        learned = self.learned[site.id]
        own = await self.crawl.read(lambda conn: repeated_blocks.of(conn, article)) if article else frozenset()
        if not own:
            return learned
        return excluding(learned, own)

    def _learn(self, conn: Connection, site: str, outcome: articles.Outcome, item: ArticleItem) -> None:
        """Counts an article's blocks, and keeps the texts of those that were taken off it."""
        repeated_blocks.count(conn, site, outcome.id, item.extraction.blocks)
        texts = {block_hash(r.text): r.text for r in item.extraction.removed if r.layer == "repeat"}
        repeated_blocks.record_learned(conn, site, texts, item.page.fetched)
        if (learned := self.learned.get(site)) is not None:
            now = repeated_blocks.among(conn, site, item.extraction.blocks)
            often = {block: n for block, n in now.items() if n >= OTHERS}
            self.learned[site] = RepeatedBlocks({**learned.counts, **often}, learned.articles + (outcome.kind == "new"))

    # --- 6 store -----------------------------------------------------------------------------------------------------

    async def store(self, item: ArticleItem) -> str:
        """Stores an article and all that belongs to it in one transaction; gives what it was: new, changed, same, copy.

        The raw copy of one that is new or changed is on disk before the transaction that refers to it ends.
        """
        page, site, wanted = item.page, item.site.id, item.wanted
        fetched = articles.Fetched(
            site=site,
            url=wanted.url,
            final_url=canonical(page.final_url) or wanted.url,
            article=item.extraction.article,
            fetched=page.fetched,
            body_hash=_hash(page.body),
            etag=page.headers.get("etag"),
            last_modified=page.headers.get("last-modified"),
            revisit_at=await self.look_again(item.site, wanted, page),
            run=self.crawl.run,
            status=page.status,
            spellings=variants(item.extraction.article.url),
        )
        article = item.extraction.article
        signs = {wanted.url, fetched.final_url, article.url, article.canonical_url or "", article.content_hash}
        self.crawl.conduct.record_article(site, wanted.url)
        await self.crawl.rendering.record_result(item.site, page, article=True)
        again = await self.look_again(item.site, replace(wanted, content_changed_at=page.fetched), page)
        ours = await reread_current(self.crawl, item)
        first_ones = await reread_first_articles(self.crawl, item)
        keep = partial(self.crawl.raw.append, item.received) if item.received is not None else None

        def take(conn: Connection) -> str:
            if erasure.among(conn, site, signs):
                visit = Visit(page.fetched, None, page.status)
                frontier.mark_refused(conn, site, wanted.url, Message(PageReason.FORGOTTEN), visit)
                return "refused"
            for better in [*first_ones, *([ours] if ours is not None else [])]:
                articles.correct(conn, better, page.fetched)
            outcome = articles.store(conn, replace(fetched, raw=keep))
            if outcome.kind == "emptied":
                return outcome.kind
            self._learn(conn, site, outcome, item)
            if wanted.article is not None:
                self._judge(conn, site, wanted, page, changed=outcome.kind == "changed")
                site_state.record_revisit(conn, site, changed=outcome.kind == "changed", fade=FADE)
            if outcome.kind == "changed":
                frontier.mark_content_changed(conn, site, wanted.url, page.fetched, again)
            return outcome.kind

        return await self.crawl.settle(site, take, OUTCOMES.__getitem__)


def trust_observations(wanted: FetchTask, page: Page, changed: bool) -> Iterator[TrustObservation]:
    """What a look at a known page tells of its site's truthfulness; `changed`: it says something else than before."""
    before = (wanted.etag, wanted.last_modified)
    same = before == (page.headers.get("etag"), page.headers.get("last-modified"))
    if any(before) and page.status == 200:
        if changed:
            lie = Message(TrustReason.SAME_VALIDATORS_OTHER_TEXT) if same else None
            yield TrustObservation("validators", wanted.url, lie)
        elif same and not wanted.unconditional and not page.rendered:  # a browser names neither
            yield TrustObservation("validators", wanted.url, Message(TrustReason.SENT_AGAIN))
        elif same:
            yield TrustObservation("validators", wanted.url)
    said = wanted.candidate.modified if wanted.candidate else None
    if said is not None and wanted.lastmod_at_fetch is not None:
        moved = said > wanted.lastmod_at_fetch
        if moved and not changed:
            yield TrustObservation("dates", wanted.url, Message(TrustReason.DATE_MOVED_ALONE))
        elif changed:
            lie = None if moved else Message(TrustReason.TEXT_CHANGED_ALONE)
            yield TrustObservation("dates", wanted.url, lie)


def _hash(body: bytes) -> str:
    return sha256(body).hexdigest()


def _redirected_home(page: Page) -> bool:
    """Whether a redirect ended at a site's first page: how many sites say that an article is no more."""
    return page.asked is not None and may_be_article(page.url) == "home"
