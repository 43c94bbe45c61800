"""Re-extraction of raw responses with today's code and rules: a preview of what would change, or the change itself, as
further readings of the stored versions."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from functools import partial
from itertools import dropwhile, islice
from typing import Any

from sqlalchemy import Connection

from crawler import stages
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from crawler.errors import Refused, Unreadable
from crawler.extract.draft import Extraction
from crawler.maintenance.checkpoints import Checkpoint
from crawler.processes.workers import Workers
from crawler.replay import reread_in_worker
from crawler.session.corrections import MAX_REREAD_VERSIONS, Rereading, reread_versions
from crawler.session.learned_blocks import places_of
from crawler.session.source_stats import excluding, repeated
from crawler.site_config import Site
from index.archive import Archive, leases, repeated_blocks, warc_records
from index.archive.warc_records import StoredRecord
from index.model.article import Article
from index.model.codes import ReadingReason
from index.warc.store import WarcStore

log = logging.getLogger("arshif.reextract")

OWNER = "arshif reextract"  # owner of the sites' leases, shown to users
MAX_IN_FLIGHT = 16  # pages under way: enough for a large machine's workers, and at most 160 MB of pages
EXAMPLES = 3  # reported changes per field
INTERNAL_FIELDS = {
    "id",
    "site",
    "url",
    "extractor",
    "content_hash",
    "signature",
    "template",
    "origins",
}  # not content of the page
Change = Callable[[Connection], None]
FIELDS = tuple(one.name for one in fields(Article) if one.name not in INTERNAL_FIELDS)


@dataclass(frozen=True, slots=True)
class Example:
    """A changed field of the article at `url`, as stored (`before`) and as extracted now (`after`)."""

    url: str
    before: Any
    after: Any


@dataclass(slots=True)
class Report:
    """The results, as numbers of articles: `read` from raw responses, `changed`, `refused` as not articles by today's
    rules (they stay as they are), `unreadable`; how many of all these an `earlier` process counted, which was killed;
    and the changes per field with examples, and the sites skipped as `busy`."""

    read: int = 0
    changed: int = 0
    refused: int = 0
    unreadable: int = 0
    earlier: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    busy: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """All articles that it is of."""
        return self.read + self.refused + self.unreadable

    @property
    def counts(self) -> dict[str, Any]:
        """All of it but the examples, as of now."""
        return {name: value for name, value in asdict(self).items() if name != "examples"}

    def add(self, before: Article, after: Article, names: Iterable[str]) -> None:
        """Count an article that is extracted differently in the fields `names`."""
        self.changed += 1
        for name in names:
            self.fields[name] = self.fields.get(name, 0) + 1
            shown = self.examples.setdefault(name, [])
            if len(shown) < EXAMPLES:
                shown.append(Example(before.url, getattr(before, name), getattr(after, name)))


class Reextraction:
    """Re-extracts articles' versions from their raw responses; `told` is called with the progress so far.

    `dry` changes nothing. With a `checkpoint`, a run goes on where an earlier one of the same sites was killed. The
    report is of the newest versions; the earlier ones of the same articles are read by the
    same rules, so that they can be compared. The first reading of each stays as it was.
    """

    def __init__(
        self,
        archive: Archive,
        raw: WarcStore,
        workers: Workers,
        *,
        dry: bool,
        told: Callable[[Report], None] | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.archive, self.raw, self.workers, self.dry, self.told = archive, raw, workers, dry, told
        self.checkpoint = checkpoint
        self.report = Report()

    async def run(self, sites: Iterable[Site], since: datetime | None, now: datetime) -> Report:
        """Re-extract these sites' articles and return the results.

        `since` limits it to pages fetched from then on; `now` is UTC. Each site is leased meanwhile, and one that a
        crawl holds is skipped.

        :raises ArchiveError: when the archive fails.
        """
        before = self.checkpoint.read() if self.checkpoint is not None else None
        left, after = list(sites), ""
        if before is not None:
            self.report = Report(**before["counts"])
            self.report.earlier = self.report.done
            left, after = list(dropwhile(lambda site: site.id != before["site"], left)), before["article"]
        for site in left:
            last, after = after, ""
            held: list[leases.Lease] = []
            if not self.dry:
                held = self.archive.write(partial(leases.acquire, sites=[site.id], owner=OWNER, now=now)).result()
                if not held:
                    self.report.busy.append(site.id)
                    continue
            try:
                await self._site(site, held[0] if held else None, since, now, last)
            finally:
                self.archive.write(partial(leases.release, held=held)).result()
        if self.checkpoint is not None:
            self.checkpoint.remove()
        return self.report

    async def _site(
        self, site: Site, lease: leases.Lease | None, since: datetime | None, now: datetime, last: str
    ) -> None:
        """Read the articles of a site whose ids are after `last`."""
        with self.archive.read() as conn:
            learned = repeated(conn, site.id)
        storing: Future[None] | None = None
        state: dict[str, Any] = {}
        while True:
            with self.archive.read() as conn:  # not one for all: the write-ahead log grows while it is being read
                some = list(islice(warc_records.copies(conn, site.id, since, last), MAX_IN_FLIGHT))
                own = {copy.article.id: repeated_blocks.of(conn, copy.article.id) for copy in some}
            if not some:
                break
            known = {copy.article.id: excluding(learned, own[copy.article.id]) for copy in some}
            jobs = [self._read(copy, site, known[copy.article.id]) for copy in some]
            changes = []
            for copy, extraction in zip(some, await asyncio.gather(*jobs), strict=True):
                if extraction is not None:
                    repeats = known[copy.article.id]
                    earlier = await self._read_earlier(copy, site, repeats)
                    changes.append(self._taken(copy, extraction, stages.state(site, repeats), earlier, now))
            if storing is not None:
                await self._stored(storing, state)  # while the workers read the pages after these
            last = some[-1].article.id
            if not self.dry:
                storing = asyncio.wrap_future(self.archive.write(partial(_all, changes), lease))
                state = {"site": site.id, "article": last, "counts": self.report.counts}
            if self.told is not None:
                self.told(self.report)
        if storing is not None:
            await self._stored(storing, state)

    async def _stored(self, storing: Future[None], state: dict[str, Any]) -> None:
        await storing
        if self.checkpoint is not None:
            await asyncio.to_thread(self.checkpoint.write, state)

    async def _read(self, copy: StoredRecord, site: Site, learned: RepeatedBlocks) -> Extraction | None:
        try:
            return await reread_in_worker(self.workers, self.raw, copy, site, learned)
        except Refused as problem:
            log.warning("%s: would be refused today: %s", copy.article.url, problem)
            self.report.refused += 1
        except Unreadable as problem:
            log.warning("%s: cannot be re-extracted: %s", copy.article.url, problem)
            self.report.unreadable += 1
        return None

    async def _read_earlier(self, newest: StoredRecord, site: Site, learned: RepeatedBlocks) -> list[Rereading]:
        if self.dry or newest.number == 1:
            return []
        with self.archive.read() as conn:
            records = warc_records.of_article(conn, newest.article.id, MAX_REREAD_VERSIONS)[1:]
        return await reread_versions(self.workers, self.raw, site, learned, records, ReadingReason.REEXTRACTED)

    def _taken(
        self, copy: StoredRecord, extraction: Extraction, state: str, earlier: list[Rereading], now: datetime
    ) -> Change:
        """Count an article that was read, and return what its reading changes in the archive."""
        known, better = copy.article, extraction.article
        self.report.read += 1
        names = list(_differing(known, better))
        if names:
            self.report.add(known, better, names)

        def change(conn: Connection) -> None:
            for rereading in (*earlier, Rereading(better, copy.number, ReadingReason.REEXTRACTED, state)):
                rereading.store(conn, now)
            repeated_blocks.count(conn, known.site, known.id, places_of(extraction))

        return change


def _all(changes: Sequence[Change], conn: Connection) -> None:
    """Make all these changes in one transaction: a commit waits for the disk."""
    for change in changes:
        change(conn)


def _differing(before: Article, after: Article) -> Iterator[str]:
    return (name for name in FIELDS if getattr(before, name) != getattr(after, name))
