"""Facet counts as choices to click: each links to the same search with one value more or less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index import locale
from index.model.results import FACET_FILTERS, Facet, FacetCounts
from index.web.search_params import SearchParams

Link = dict[str, str | Sequence[str]]  # parameters of a URL
VALUES_SHOWN = 6  # values shown at first; the others can be expanded
MAX_VALUES = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """A value with its name, the number of articles (None: not among the counted values), and the link that adds it to
    the search, or removes it if it is `chosen`."""

    value: str
    name: str
    count: int | None
    chosen: bool
    link: Link


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of a facet, the chosen ones first."""

    facet: Facet
    parameter: str
    first: tuple[Choice, ...]
    more: tuple[Choice, ...]


def choices(
    asked: SearchParams, tallies: Sequence[FacetCounts], sites: Mapping[str, str], language: str
) -> list[Choices]:
    """The choices of each facet, in the page's language; a facet without a value is left out."""
    found = []
    for tally in tallies:
        parameter = FACET_FILTERS[tally.field]
        held = getattr(asked, parameter)
        counts: dict[str, int | None] = dict(tally.counts)
        values = [*held, *(value for value in counts if value not in held)][: max(MAX_VALUES, len(held))]
        made = tuple(
            Choice(
                value,
                named(tally.field, value, sites, language),
                counts.get(value),
                value in held,
                asked.toggled(parameter, value),
            )
            for value in values
        )
        if made:
            cut = max(VALUES_SHOWN, len(held))
            cut = len(made) if len(made) <= cut + 1 else cut  # never just one behind a click
            found.append(Choices(tally.field, parameter, made[:cut], made[cut:]))
    return found


def chosen(asked: SearchParams, sites: Mapping[str, str], language: str) -> list[Choice]:
    """The values that this search filters by, with the links that remove them."""
    return [
        Choice(value, named(facet, value, sites, language), None, True, asked.toggled(parameter, value))
        for facet, parameter in FACET_FILTERS.items()
        for value in getattr(asked, parameter)
    ]


def named(facet: Facet, value: str, sites: Mapping[str, str], language: str) -> str:
    """The display name of a value, such as a site's, a country's or a language's."""
    match facet:
        case "site":
            return sites.get(value) or value
        case "country":
            return locale.country(language, value)
        case "language":
            return locale.language_name(language, value)
    return value
