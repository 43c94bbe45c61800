"""A site's articles by day, with the gaps that chance does not explain: the data for a drawing and its list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

WEEKS = 8
SURPRISE = 5  # articles expected of days that have none: where they come independently, in one of 150 (Poisson, e**-5)


@dataclass(frozen=True, slots=True)
class Day:
    """A day with its number of articles, and the height of its bar, of 100."""

    day: date
    count: int
    height: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without an article, from `first` to `last`, on which about so many were `expected`; they begin at `place`
    and are `width` days long."""

    first: date
    last: date
    expected: int
    place: int
    width: int


def site_days(counts: Mapping[date, int], today: date) -> tuple[list[Day], list[Gap]]:
    """The last WEEKS until today, by UTC day, and their gaps.

    What is expected of a day is the mean of its weekday, from the first article on. Today has not ended: it is no gap.
    """
    days = [today - timedelta(days=ago) for ago in range(7 * WEEKS - 1, -1, -1)]
    most = max((counts.get(day, 0) for day in days), default=0)
    drawn = [Day(day, n := counts.get(day, 0), max(2, round(100 * n / most)) if n else 0) for day in days]
    began = next((place for place, day in enumerate(drawn) if day.count), len(drawn))
    known = drawn[began:-1]
    usual = {weekday: _mean([day.count for day in known if day.day.weekday() == weekday]) for weekday in range(7)}
    gaps: list[Gap] = []
    start = began
    for place in range(began, len(drawn)):
        if place == len(drawn) - 1 or drawn[place].count:
            expected = sum(usual[day.day.weekday()] for day in drawn[start:place])
            if expected >= SURPRISE:
                gaps.append(Gap(days[start], days[place - 1], round(expected), start, place - start))
            start = place + 1
    return drawn, gaps


def _mean(counts: list[int]) -> float:
    return sum(counts) / len(counts) if counts else 0.0
