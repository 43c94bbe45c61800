"""When a site is crawled next, and why. Pure: stores nothing and reads no clock.

All times are aware; returned times are in UTC.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from apscheduler.triggers.interval import IntervalTrigger

from crawler.crontab import crontab
from crawler.scheduling.poll_interval import (
    Bounds,
    PollRecord,
    Turn,
    back_off,
    next_poll,
    retry,
    seconds,
    share,
)
from crawler.scheduling.reasons import ScheduleReason
from crawler.settings_model import ScheduleSettings
from crawler.site_config import Kind, Site
from index.archive import hosts
from index.archive.clock import SKEW
from index.model.message import Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # origin of the grid of intervals
TICK = timedelta(microseconds=1)  # triggers return the first time not before another; with a tick added, after it
DEFAULT = 30.0  # minutes between two crawls, if not configured
# Wait after the start of a run that says nothing of the site, at most: its process was killed, or its host was busy
TOLD_NOTHING_WAIT = timedelta(minutes=1)
MIN_REST = timedelta(minutes=2)  # between two crawls of a site, even if something is due
REVISIT_BATCH_WAIT = timedelta(minutes=10)  # delay of revisits, so that one run handles several
EARLY_POLL_SHARE = 0.2  # share of its interval that a source may have left to be polled along with due ones


@dataclass(frozen=True, slots=True)
class LastRun:
    """The outcome of a site's last crawl. `finished` is None if it was cut short, which says nothing about the site;
    `failures` is the number of failed crawls in a row up to this one, 0 if it succeeded. `blamed` is whether it was cut
    short, and the site is why; `host_busy`, whether another machine was asking its hosts."""

    started: datetime
    finished: datetime | None = None
    failures: int = 0
    blamed: bool = False
    host_busy: bool = False

    @property
    def ok(self) -> bool:
        """Whether the crawl succeeded."""
        return self.finished is not None and not self.failures


@dataclass(frozen=True, slots=True)
class Due:
    """When a site is crawled next (UTC; in the past if it is overdue), and why: a ScheduleReason."""

    site: str
    at: datetime
    why: Message


@dataclass(frozen=True, slots=True)
class SiteHistory:
    """What determines when a site without a fixed schedule is crawled: the records of those of its configured sources
    that were ever polled, the bounds for their intervals, and when the first of its pages is due."""

    records: Mapping[str, PollRecord]
    bounds: Bounds
    pages: datetime | None = None

    @property
    def failing(self) -> bool:
        """Whether the last poll of one of the sources failed."""
        return any(record.strikes for record in self.records.values())


def due(
    site: Site,
    last_runs: Mapping[str, LastRun],
    now: datetime,
    every: float | None,
    learned: SiteHistory | None = None,
    waits: Mapping[str, datetime] = MappingProxyType({}),
) -> Due:
    """When this site is crawled next: it is due if that is not later than `now`, and then once, no matter how many
    crawls it missed.

    `last_runs` is by site id. `every` is the number of minutes between two crawls of a site without a schedule of its
    own; None: it is crawled when one of its sources or pages is due, according to its history `learned`. `waits` holds
    the origins with a pending Retry-After, such as https://step.example, and its end; a site waits if all of its
    sources are there. A site that is being crawled looks like one whose crawl was interrupted: the caller excludes
    sites whose lease is held.
    """
    turn = _due(site, last_runs.get(site.id), now, every, learned)
    asked = [waits.get(hosts.origin(str(source.url))) for source in site.sources]
    until = min((moment for moment in asked if moment is not None), default=turn.at)
    if None in asked or until <= turn.at:
        return turn
    return Due(site.id, until.astimezone(UTC), Message(ScheduleReason.RETRY_AFTER))


def _due(site: Site, last: LastRun | None, now: datetime, every: float | None, learned: SiteHistory | None) -> Due:
    if last is None:
        return Due(site.id, now.astimezone(UTC), Message(ScheduleReason.NEVER_CRAWLED))
    if max(last.started, last.finished or last.started) > now + SKEW:
        return Due(site.id, now.astimezone(UTC), Message(ScheduleReason.CLOCK))
    if last.finished is None:
        wait = min(TOLD_NOTHING_WAIT, timedelta(minutes=site.schedule.every or every or DEFAULT))
        why = Message(ScheduleReason.HOST_BUSY if last.host_busy else ScheduleReason.INTERRUPTED)
        return Due(site.id, (last.started + wait).astimezone(UTC), why)
    fixed = learned is None or is_fixed(site, every)
    # Where only sources failed, each has a turn of its own
    if last.failures and (last.blamed or fixed or learned is None or not learned.failing):
        wait = back_off(site.id, last.failures)
        return Due(site.id, (last.finished + wait).astimezone(UTC), retry(last.failures, wait))
    if learned is not None and not fixed:
        turn = first_turn(site, learned, failing=bool(last.failures))
        rested = last.finished + min(MIN_REST, learned.bounds.fastest / 2)
        return Due(site.id, max(turn.at, rested).astimezone(UTC), turn.why)
    at, why = _next_turn(site, last.started, last.finished, every or DEFAULT)
    return Due(site.id, at.astimezone(UTC), why)


def basis(site: Site, settings: ScheduleSettings) -> str:
    """A digest of what a site's file and the settings say that decides when it is crawled."""
    said = {
        "schedule": site.schedule.model_dump(mode="json"),
        "zone": site.time_zone,
        "sources": [(source.kind, str(source.url)) for source in site.sources],
        "settings": settings.model_dump(mode="json", include={"every", "fastest", "slowest"}),
    }
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).hexdigest()


def is_fixed(site: Site, every: float | None) -> bool:
    """Whether a site is crawled by its own schedule, or each `every` minutes, whatever its sources publish."""
    return bool(site.schedule.every or site.schedule.cron or every)


def first_turn(site: Site, learned: SiteHistory, failing: bool = False) -> Turn:
    """When the first of a site's sources or pages is due; for a failing site, of its sources only."""
    each = zip(site.sources, source_turns(site, learned), strict=True)
    turns = [Turn(turn.at, _by_source(source.kind, turn.why)) for source, turn in each]
    if learned.pages is not None and not failing:
        turns.append(Turn((learned.pages + REVISIT_BATCH_WAIT).astimezone(UTC), Message(ScheduleReason.REVISITS)))
    return min(turns, key=lambda turn: turn.at)


def _by_source(kind: Kind, why: Message) -> Message:
    return Message(ScheduleReason.BY_SOURCE, {"kind": Message(f"source.kind.{kind}"), "why": why})


def source_turns(site: Site, learned: SiteHistory) -> list[Turn]:
    """When each of a site's sources is polled next, in their order."""
    records = [learned.records.get(str(source.url)) for source in site.sources]
    return [
        next_poll(record, learned.bounds) if record else Turn(EPOCH, Message(ScheduleReason.NEVER_POLLED))
        for record in records
    ]


def due_sources(site: Site, learned: SiteHistory, now: datetime) -> Sequence[str]:
    """The URLs of the site's sources to poll in a run at `now`: those that are due or will be soon."""
    urls = []
    for source in site.sources:
        record = learned.records.get(str(source.url))
        if record is not None:
            at = next_poll(record, learned.bounds).at
            if at - (at - record.last) * (0 if record.strikes else EARLY_POLL_SHARE) > now:
                continue
        urls.append(str(source.url))
    return urls


def _next_turn(site: Site, started: datetime, finished: datetime, default: float) -> tuple[datetime, Message]:
    if cron := site.schedule.cron:
        why = Message(ScheduleReason.CRON, {"expression": cron, "zone": site.time_zone})
        return _next_cron(cron, site.time_zone, max(started, finished)), why
    every = timedelta(minutes=site.schedule.every or default)
    return _next_interval(site.id, every, started, finished), Message(
        ScheduleReason.EVERY, {"interval": seconds(every)}
    )


def _next_interval(site_id: str, every: timedelta, started: datetime, finished: datetime) -> datetime:
    """The site's next crawl after this one. Crawls lie on a grid with an offset per site, so that sites with the same
    interval are spread over it; two starts are at least half an interval apart."""
    trigger = IntervalTrigger(seconds=every.total_seconds(), start_date=EPOCH + every * share(site_id), timezone=UTC)
    turn: datetime = trigger.get_next_fire_time(None, max(started + every / 2, finished) + TICK)
    return turn


def _next_cron(expression: str, time_zone: str, after: datetime) -> datetime:
    """The first fire time after `after`. A time skipped when the clocks go forward (02:30) comes as much later (03:30);
    in an hour that occurs twice, the first occurrence counts.

    The trigger runs in plain wall-clock time: with a time zone, APScheduler 3.11 skips the day after the clocks went
    forward (agronholm/apscheduler#606) and fires twice at 01:30 when they go back.
    """
    zone = ZoneInfo(time_zone)
    trigger = crontab(expression)
    wall, turn = after.astimezone(zone).replace(tzinfo=UTC, fold=0), after
    while turn <= after:
        wall = trigger.get_next_fire_time(None, wall + TICK)
        turn = wall.replace(tzinfo=zone).astimezone(UTC)
    return turn
