"""The publication rate of a source, learned from its history, and the articles expected since the last poll. Pure.

The model is a Poisson process whose rate depends on the local hour and the weekday. Counts decay, so that the estimate
follows changes; a gamma prior covers sparse data: (articles + prior articles) / (hours + prior hours), per hour, each
hour shrunk towards the source's mean. The ratio of published to expected articles over about two days scales all hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

HOURS, DAYS = 24, 7
HOUR = 3_600.0  # seconds
DAY = 86_400.0
FADE = 0.5 ** (1 / 14)  # per day: a half-life of two weeks, which are two of each weekday and 14 of each hour
FADE_DAYS = 0.5 ** (1 / 56)  # per day, for weekdays, of which there are seven times fewer
FADE_RECENT = 0.5 ** (1 / 2)  # per day, for the recent days
PRIOR_RATE = 1.0  # articles per hour, assumed of an unknown source: new ones are polled often
PRIOR_HOURS = 6.0  # hours of observation that this assumption is worth
PRIOR_HOUR = 3.0  # hours of observation at which an hour of the day counts as much as the source's mean
PRIOR_DAY = 12.0  # expected articles at which a weekday counts as much as the mean of all days
PRIOR_RECENT = 6.0  # the same for the recent days
FIRST_LOOK = timedelta(days=14)  # age up to which a feed's dates are used to initialise a new source's rate
MIN_EXPECTED = 5  # dates required for that
SWAY = 4.0  # maximum factor, up or down, for a weekday or the recent days


@dataclass(frozen=True, slots=True)
class PublicationRate:
    """The publication history of a source, decayed over time.

    `day` is the last local day up to which the counts are decayed, as a proleptic Gregorian ordinal; `found` and
    `watched` are articles and hours of observation by local hour, `day_found` and `day_expected` articles by weekday
    from Monday on, `recent_found` and `recent_expected` those of recent days."""

    day: int = 0
    found: tuple[float, ...] = (0.0,) * HOURS
    watched: tuple[float, ...] = (0.0,) * HOURS
    day_found: tuple[float, ...] = (0.0,) * DAYS
    day_expected: tuple[float, ...] = (0.0,) * DAYS
    recent_found: float = 0.0
    recent_expected: float = 0.0

    @property
    def per_day(self) -> float:
        """The expected number of articles per day."""
        return sum(_rates(self)) * _sway(self.recent_found, self.recent_expected, PRIOR_RECENT)

    def rate(self, local: datetime) -> float:
        """The expected number of articles per hour in the hour of this local time."""
        return _rate(self, local.hour, local.weekday())

    def to_json(self) -> dict[str, object]:
        """The rate in the form that is stored."""
        return {name: _rounded(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_json(cls, value: dict[str, object] | None) -> PublicationRate:
        """The rate from the result of `to_json`; from None, that of an unknown source."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in (value or {}).items()})  # type: ignore[arg-type]


def learn(
    habit: PublicationRate, since: datetime, until: datetime, dated: Sequence[datetime], undated: int = 0
) -> PublicationRate:
    """The publication rate after a poll that found new articles published between `since` (the previous poll) and
    `until`.

    Times are in the site's time zone. `dated` are publication times; articles without one, or with an earlier one, are
    spread over the interval in proportion to the rate.
    """
    first, end = since.replace(tzinfo=None), until.replace(tzinfo=None)
    if end <= first:
        return habit
    moments = [moment.replace(tzinfo=None) for moment in dated]
    inside = [moment for moment in moments if first < moment <= end]
    undated += len(moments) - len(inside)
    pieces = _pieces(first, end)
    expected = [_rate(habit, at.hour, at.weekday()) * hours for at, hours in pieces]
    total = sum(expected) or 1.0
    found, watched = list(habit.found), list(habit.watched)
    day_found, day_expected = list(habit.day_found), list(habit.day_expected)
    for (at, hours), share in zip(pieces, expected, strict=True):
        watched[at.hour] += hours
        day_expected[at.weekday()] += share
        found[at.hour] += undated * share / total
        day_found[at.weekday()] += undated * share / total
    for moment in inside:
        found[moment.hour] += 1
        day_found[moment.weekday()] += 1
    learned = PublicationRate(
        habit.day or end.toordinal(),
        tuple(found),
        tuple(watched),
        tuple(day_found),
        tuple(day_expected),
        habit.recent_found + len(inside) + undated,
        habit.recent_expected + sum(expected),
    )
    return _faded(learned, end.toordinal())


def first_look(shown: Iterable[datetime], at: datetime, zone: tzinfo) -> PublicationRate:
    """The publication rate of a source after its first poll, from the dates (aware) in its response; that of an unknown
    source if there are too few. `zone` is the site's time zone."""
    recent = [moment.astimezone(zone) for moment in shown if at - FIRST_LOOK < moment <= at]
    if len(recent) < MIN_EXPECTED:
        return PublicationRate()
    seen = learn(PublicationRate(), min(recent), at.astimezone(zone), recent)
    # What was expected of an unknown source tells nothing about it; only the differences between weekdays do.
    share = sum(seen.day_found) / (sum(seen.day_expected) or 1.0)
    usual = tuple(share * articles for articles in seen.day_expected)
    return replace(seen, day_expected=usual, recent_found=0.0, recent_expected=0.0)


def waiting(habit: PublicationRate, since: datetime, enough: float, longest: timedelta) -> timedelta:
    """The time after `since` (in the site's time zone) until this many articles are expected, at most `longest`."""
    at, left, passed = since.replace(tzinfo=None), enough, 0.0
    limit = longest.total_seconds()
    while passed < limit:
        to_hour = HOUR - (at.minute * 60 + at.second + at.microsecond / 1e6)
        rate = _rate(habit, at.hour, at.weekday())
        if rate * to_hour >= left * HOUR:
            return timedelta(seconds=min(passed + left / rate * HOUR, limit))
        left -= rate * to_hour / HOUR
        passed += to_hour
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return longest


def expected(habit: PublicationRate, since: datetime, until: datetime) -> float:
    """The number of articles expected between two times in the site's time zone."""
    pieces = _pieces(since.replace(tzinfo=None), until.replace(tzinfo=None))
    return sum(_rate(habit, at.hour, at.weekday()) * hours for at, hours in pieces)


def _pieces(first: datetime, end: datetime) -> list[tuple[datetime, float]]:
    """An interval split at full hours: the start and the length in hours of each piece."""
    pieces = []
    while first < end:
        following = first.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        stop = min(following, end)
        pieces.append((first, (stop - first).total_seconds() / HOUR))
        first = following
    return pieces


def _faded(habit: PublicationRate, day: int) -> PublicationRate:
    days = day - habit.day
    if days <= 0:
        return habit
    old, weekly, recent = FADE**days, FADE_DAYS**days, FADE_RECENT**days
    return PublicationRate(
        day,
        tuple(old * value for value in habit.found),
        tuple(old * value for value in habit.watched),
        tuple(weekly * value for value in habit.day_found),
        tuple(weekly * value for value in habit.day_expected),
        recent * habit.recent_found,
        recent * habit.recent_expected,
    )


def _rate(habit: PublicationRate, hour: int, weekday: int) -> float:
    day = _sway(habit.day_found[weekday], habit.day_expected[weekday], PRIOR_DAY)
    return _rates(habit)[hour] * day * _sway(habit.recent_found, habit.recent_expected, PRIOR_RECENT)


@lru_cache(maxsize=1_024)
def _rates(habit: PublicationRate) -> tuple[float, ...]:
    """Articles per hour by local hour, on an average day."""
    found, watched = habit.found, habit.watched
    mean = (sum(found) + PRIOR_RATE * PRIOR_HOURS) / (sum(watched) + PRIOR_HOURS)
    rates = [(n + mean * PRIOR_HOUR) / (hours + PRIOR_HOUR) for n, hours in zip(found, watched, strict=True)]
    return tuple(0.25 * rates[h - 1] + 0.5 * rates[h] + 0.25 * rates[(h + 1) % HOURS] for h in range(HOURS))


def _sway(found: float, expected: float, prior: float) -> float:
    return min(max((found + prior) / (expected + prior), 1 / SWAY), SWAY)


def _rounded(value: object) -> object:
    if isinstance(value, tuple):
        return [round(number, 4) for number in value]
    return round(value, 4) if isinstance(value, float) else value
