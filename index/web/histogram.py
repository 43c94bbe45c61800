"""Counts over time as a bar chart: the data for its drawing, its list and its script."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from index.model.results import Bar, Unit
from index.search.service import begin, unit_of
from index.web.facets import Link
from index.web.search_params import SearchParams, last_day

MAX_COLUMNS = 400  # more bars would be thinner than a pixel, so the next larger unit is used
MOST, PART = 0.8, 1 / 3  # the chart is of the time that has this share of the results, if that is this part of all time
LINES = 3  # of the grid above the base, at most


@dataclass(frozen=True, slots=True)
class Column:
    """A bar: its period, its count, the link to the search within it, and its geometry: `x` of `Chart.width` from the
    left edge, `height` of 100."""

    first: date
    last: date
    count: int
    link: Link
    x: int
    height: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars by `unit` over `width` positions, those without an article left empty.

    The axis has a line at each `step`, and ends at `top`, a multiple of it above the tallest bar. `outside`
    is the number of results before or after the chart, which is then of the time that has most of them; `whole` says
    that such a chart could be had. `instead_of` is the unit that was asked for, if its bars would be too many.
    """

    unit: Unit
    columns: tuple[Column, ...]
    width: int
    top: int
    step: int
    outside: int = 0
    whole: bool = False
    instead_of: Unit | None = None

    @property
    def data(self) -> str:
        """The bars for the script, as JSON: days since 1970-01-01, and counts."""
        epoch = date(1970, 1, 1)
        return json.dumps([[(column.first - epoch).days, column.count] for column in self.columns])


def chart(days: Sequence[Bar], asked: SearchParams, direction: Literal["ltr", "rtl"] | str) -> Chart | None:
    """The chart of these counts by day, in order, or None if there are none. Time runs in the direction of the page's
    language. A period that the search names is shown whole, as is everything under `span=all`."""
    if not days:
        return None
    dense = () if asked.after or asked.until else _dense(days)
    shown = days if not dense or asked.span == "all" else dense
    wanted = asked.unit or unit_of((shown[-1].day - shown[0].day).days)
    units = get_args(Unit)
    unit = next((one for one in units[units.index(wanted) :] if _places(shown, one) <= MAX_COLUMNS), units[-1])
    sums: Counter[date] = Counter()
    for bar in shown:
        sums[begin(bar.day, unit)] += bar.count
    width, first = _places(shown, unit), _place(shown[0].day, unit)
    step, top = _grid(max(sums.values()))
    columns = []
    for day in sorted(sums):
        last, x = last_day(day, unit), _place(day, unit) - first
        link = asked.parameters(after=day.isoformat(), until=last.isoformat(), by="", span="")
        place = width - 1 - x if direction == "rtl" else x
        columns.append(Column(day, last, sums[day], link, place, max(2, round(100 * sums[day] / top))))
    outside = sum(bar.count for bar in days) - sum(sums.values())
    whole = bool(dense) and not outside
    return Chart(unit, tuple(columns), width, top, step, outside, whole, wanted if unit != wanted else None)


def _dense(days: Sequence[Bar]) -> Sequence[Bar]:
    """The days where most of the results are: the shortest time with MOST of them, and what comes right before and
    after it. Empty unless that is a small PART of the whole time."""
    needed = MOST * sum(bar.count for bar in days)
    best: tuple[int, int, int] | None = None
    start = inside = 0
    for end, bar in enumerate(days):
        inside += bar.count
        while inside - days[start].count >= needed:
            inside -= days[start].count
            start += 1
        if inside >= needed and (best is None or (bar.day - days[start].day).days < best[0]):
            best = (bar.day - days[start].day).days, start, end
    if best is None:
        return ()
    length, start, end = best
    near = timedelta(days=max(7, length))
    while start > 0 and days[start].day - days[start - 1].day <= near:
        start -= 1
    while end + 1 < len(days) and days[end + 1].day - days[end].day <= near:
        end += 1
    apart, whole = days[end].day - days[start].day, days[-1].day - days[0].day
    return days[start : end + 1] if apart < PART * whole else ()


def _grid(most: int) -> tuple[int, int]:
    """The distance of the axis' lines, 1, 2 or 5 times a power of ten, and the first line above the tallest bar."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            lines = most // step + 1
            if lines <= LINES:
                return step, lines * step
        power *= 10


def _places(bars: Sequence[Bar], unit: Unit) -> int:
    return _place(bars[-1].day, unit) - _place(bars[0].day, unit) + 1


def _place(day: date, unit: Unit) -> int:
    if unit == "month":
        return day.year * 12 + day.month
    return (day - timedelta(days=day.weekday())).toordinal() // 7 if unit == "week" else day.toordinal()
