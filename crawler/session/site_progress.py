"""Account: what a run has done for one site so far, and how it is written down when that is all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from crawler.site_config import Site
from index.archive import runs, site_state
from index.model.codes import RunDetail, RunStatus, Verdict
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


@dataclass
class SiteProgress:
    """A site's part of a run. `taken` is the number of pages that the run takes of it, None until its sources have
    answered; `answered` counts those that did, `asked` those that were to; `problem` is the first thing that went wrong
    with one. The archive has the same counts at any time: each page's transaction brings its own."""

    site: Site
    counts: Counter[str] = field(default_factory=Counter)
    taken: int | None = None
    settled: int = 0
    asked: int = 0
    answered: int = 0
    problem: Message | None = None

    @property
    def complete(self) -> bool:
        """Whether there is nothing more to do for the site. Where no source answered, only the run's end tells why."""
        return self.heard and self.taken is not None and self.settled >= self.taken

    @property
    def heard(self) -> bool:
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
