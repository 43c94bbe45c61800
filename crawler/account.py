"""Account: what a run has done for one site so far, and how it is written down when that is all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from crawler.site import Site
from index.archive import runs, sites

SETTLED = ("stored", "changed", "unchanged", "duplicate", "refused", "failed")  # what becomes of a page

Status = Literal["ok", "failed", "offline"]


@dataclass
class Account:
    """A site's part of a run. `taken` is the number of pages that the run takes of it, None until its sources have
    answered; `answered` counts those that did, `problem` is the first thing that went wrong with one."""

    site: Site
    counts: Counter[str] = field(default_factory=Counter)
    taken: int | None = None
    answered: int = 0
    problem: str | None = None

    @property
    def settled(self) -> int:
        """How many pages have come to something."""
        return sum(self.counts[name] for name in SETTLED)

    @property
    def complete(self) -> bool:
        """Whether there is nothing more to do for the site. Where no source answered, only the run's end tells why."""
        return self.answered > 0 and self.taken is not None and self.settled >= self.taken

    def end(self, conn: Connection, run: int, status: Status, now: datetime) -> None:
        """Writes how the site's part of the run went, and what follows from it for its next crawl."""
        self.counts["pending"] = max(0, self.counts["discovered"] - self.settled)
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
        if status == "ok":
            state |= {"failures": 0, "last_success": now, "verdict": "partly failing" if self.problem else None}
        elif status == "failed":
            state |= {"failures": sites.state(conn, site.id).failures + 1, "verdict": "failing"}
        sites.put(conn, site.id, **state)
