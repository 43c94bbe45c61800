"""Facsimiles: copies of stored versions that look like their pages did, where a site's file or a request asks for them.

Each is made after its article is stored, and costs it nothing if it fails: what was made is kept, and the rest is tried
with the next visit to the page, except what can never be had.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from crawler import stages
from crawler.errors import PageProblem
from crawler.extract.draft import Extraction
from crawler.fetch.rendering.facsimile import Captured
from crawler.fingerprint import body_hash
from crawler.models import Page
from crawler.processes.parse_pool import ParsePool
from crawler.session.corrections import MAX_REREAD_VERSIONS, reread_versions
from crawler.session.learned_blocks import LearnedBlocks
from crawler.session.pages import GONE_STATUSES, response_problem
from crawler.session.site_progress import RunProgress
from crawler.session.store import SessionStore
from crawler.settings_model import Settings
from crawler.site_config import Site
from crawler.text import fold
from index.archive import documents, facsimiles, frontier, warc_records
from index.archive.facsimiles import NewPart, Original
from index.archive.frontier import FrontierRow
from index.model.article import Article, Version
from index.model.codes import FacsimileReason, FetchReason, PageState, ParseReason, PartKind, ReadingReason
from index.model.image_types import image_type
from index.model.message import Message, Value
from index.warc.record import WarcDamaged, WarcRef

log = logging.getLogger("arshif.facsimile")

IMAGES = 10  # kept of an article, the first ones
IMAGE_BYTES = 5 << 20  # of one image
IMAGES_BYTES = 20 << 20  # of an article's images together
IMAGE_SHARED = timedelta(days=1)  # for which an image is kept once where raw responses expire: each keeps its file
SHOWN = (PageState.STORED, PageState.DUPLICATE)  # states of a page that was found to have its article
WHOLE = {PartKind.PICTURE: FacsimileReason.PICTURE, PartKind.PAGE: FacsimileReason.PAGE}  # what needs the browser
MEDIA = {PartKind.PICTURE: "image/webp", PartKind.THUMBNAIL: "image/webp", PartKind.PAGE: "multipart/related"}


@dataclass(slots=True)
class FacsimilePlan:
    """What is to be made for a version of an article: its images still to fetch, by number and URL, then whatever needs
    the browser (`whole`); with what there is so far. Until it is made, the version can get another number, or another
    article, and be no more."""

    original: Original
    url: str
    images: deque[tuple[int, str]]
    whole: bool
    lead: WarcRef | None = None  # the record of its first image, of which the thumbnail is made
    bytes: int = 0
    missing: dict[int, Message] = field(default_factory=dict)  # why, by the number of each image that is
    problems: list[Message] = field(default_factory=list)  # of the rest
    lost: dict[tuple[PartKind, int], Message] = field(default_factory=dict)  # why a part can never be had

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be fetched."""
        return not self.images and not self.whole

    @property
    def problem(self) -> Message | None:
        """Why something is missing, with what is `lost`; None if nothing is."""
        images = self.missing | {n: why for (kind, n), why in self.lost.items() if kind == PartKind.IMAGE}
        found = [
            *self.problems,
            *(Message(WHOLE[kind], {"why": why}) for (kind, _), why in self.lost.items() if kind in WHOLE),
        ]
        if images:
            found.append(Message(FacsimileReason.IMAGES, {"n": len(images), "why": images[min(images)]}))
        if not found:
            return None
        lost: list[Value] = [[kind, n, why] for (kind, n), why in self.lost.items()]
        return Message(found[0].code, {**found[0].params, **({"lost": lost} if lost else {})})


class Facsimiles:
    """The facsimiles of a crawl; the spider fetches what each plan says, and hands it over."""

    def __init__(
        self,
        store: SessionStore,
        progress: RunProgress,
        workers: ParsePool,
        learned: LearnedBlocks,
        settings: Settings,
        *,
        browser: bool,
    ) -> None:
        self.store, self.progress, self.workers, self.settings = store, progress, workers, settings
        self.learned = learned
        self.browser = browser
        self.asked: set[tuple[str, str]] = set()  # sites and addresses of which somebody wants one

    def wanted(self, site: Site, row: FrontierRow) -> bool:
        """Whether pages of this site, or this one, get a facsimile."""
        return site.facsimile or (site.id, row.url) in self.asked

    @asynccontextmanager
    async def holding(self, site: Site, row: FrontierRow) -> AsyncIterator[None]:
        """Keep the site from being done with this page, where a facsimile may follow."""
        if not self.wanted(site, row):
            yield
            return
        self.progress.hold(site.id)
        yield  # an error ends the crawl, which releases the site
        await self.progress.let_go(site.id)

    async def plan(self, site: Site, row: FrontierRow) -> FacsimilePlan | None:
        """What is to be made for the version that a page has just been found to show; None if nothing is. Until `end`,
        the site is not done."""
        if not self.wanted(site, row):
            return None
        plan = await self.store.read(lambda conn: self._plan(conn, site, row))
        if plan is not None:
            self.progress.hold(site.id)
        return plan

    def _plan(self, conn: Connection, site: Site, row: FrontierRow) -> FacsimilePlan | None:
        now = frontier.row(conn, site.id, row.url)
        if now is None or now.article is None or now.state not in SHOWN or now.tries or now.visits == row.visits:
            return None
        document = documents.document(conn, now.article)
        if document is None:
            return None
        known = facsimiles.of_version(conn, now.article, document.number)
        if known is not None and known.problem is None:
            return None
        known_parts = facsimiles.parts(conn, now.article, document.number)
        there = {(part.kind, part.number) for part in known_parts}
        lost = _lost(known.problem) if known is not None else {}
        settled = there | lost.keys()
        images = enumerate(document.article.images[:IMAGES], start=1)
        left = deque((n, one.url) for n, one in images if (PartKind.IMAGE, n) not in settled and _is_web(one.url))
        whole = not {(kind, 1) for kind in WHOLE} <= settled
        if lost and not left and not whole:
            return None
        lead = next((part.ref for part in known_parts if part.kind == PartKind.IMAGE), None)
        original = facsimiles.original(conn, now.article, document.number)
        plan = FacsimilePlan(original, document.article.url, left, whole and self.browser, lead)
        plan.lost = lost
        if whole and not self.browser:
            plan.problems.append(Message(FacsimileReason.NO_BROWSER))
        return plan

    async def take_image(self, site: Site, plan: FacsimilePlan, body: bytes, problem: Message | None = None) -> None:
        """Keep the first image that the plan still lacks, or why it could not be fetched."""
        number, url = plan.images.popleft()
        media = image_type(body)
        if problem is None and media is None:
            problem = Message(FacsimileReason.NOT_IMAGE)
        if problem is None and plan.bytes + len(body) > IMAGES_BYTES:
            problem = Message(FacsimileReason.TOO_LARGE, {"most": IMAGES_BYTES >> 20})
        if problem is not None or media is None:
            if problem is not None and _lasts(problem):
                plan.lost[PartKind.IMAGE, number] = problem
            elif problem is not None:
                plan.missing[number] = problem
            return
        plan.bytes += len(body)
        await self._keep(site, plan, NewPart(PartKind.IMAGE, number, url, _now(), media, body, body_hash(body)))

    def first_image(self, plan: FacsimilePlan) -> bytes | None:
        """The bytes of the first image that was kept, from the disk: many plans wait for the browser at once."""
        try:
            return self.store.warc.read(plan.lead)[1] if plan.lead is not None else None
        except WarcDamaged:
            return None

    async def take_page(self, site: Site, plan: FacsimilePlan, page: Page, captured: Captured) -> None:
        """Keep what the browser made of the page, unless it shows something else than the version: a wall, a page for
        consent, another article, or the same as it was edited meanwhile.

        :raises PoolClosed: when the crawl is ending.
        """
        plan.whole = False
        try:
            if problem := response_problem(page, self.settings.politeness.page_max_bytes):
                raise problem
            is_it = await self._shows_version(site, plan, page)
        except PageProblem as problem:
            self.no_page(plan, problem.message)
            return
        if not is_it:
            self.no_page(plan, Message(FacsimileReason.CHANGED))
            return
        for lack in captured.problems:
            self._note(plan, lack)
        for kind, body in captured.parts.items():
            made = NewPart(kind, 1, plan.url, captured.made, MEDIA[kind], body, body_hash(body))
            await self._keep(site, plan, made)

    async def _shows_version(self, site: Site, plan: FacsimilePlan, page: Page) -> bool:
        """Whether the text of a page is that of the plan's version. If they differ, the version is first read again by
        the rules and learned blocks of today: only what still differs is the page's."""
        version, record = await self.store.read(lambda conn: _stored(conn, plan.original))
        if version is None:
            return False
        repeats = await self.learned.of(site, version.article.id)
        seen = await self.workers.run(stages.article, page, site, repeats)
        if _is_text_of(seen, version.article):
            return True
        again = await reread_versions(self.workers, self.store.warc, site, repeats, record, ReadingReason.COMPARED)
        return any(_is_text_of(seen, one.article) for one in again)

    def no_page(self, plan: FacsimilePlan, why: Message) -> None:
        """Note why the browser could not load the page, or why what it made of it is not kept."""
        plan.whole = False
        for reason in (FacsimileReason.PICTURE, *([FacsimileReason.PAGE] if _lasts(why) else [])):
            self._note(plan, Message(reason, {"why": why}))

    @staticmethod
    def _note(plan: FacsimilePlan, problem: Message) -> None:
        why = problem.params["why"]
        if isinstance(why, Message) and _lasts(why):
            plan.lost |= {(kind, 1): why for kind, reason in WHOLE.items() if reason == problem.code}
        else:
            plan.problems.append(problem)

    def give_up(self, plan: FacsimilePlan, error: Exception) -> None:
        """Note a bug of ours, which costs this visit the rest of the facsimile, and nothing else."""
        plan.images.clear()
        self.no_page(plan, Message(ParseReason.INTERNAL_ERROR, {"error": repr(error)}))

    async def _keep(self, site: Site, plan: FacsimilePlan, part: NewPart) -> None:
        append = self.store.warc.append
        since = part.made - IMAGE_SHARED if self.settings.raw.keep_days else None

        def keep(conn: Connection) -> WarcRef | None:
            place = facsimiles.place_of(conn, plan.original)
            return facsimiles.keep(conn, site.id, *place, part, append, since) if place is not None else None

        ref = await self.store.write(keep, site.id)
        if part.kind == PartKind.IMAGE and plan.lead is None:
            plan.lead = ref

    async def end(self, site: Site, plan: FacsimilePlan) -> None:
        """Record what came of a plan, and release the site if it waited for that only."""
        if plan.problem is not None:
            log.info("%s: %s: the facsimile is not whole: %s", site.id, plan.url, plan.problem.code)
        now, problem = _now(), plan.problem

        def close(conn: Connection) -> None:
            if (place := facsimiles.place_of(conn, plan.original)) is not None:
                facsimiles.close(conn, *place, problem, now)

        await self.store.write(close, site.id)
        await self.progress.let_go(site.id)


def _stored(conn: Connection, original: Original) -> tuple[Version | None, list[warc_records.StoredRecord]]:
    """A version as it is stored, and its raw copy; None and none if it is no more."""
    place = facsimiles.place_of(conn, original)
    if place is None:
        return None, []
    article, number = place
    (version,) = documents.versions(conn, article, [number])
    # Among the latest versions: it was the newest when its page was stored
    records = warc_records.of_article(conn, article, MAX_REREAD_VERSIONS)
    return version, [record for record in records if record.number == number]


def _is_text_of(seen: Extraction, version: Article) -> bool:
    """Whether a page was read as this version, by the content hash; of one in several pages, as its first."""
    if seen.next_page is None:
        return seen.article.content_hash == version.content_hash
    begins = fold(version.body).startswith(fold(seen.article.body))
    return begins and fold(seen.article.headline) == fold(version.headline)


def _lasts(why: Message) -> bool:
    """Whether what kept a part from being had will do so at the next visit, too."""
    too_large = why.code in (FacsimileReason.TOO_LARGE, FetchReason.TOO_LARGE)
    return too_large or (why.code == FetchReason.HTTP_STATUS and why.params["status"] in GONE_STATUSES)


def _lost(problem: Message | None) -> dict[tuple[PartKind, int], Message]:
    """What can never be had of a facsimile with this problem, and why; see `FacsimilePlan.problem`."""
    told: Any = problem.params.get("lost", []) if problem is not None else []
    return {(PartKind(kind), number): why for kind, number, why in told}


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _now() -> datetime:
    return datetime.now(UTC)
