"""The pages of an import: each planned page is extracted by a worker and stored as of its time, several at once."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Generator
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from itertools import chain, islice
from typing import TypeAlias
from urllib.parse import urldefrag

from sqlalchemy import Connection
from w3lib.url import safe_url_string

from crawler import stages
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from crawler.errors import Busy, PageProblem
from crawler.extract.draft import Extraction
from crawler.fetch.raw_capture import decoded, lower_case
from crawler.fingerprint import body_hash
from crawler.importing import warc_records
from crawler.importing.page_filter import PageFilter, Passed
from crawler.importing.plan import Plan, PlannedPage
from crawler.importing.raw_records import RawRecord
from crawler.importing.unpacking import Input
from crawler.models import Page
from crawler.processes.workers import Workers
from crawler.session.corrections import MAX_REREAD_VERSIONS, Rereading, reread_versions
from crawler.session.learned_blocks import places_of
from crawler.session.source_stats import excluding, repeated
from crawler.site_config import Site
from crawler.urls.canonical import canonical
from crawler.urls.variants import variants
from index import jobs
from index.archive import Archive, articles, documents, erasure, leases, repeated_blocks
from index.archive import warc_records as stored_records
from index.archive.articles import Continuation, Fetched
from index.model.codes import PageReason, ReadingReason
from index.warc.record import Response
from index.warc.store import WarcStore

log = logging.getLogger("arshif.import")

OWNER = "arshif import"  # owner of the sites' leases, shown to users
BATCH = 32  # pages that are stored in one transaction; of one site, also extracted at once
AHEAD = 2  # batches that are extracted while one is being stored, as far as they are of other sites


def count(counts: dict[str, int], reason: str) -> None:
    """Count one more of this reason."""
    counts[reason] = counts.get(reason, 0) + 1


@dataclass(slots=True)
class ImportReport(jobs.Report):
    """What came of an import: `records` seen, `pages` that were extracted; of those `new` articles, `changed` (another
    version), `same`, `copies` (another URL of an article); `refused` by reason; `unreadable`; `forgotten`, which were
    erased on request and stay so; and the records that were `passed` over by reason; and those that were `referred` to
    where they lie, not copied. Of lists of addresses, those that are now `queued` to be crawled, and those that were
    `known`."""

    records: int = 0
    pages: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    copies: int = 0
    unreadable: int = 0
    forgotten: int = 0
    referred: int = 0
    queued: int = 0
    known: int = 0
    settled: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """The pages of the plan that are done."""
        return self.settled

    def count(self, outcome: _Outcome) -> None:
        """Count what came of reading a page."""
        self.settled += 1
        if outcome is None:
            self.unreadable += 1
        elif isinstance(outcome, PageReason):
            count(self.refused, outcome)
        else:
            self.pages += outcome not in (Passed.DAMAGED, Passed.SITE)
            if isinstance(outcome, Passed):
                count(self.passed, outcome)

    def count_stored(self, kind: str) -> None:
        """Count what came of storing a page that was read."""
        if kind == "emptied":
            count(self.refused, PageReason.EMPTIED)
        else:
            name = {"copy": "copies"}.get(kind, kind)
            setattr(self, name, getattr(self, name) + 1)

    def add(self, other: ImportReport) -> None:
        """Add another part's numbers."""
        for name, value in asdict(other).items():
            if isinstance(value, dict):
                setattr(self, name, dict(Counter(getattr(self, name)) + Counter(value)))
            else:
                setattr(self, name, getattr(self, name) + value)


class Held:
    """The leases of the sites that an import has stored pages of."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._leases: dict[str, leases.Lease] = {}

    def of(self, site: str) -> leases.Lease:
        """The lease of a site (id).

        :raises Busy: when another process crawls it.
        """
        if site not in self._leases:
            now = datetime.now(UTC)
            held = self._archive.write(partial(leases.acquire, sites=[site], owner=OWNER, now=now)).result()
            if not held:
                help = "run the import again when that is done; it continues there"
                raise Busy(f"{site} is being crawled or imported: {help}")
            self._leases[site] = held[0]
        return self._leases[site]

    def release(self) -> None:
        """Let go of all of them."""
        self._archive.write(partial(leases.release, held=list(self._leases.values()))).result()


class Storing:
    """The pages of a plan, as a job (`index/jobs.py`); its report goes on from that of the look through the records."""

    def __init__(  # noqa: PLR0913
        self,
        archive: Archive,
        raw: WarcStore,
        workers: Workers,
        wanted: PageFilter,
        languages: Collection[str],
        held: Held,
        files: list[Input],
        plan: Plan,
    ) -> None:
        self.archive, self.raw, self.workers = archive, raw, workers
        self.wanted, self.languages, self.held = wanted, languages, held
        self.files, self.plan = files, plan
        self.report = ImportReport.of(plan.counts)
        self.total: int | None = len(plan)
        self._learned: dict[str, RepeatedBlocks] = {}

    def pieces(self, after: int | None) -> Generator[_Batch, None, None]:
        """Some pages at a time. What a site repeats is learned from the pages that are stored, so those of a site wait
        until the last batch before that has some is stored."""
        end, last = after or 0, dict[str, asyncio.Event]()
        planned = self.plan.pages(end)
        while pages := list(islice(planned, BATCH)):
            sites, end = [self._site_of(page) for page in pages], end + len(pages)
            each = [(page, site, last.get(site.id) if site else None) for page, site in zip(pages, sites, strict=True)]
            batch = _Batch(each, asyncio.Event(), end)
            last |= {site.id: batch.stored for site in sites if site}
            yield batch

    async def read(self, batch: _Batch) -> list[_Outcome]:
        """What comes of each page."""
        return await asyncio.gather(*(self._outcome(*one) for one in batch.pages))

    def _site_of(self, planned: PlannedPage) -> Site | None:
        """The site of a page; None if it is no longer wanted, by settings that changed since it was planned."""
        return self.wanted.site_of(canonical(planned.url) or planned.url)

    async def _outcome(self, planned: PlannedPage, site: Site | None, after: asyncio.Event | None) -> _Outcome:
        """A page's extraction, or why there is none: it is no article, damaged, of no wanted site, in another language,
        or unreadable (None)."""
        if site is None:
            return Passed.SITE
        if after is not None:
            await after.wait()
        try:
            found = await self._extract(planned, site)
        except PageProblem as problem:
            if isinstance(problem.reason, PageReason):
                return problem.reason
            log.warning("%s: %s", planned.url, problem)
            return None
        if found is None:
            return Passed.DAMAGED
        if self.languages and found.extraction.article.language not in self.languages:
            return Passed.LANGUAGE
        return found

    async def _extract(self, planned: PlannedPage, site: Site) -> _Extracted | None:
        """A page's extraction with the further pages of its article that were archived with it; None if it is
        damaged."""
        opened = await self._open(self.files[planned.input], planned)
        if opened is None:
            return None
        page, record = opened
        learned = await asyncio.to_thread(self._learned_of, site, page.url)
        extraction = await self.workers.run(stages.article, page, site, learned)
        found = _Extracted(site, page, (record,), learned, extraction)
        while url := found.extraction.next_page:
            further = self.plan.nearest(url, planned.fetched)
            if further is None:
                break
            try:
                opened = await self._open(self.files[further.input], further)
                if opened is None:
                    break
                page = replace(page, rest=(*page.rest, opened[0]))
                extraction = await self.workers.run(stages.article, page, site, learned)
            except PageProblem as problem:  # the article ends with the page before it
                log.warning("%s: %s", url, problem)
                break
            page = replace(page, rest=page.rest[: extraction.pages - 1])
            found = _Extracted(site, page, (*found.records, opened[1])[: extraction.pages], learned, extraction)
        return found

    async def _open(self, source: Input, planned: PlannedPage) -> tuple[Page, RawRecord] | None:
        """A planned page, and its record; None if it is damaged."""
        received = await asyncio.to_thread(_response, source, planned)
        if received is None:
            return None
        body = decoded(received.headers, received.body)
        address = canonical(planned.url) or planned.url
        page = Page(address, planned.url, body, planned.fetched, headers=lower_case(received.headers))
        return page, RawRecord(source, planned.offset, cache(partial(self.raw.append, received)))

    def _learned_of(self, site: Site, address: str) -> RepeatedBlocks:
        with self.archive.read() as conn:
            if site.id not in self._learned:
                self._learned[site.id] = repeated(conn, site.id)
            known = documents.by_url(conn, address, site.id)
            own = repeated_blocks.of(conn, known) if known else frozenset()
        return excluding(self._learned[site.id], own)

    async def store(self, batch: _Batch, outcomes: list[_Outcome], note: jobs.Note) -> None:
        """Store these pages in their order, all or none: an import that is killed continues with the same batch, and
        so with the same learned blocks."""
        found = [one for one in outcomes if isinstance(one, _Extracted)]
        held = {one.site.id: self.held.of(one.site.id) for one in found}
        compared: dict[str, list[Rereading]] = {}  # articles whose versions were read again, by the rules of today

        def store(conn: Connection) -> ImportReport:
            for lease in held.values():
                leases.check(conn, lease)
            for rereading in chain.from_iterable(compared.values()):
                rereading.store(conn, datetime.now(UTC))
            report = deepcopy(self.report)
            for outcome in outcomes:
                report.count(outcome)
            for one in found:
                report.count_stored(self._store_one(conn, one, compared))
                report.referred += sum(record.is_referred for record in one.records)
            note(conn, batch.end, report)
            return report

        while True:
            try:
                self.report = await asyncio.wrap_future(self.archive.write(store))
                break
            except _Differs as problem:
                compared[problem.article] = await self._reread(problem.article, problem.page)
        for site in held:
            self._learned.pop(site, None)
        batch.stored.set()

    async def _reread(self, article: str, found: _Extracted) -> list[Rereading]:
        """The versions of an article as read with what a page of it was read with."""
        with self.archive.read() as conn:
            records = stored_records.of_article(conn, article, MAX_REREAD_VERSIONS)
        return await reread_versions(self.workers, self.raw, found.site, found.learned, records, ReadingReason.COMPARED)

    def _store_one(self, conn: Connection, found: _Extracted, compared: Collection[str]) -> str:
        site, page, article = found.site.id, found.page, found.extraction.article
        fetched = Fetched(
            site=site,
            url=page.url,
            final_url=page.url,
            article=article,
            fetched=page.fetched,
            body_hash=body_hash(b"".join(one.body for one in (page, *page.rest))),
            etag=None if page.rest else page.headers.get("etag"),
            last_modified=None if page.rest else page.headers.get("last-modified"),
            raw=partial(found.records[0].located, conn),
            raw_url=page.final_url,
            spellings=variants(article.url),
            state=stages.state(found.site, found.learned),
            strict=True,
            archived=True,
            further=tuple(
                Continuation(one.url, one.final_url, one.fetched, body_hash(one.body), partial(record.located, conn))
                for one, record in zip(page.rest, found.records[1:], strict=True)
            ),
        )
        if erasure.among(conn, site, fetched.signs):
            return "forgotten"
        try:
            outcome = articles.store(conn, fetched)
        except articles.NotCompared as problem:
            if problem.article not in compared:
                raise _Differs(problem.article, found) from problem
            outcome = articles.store(conn, replace(fetched, strict=False))
        if outcome.kind != "emptied":
            repeated_blocks.count(conn, site, outcome.id, places_of(found.extraction))
        return outcome.kind


@dataclass(frozen=True, slots=True)
class _Extracted:
    site: Site
    page: Page
    records: tuple[RawRecord, ...]  # of its pages
    learned: RepeatedBlocks  # with which it was extracted
    extraction: Extraction


_Outcome: TypeAlias = _Extracted | PageReason | Passed | None


@dataclass(frozen=True, slots=True)
class _Batch:
    """Pages that are stored at once, each with its site and what tells that the last batch before with pages of that
    site is stored; `end` is how many pages of the plan are done then."""

    pages: list[tuple[PlannedPage, Site | None, asyncio.Event | None]]
    stored: asyncio.Event
    end: int


class _Differs(Exception):
    """A page differs from its article's versions (id), which are to be read again before it is stored."""

    def __init__(self, article: str, page: _Extracted) -> None:
        self.article, self.page = article, page


def _response(source: Input, planned: PlannedPage) -> Response | None:
    url = urldefrag(safe_url_string(planned.url)).url  # as a crawl asks for it: some have other characters than ASCII's
    if source.saved_page:
        headers = [("Content-Type", "text/html")]
        return Response(url, planned.fetched, "HTTP/1.1 200 OK", headers, source.file.read_bytes())
    found = warc_records.content(source.file, planned.offset, planned.url)
    if found is None:
        return None
    return Response(url, planned.fetched, found.status_line, found.headers, found.body)
