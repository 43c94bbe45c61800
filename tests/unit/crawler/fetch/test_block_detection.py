"""Conduct: when a run stops asking a host that shows walls, and a kind of addresses that leads nowhere."""

from __future__ import annotations

from crawler.fetch.block_detection import BLOCKED_PAGES, TRAP_PAGES, BlockDetector, shape

PAGE = "https://step.example/news/{}-a-story"
CALENDAR = "https://step.example/calendar/2026/{}/"


def test_walls_in_a_row_end_it_for_that_host() -> None:
    conduct = BlockDetector()
    for number in range(BLOCKED_PAGES):
        assert not conduct.is_blocked("step", "step.example")
        conduct.record_block("step", PAGE.format(number))
    assert conduct.is_blocked("step", "step.example")
    assert not conduct.is_blocked("step", "other.example")
    assert not conduct.is_blocked("other", "step.example"), "which another site's addresses are no reason for"


def test_another_answer_between_walls_begins_the_count_anew() -> None:
    conduct = BlockDetector()
    for _ in range(BLOCKED_PAGES - 1):
        conduct.record_block("step", PAGE)
    conduct.record_answer("step", PAGE)
    conduct.record_block("step", PAGE)
    assert not conduct.is_blocked("step", "step.example")


def test_pages_of_one_shape_that_are_no_articles_are_a_trap() -> None:
    conduct = BlockDetector()
    for day in range(TRAP_PAGES):
        assert not conduct.is_trap("step", CALENDAR.format(day))
        conduct.record_non_article("step", CALENDAR.format(day))
    assert conduct.is_trap("step", CALENDAR.format(99))
    assert not conduct.is_trap("step", PAGE.format(1))
    assert not conduct.is_trap("other", CALENDAR.format(99))


def test_one_article_of_a_shape_is_enough() -> None:
    conduct = BlockDetector()
    conduct.record_article("step", PAGE.format(0))
    for number in range(TRAP_PAGES * 2):
        conduct.record_non_article("step", PAGE.format(number))
    assert not conduct.is_trap("step", PAGE.format(99))


def test_the_shape_of_an_address_knows_no_numbers_and_no_values() -> None:
    assert shape("https://a.example/calendar/2026/03/?b=2&a=x") == shape("https://a.example/calendar/1999/1/?a=&b=y")
    assert shape("https://a.example/a/1") != shape("https://a.example/b/1")
    assert shape("https://a.example/a/1") != shape("https://a.example/a/1?page=1")
