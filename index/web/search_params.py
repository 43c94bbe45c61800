"""The parameters of a search in a URL: the query and its filters, which links and forms carry from page to page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Any, cast, get_args

from fastapi import Depends
from fastapi import Query as Parameter

from index.model.query import Is, Period, Problem, Query, Sort
from index.model.results import FACET_FILTERS, Unit
from index.search.query_language import filters, parse
from index.search.query_language.limits import MAX_FILTERS

MAX_VALUE = 200  # characters of a value
QUOTES = str.maketrans(dict.fromkeys('"“”„«»＂‹›', " "))  # a value is matched by its words, and put in quotes


@dataclass(frozen=True)  # no slots: its parsed filters are cached
class SearchParams:
    """A search as given in a URL. `after` and `until` are the first and the last day, month or year; `by` is the unit
    of the counts over time, which under `span=all` are shown for all time. None of the values need be valid."""

    q: str = ""
    site: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    lang: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    after: str = ""
    until: str = ""
    sort: str = ""
    by: str = ""
    span: str = ""

    def query(self, cursor: str = "", limit: int = 10) -> Query:
        """The query to run. Without a word to rank by, relevance means newest first. Values that cannot be parsed are
        reported in `problems`, filters first.

        :raises QueryError: when the limit is out of range.
        """
        held, problems = self._filter_values
        order = cast(Sort, self.sort if self.sort in get_args(Sort) else "relevance")
        query = parse(self.q, **held, sort=order, cursor=cursor or None, limit=limit)
        if query.node is None and order == "relevance":
            order = "newest"
        return replace(query, sort=order, problems=(*problems, *query.problems))

    @property
    def text(self) -> str:
        """The search in the query language, filters first, so that no open quote or bracket of `q` swallows them."""
        held, _ = self._filter_values
        named = [
            f"{name}:{_quoted(value) if name in ('section', 'author') else value}"
            for name, value, one in self._filters
            if isinstance(one, Is) and name in FACET_FILTERS.values()
        ]
        days = [f"{name}:{held[name].date()}" for name in ("after", "before") if held.get(name)]
        return " ".join([*named, *days, self.q]).strip()

    @property
    def values(self) -> list[tuple[str, tuple[str, ...]]]:
        """The filters that have a list of values."""
        return [(name, getattr(self, name)) for name in FACET_FILTERS.values()]

    @property
    def filtered(self) -> bool:
        """Whether there is a filter outside `q`."""
        return bool(self.after or self.until or any(values for _, values in self.values))

    @property
    def unit(self) -> Unit | None:
        """The unit of the counts over time; None if no valid one is given."""
        return cast(Unit, self.by) if self.by in get_args(Unit) else None

    @property
    def first_day(self) -> str:
        """The first day of `after` in ISO 8601, for the form; empty if there is none."""
        after = self._period("after")
        return after.after.date().isoformat() if after and after.after else ""

    @property
    def last_day(self) -> str:
        """The last day of `until`, in the same way."""
        until = self._period("until")
        return (until.before - timedelta(days=1)).date().isoformat() if until and until.before else ""

    def parameters(self, **changed: str | Sequence[str]) -> dict[str, str | Sequence[str]]:
        """The URL parameters of this search, with these changes and without empty ones."""
        own = {field.name: getattr(self, field.name) for field in fields(self)} | changed
        return {name: value for name, value in own.items() if value}

    def toggled(self, name: str, value: str) -> dict[str, str | Sequence[str]]:
        """The URL parameters of this search with a filter's value added, or removed if it is already there."""
        values = getattr(self, name)
        other = tuple(one for one in values if one != value) if value in values else (*values, value)
        return self.parameters(**{name: other})

    def _period(self, name: str) -> Period | None:
        periods = [one.value for given, _, one in self._filters if given == name and isinstance(one, Is)]
        return next((period for period in periods if isinstance(period, Period)), None)

    @cached_property
    def _filters(self) -> list[tuple[str, str, Is | str]]:
        """Each filter with its value and its meaning, or the key of its problem."""
        given = [(name, value) for name, values in self.values for value in values]
        given += [(name, value) for name, value in (("after", self.after), ("until", self.until)) if value]
        return [(name, value, _read(name, value)) for name, value in given]

    @cached_property
    def _filter_values(self) -> tuple[dict[str, Any], list[Problem]]:
        """The filters as fields of Query, and their problems."""
        held: dict[str, Any] = {}
        problems = []
        for _, value, one in self._filters:
            if not isinstance(one, Is):
                problems.append(Problem(one, 0, 0, value[:40]))
            elif not filters.add(held, one):
                problems.append(Problem("too_many_words", 0, 0))
        return held, problems


def _read(name: str, value: str) -> Is | str:
    """The filter of a parameter; `until` exists only as a parameter, and includes the whole day, month or year."""
    if name != "until":
        return filters.read(name, value)
    one = filters.read("on", value)
    return Is("date", Period(None, one.value.before)) if isinstance(one, Is) and isinstance(one.value, Period) else one


def last_day(first: date, unit: Unit) -> date:
    """The last day of the day, week or month that begins on this day."""
    if unit == "month":
        return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first + timedelta(days=6 if unit == "week" else 0)


Values = Annotated[list[str], Parameter(default_factory=list)]


async def search_params(  # noqa: PLR0913 - the parameters of a URL
    q: Annotated[str, Parameter(description="As docs/search.md has it; every article where it is empty.")] = "",
    *,
    site: Values,
    country: Values,
    lang: Values,
    section: Values,
    author: Values,
    after: Annotated[str, Parameter(description="The first day, month or year (2026, 2026-01, 2026-01-31), UTC.")] = "",
    until: Annotated[str, Parameter(description="The last one.")] = "",
) -> SearchParams:
    """The search in a request, except its order; several values of one filter mean any of them."""
    lists = _kept(site), _kept(country), _kept(lang), _kept(section), _kept(author)
    return SearchParams(q, *lists, after[:MAX_VALUE], until[:MAX_VALUE])


async def ordered(
    asked: Annotated[SearchParams, Depends(search_params)], sort: str = "", by: str = "", span: str = ""
) -> SearchParams:
    """The same with its order, its unit of time and the time shown, which may be any text in a page's URL."""
    return replace(asked, sort=sort, by=by, span=span)


def _quoted(value: str) -> str:
    return f'"{" ".join(value.translate(QUOTES).split())}"'


def _kept(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value[:MAX_VALUE] for value in values if value.strip()))[:MAX_FILTERS]
