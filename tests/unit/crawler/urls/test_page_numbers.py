"""Which URLs are further pages of an article."""

from __future__ import annotations

import pytest

from crawler.urls.page_numbers import of_first


@pytest.mark.parametrize(
    ("first", "further", "number"),
    [
        ("https://a.example/2026/quay/", "https://a.example/2026/quay/2/", 2),
        ("https://a.example/2026/quay", "https://a.example/2026/quay/page/3", 3),
        ("https://a.example/2026/quay", "https://a.example/2026/quay/seite-2", 2),
        ("https://a.example/x/الميناء", "https://a.example/x/الميناء/صفحة/2", 2),
        ("https://a.example/quay.html", "https://a.example/quay,2.html", 2),
        ("https://a.example/c/2026-05/04/c_118.htm", "https://a.example/c/2026-05/04/c_118_2.htm", 2),
        ("https://a.example/quay.html", "https://a.example/quay-page-2.html", 2),
        ("https://a.example/quay?id=7", "https://a.example/quay?id=7&page=2", 2),
        ("https://a.example/?p=712", "https://a.example/?p=712&page=2", 2),
        ("https://a.example/node/7", "https://a.example/node/7?page=1", 1),
        ("https://a.example/story/118/1.html", "https://a.example/story/118/2.html", 2),
        ("https://a.example/quay/index.html", "https://a.example/quay/index_2.html", 2),
        ("https://a.example/quay", "https://a.example/quay?pg=10", 10),
    ],
)
def test_a_page_has_the_articles_url_and_a_number(first: str, further: str, number: int) -> None:
    read = of_first(further, first)
    assert read is not None
    assert read.number == number


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("https://a.example/2026/quay", "https://a.example/2026/bridge/2"),
        ("https://a.example/news/4711", "https://a.example/news/4712"),
        ("https://a.example/2026/quay", "https://b.example/2026/quay/2"),
        ("https://a.example/2026/quay", "https://a.example/2026/quay/comment-page-2"),
        ("https://a.example/2026/quay", "https://a.example/2026/quay?photo=2"),
        ("https://a.example/news?id=7", "https://a.example/news?id=8"),
        ("https://a.example/news?id=7", "https://a.example/news?page=2"),
        ("https://a.example/2026/quay", "https://a.example/2026/quay/2026"),
        ("https://a.example/comic/12", "https://a.example/comic/13"),
    ],
)
def test_other_articles_and_lists_are_none(first: str, other: str) -> None:
    assert of_first(other, first) is None
