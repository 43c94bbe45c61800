"""The chart over time: what it shows of which time, by which unit, and where its axis ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from index.model.results import Bar
from index.web.histogram import Chart, chart
from index.web.search_params import SearchParams
from tests.support.filled_archive import NOW, article, fill, page
from tests.support.web_client import client_of, text_of, tree

TODAY = date(2026, 11, 20)


def bars(*counts: tuple[int, int]) -> list[Bar]:
    """So many results so many days ago, the oldest first."""
    return [Bar(TODAY - timedelta(days=ago), count) for ago, count in counts]


def drawn(days: Sequence[Bar], **asked: Any) -> Chart:
    made = chart(days, SearchParams(**asked), "ltr")
    assert made is not None
    return made


def test_one_article_of_long_ago_does_not_squeeze_all_others() -> None:
    days = bars((3000, 1), (3, 5), (2, 9), (1, 4), (0, 2))
    near = drawn(days)
    assert (near.unit, near.width, near.outside, near.whole) == ("day", 4, 1, False)
    assert [column.count for column in near.columns] == [5, 9, 4, 2]
    everything = drawn(days, span="all")
    assert (everything.unit, everything.outside, everything.whole) == ("month", 0, True)
    assert sum(column.count for column in everything.columns) == 21


@pytest.mark.parametrize(
    "days",
    [
        bars(*((ago, 1) for ago in range(3000, -1, -30))),  # evenly over the years
        bars((3000, 1), (0, 1)),  # neither is the exception
        bars((900, 20), (450, 20), (0, 20)),
        bars((5, 1), (0, 30)),  # no longer than a week
    ],
)
def test_results_of_all_time_are_shown_whole(days: list[Bar]) -> None:
    made = drawn(days)
    assert (made.outside, made.whole) == (0, False)


def test_what_comes_right_before_and_after_most_results_is_shown_too() -> None:
    made = drawn(bars((2000, 2), (12, 1), (6, 30), (5, 40), (4, 30), (0, 1)))
    assert (made.outside, sum(column.count for column in made.columns)) == (2, 102)


def test_a_time_that_was_asked_for_is_shown_whole() -> None:
    made = drawn(bars((3000, 1), (1, 50), (0, 50)), after="2018")
    assert (made.outside, made.whole, len(made.columns)) == (0, False, 2)  # by month


@pytest.mark.parametrize(
    ("span", "unit", "instead"), [(300, "day", None), (900, "week", "day"), (9000, "month", "day")]
)
def test_days_of_too_long_a_time_are_the_nearest_unit_that_fits(span: int, unit: str, instead: str | None) -> None:
    made = drawn(bars(*((ago, 1) for ago in range(span, -1, -10))), by="day")
    assert (made.unit, made.instead_of) == (unit, instead)
    assert drawn(bars((span, 1), (0, 1))).instead_of is None  # nobody asked for what would not fit


@pytest.mark.parametrize(
    ("most", "step", "top"),
    [(1, 1, 2), (2, 1, 3), (3, 2, 4), (4, 2, 6), (7, 5, 10), (31, 20, 40), (100, 50, 150), (1000, 500, 1500)],
)
def test_the_axis_ends_at_a_line_above_the_tallest_bar(most: int, step: int, top: int) -> None:
    made = drawn(bars((1, 1), (0, most)))
    assert (made.step, made.top) == (step, top)
    assert max(column.height for column in made.columns) == round(100 * most / top)


def test_the_page_says_what_it_left_out_and_leads_to_all_and_back(tmp_path: Path) -> None:
    written = [NOW - timedelta(days=3000), *(NOW - timedelta(days=n % 5, hours=n) for n in range(12))]
    texts = [
        article(f"https://asi.example/{n}", headline=f"storm {n}", body=f"text{n} of{n}", published=at)
        for n, at in enumerate(written)
    ]
    shelf = fill(tmp_path, map(page, texts))
    client = client_of(shelf)
    (note,) = tree(client.get("/search?q=storm&ui=en")).cssselect(".other-time")
    assert text_of(note) == "1 result lies outside this period. Show all time"
    whole = client.get(note.cssselect("a")[0].get("href"))
    (back,) = tree(whole).cssselect(".other-time a")
    assert text_of(back) == "Zoom in to where most results are"
    assert "span" not in back.get("href")
    (instead, _) = tree(client.get("/search?q=storm&by=day&span=all&ui=en")).cssselect(".other-time")
    assert text_of(instead) == "This period is too long for that, so it is shown by month."
    (outside,) = tree(client.get("/search?q=storm&ui=ar")).cssselect(".other-time")
    assert text_of(outside) == "ثمة نتيجة واحدة خارج هذه الفترة. اعرض كل التواريخ"
    shelf.close()
