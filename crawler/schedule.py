"""When a site is crawled next, and why; when an article is looked at again. Pure: nothing is stored, no clock is read.

All times are aware; what is given back is UTC.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from apscheduler.triggers.interval import IntervalTrigger

from crawler.crontab import crontab
from crawler.site import Site

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # the grid of intervals is counted from here
TICK = timedelta(microseconds=1)  # triggers give the first time that is not earlier: with it, the first that is later
SKEW = timedelta(minutes=1)  # a last run further in the future than this was written by a wrong clock
CUT_SHORT = timedelta(minutes=1)  # at most, after the start of a run without an end: its process was killed
FIRST_WAIT = timedelta(hours=1)  # after one failure; twice as long after each further one
LONGEST_WAIT = timedelta(days=7)  # reached at the ninth failure in a row; a feed that fails for months may come back
SPREAD = 0.1  # of the wait, added per site, so that sites that failed together do not come back together

# After the first fetch, the second, ...: corrections come within hours, a page that vanishes does so within weeks.
REVISITS = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
)


@dataclass(frozen=True, slots=True)
class LastRun:
    """How a site's last crawl went. `finished` is None where its end was never written; `failures` counts those in a
    row up to this one, 0 where it went well."""

    started: datetime
    finished: datetime | None = None
    failures: int = 0

    @property
    def ok(self) -> bool:
        """Whether it went well."""
        return self.finished is not None and not self.failures


@dataclass(frozen=True, slots=True)
class Due:
    """When a site is crawled next (UTC; in the past where its turn was missed), and why, in words for people."""

    site: str
    at: datetime
    why: str


def due(site: Site, last_runs: Mapping[str, LastRun], now: datetime, default: float) -> Due:
    """When this site is crawled next: it is due if that is not later than `now`, and then once, however many turns it
    missed.

    `last_runs` is by site's id; `default` is the minutes between two crawls of a site without a schedule of its own.
    A site that is being crawled looks like one whose crawl was cut short: the caller leaves out those whose lease is
    held.
    """
    last = last_runs.get(site.id)
    if last is None:
        return Due(site.id, now.astimezone(UTC), "never crawled")
    if max(last.started, last.finished or last.started) > now + SKEW:
        return Due(site.id, now.astimezone(UTC), "its last crawl lies in the future, so the clock was wrong")
    if last.failures:
        wait = back_off(site.id, last.failures)
        why = f"failed {last.failures} times in a row" if last.failures > 1 else "failed"
        at = (last.finished or last.started) + wait
        return Due(site.id, at.astimezone(UTC), f"{why}, next try after {_in_words(wait)}")
    if last.finished is None:
        wait = min(CUT_SHORT, timedelta(minutes=site.schedule.every or default))
        return Due(site.id, (last.started + wait).astimezone(UTC), "its last crawl was cut short")
    at, why = _next_turn(site, last.started, last.finished, default)
    return Due(site.id, at.astimezone(UTC), why)


def back_off(site_id: str, failures: int) -> timedelta:
    """How long a site is left alone after so many failures in a row (1 or more): an hour, then twice as long each time
    up to 7 days, and up to a tenth more, always the same for one site."""
    wait: timedelta = min(FIRST_WAIT * 2.0 ** min(failures - 1, 10), LONGEST_WAIT)
    return wait * (1 + SPREAD * _share(site_id))


def asked_to_wait(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when a host asks to be left alone (Retry-After, RFC 9110 10.2.3: seconds or a date), at most 7 days; None
    where it does not. `headers` have lower-case names."""
    said = headers.get("retry-after", "").strip()
    try:
        until = now + timedelta(seconds=int(said)) if said.isdecimal() else parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(until.astimezone(UTC), now + LONGEST_WAIT)


def revisit_at(fetched: datetime, visits: int) -> datetime | None:
    """When an article is fetched again that was fetched `visits` times, last at `fetched`; None: never again."""
    return fetched + REVISITS[visits - 1] if visits <= len(REVISITS) else None


def _next_turn(site: Site, started: datetime, finished: datetime, default: float) -> tuple[datetime, str]:
    if cron := site.schedule.cron:
        return _next_cron(cron, site.time_zone, max(started, finished)), f"cron {cron} in {site.time_zone}"
    every = timedelta(minutes=site.schedule.every or default)
    return _next_interval(site.id, every, started, finished), f"every {_in_words(every)}"


def _next_interval(site_id: str, every: timedelta, started: datetime, finished: datetime) -> datetime:
    """The site's first turn after its crawl. Turns lie on a grid with an offset per site, so that sites of one interval
    are spread over it; half an interval at least lies between two starts."""
    trigger = IntervalTrigger(seconds=every.total_seconds(), start_date=EPOCH + every * _share(site_id), timezone=UTC)
    turn: datetime = trigger.get_next_fire_time(None, max(started + every / 2, finished) + TICK)
    return turn


def _next_cron(expression: str, time_zone: str, after: datetime) -> datetime:
    """The first turn later than that. A turn that a change of the clock leaves out (02:30) comes as much later (03:30);
    of an hour that comes twice, the first counts.

    The trigger is asked in plain wall-clock time: with a zone, APScheduler 3.11 leaves out the day after the clocks
    went forward (agronholm/apscheduler#606) and has a turn of 01:30 twice when they go back.
    """
    zone = ZoneInfo(time_zone)
    trigger = crontab(expression)
    wall, turn = after.astimezone(zone).replace(tzinfo=UTC, fold=0), after
    while turn <= after:
        wall = trigger.get_next_fire_time(None, wall + TICK)
        turn = wall.replace(tzinfo=zone).astimezone(UTC)
    return turn


def _share(site_id: str) -> float:
    """A number from 0 up to 1 that is always the same for one site, and spread evenly over many."""
    return int.from_bytes(hashlib.sha256(site_id.encode()).digest()[:6]) / 2**48


def _in_words(span: timedelta) -> str:
    """A span for people: 90 s, 30 min, 12 h, 7 days."""
    seconds = span.total_seconds()
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or seconds == size:
            return f"{seconds / size:.3g} {unit}".replace("1 days", "1 day")
    return f"{seconds:.3g} s"
