"""Counts of a search -> choices that a reader can click: each a link to the same search, with a value more or less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index import locale
from index.model.results import FACET_FILTERS, Facet, FacetCounts
from index.web.search_params import SearchParams

Link = dict[str, str | Sequence[str]]  # parameters of an address
VALUES_SHOWN = 6  # values that are shown at once; the others open
MAX_VALUES = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """A value with its name, how many articles have it (None: it is not among the counted ones), and the link that
    chooses it, or lets go of it where it is `chosen`."""

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
    """What can be chosen of each facet, in the page's language; a facet without a value is left out."""
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
            cut = len(made) if len(made) <= cut + 1 else cut  # not one more behind a click
            found.append(Choices(tally.field, parameter, made[:cut], made[cut:]))
    return found


def chosen(asked: SearchParams, sites: Mapping[str, str], language: str) -> list[Choice]:
    """The filters of this search that have values, with the links that let go of them."""
    return [
        Choice(value, named(facet, value, sites, language), None, True, asked.toggled(parameter, value))
        for facet, parameter in FACET_FILTERS.items()
        for value in getattr(asked, parameter)
    ]


def named(facet: Facet, value: str, sites: Mapping[str, str], language: str) -> str:
    """A value as readers call it: a site's name, a country's, a language's."""
    match facet:
        case "site":
            return sites.get(value) or value
        case "country":
            return locale.country(language, value)
        case "language":
            return locale.language_name(language, value)
    return value
