"""Authors: names alone, of this article, and persons before the outlet."""

from __future__ import annotations

import pytest

from crawler.extract.author_names import is_byline, names
from tests.unit.crawler.extract.test_extractor import TEXT, article, html, ld


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("By Ann Lee and Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Grant Lee, PhD", ("Grant Lee",)),
        ("Rebecca Lake, CEPF®; Ann Lee, M.D.", ("Rebecca Lake", "Ann Lee")),
        ("View all posts by Daniel Lee", ("Daniel Lee",)),
        ("신현주 기자", ("신현주",)),
        ("بقلم: سمر حداد", ("سمر حداد",)),
        ("إعداد: سمر حداد وليلى مراد", ("سمر حداد وليلى مراد",)),  # a و within a name looks the same
        ("سمر حداد، ليلى مراد", ("سمر حداد", "ليلى مراد")),
        ("No Author", ()),
        ("admin", ()),
        ("https://news.example/authors/1", ()),
    ],
)
def test_names_alone(said: str, wanted: tuple[str, ...]) -> None:
    assert names([said]) == wanted


def test_a_byline_is_told_by_its_first_word() -> None:
    assert is_byline("بقلم: سمر حداد")
    assert is_byline("By Ann Lee")
    assert not is_byline("Byzantine art")
    assert not is_byline("سمر حداد")


FILLER = "".join(f"<p>{p}</p>" for p in TEXT * 3)


@pytest.mark.parametrize(
    "byline",
    [
        "<div class='k1'>بقلم: سمر حداد</div>",
        "<p class='post-author'>سمر حداد</p>",
        "<span><a href='/author/42'>سمر حداد</a></span>",
        "<div itemprop='author'><span itemprop='name'>سمر حداد</span></div>",
    ],
)
def test_bylines_of_many_shapes(byline: str) -> None:
    assert article(html(byline + FILLER)).authors == ("سمر حداد",)


def test_authors_of_other_articles_are_not_this_ones() -> None:
    below = "".join(
        f"<section><div><div><span itemprop='author'>{name}</span></div></div></section>" for name in ("ليلى", "مراد")
    )
    found = article(html(f"<header><p itemprop='author'>سمر حداد</p></header>{FILLER}{below}"))
    assert found.authors == ("سمر حداد",)


def test_a_person_in_the_byline_goes_before_the_outlet_and_its_agencies() -> None:
    head = ld(author={"@type": "Organization", "name": "Step Agency"}, publisher={"name": "Step Agency"})
    assert article(html("<p class='byline'>سمر حداد</p>" + FILLER, head)).authors == ("سمر حداد",)
    assert article(html("<p class='byline'>Step Agency with agencies</p>" + FILLER, head)).authors == ("Step Agency",)
