"""The turns of sites: computed from what the archive knows of them, and looked at once they have come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from sqlalchemy import Connection

from crawler.config import Config
from crawler.processes.crawl_process import last_runs
from crawler.scheduling.site_schedule import Due, basis, due, is_fixed
from crawler.session.source_stats import load_stats
from crawler.settings_model import ScheduleSettings
from crawler.site_config import Site
from index.archive import Archive, hosts, leases, site_state, turns
from index.archive.clock import SKEW
from index.archive.turns import NewTurn, StoredTurn

MOST = 1_000  # sites of one look, and so of one run: what is left comes with the next one
FOLLOW = timedelta(hours=1)  # between two comparisons of all turns with the sites' files, though these have not changed


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the schedule has found: the sites that are due, when the next look may find others, and the turns
    to be stored."""

    due: tuple[Site, ...] = ()
    next: datetime | None = None
    new: tuple[NewTurn, ...] = ()


class SiteTurns:
    """When the sites of a configuration are crawled: stored turns, each of which is computed again before it counts."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.config: Config | None = None
        self.bases: Mapping[str, str] = {}
        self.followed: datetime | None = None

    def follow(self, config: Config, now: datetime) -> None:
        """Have the archive know of all sites, and a turn for each enabled one, computed for its schedule as it now is;
        which costs something only where the configuration has changed.

        :raises ArchiveError: when the archive cannot be written.
        """
        if self.config is not config:
            release = version("arshif")  # another one may compute otherwise
            self.bases = {site.id: f"{release} {basis(site, config.settings.schedule)}" for site in config.enabled}
        elif self.followed is not None and abs(now - self.followed) < FOLLOW:
            return
        facts = {site.id: site.facts for site in config.sites.values()}

        def follow(conn: Connection) -> None:
            site_state.follow(conn, facts)
            turns.follow(conn, self.bases, now)

        self.archive.write(follow).result()
        self.config, self.followed = config, now

    def look(self, conn: Connection, now: datetime, may: Callable[[Site], bool]) -> Look:
        """The sites that are due and that nobody is crawling, among those that `may` be crawled now."""
        if self.config is None:
            return Look()
        come, more = self._come(conn, now, may)
        held = leases.held(conn, [site.id for site, _ in come])
        free = [(site, turn) for site, turn in come if site.id not in held]
        found = compute(conn, [site for site, _ in free], self.config.settings.schedule, now)
        ready, new, soonest = [], [], [now] if more else []
        for site, before in free:
            turn = found[site.id]
            soonest.append(turn.at)
            if turn.at <= now:
                ready.append(site)
            if turn.at > now or _shown(before, now) != (now, turn.why):
                new.append(NewTurn(before, turn.at, turn.why, self.bases[site.id]))
        if (later := turns.next_look(conn, now)) is not None:
            soonest.append(later)
        return Look(tuple(ready), min(soonest, default=None), tuple(new))

    def _come(
        self, conn: Connection, now: datetime, may: Callable[[Site], bool]
    ) -> tuple[list[tuple[Site, StoredTurn]], bool]:
        """The first MOST sites whose turns have come, and whether there are more."""
        assert self.config is not None
        come: list[tuple[Site, StoredTurn]] = []
        for turn in turns.to_compute(conn, now, now + SKEW):
            site = self.config.sites.get(turn.site)
            if site is None or turn.site not in self.bases or not may(site):
                continue
            if len(come) == MOST:
                return come, True
            come.append((site, turn))
        return come, False


def compute(conn: Connection, sites: Sequence[Site], settings: ScheduleSettings, now: datetime) -> dict[str, Due]:
    """When each of these sites is crawled next, by its id."""
    last, waits = last_runs(conn, [site.id for site in sites]), hosts.waiting(conn, now)
    learned = {site.id: load_stats(conn, site, settings) for site in sites if not is_fixed(site, settings.every)}
    return {site.id: due(site, last, now, settings.every, learned.get(site.id), waits) for site in sites}


def _shown(turn: StoredTurn, now: datetime) -> tuple[datetime | None, object]:
    """A turn with the moment itself, if that has passed: since when a site is due is told to nobody."""
    return None if turn.at is None else max(turn.at, now), turn.why
