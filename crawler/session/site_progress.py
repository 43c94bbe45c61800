"""A run's progress on each of its sites, recorded page by page and when a site is done."""

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

ENDS = ("stored", "unchanged", "duplicate", "refused", "quarantined", "pending")  # what discovered pages end up as
AMOUNTS = {  # what each page outcome adds to a site's counts
    "stored": {"stored": 1, "pending": -1},
    "changed": {"stored": 1, "changed": 1, "pending": -1},
    "unchanged": {"unchanged": 1, "pending": -1},
    "duplicate": {"duplicate": 1, "pending": -1},
    "refused": {"refused": 1, "pending": -1},
    "quarantined": {"quarantined": 1, "pending": -1},
    "failed": {"failed": 1},  # could not be fetched, and stays pending
}

MIN_BLOCKED_PAGES = 3  # fewer may be chance: many sites have single pages that require a subscription

T = TypeVar("T")


@dataclass
class SiteProgress:
    """A site's part of a run.

    `taken` is the number of pages that the run fetches from it, None until its sources have answered; `settled` is how
    many of them are done; `held` is how many of these still wait for their facsimiles. `asked` counts the sources that
    were polled, `answered` those that answered; `problem` is what went wrong with the first source that failed, in the
    order of the site's file, or else with the first page; `kept_out` tells which host another machine was asking, which
    is no fault of the site's. `sources` is what was learned of each, by its key. The archive always has the same
    counts: each page's transaction adds its own.
    """

    site: Site
    counts: Counter[str] = field(default_factory=Counter)
    taken: int | None = None
    settled: int = 0
    held: int = 0
    asked: int = 0
    answered: int = 0
    problem: Message | None = None
    kept_out: Message | None = None
    sources: dict[str, SourceRun] = field(default_factory=dict)
    _failed: int | None = field(default=None, repr=False)  # the place in the site's file of the source with `problem`

    def fail_source(self, url: str, problem: Message) -> None:
        """Note what went wrong with the source of this URL: which of several is told depends on no server's speed."""
        place = [str(source.url) for source in self.site.sources].index(url)
        if self._failed is None or place < self._failed:
            self.problem, self._failed = problem, place

    @property
    def complete(self) -> bool:
        """Whether the site is done; never so if nothing answered, as only the run's end shows why."""
        return self.has_answered and self.taken is not None and self.settled >= self.taken and not self.held

    @property
    def has_answered(self) -> bool:
        """Whether the site answered at all: a source, or a page if only pages were due."""
        return self.answered > 0 or (not self.asked and self.taken is not None and self.settled > self.counts["failed"])

    @property
    def walled(self) -> bool:
        """Whether most of its fetched pages were block pages."""
        return self.counts["walls"] >= MIN_BLOCKED_PAGES and 2 * self.counts["walls"] > self.settled

    @property
    def adds_up(self) -> bool:
        """Whether every discovered page has an outcome or is still pending."""
        return self.counts["discovered"] == sum(self.counts[name] for name in ENDS)

    def end(self, conn: Connection, run: int, status: RunStatus, now: datetime) -> None:
        """Record the outcome of the site's part of the run, and what follows from it for its next crawl."""
        assert self.adds_up, f"{self.site.id}: {dict(self.counts)}"
        walled = self.walled and status == RunStatus.OK
        if walled:  # counts as a failure for the schedule: each one in a row doubles the wait
            status = RunStatus.FAILED
            self.problem = Message(RunDetail.WALLS, {"n": self.counts["walls"], "of": self.settled})
        verdict = Verdict.BLOCKED if walled else Verdict.FAILING
        site, busy = self.site, status == RunStatus.HOST_BUSY
        runs.end_site(conn, run, site.id, status, self.kept_out if busy else self.problem, self.counts)
        if busy:  # nothing was learned of the site, which is crawled again soon
            return
        state: dict[str, object] = site.facts | {"last_run": now, "detail": self.problem}
        if status == RunStatus.OK:
            state |= {"failures": 0, "last_success": now, "verdict": Verdict.PARTLY_FAILING if self.problem else None}
        elif status == RunStatus.FAILED:
            state |= {"failures": site_state.state(conn, site.id).failures + 1, "verdict": verdict}
        site_state.put(conn, site.id, **state)

    def save_sources(self, conn: Connection) -> None:
        """Record what this run learned of the site's sources."""
        save_stats(conn, self.site, self.sources.values())


class RunProgress:
    """A run's progress on the sites still being crawled; a site that is done is recorded and dropped."""

    def __init__(self, store: SessionStore) -> None:
        self.store = store
        self.sites: dict[str, SiteProgress] = {}

    def begin(self, sites: Iterable[Site]) -> None:
        """Start to track these sites."""
        self.sites = {site.id: SiteProgress(site) for site in sites}

    async def take(self, site: str, taken: int, due: int) -> None:
        """Record how many of the site's pages are `due`, and how many of them this run fetches (`taken`)."""
        progress, run = self.sites[site], self.store.run
        await self.store.write(lambda conn: runs.add(conn, run, site, discovered=due, pending=due), site)
        progress.counts.update(discovered=due, pending=due)
        progress.taken = taken
        if progress.complete or (not progress.asked and not taken):
            await self._end(site)

    async def settle(self, site: str, work: Callable[[Connection], T], outcome: Callable[[T], str] | str) -> T:
        """Run `work`, which records a page's outcome, and count the page in the same transaction; return its result.

        `outcome` is a key of AMOUNTS, or a function that derives one from that result. The site's last page releases it
        for another run.
        """

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

    def hold(self, site: str) -> None:
        """Keep the site from being done with its last page, until `let_go` is called as often."""
        self.sites[site].held += 1

    async def let_go(self, site: str) -> None:
        """Release the site for another run, if nothing of it is left to be done."""
        progress = self.sites[site]
        progress.held -= 1
        if progress.complete:
            await self._end(site)

    def defer(self, site: str, reason: Message) -> None:
        """Count, by its reason, a page that was not requested in this run and stays due."""
        if (progress := self.sites.get(site)) is not None:
            if reason.code == FetchReason.HOST_TAKEN:
                progress.kept_out = progress.kept_out or reason
            elif reason.code != FetchReason.CRAWL_ENDED:
                progress.problem = progress.problem or reason
            progress.counts[reason.code] += 1

    async def _end(self, site: str) -> None:
        """Records and releases a site as soon as its own pages are done, so that a slow site holds up no other."""
        progress, now = self.sites.pop(site), datetime.now(UTC)

        def end(conn: Connection) -> None:
            progress.end(conn, self.store.run, RunStatus.OK, now)
            progress.save_sources(conn)
            leases.release(conn, [self.store.leases[site]])

        await self.store.write(end, site)
