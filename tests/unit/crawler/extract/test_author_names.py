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
        ("By Ann Lee in Berlin, Bob Ray and dpa", ("Ann Lee", "Bob Ray")),
        ("Ann Lee, Bob Ray, and Cy Poe", ("Ann Lee", "Bob Ray", "Cy Poe")),
        ("Ann Lee, Professor of History, Northern University", ("Ann Lee",)),
        ("Von Anna Berg, Redakteurin", ("Anna Berg",)),
        ("Анна Берг, корреспондент", ("Анна Берг",)),
        ("سمر حداد، مراسلة الجريدة", ("سمر حداد",)),
        ("سمر حداد - دمشق", ("سمر حداد",)),
        ("سمر حداد من بيروت", ("سمر حداد",)),
        ("Ann Lee, Berlin", ("Ann Lee",)),
        ("MARIA LOPEZ, MADRID", ("MARIA LOPEZ",)),
        ("Ann Lee and Madonna", ("Ann Lee", "Madonna")),
        ("Lee Young-jae and Kim", ("Lee Young-jae", "Kim")),
        ("Ann Lee, Dean Baker and Bob Ray", ("Ann Lee", "Dean Baker", "Bob Ray")),
        ("Ann Lee, Dean of Law", ("Ann Lee",)),
        ("Ann Lee, Head Researcher", ("Ann Lee",)),
        ("Ann Lee, Head Coach", ("Ann Lee",)),
        ("Ann Lee, Dean Emerita", ("Ann Lee",)),
        ("山田太郎、佐藤花子", ("山田太郎", "佐藤花子")),
        ("山田太郎／佐藤花子", ("山田太郎", "佐藤花子")),
        ("Di Anna Berg", ("Anna Berg",)),
        ("Byrne Hobb", ("Byrne Hobb",)),
        ("ByAnn Lee", ("Ann Lee",)),
        ("Posted Mar 1, 2018 by Ann Lee", ("Ann Lee",)),
        ("Ann Lee; edited by Bob Ray", ("Ann Lee",)),
        ("Medically reviewed by Bob Ray, MD", ()),
        ("مراجعة: ليلى مراد", ()),
        ("Berg, Anna", ("Berg, Anna",)),
        ("Martin Lee, Jr., and Ann Ray", ("Martin Lee, Jr.", "Ann Ray")),
        ("Reuters", ("Reuters",)),
        ("{{ author.name }}", ()),
        ("No Author", ()),
        ("admin", ()),
        ("https://news.example/authors/1", ()),
    ],
)
def test_names_alone(said: str, wanted: tuple[str, ...]) -> None:
    assert names([said]) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("King, Jr.", ("King, Jr.",)),
        ("Márquez, Gabriel", ("Márquez, Gabriel",)),
        ("Smith & Sons", ("Smith & Sons",)),
        ("Anna {Ann} Berg", ("Anna {Ann} Berg",)),
        ("Ann Lee and Bob Ray", ("Ann Lee", "Bob Ray")),
        ("Ann Lee, Professor of History", ("Ann Lee",)),
    ],
)
def test_one_person_of_the_metadata_is_one_name(said: str, wanted: tuple[str, ...]) -> None:
    assert names([said], split=False) == wanted
    assert article(html(head=ld(author={"@type": "Person", "name": said}))).authors == wanted


def test_a_person_without_a_name_has_a_given_and_a_family_name() -> None:
    head = ld(author=[{"@type": "Person", "givenName": "Ann", "familyName": "Lee"}])
    assert article(html(head=head)).authors == ("Ann Lee",)


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


def test_bylines_of_a_list_above_the_article_are_not_this_ones() -> None:
    newest = "".join(
        f"<li><a href=/{n}>News {n}</a> <span class='byline'>an hour ago <a rel='author'>{name}</a></span></li>"
        for n, name in enumerate(("Ann Ray", "Bob Poe", "Cy Fox"))
    )
    page = f"<ul>{newest}</ul>" + html("<div class='byline'>Posted by <a rel='author'>Dana Lee</a></div>" + FILLER)
    assert article(page).authors == ("Dana Lee",)


@pytest.mark.parametrize(
    "box",
    [
        "<div class='meta'>Edited by <a href='/author/2'>Bob Ray</a></div>",
        "<div class='reviewer'><a class='author-name'>Bob Ray</a></div>",
        "<p class='byline'>Fact checked by Bob Ray</p>",
        "<div>مراجعة: <a href='/author/2'>ليلى مراد</a></div>",
    ],
)
def test_editors_and_reviewers_are_no_authors(box: str) -> None:
    assert article(html(box + FILLER)).authors == ()
    assert article(html(f"{box}<div><a href='/author/1'>Ann Lee</a></div>" + FILLER)).authors == ("Ann Lee",)


@pytest.mark.parametrize("name", ["Di Maria Rossi", "Par Hansson", "Av Berg"])
def test_a_field_for_a_name_keeps_a_name_that_looks_like_by(name: str) -> None:
    assert names([name], split=False) == (name,)


@pytest.mark.parametrize(
    ("byline", "wanted"),
    [
        ("سمر حداد، دمشق", ("سمر حداد",)),
        ("بقلم سمر حداد, عمّان", ("سمر حداد",)),
        ("רות לוי, חיפה", ("רות לוי",)),
        ("سمر، نادر", ("سمر", "نادر")),
        ("سمر حداد، نادر كرم", ("سمر حداد", "نادر كرم")),
        ("إعداد وتحرير: سمر حداد", ("سمر حداد",)),
        ("Text und Fotos: Anna Berg", ("Anna Berg",)),
    ],
)
def test_a_word_after_a_whole_name_is_the_place_in_any_script(byline: str, wanted: tuple[str, ...]) -> None:
    assert names([byline]) == wanted
