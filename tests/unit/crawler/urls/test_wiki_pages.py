"""Addresses of a wiki's edits and older states lead to the page as it is now; others are left alone."""

from __future__ import annotations

import pytest

from crawler.urls.wiki_pages import page_of

HOST = "https://wiki.example.org"
TITLE = "%D8%A7%D9%84%D9%85%D8%B1%D9%81%D8%A3"


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (f"/index.php?title={TITLE}&diff=9&oldid=8", f"/index.php?title={TITLE}"),
        (f"/index.php?title={TITLE}&diff=prev&oldid=8", f"/index.php?title={TITLE}"),
        (f"/index.php?title={TITLE}&oldid=8", f"/index.php?title={TITLE}"),
        (f"/wiki/{TITLE}?diff=9&oldid=0&rcid=4", f"/wiki/{TITLE}"),
        ("/doku.php?id=news:harbour&rev=1780000000&do=diff", "/doku.php?id=news:harbour"),
        ("/doku.php?id=news:harbour&do=revisions&rev=1780000000", "/doku.php?id=news:harbour"),
        ("/news:harbour?rev2%5B0%5D=1780000000&rev2%5B1%5D=1790000000&do=diff", "/news:harbour"),
        ("/news:harbour?rev=1780000000", "/news:harbour"),
    ],
)
def test_an_edit_is_of_a_page(query: str, kept: str) -> None:
    assert page_of(HOST + query) == HOST + kept


@pytest.mark.parametrize(
    "address",
    [
        "/news/9",
        "/?p=9",
        "/news.php?id=9",
        "/article?do=print&id=4",
        "/a?rev=3",
        "/a?oldid=abc",
        "/a?diff=",
        "/?do=news",
    ],
)
def test_what_is_no_edit_is_left_alone(address: str) -> None:
    assert page_of(HOST + address) is None
