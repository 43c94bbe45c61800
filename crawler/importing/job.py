"""An import: each planned page extracted by a worker and stored as of its time, several at once, killed at any time."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urldefrag

from sqlalchemy import Connection
from w3lib.url import safe_url_string

from crawler import stages
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from crawler.config import Config
from crawler.errors import Busy, PageProblem
from crawler.extract.draft import Extraction
from crawler.fetch.raw_capture import decoded, lower_case
from crawler.fingerprint import body_hash
from crawler.importing import address_lists, saved_pages, warc_records
from crawler.importing import inputs as given
from crawler.importing.inputs import Input
from crawler.importing.page_filter import PageFilter, Passed
from crawler.importing.plan import Plan, PlannedPage, name_of
from crawler.importing.raw_records import RawRecord
from crawler.models import Page
from crawler.processes.workers import Workers
from crawler.session.corrections import MAX_REREAD_VERSIONS, Rereading, reread_versions
from crawler.session.learned_blocks import places_of
from crawler.session.source_stats import excluding, repeated
from crawler.site_config import Site
from crawler.urls.canonical import canonical
from crawler.urls.variants import variants
from index.archive import Archive, articles, documents, erasure, frontier, leases, repeated_blocks
from index.archive import warc_records as stored_records
from index.archive.articles import Continuation, Fetched
from index.file_lock import hold
from index.model.candidate import Candidate
from index.model.codes import PageReason, ReadingReason
from index.warc.record import Response
from index.warc.store import WarcStore

log = logging.getLogger("arshif.import")

OWNER = "arshif import"  # owner of the sites' leases, shown to users
BATCH = 32  # pages that are stored in one transaction; of one site, also extracted at once
AHEAD = 2  # batches that are extracted while one is being stored, as far as they are of other sites
FOLDER = "imports"  # below the data folder: plans, and what was downloaded or unpacked
NO_RECORD = -1  # offset of a saved page, which is its file


@dataclass(slots=True)
class ImportReport:
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
    refused: dict[str, int] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: _Outcome) -> None:
        """Count what came of reading a page."""
        if outcome is None:
            self.unreadable += 1
        elif isinstance(outcome, PageReason):
            _count(self.refused, outcome)
        else:
            self.pages += outcome != Passed.DAMAGED
            if isinstance(outcome, Passed):
                _count(self.passed, outcome)

    def add(self, other: ImportReport) -> None:
        """Add another part's numbers."""
        for name, value in asdict(other).items():
            if isinstance(value, dict):
                setattr(self, name, dict(Counter(getattr(self, name)) + Counter(value)))
            else:
                setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: `done` of `pages` are stored; `pages` is 0 while the records are looked through."""

    records: int
    done: int
    pages: int


class Import:
    """Imports what was archived elsewhere. `told` is called with the progress; `languages` (BCP 47) keeps articles in
    these alone, if there are any."""

    def __init__(
        self,
        config: Config,
        archive: Archive,
        raw: WarcStore,
        workers: Workers,
        wanted: PageFilter,
        languages: Iterable[str] = (),
        told: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.config, self.archive, self.raw, self.workers = config, archive, raw, workers
        self.wanted, self.languages, self.told = wanted, frozenset(languages), told
        self.folder = config.settings.data / FOLDER
        self._learned: dict[str, RepeatedBlocks] = {}
        self._leases: dict[str, leases.Lease] = {}

    async def run(self, paths: list[str], options: str) -> ImportReport:
        """Import these files, folders and addresses, and return what came of them.

        `options` distinguishes an import from one of the same files that wants other pages. What an earlier process
        began and did not end is continued.

        :raises ArshifError: when a file cannot be read.
        :raises Busy: when another import is running, or another process crawls one of the sites.
        """
        report = ImportReport()
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with hold(self.folder / "lock", wait=False):
                for group in given.groups([path for path in paths if not address_lists.is_one(path)]):
                    report.add(await self._group(group, options))
                for path in filter(address_lists.is_one, paths):
                    report.add(await asyncio.to_thread(self._queue, path))
        finally:
            held = list(self._leases.values())
            self.archive.write(partial(leases.release, held=held)).result()
        return report

    async def _group(self, group: list[str], options: str) -> ImportReport:
        with self._work_folder() as work:
            files = given.unpack(group, work, self.raw.outside)
            name = name_of(((one.name, one.file.stat().st_size) for one in files), options)
            plan = Plan(self.folder / f"{name}.plan")
            try:
                if not plan.complete:
                    await asyncio.to_thread(self._look_through, files, plan)
                report = await self._store_all(files, plan)
            except BaseException:
                plan.close()
                raise
            plan.delete()
            return report

    @contextmanager
    def _work_folder(self) -> Iterator[Path]:
        work = self.folder / "unpacked"
        shutil.rmtree(work, ignore_errors=True)  # of an import that was killed
        work.mkdir()
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _queue(self, path: str) -> ImportReport:
        """Queue a list's addresses for the next crawl of their sites. When they were published is left to their pages:
        what is older than a site's horizon by the list alone would never be fetched."""
        report, wanted = ImportReport(), defaultdict[str, list[Candidate]](list)
        for candidate in address_lists.read(path):
            report.records += 1
            if reason := self.wanted.look_at_address(candidate.url):
                _count(report.passed, reason)
                continue
            site = self.wanted.site_of(candidate.url)
            assert site is not None, "it was looked at"
            wanted[site.id].append(replace(candidate, published=None, modified=None))
        for id_, candidates in wanted.items():
            offer = partial(frontier.offer, site=id_, source="urls", candidates=candidates, now=datetime.now(UTC))
            result = self.archive.write(offer, self._lease(self.config.sites[id_])).result()
            report.queued += result.new
            report.known += result.known
            report.forgotten += len(candidates) - result.new - result.known
        return report

    # --- which pages

    def _look_through(self, files: list[Input], plan: Plan) -> None:
        report = ImportReport()
        plan.begin()
        for number, one in enumerate(files):
            for head in _heads(one):
                report.records += 1
                reason = self.wanted.look(head)
                if reason == Passed.FURTHER:
                    assert head.date is not None
                    plan.add(PlannedPage(number, head.offset, head.url, head.date), further=True)
                if reason:
                    _count(report.passed, reason)
                    if reason == Passed.DAMAGED:
                        log.warning("%s: damaged at byte %d", one.name, head.offset)
                else:
                    assert head.date is not None
                    plan.add(PlannedPage(number, head.offset, head.url, head.date))
                if report.records % 1_000 == 0:
                    self.told(Progress(report.records, 0, 0))
        plan.finish(json.dumps(asdict(report)))

    # --- storing them

    async def _store_all(self, files: list[Input], plan: Plan) -> ImportReport:
        report = ImportReport(**json.loads(plan.counts()))
        done, total = plan.done, len(plan)
        pages, ahead, last = plan.pages(done), deque[_Batch](), dict[str, asyncio.Event]()
        try:
            while True:
                while len(ahead) <= AHEAD and (some := list(islice(pages, BATCH))):
                    ahead.append(self._begin(files, plan, some, last))
                self.told(Progress(report.records, done, total))
                if not ahead:
                    return report
                outcomes = await asyncio.gather(*ahead[0].outcomes)
                for outcome in outcomes:
                    report.count(outcome)
                await self._store([one for one in outcomes if isinstance(one, _Extracted)], report)
                ahead.popleft().stored.set()
                done += len(outcomes)
                plan.mark(done, json.dumps(asdict(report)))
        finally:
            left = [task for batch in ahead for task in batch.outcomes]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _begin(
        self, files: list[Input], plan: Plan, pages: list[PlannedPage], last: dict[str, asyncio.Event]
    ) -> _Batch:
        """Begin to extract these pages. What a site repeats is learned from the pages that are stored, so those of a
        site wait until the last batch before that has some is stored (`last`, by site)."""
        batch = _Batch([], asyncio.Event())
        sites = [self._site_of(page) for page in pages]
        for page, site in zip(pages, sites, strict=True):
            batch.outcomes.append(asyncio.create_task(self._outcome(files, plan, page, site, last.get(site.id))))
        last |= {site.id: batch.stored for site in sites}
        return batch

    def _site_of(self, planned: PlannedPage) -> Site:
        site = self.wanted.site_of(canonical(planned.url) or planned.url)
        assert site is not None, "it was planned"
        return site

    async def _outcome(
        self, files: list[Input], plan: Plan, planned: PlannedPage, site: Site, after: asyncio.Event | None
    ) -> _Outcome:
        """A page's extraction, or why there is none: it is no article, damaged, in another language, or unreadable
        (None)."""
        if after is not None:
            await after.wait()
        try:
            found = await self._extract(files, plan, planned, site)
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

    async def _extract(self, files: list[Input], plan: Plan, planned: PlannedPage, site: Site) -> _Extracted | None:
        """A page's extraction with the further pages of its article that were archived with it; None if it is
        damaged."""
        opened = await self._open(files[planned.input], planned)
        if opened is None:
            return None
        page, record = opened
        learned = await asyncio.to_thread(self._learned_of, site, page.url)
        extraction = await self.workers.run(stages.article, page, site, learned)
        found = _Extracted(site, page, (record,), learned, extraction)
        while url := found.extraction.next_page:
            further = plan.nearest(url, planned.fetched)
            if further is None:
                break
            try:
                opened = await self._open(files[further.input], further)
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

    async def _store(self, found: list[_Extracted], report: ImportReport) -> None:
        """Store these pages in their order, all or none: an import that is killed continues with the same batch, and
        so with the same learned blocks."""
        held = {one.site.id: self._lease(one.site) for one in found}

        compared: dict[str, list[Rereading]] = {}  # articles whose versions were read again, by the rules of today

        def store(conn: Connection) -> list[str]:
            for lease in held.values():
                leases.check(conn, lease)
            for rereading in chain.from_iterable(compared.values()):
                rereading.store(conn, datetime.now(UTC))
            return [self._store_one(conn, one, compared) for one in found]

        while True:
            try:
                kinds = self.archive.write(store).result()
                break
            except _Differs as problem:
                compared[problem.article] = await self._reread(problem.article, problem.page)
        for kind in kinds:
            if kind == "emptied":
                _count(report.refused, PageReason.EMPTIED)
            else:
                name = {"copy": "copies"}.get(kind, kind)
                setattr(report, name, getattr(report, name) + 1)
        report.referred += sum(record.is_referred for one in found for record in one.records)
        for site in held:
            self._learned.pop(site, None)

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

    def _lease(self, site: Site) -> leases.Lease:
        if site.id not in self._leases:
            now = datetime.now(UTC)
            held = self.archive.write(partial(leases.acquire, sites=[site.id], owner=OWNER, now=now)).result()
            if not held:
                raise Busy(f"{site.id} is being crawled: run the import again when it is done; it continues there")
            self._leases[site.id] = held[0]
        return self._leases[site.id]


def _count(counts: dict[str, int], reason: str) -> None:
    counts[reason] = counts.get(reason, 0) + 1


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
    outcomes: list[asyncio.Task[_Outcome]]
    stored: asyncio.Event


class _Differs(Exception):
    """A page differs from its article's versions (id), which are to be read again before it is stored."""

    def __init__(self, article: str, page: _Extracted) -> None:
        self.article, self.page = article, page


def _heads(source: Input) -> Iterator[warc_records.RecordHead]:
    if not source.saved_page:
        yield from warc_records.heads(source.file)
        return
    page, length = saved_pages.look(source.file), source.file.stat().st_size
    yield warc_records.RecordHead(NO_RECORD, "resource", page.url or "", page.saved, None, "text/html", length)


def _response(source: Input, planned: PlannedPage) -> Response | None:
    url = urldefrag(safe_url_string(planned.url)).url  # as a crawl asks for it: some have other characters than ASCII's
    if source.saved_page:
        headers = [("Content-Type", "text/html")]
        return Response(url, planned.fetched, "HTTP/1.1 200 OK", headers, source.file.read_bytes())
    found = warc_records.content(source.file, planned.offset, planned.url)
    if found is None:
        return None
    return Response(url, planned.fetched, found.status_line, found.headers, found.body)
