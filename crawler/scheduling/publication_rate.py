"""When a source publishes, learned from its own history, and how much it has published since it was last asked. Pure.

A Poisson process whose rate follows the local hour and the weekday. Counts fade, so that a changed habit is followed;
a gamma prior stands in where little was seen: (articles + prior articles) / (hours + prior hours), hour by hour, each
drawn towards the source's mean. What the last two days brought against what was expected of them moves all hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

HOURS, DAYS = 24, 7
HOUR = 3_600.0  # seconds
DAY = 86_400.0
FADE = 0.5 ** (1 / 14)  # a day; half of what is known is of the last two weeks: two of each weekday, 14 of each hour
FADE_DAYS = 0.5 ** (1 / 56)  # a day, for weekdays: there are seven times fewer of each
FADE_RECENT = 0.5 ** (1 / 2)  # a day
PRIOR_RATE = 1.0  # articles an hour that a source is taken to publish until it is known: new ones are asked often
PRIOR_HOURS = 6.0  # hours of watching that this is worth
PRIOR_HOUR = 3.0  # hours of watching one hour of the day until it counts as much as the source's mean
PRIOR_DAY = 12.0  # articles that a weekday is expected to bring before it counts as much as any day
PRIOR_RECENT = 6.0  # the same for the last days
FIRST_LOOK = timedelta(days=14)  # of a feed's dates, from which the habit of a new source is learned
MIN_EXPECTED = 5  # dates that a new source must show for that
SWAY = 4.0  # at most so many times more, or fewer, than expected for a weekday or the last days


@dataclass(frozen=True, slots=True)
class PublicationRate:
    """What is known of a source. `day` is the last (local) day whose fading was counted, as a proleptic ordinal;
    `found` and `watched` are articles and hours by local hour, `day_found` and `day_expected` articles by weekday from
    Monday on, `recent_found` and `recent_expected` those of the last days."""

    day: int = 0
    found: tuple[float, ...] = (0.0,) * HOURS
    watched: tuple[float, ...] = (0.0,) * HOURS
    day_found: tuple[float, ...] = (0.0,) * DAYS
    day_expected: tuple[float, ...] = (0.0,) * DAYS
    recent_found: float = 0.0
    recent_expected: float = 0.0

    @property
    def per_day(self) -> float:
        """Articles that it is expected to publish in a day."""
        return sum(_rates(self)) * _sway(self.recent_found, self.recent_expected, PRIOR_RECENT)

    def rate(self, local: datetime) -> float:
        """Articles an hour that are expected in the hour of this local time."""
        return _rate(self, local.hour, local.weekday())

    def to_json(self) -> dict[str, object]:
        """As it is stored."""
        return {name: _rounded(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_json(cls, value: dict[str, object] | None) -> PublicationRate:
        """From what `to_json` gave; of nothing, that of a source that nobody knows."""
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in (value or {}).items()})  # type: ignore[arg-type]


def learn(
    habit: PublicationRate, since: datetime, until: datetime, dated: Sequence[datetime], undated: int = 0
) -> PublicationRate:
    """The habit after a poll: between `since` (the poll before) and `until` these articles came.

    Times are in the site's zone. `dated` are when articles were published; what came without a date, or with one from
    before, is spread over the time since, as the habit would have it.
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
    """The habit of a source that was asked for the first time, as the dates (aware) of its answer tell it; that of a
    source that nobody knows where they are too few. `zone` is the site's."""
    recent = [moment.astimezone(zone) for moment in shown if at - FIRST_LOOK < moment <= at]
    if len(recent) < MIN_EXPECTED:
        return PublicationRate()
    seen = learn(PublicationRate(), min(recent), at.astimezone(zone), recent)
    # what was expected of a source that nobody knew says nothing of it: only how its weekdays differ does
    share = sum(seen.day_found) / (sum(seen.day_expected) or 1.0)
    usual = tuple(share * articles for articles in seen.day_expected)
    return replace(seen, day_expected=usual, recent_found=0.0, recent_expected=0.0)


def waiting(habit: PublicationRate, since: datetime, enough: float, longest: timedelta) -> timedelta:
    """How long after `since` (in the site's zone) so many articles are expected to wait, at most `longest`."""
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
    """Articles expected between two times in the site's zone."""
    pieces = _pieces(since.replace(tzinfo=None), until.replace(tzinfo=None))
    return sum(_rate(habit, at.hour, at.weekday()) * hours for at, hours in pieces)


def _pieces(first: datetime, end: datetime) -> list[tuple[datetime, float]]:
    """A span cut at full hours: where each piece begins, and its length in hours."""
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
    """Articles an hour by local hour, on a day like any other."""
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
