"""What a run has done for each of its sites so far, and how that is written down, page by page and at a site's end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Connection

from crawler.session.source_stats import SourceRun, save_stats
from crawler.session.store import SessionStore
from crawler.site_config import Site
from index.archive import leases, runs, site_state
from index.model.codes import FetchReason, RunDetail, RunStatus, Verdict
from index.model.message import Message

ENDS = ("stored", "unchanged", "duplicate", "refused", "quarantined", "pending")  # what becomes of what is discovered
AMOUNTS = {  # what each outcome of a page adds to a site's counts
    "stored": {"stored": 1, "pending": -1},
    "changed": {"stored": 1, "changed": 1, "pending": -1},
    "unchanged": {"unchanged": 1, "pending": -1},
    "duplicate": {"duplicate": 1, "pending": -1},
    "refused": {"refused": 1, "pending": -1},
    "quarantined": {"quarantined": 1, "pending": -1},
    "failed": {"failed": 1},  # it could not be had, and stays to be fetched
}

MIN_BLOCKED_PAGES = 3  # fewer may be a chance: one page of many sites asks for a subscription

T = TypeVar("T")


@dataclass
class SiteProgress:
    """A site's part of a run.

    `taken` is the number of pages that the run takes of it, None until its sources have answered; `settled` how many of
    them it is done with. `answered` counts the sources that did, `asked` those that were polled; `problem` is the first
    thing that went wrong. `sources` is what was learned of each, by its key. The archive has the same counts at any
    time: each page's transaction brings its own.
    """

    site: Site
    counts: Counter[str] = field(default_factory=Counter)
    taken: int | None = None
    settled: int = 0
    asked: int = 0
    answered: int = 0
    problem: Message | None = None
    sources: dict[str, SourceRun] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether there is nothing more to do for the site. Where no source answered, only the run's end tells why."""
        return self.has_answered and self.taken is not None and self.settled >= self.taken

    @property
    def has_answered(self) -> bool:
        """Whether anything of the site answered: a source, or a page where only pages were due."""
        return self.answered > 0 or (not self.asked and self.taken is not None and self.settled > self.counts["failed"])

    @property
    def walled(self) -> bool:
        """Whether most of the pages that it was asked for were walls."""
        return self.counts["walls"] >= MIN_BLOCKED_PAGES and 2 * self.counts["walls"] > self.settled

    @property
    def adds_up(self) -> bool:
        """Whether all that was discovered came to something, or is still to be fetched."""
        return self.counts["discovered"] == sum(self.counts[name] for name in ENDS)

    def end(self, conn: Connection, run: int, status: RunStatus, now: datetime) -> None:
        """Writes how the site's part of the run went, and what follows from it for its next crawl."""
        assert self.adds_up, f"{self.site.id}: {dict(self.counts)}"
        walled = self.walled and status == RunStatus.OK
        if walled:  # a failure to the schedule: each further one makes it wait twice as long
            status = RunStatus.FAILED
            self.problem = Message(RunDetail.WALLS, {"n": self.counts["walls"], "of": self.settled})
        verdict = Verdict.BLOCKED if walled else Verdict.FAILING
        runs.end_site(conn, run, self.site.id, status, self.problem, self.counts)
        site = self.site
        state: dict[str, object] = {
            "name": site.name,
            "homepage": str(site.homepage),
            "country": site.country,
            "enabled": site.enabled,
            "languages": site.languages,
            "last_run": now,
            "detail": self.problem,
        }
        if status == RunStatus.OK:
            state |= {"failures": 0, "last_success": now, "verdict": Verdict.PARTLY_FAILING if self.problem else None}
        elif status == RunStatus.FAILED:
            state |= {"failures": site_state.state(conn, site.id).failures + 1, "verdict": verdict}
        site_state.put(conn, site.id, **state)

    def save_sources(self, conn: Connection) -> None:
        """Writes what this run learned of the site's sources."""
        save_stats(conn, self.site, self.sources.values())


class RunProgress:
    """What a run has done so far, for the sites that are still crawled. A site that is done is ended and left."""

    def __init__(self, store: SessionStore) -> None:
        self.store = store
        self.sites: dict[str, SiteProgress] = {}

    def begin(self, sites: Iterable[Site]) -> None:
        """These sites are crawled from now on."""
        self.sites = {site.id: SiteProgress(site) for site in sites}

    async def take(self, site: str, taken: int, due: int) -> None:
        """Notes how many of the site's pages are due, and how many of them this run takes."""
        progress, run = self.sites[site], self.store.run
        await self.store.write(lambda conn: runs.add(conn, run, site, discovered=due, pending=due), site)
        progress.counts.update(discovered=due, pending=due)
        progress.taken = taken
        if progress.complete or (not progress.asked and not taken):
            await self._end(site)

    async def settle(self, site: str, work: Callable[[Connection], T], outcome: Callable[[T], str] | str) -> T:
        """What `work` gives, which writes what became of a page, in one transaction with its count; with the last page
        the site is free for another run. `outcome` is one of AMOUNTS, or tells it from what `work` gives."""

        def settling(conn: Connection) -> tuple[T, Mapping[str, int]]:
            result = work(conn)
            amounts = AMOUNTS[outcome if isinstance(outcome, str) else outcome(result)]
            runs.add(conn, self.store.run, site, **amounts)
            return result, amounts

        result, amounts = await self.store.write(settling, site)
        progress = self.sites[site]
        progress.counts.update(amounts)
        progress.settled += 1
        if progress.complete:
            await self._end(site)
        return result

    def defer(self, site: str, reason: Message) -> None:
        """A page was not requested in this run and stays due; counted by its reason."""
        if (progress := self.sites.get(site)) is not None:
            if reason.code != FetchReason.CRAWL_ENDED:
                progress.problem = progress.problem or reason
            progress.counts[reason.code] += 1

    async def _end(self, site: str) -> None:
        """A slow site holds up no other: each is let go of when its own pages are done."""
        progress, now = self.sites.pop(site), datetime.now(UTC)

        def end(conn: Connection) -> None:
            progress.end(conn, self.store.run, RunStatus.OK, now)
            progress.save_sources(conn)
            leases.release(conn, [self.store.leases[site]])

        await self.store.write(end, site)
