"""Re-extraction of raw responses with today's code and rules: a preview of what would change, or the change itself, as
further readings of the stored versions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from functools import partial
from itertools import dropwhile, islice
from typing import Any

from sqlalchemy import Connection

from crawler import stages
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from crawler.errors import PageProblem, Refused, Unreadable
from crawler.extract import EXTRACTOR_VERSION
from crawler.extract.draft import Extraction
from crawler.processes.workers import Workers
from crawler.replay import reread_in_worker
from crawler.session.corrections import MAX_REREAD_VERSIONS, Rereading, reread_versions
from crawler.session.learned_blocks import places_of
from crawler.session.source_stats import excluding, repeated
from crawler.settings_model import PRODUCT
from crawler.site_config import Site
from index import jobs
from index.archive import Archive, leases, repeated_blocks, warc_records
from index.archive.warc_records import StoredRecord
from index.model.article import Article
from index.model.codes import ReadingReason
from index.warc.store import WarcStore

log = logging.getLogger("arshif.reextract")

NAME = "reextract"
OWNER = "arshif reextract"  # owner of the sites' leases, shown to users
BATCH = 16  # articles that are stored in one transaction, while as many are being read: at most 160 MB of pages
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
class Report(jobs.Report):
    """The results, as numbers of articles: `read` from raw responses, `changed`, `refused` as not articles by today's
    rules (they stay as they are), `unreadable`; and the changes per field with examples, and the sites skipped as
    `busy`."""

    read: int = 0
    changed: int = 0
    refused: int = 0
    unreadable: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    busy: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """All articles that it is of."""
        return self.read + self.refused + self.unreadable

    @property
    def counts(self) -> dict[str, Any]:
        """All of it but the examples, which are texts of articles."""
        return {name: value for name, value in asdict(self).items() if name != "examples"}

    def add(self, before: Article, after: Article, names: Iterable[str]) -> None:
        """Count an article that is extracted differently in the fields `names`."""
        self.changed += 1
        for name in names:
            self.fields[name] = self.fields.get(name, 0) + 1
            shown = self.examples.setdefault(name, [])
            if len(shown) < EXAMPLES:
                shown.append(Example(before.url, getattr(before, name), getattr(after, name)))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some articles of a site, each with its own repeated blocks, and what the site was known to repeat when its first
    one was read. The last batch of a site has none; where the site is busy, there is no lease."""

    site: Site
    lease: leases.Lease | None
    learned: RepeatedBlocks
    copies: list[tuple[StoredRecord, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class _Read:
    """An article that was read again, and its earlier versions."""

    extraction: Extraction
    repeats: RepeatedBlocks
    earlier: list[Rereading]


class Reextraction:
    """Re-extracts articles' versions from their raw responses, as a job (`index/jobs.py`).

    `dry` changes nothing. The report is of the newest versions; the earlier ones of the same articles are read by the
    same rules, so that they can be compared. The first reading of each stays as it was.
    """

    def __init__(self, archive: Archive, raw: WarcStore, workers: Workers, *, dry: bool) -> None:
        self.archive, self.raw, self.workers, self.dry = archive, raw, workers, dry
        self.report = Report()
        self.total: int | None = None
        self._held: dict[str, leases.Lease] = {}

    async def run(
        self,
        sites: Iterable[Site],
        since: datetime | None,
        now: datetime,
        told: Callable[[Report, int | None], None] | None = None,
        *,
        asked: str = "",
    ) -> Report:
        """Re-extract these sites' articles and return the results.

        `since` limits it to pages fetched from then on; `now` is UTC. A run that was killed is continued by
        one of the same sites and the same `since`, or what was `asked` for if that is a time before now, such as 30d.
        Each site is leased meanwhile, and one that a crawl holds is skipped.

        :raises Busy: when another process is re-extracting.
        :raises ArchiveError: when the archive fails.
        """
        self._sites, self._since, self._now = tuple(sites), since, now
        with self.archive.read() as conn:
            self.total = warc_records.count_newest(conn, [one.id for one in self._sites], since)
        if self.dry:
            await jobs.run(self, told=told)
            return self.report
        what = (self._sites, asked or since, EXTRACTOR_VERSION, PRODUCT)
        try:
            await jobs.run_alone(self, self.archive, NAME, what, told=told, ahead=1)
        finally:
            self.archive.write(partial(leases.release, held=list(self._held.values()))).result()
        return self.report

    def pieces(self, after: Any) -> Generator[_Batch, None, None]:
        """Some articles at a time."""
        left, last, learned = self._sites, "", None
        if after is not None:
            left = tuple(dropwhile(lambda site: site.id != after["site"], left))
            last, learned = after["article"], RepeatedBlocks(**after["learned"])
        for site in left:
            lease = None if self.dry else self._lease(site.id)
            with self.archive.read() as conn:
                learned = learned or repeated(conn, site.id)
            while self.dry or lease:
                with self.archive.read() as conn:  # not one for all: the write-ahead log grows while it is being read
                    some = list(islice(warc_records.copies(conn, site.id, self._since, last), BATCH))
                    copies = [(copy, repeated_blocks.of(conn, copy.article.id)) for copy in some]
                if not some:
                    break
                yield _Batch(site, lease, learned, copies)
                last = some[-1].article.id
            yield _Batch(site, lease, learned, [])
            last, learned = "", None

    def _lease(self, site: str) -> leases.Lease | None:
        acquire = partial(leases.acquire, sites=[site], owner=OWNER, now=self._now)
        held = self.archive.write(acquire).result()
        self._held |= {lease.site: lease for lease in held}
        return held[0] if held else None

    async def read(self, batch: _Batch) -> list[_Read | PageProblem]:
        """Each article's extraction, or why there is none."""
        return await asyncio.gather(*(self._read(batch, copy, own) for copy, own in batch.copies))

    async def _read(self, batch: _Batch, copy: StoredRecord, own: frozenset[str]) -> _Read | PageProblem:
        repeats = excluding(batch.learned, own)
        try:
            extraction = await reread_in_worker(self.workers, self.raw, copy, batch.site, repeats)
        except (Refused, Unreadable) as problem:
            said = "would be refused today" if isinstance(problem, Refused) else "cannot be re-extracted"
            log.warning("%s: %s: %s", copy.article.url, said, problem)
            return problem
        return _Read(extraction, repeats, await self._read_earlier(copy, batch.site, repeats))

    async def _read_earlier(self, newest: StoredRecord, site: Site, learned: RepeatedBlocks) -> list[Rereading]:
        if self.dry or newest.number == 1:
            return []
        with self.archive.read() as conn:
            records = warc_records.of_article(conn, newest.article.id, MAX_REREAD_VERSIONS)[1:]
        return await reread_versions(self.workers, self.raw, site, learned, records, ReadingReason.REEXTRACTED)

    async def store(self, batch: _Batch, found: list[_Read | PageProblem], note: jobs.Note) -> None:
        """Make further readings of these articles, and let go of a site that is done."""
        if not batch.copies:
            await self._end(batch)
            return
        changes = []
        for (copy, _), one in zip(batch.copies, found, strict=True):
            if isinstance(one, _Read):
                changes.append(self._taken(copy, one, stages.state(batch.site, one.repeats)))
            elif isinstance(one, Refused):
                self.report.refused += 1
            else:
                self.report.unreadable += 1
        at = {"site": batch.site.id, "article": batch.copies[-1][0].article.id, "learned": asdict(batch.learned)}

        def change(conn: Connection) -> None:
            for one in changes:
                one(conn)
            note(conn, at, self.report)

        if not self.dry:
            await asyncio.wrap_future(self.archive.write(change, batch.lease))

    async def _end(self, batch: _Batch) -> None:
        if batch.lease is not None:
            await asyncio.wrap_future(self.archive.write(partial(leases.release, held=[batch.lease])))
            del self._held[batch.site.id]
        elif not self.dry:
            self.report.busy.append(batch.site.id)

    def _taken(self, copy: StoredRecord, found: _Read, state: str) -> Change:
        """Count an article that was read, and return what its reading changes in the archive."""
        known, better = copy.article, found.extraction.article
        self.report.read += 1
        names = list(_differing(known, better))
        if names:
            self.report.add(known, better, names)

        def change(conn: Connection) -> None:
            for rereading in (*found.earlier, Rereading(better, copy.number, ReadingReason.REEXTRACTED, state)):
                rereading.store(conn, self._now)
            repeated_blocks.count(conn, known.site, known.id, places_of(found.extraction))

        return change


def _differing(before: Article, after: Article) -> Iterator[str]:
    return (name for name in FIELDS if getattr(before, name) != getattr(after, name))
