"""Counts over time as a bar chart: the data for its drawing, its list and its script."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from index.model.results import Bar, Unit
from index.search.service import begin
from index.web.facets import Link
from index.web.search_params import SearchParams, last_day

MAX_COLUMNS = 400  # more bars would be thinner than a pixel, so the next larger unit is used


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
    """Bars by `unit` over `width` positions, those without an article left empty; `most` is the highest count."""

    unit: Unit
    columns: tuple[Column, ...]
    width: int
    most: int

    @property
    def data(self) -> str:
        """The bars for the script, as JSON: days since 1970-01-01, and counts."""
        epoch = date(1970, 1, 1)
        return json.dumps([[(column.first - epoch).days, column.count] for column in self.columns])


def chart(bars: Sequence[Bar], unit: Unit, asked: SearchParams, direction: Literal["ltr", "rtl"] | str) -> Chart | None:
    """The chart of these counts, or None if there are none. Time runs in the direction of the page's language."""
    if not bars:
        return None
    units = get_args(Unit)
    while unit != units[-1] and _places(bars, unit) > MAX_COLUMNS:
        unit = units[units.index(unit) + 1]
    sums: Counter[date] = Counter()
    for bar in bars:
        sums[begin(bar.day, unit)] += bar.count
    width, most, first = _places(bars, unit), max(sums.values()), _place(bars[0].day, unit)
    columns = []
    for day in sorted(sums):
        last, x = last_day(day, unit), _place(day, unit) - first
        link = asked.parameters(after=day.isoformat(), until=last.isoformat(), by="")
        place = width - 1 - x if direction == "rtl" else x
        columns.append(Column(day, last, sums[day], link, place, max(2, round(100 * sums[day] / most))))
    return Chart(unit, tuple(columns), width, most)


def _places(bars: Sequence[Bar], unit: Unit) -> int:
    return _place(bars[-1].day, unit) - _place(bars[0].day, unit) + 1


def _place(day: date, unit: Unit) -> int:
    if unit == "month":
        return day.year * 12 + day.month
    return (day - timedelta(days=day.weekday())).toordinal() // 7 if unit == "week" else day.toordinal()
