"""Conduct: when a run stops asking a host that shows walls, and a kind of addresses that leads nowhere."""

from __future__ import annotations

import pytest

from crawler.fetch.politeness import LONGEST, pause
from crawler.session.block_detection import BARREN, WALLS, Conduct, shape

PAGE = "https://step.example/news/{}-a-story"
CALENDAR = "https://step.example/calendar/2026/{}/"


def test_walls_in_a_row_end_it_for_that_host() -> None:
    conduct = Conduct()
    for number in range(WALLS):
        assert not conduct.walled(PAGE)
        conduct.wall(PAGE.format(number))
    assert conduct.walled(PAGE)
    assert not conduct.walled("https://other.example/")


@pytest.mark.parametrize("page", ["article", "none"])
def test_a_page_between_walls_begins_the_count_anew(page: str) -> None:
    conduct = Conduct()
    for _ in range(WALLS - 1):
        conduct.wall(PAGE)
    getattr(conduct, page)("step", PAGE)
    conduct.wall(PAGE)
    assert not conduct.walled(PAGE)


def test_pages_of_one_shape_that_are_no_articles_are_a_trap() -> None:
    conduct = Conduct()
    for day in range(BARREN):
        assert not conduct.trapped("step", CALENDAR.format(day))
        conduct.none("step", CALENDAR.format(day))
    assert conduct.trapped("step", CALENDAR.format(99))
    assert not conduct.trapped("step", PAGE.format(1))
    assert not conduct.trapped("other", CALENDAR.format(99))


def test_one_article_of_a_shape_is_enough() -> None:
    conduct = Conduct()
    conduct.article("step", PAGE.format(0))
    for number in range(BARREN * 2):
        conduct.none("step", PAGE.format(number))
    assert not conduct.trapped("step", PAGE.format(99))


def test_the_shape_of_an_address_knows_no_numbers_and_no_values() -> None:
    assert shape("https://a.example/calendar/2026/03/?b=2&a=x") == shape("https://a.example/calendar/1999/1/?a=&b=y")
    assert shape("https://a.example/a/1") != shape("https://a.example/b/1")
    assert shape("https://a.example/a/1") != shape("https://a.example/a/1?page=1")


@pytest.mark.parametrize(
    ("promised", "took", "walls", "seconds"),
    [
        (2.0, 0.1, 0, 2.0),
        (2.0, 7.0, 0, 7.0),
        (2.0, 500.0, 0, LONGEST),
        (2.0, 0.1, 3, 16.0),
        (0.0, 0.1, 1, 2.0),
        (2.0, 0.1, 30, LONGEST),
        (90.0, 0.1, 1, 90.0),
    ],
)
def test_the_pause_is_as_promised_or_longer(promised: float, took: float, walls: int, seconds: float) -> None:
    assert pause(promised, took, walls) == seconds
