"""When a source is asked next, and why: by what it publishes, what it says of itself, and how it failed. Pure.

Asked for nothing, a request costs its server and us; an article that waits costs its reader. So a source is asked when
enough articles are expected to wait, never more often than the fastest bound, never less than the slowest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from crawler.scheduling.publication_rate import PublicationRate, expected, waiting
from crawler.scheduling.reasons import HintSource, ScheduleReason
from index.model.codes import FetchReason, ParseReason, SourceReason
from index.model.message import Given, Message

TARGET_WAITING_ARTICLES = (
    0.31  # articles expected to wait; of fewer, more requests; of more, fewer soon (`make bench-schedule`)
)
JITTER = 0.05  # of an interval, by which it may be shorter: sources of one interval do not stay together
HINTS_TRUSTED_BELOW = 1.0  # expected articles up to which a source is believed that says how seldom it is to be asked
FIRST_WAIT = timedelta(hours=1)  # after one failure; twice as long after each further one
LONGEST_WAIT = timedelta(days=7)  # reached at the ninth failure in a row; a feed that fails for months may come back
SPREAD = 0.1  # of the wait, added by name, so that those that failed together do not come back together


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often a source is asked at most and at least, and how many articles are let wait."""

    fastest: timedelta = timedelta(minutes=30)
    slowest: timedelta = timedelta(hours=12)
    enough: float = TARGET_WAITING_ARTICLES


@dataclass(frozen=True, slots=True)
class UpdateHints:
    """What a feed and its server say of how often to ask: `every` (the longest of ttl, sy:updatePeriod and max-age) and
    by what, hours (UTC) and weekdays (0 Monday) in which nothing comes (skipHours, skipDays of RSS 2.0)."""

    every: timedelta = timedelta(0)
    by: HintSource | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class PollRecord:
    """What is remembered of a source between two polls: when it last answered or failed (in the site's zone), its
    habit, what it says, its failures in a row by their weight, and until when its host asked to be left alone."""

    key: str
    last: datetime
    habit: PublicationRate = field(default_factory=PublicationRate)
    said: UpdateHints = field(default_factory=UpdateHints)
    strikes: float = 0.0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """When something is due (UTC; in the past where its turn was missed), and why: a ScheduleReason."""

    at: datetime
    why: Message


def next_poll(record: PollRecord, bounds: Bounds) -> Turn:
    """When this source is asked next."""
    if record.strikes:
        wait = back_off(record.key, record.strikes)
        turn = Turn(record.last + wait, retry(record.strikes, wait))
    else:
        turn = _by_habit(record, bounds)
    if record.not_before is not None and record.not_before > turn.at:
        turn = Turn(record.not_before, Message(ScheduleReason.RETRY_AFTER))
    return Turn(turn.at.astimezone(UTC), turn.why)


def _by_habit(record: PollRecord, bounds: Bounds) -> Turn:
    habit, last, said = record.habit, record.last, record.said
    wait = waiting(habit, last, bounds.enough, bounds.slowest)
    why = Message(ScheduleReason.ARTICLES_A_DAY, {"n": _number(habit.per_day)})
    if wait <= bounds.fastest:
        wait, why = bounds.fastest, _every(ScheduleReason.FASTEST, why, bounds.fastest)
    elif wait >= bounds.slowest:
        wait, why = bounds.slowest, _every(ScheduleReason.SLOWEST, why, bounds.slowest)
    else:
        n = _number(expected(habit, last, last + wait))
        why = Message(ScheduleReason.EXPECTED, {"why": why, "n": n})
    asked = min(said.every, bounds.slowest)
    if said.by and asked > wait and expected(habit, last, last + asked) <= HINTS_TRUSTED_BELOW:
        params: dict[str, Given] = {"why": why, "hint": Message(said.by), "interval": seconds(said.every)}
        wait, why = asked, Message(ScheduleReason.PUBLISHER_INTERVAL, params)
    wait *= 1 - JITTER * share(f"{record.key} {last.timestamp():.0f}")
    return _awake(Turn(last + wait, why), said, last + bounds.slowest)


def _awake(turn: Turn, said: UpdateHints, latest: datetime) -> Turn:
    """The turn moved out of the hours in which the feed says that nothing comes, but not beyond the slowest bound."""
    at = turn.at.astimezone(UTC)
    while at < latest and (at.hour in said.skip_hours or at.weekday() in said.skip_days):
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if at == turn.at:
        return turn
    return Turn(min(at, latest), Message(ScheduleReason.SKIP_HOURS, {"why": turn.why}))


def retry(strikes: float, wait: timedelta) -> Message:
    """Why something that failed so often in a row waits so long."""
    failed = Message(ScheduleReason.FAILED, {"n": strikes})
    return Message(ScheduleReason.RETRY, {"why": failed, "wait": seconds(wait)})


def _every(reason: ScheduleReason, why: Message, interval: timedelta) -> Message:
    return Message(reason, {"why": why, "interval": seconds(interval)})


# --- failures --------------------------------------------------------------------------------------------------------

# What a failure weighs: an answer that says no, one that may pass, a name not found
PERMANENT_WEIGHT, TRANSIENT_WEIGHT, DNS_WEIGHT = 1.0, 0.5, 0.25
TRANSIENT_REASONS = frozenset(
    (
        *(FetchReason.TIMEOUT, FetchReason.CONNECTION_REFUSED, FetchReason.CONNECTION_FAILED),
        *(FetchReason.CONNECTION_LOST, FetchReason.FAILED, FetchReason.HOST_SILENT),
        *(SourceReason.EMPTY, ParseReason.TOO_SLOW, ParseReason.CRASHED),
    )
)
TRANSIENT_STATUSES = (408, 425, 429)  # RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4; and all from 500 on


def failure_weight(reason: Message) -> float:
    """How much a failure counts, by its code and its HTTP status."""
    match reason.code, reason.params.get("status"):
        case FetchReason.DNS, _:
            return DNS_WEIGHT
        case FetchReason.HTTP_STATUS, int(status):
            transient = status >= 500 or status in TRANSIENT_STATUSES
        case code, _:
            transient = code in TRANSIENT_REASONS
    return TRANSIENT_WEIGHT if transient else PERMANENT_WEIGHT


def back_off(name: str, strikes: float) -> timedelta:
    """How long something is left alone after failures in a row of that weight: an hour after one, twice as long after
    each further one, and up to a tenth more, always the same for one name; 7 days at most."""
    wait: timedelta = min(FIRST_WAIT * 2.0 ** min(strikes - 1, 10), LONGEST_WAIT / (1 + SPREAD))
    return wait * (1 + SPREAD * share(name))


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when a host asks to be left alone (Retry-After, RFC 9110 10.2.3: seconds or a date), at most 7 days; None
    where it does not. `headers` have lower-case names."""
    said = headers.get("retry-after", "").strip()
    try:
        until = now + timedelta(seconds=int(said)) if said.isdecimal() else parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(until.astimezone(UTC), now + LONGEST_WAIT)


# --- small things ----------------------------------------------------------------------------------------------------


def share(name: str) -> float:
    """A number from 0 up to 1 that is always the same for one name, and spread evenly over many."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48


def seconds(span: timedelta) -> int:
    """A span as messages have it."""
    return round(span.total_seconds())


def _number(value: float) -> float:
    return round(value) if value >= 10 else float(f"{value:.2g}")
