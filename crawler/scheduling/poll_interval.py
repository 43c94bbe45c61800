"""When a source is polled next, and why: from its publication rate, its own hints and its failures. Pure.

A poll that finds nothing costs the server and us; an article that waits costs the reader. So a source is polled once
enough articles are expected to be waiting, within the bounds for the fastest and the slowest interval.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from crawler.scheduling.publication_rate import PublicationRate, expected, waiting
from crawler.scheduling.reasons import HintSource, ScheduleReason
from index.model.codes import FetchReason, ParseReason, SourceReason
from index.model.message import Given, Message

# Articles expected to be waiting at the next poll: a lower value means more requests, a higher one fewer articles soon
# after their publication (`make bench-schedule`).
TARGET_WAITING_ARTICLES = 0.31
JITTER = 0.05  # share by which an interval may be shorter, so that sources with the same interval do not synchronise
HINTS_TRUSTED_BELOW = 1.0  # expected articles up to which a source's hint to poll less often is followed
FIRST_WAIT = timedelta(hours=1)  # after one failure; doubled after each further one
LONGEST_WAIT = timedelta(days=7)  # reached at the ninth failure in a row; a feed that fails for months may recover
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:\s*,\s*[0-9]+(?:\.[0-9]+)?){0,7}")  # of Retry-After
SPREAD = 0.1  # share of the wait, added by name, so that sources that failed together are not retried together


@dataclass(frozen=True, slots=True)
class Bounds:
    """The shortest and the longest polling interval, and how many articles may be waiting at a poll."""

    fastest: timedelta = timedelta(minutes=30)
    slowest: timedelta = timedelta(hours=12)
    enough: float = TARGET_WAITING_ARTICLES


@dataclass(frozen=True, slots=True)
class UpdateHints:
    """The polling hints of a feed and its server: the interval `every` (the longest of ttl, sy:updatePeriod and
    max-age) and its origin `by`; the hours (UTC) and weekdays (0 is Monday) without new entries (skipHours and skipDays
    of RSS 2.0)."""

    every: timedelta = timedelta(0)
    by: HintSource | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class PollRecord:
    """The state of a source between two polls: when it last answered or failed (in the site's time zone), its
    publication rate, its hints, its failures in a row and their total weight, and the end of its host's Retry-After."""

    key: str
    last: datetime
    habit: PublicationRate = field(default_factory=PublicationRate)
    said: UpdateHints = field(default_factory=UpdateHints)
    failures: int = 0
    strikes: float = 0.0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """When something is due (UTC; in the past if it is overdue), and why: a ScheduleReason."""

    at: datetime
    why: Message


def next_poll(record: PollRecord, bounds: Bounds) -> Turn:
    """When this source is polled next."""
    if record.strikes:
        wait = back_off(record.key, record.strikes)
        turn = Turn(record.last + wait, retry(record.failures, wait))
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
    """The turn, moved out of the feed's skipHours and skipDays, but not beyond the slowest interval."""
    at = turn.at.astimezone(UTC)
    while at < latest and (at.hour in said.skip_hours or at.weekday() in said.skip_days):
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if at == turn.at:
        return turn
    return Turn(min(at, latest), Message(ScheduleReason.SKIP_HOURS, {"why": turn.why}))


def retry(failures: int, wait: timedelta) -> Message:
    """The reason for a wait after this many failures in a row."""
    failed = Message(ScheduleReason.FAILED, {"n": failures})
    return Message(ScheduleReason.RETRY, {"why": failed, "wait": seconds(wait)})


def _every(reason: ScheduleReason, why: Message, interval: timedelta) -> Message:
    return Message(reason, {"why": why, "interval": seconds(interval)})


# --- failures --------------------------------------------------------------------------------------------------------

# Weights of failures: permanent, transient, DNS lookup
PERMANENT_WEIGHT, TRANSIENT_WEIGHT, DNS_WEIGHT = 1.0, 0.5, 0.25
TRANSIENT_REASONS = frozenset(
    (
        *(FetchReason.TIMEOUT, FetchReason.CONNECTION_REFUSED, FetchReason.CONNECTION_FAILED),
        *(FetchReason.CONNECTION_LOST, FetchReason.FAILED, FetchReason.HOST_SILENT),
        *(SourceReason.EMPTY, ParseReason.TOO_SLOW, ParseReason.CRASHED),
    )
)
TRANSIENT_STATUSES = (408, 425, 429)  # RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4; and all 5xx


def failure_weight(reason: Message) -> float:
    """The weight of a failure, by its code and its HTTP status."""
    match reason.code, reason.params.get("status"):
        case FetchReason.DNS, _:
            return DNS_WEIGHT
        case FetchReason.HTTP_STATUS, int(status):
            transient = status >= 500 or status in TRANSIENT_STATUSES
        case code, _:
            transient = code in TRANSIENT_REASONS
    return TRANSIENT_WEIGHT if transient else PERMANENT_WEIGHT


def back_off(name: str, strikes: float) -> timedelta:
    """The wait after failures in a row of this total weight: an hour after one, doubled after each further one, plus up
    to a tenth that is constant for a name; at most 7 days."""
    wait: timedelta = min(FIRST_WAIT * 2.0 ** min(strikes - 1, 10), LONGEST_WAIT / (1 + SPREAD))
    return wait * (1 + SPREAD * share(name))


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The time (UTC) before which a host must not be requested again (Retry-After, RFC 9110 10.2.3: seconds or a date),
    at most 7 days ahead; None without one that is to come. Of several seconds, as where a proxy adds its own, the most;
    seconds may be a fraction, and a date in ISO 8601. `headers` have lower-case names.

    A date is the host's, whose clock may be another: it is held against the answer's own Date as well as against ours,
    and the shorter wait counts; one that has passed by either is none by that one."""
    said = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        most = max(map(float, said.split(",")))  # any number at all
        return now + timedelta(seconds=min(most, LONGEST_WAIT.total_seconds()))
    until, sent = http_date(said), http_date(headers.get("date", "").strip())
    if until is None:
        return None
    waits = [until - clock for clock in (now, sent) if clock is not None and until > clock]
    return now + min(*waits, LONGEST_WAIT) if waits else None


def http_date(said: str) -> datetime | None:
    """An aware date of HTTP (RFC 9110 5.6.7) or ISO 8601, UTC if it has no zone; None if it is none."""
    try:
        date = datetime.fromisoformat(said) if said[:4].isdecimal() else parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


# --- small things ----------------------------------------------------------------------------------------------------


def share(name: str) -> float:
    """A number in [0, 1) that is constant for a name and evenly distributed over names."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48


def seconds(span: timedelta) -> int:
    """A duration in whole seconds, as used in messages."""
    return round(span.total_seconds())


def _number(value: float) -> float:
    return round(value) if value >= 10 else float(f"{value:.2g}")
