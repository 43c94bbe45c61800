"""An import: what others archived is looked through, and the pages that are wanted are stored, killed at any time."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from crawler.config import Config
from crawler.importing import address_lists, saved_pages, warc_records
from crawler.importing import inputs as given
from crawler.importing.page_filter import PageFilter, Passed
from crawler.importing.plan import Plan, PlannedPage, name_of
from crawler.importing.storing import AHEAD, Held, ImportReport, Storing, count
from crawler.importing.unpacking import Input
from crawler.processes.workers import Workers
from index import jobs
from index.archive import Archive, frontier
from index.archive.database import StillHeld
from index.archive.expiry import JOBS_FOR
from index.file_lock import hold
from index.model.candidate import Candidate
from index.warc.store import WarcStore

log = logging.getLogger("arshif.import")

NAME = "import"
FOLDER = "imports"  # below the data folder: plans, and what was downloaded or unpacked
NO_RECORD = -1  # offset of a saved page, which is its file


class Import:
    """Imports what was archived elsewhere. `told` is called with what came of these files so far, and how many pages of
    them there are to store (None while the records are looked through); `languages` (BCP 47) keeps articles in these
    alone, if there are any."""

    def __init__(
        self,
        config: Config,
        archive: Archive,
        raw: WarcStore,
        workers: Workers,
        wanted: PageFilter,
        languages: Iterable[str] = (),
        told: Callable[[ImportReport, int | None], None] = lambda *_: None,
    ) -> None:
        self.config, self.archive, self.raw, self.workers = config, archive, raw, workers
        self.wanted, self.languages, self.told = wanted, frozenset(languages), told
        self.folder = config.settings.data / FOLDER
        self.held = Held(archive)

    async def run(self, paths: list[str], options: str) -> ImportReport:
        """Import these files, folders and addresses, and return what came of them.

        `options` distinguishes an import from one of the same files that wants other pages. What an earlier process
        began and did not end is continued.

        :raises ArshifError: when a file cannot be read.
        :raises Busy: when another import is running here, or elsewhere the same one, or another process crawls or
            imports one of the sites.
        """
        report = ImportReport()
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with hold(self.folder / "lock", wait=False):
                self._forget_plans()
                addresses = [path for path in paths if address_lists.is_one(path) and not given.is_collection(path)]
                for group in given.groups([path for path in paths if path not in addresses]):
                    report.add(await self._group(group, options))
                for path in addresses:
                    report.add(await asyncio.to_thread(self._queue, path))
        finally:
            self.held.release()
        return report

    def _forget_plans(self) -> None:
        """Remove the plans that nobody went on with, as long after as the archive forgets where such an import was."""
        for plan in self.folder.glob("*.plan"):
            if plan.stat().st_mtime < (datetime.now(UTC) - JOBS_FOR).timestamp():
                Plan(plan).delete()

    async def _group(self, group: list[str], options: str) -> ImportReport:
        with self._work_folder() as work:
            files = given.unpack(group, work, self.raw.outside)
            name = name_of(((one.name, one.file.stat().st_size) for one in files), options)
            with self._alone(name) as still_held:
                return await self._store(files, name, still_held)

    def _alone(self, name: str) -> AbstractContextManager[StillHeld]:
        """Be the only machine that does this import: where it is, is noted in the archive, for whoever goes on with it.

        :raises Busy: when another machine does it.
        """
        database = self.archive.database
        return database.lock(f"{NAME} {name}") if database.shared else nullcontext(lambda: None)

    async def _store(self, files: list[Input], name: str, still_held: StillHeld) -> ImportReport:
        plan = Plan(self.folder / f"{name}.plan")
        try:
            if not plan.complete:
                await asyncio.to_thread(self._look_through, files, plan)
            storing = Storing(self.archive, self.raw, self.workers, self.wanted, self.languages, self.held, files, plan)
            position = jobs.Position(self.archive, NAME, name)
            await jobs.run(storing, position, told=self.told, still_held=still_held, ahead=AHEAD, ended=plan.delete)
        finally:
            plan.close()
        return storing.report

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
                count(report.passed, reason)
                continue
            site = self.wanted.site_of(candidate.url)
            assert site is not None, "it was looked at"
            wanted[site.id].append(replace(candidate, published=None, modified=None))
        for id_, candidates in wanted.items():
            offer = partial(frontier.offer, site=id_, source="urls", candidates=candidates, now=datetime.now(UTC))
            result = self.archive.write(offer, self.held.of(id_)).result()
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
                    count(report.passed, reason)
                    if reason == Passed.DAMAGED:
                        log.warning("%s: damaged at byte %d", one.name, head.offset)
                else:
                    assert head.date is not None
                    plan.add(PlannedPage(number, head.offset, head.url, head.date))
                if report.records % 1_000 == 0:
                    self.told(report, None)
        plan.finish(report.counts)


def _heads(source: Input) -> Iterator[warc_records.RecordHead]:
    if not source.saved_page:
        yield from warc_records.heads(source.file)
        return
    page, length = saved_pages.look(source.file), source.file.stat().st_size
    yield warc_records.RecordHead(NO_RECORD, "resource", page.url or "", page.saved, None, "text/html", length)
