"""What an address asks for: filters beside the text of a search, and the same in the query language."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from index.search.query_language import parse
from index.web.search_params import SearchParams, last_day


def test_filters_of_an_address_hold_beside_those_of_the_text() -> None:
    asked = SearchParams("حلب site:mina after:2026-02", site=("asi",), country=("sy",), after="2026", until="2026-03")
    query = asked.query()
    assert query.sites == ("asi", "mina")
    assert query.countries == ("SY",)
    assert (query.after, query.before) == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    assert query.problems == ()


@pytest.mark.parametrize("q", ["", "حلب OR دمشق", 'حلب "ريف', "(a (b", "site:x -site:y", "!!!"])
def test_the_same_in_the_query_language(q: str) -> None:
    asked = SearchParams(
        q, ("asi", "mina"), ("SY",), ("ar",), ('أخبار "عاجلة"',), ("ليلى حداد",), "2024-05", "2026-11-23"
    )
    assert parse(asked.text) == asked.query().__class__(**_fields(asked))


def _fields(asked: SearchParams) -> dict[str, object]:
    query = asked.query()
    named = {name: getattr(query, name) for name in query.__dataclass_fields__}
    quoted = tuple(section.replace('"', " ").strip() for section in query.sections)
    return named | {"sections": tuple(" ".join(section.split()) for section in quoted), "sort": "relevance"}


@pytest.mark.parametrize(
    "wrong", [{"site": ("<b>",)}, {"country": ("Syria",)}, {"after": "soon"}, {"until": "2024-13"}]
)
def test_a_filter_that_cannot_be_read_is_told_and_left_out(wrong: dict[str, object]) -> None:
    asked = SearchParams("حلب", **wrong)  # type: ignore[arg-type]
    query = asked.query()
    assert [(problem.at, problem.end) for problem in query.problems] == [(0, 0)]
    assert query.node == parse("حلب").node
    assert not query.filtered
    assert asked.text == "حلب"


def test_links_keep_the_rest_of_the_search() -> None:
    asked = SearchParams("a", site=("asi",), after="2026", sort="oldest", by="week")
    assert asked.toggled("site", "mina") == asked.parameters() | {"site": ("asi", "mina")}
    assert asked.toggled("site", "asi") == {"q": "a", "after": "2026", "sort": "oldest", "by": "week"}
    assert asked.parameters(after="", sort="newest") == {"q": "a", "site": ("asi",), "sort": "newest", "by": "week"}


def test_a_bar_ends_with_its_last_day() -> None:
    assert last_day(date(2024, 2, 1), "month") == date(2024, 2, 29)
    assert last_day(date(2024, 12, 30), "week") == date(2025, 1, 5)
    assert last_day(date(2024, 12, 30), "day") == date(2024, 12, 30)
