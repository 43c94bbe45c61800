"""The section that a page shows above the headline, and what is none there."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler import stages
from crawler.extract.section import leads_home
from tests.support.samples import a_page, a_site

TITLE = "Harbour council speaks about the quay"
TEXT = "".join(
    f"<p>The council of the harbour met again on day {n} to speak about the quay, and about the {n} ships that have to "
    "wait until it is whole again.</p>"
    for n in range(5)
)
MENU = "<nav><a href='/'>The Tide Paper</a><a href='/politics'>Politics</a><a href='/sport'>Sport</a></nav>"


def section(above: str) -> str | None:
    html = f"<title>{TITLE}</title><body>{MENU}{above}<h1>{TITLE}</h1>{TEXT}"
    return stages.article(a_page(html), a_site()).article.section


def test_a_label_above_the_headline_that_the_menu_has_too_is_the_section() -> None:
    assert section("<div><span>Politics</span></div>") == "Politics"


@pytest.mark.parametrize(
    "above",
    [
        "<div><a href='/'>The Tide Paper</a></div>",
        "<div><b>The Tide Paper</b></div>",  # plain, and the menu's link of that name leads home
        "<header><h2>The Tide Paper</h2></header>",
    ],
)
def test_the_outlets_name_above_the_headline_is_none(above: str) -> None:
    assert section(above) is None


@pytest.mark.parametrize(
    "above",
    [
        "<nav id='breadcrumbs'><a href='/'>Home</a> &gt; <a href='/politics'>Politics</a> &gt; <b>Harbour</b></nav>",
        "<p class='arbo'><a href='/'>Accueil</a> &gt; <a href='spip.php?rubrique1'>Politics</a></p>",
        "<div class='crumb'>Place: <a href='/'>Home</a> &gt; <a href='/po/'>Politics</a></div>",
        "<nav aria-label='Breadcrumb'><ol><li><a href='/'>Home</a><li><a href='/politics'>Politics</a></ol></nav>",
        "<span class='post-category'><a href='/c/politics'>Politics</a></span>",
        "<div class='taxonomy-category wp-block-post-terms'><a href='/c/politics' rel='tag'>Politics</a></div>",
        "<p class='eyebrow'><a href='/politics'>Politics</a></p>",
        "<a class='rubric' href='/politics'>Politics</a>",
        "<div class='field field--name-field-rubric'><a href='/rubric/politics'>Politics</a></div>",
        '<script type="application/ld+json">{"@type": "BreadcrumbList", "itemListElement": ['
        f'{{"position": 1, "name": "Home"}}, {{"position": 2, "name": "Politics"}},'
        f'{{"position": 3, "name": "{TITLE}"}}]}}</script>',
    ],
    ids=["id", "spip", "two letters", "aria", "category", "block", "eyebrow", "rubric", "drupal", "json-ld"],
)
def test_the_section_is_shown_by_many_names(above: str) -> None:
    assert section(above) == "Politics"


@pytest.mark.parametrize(
    "above",
    [
        "<div class='speedbar'><span><a href='https://news.example.com/'>The Tide</a></span> » <a href='/politics/'>"
        f"Politics</a> » {TITLE}</div>",
        "<div class='place'><strong>You are here:</strong> <a href='/'>Home</a> > <a href='/po/'>Politics</a> > </div>",
        "<table><tr><td><a href='/'>Home</a> / <a href='/politics'>Politics</a> / </td></tr></table>",
    ],
    ids=["dle", "dedecms", "table"],
)
def test_a_path_from_the_home_page_names_the_section_whatever_it_is_called(above: str) -> None:
    assert section(above) == "Politics"


def test_a_row_of_links_from_the_home_page_is_a_menu() -> None:
    for mark in ("|", "/"):
        row = f"<div><a href='/'>Home</a> {mark} <a href='/a'>World</a> {mark} <a href='/b'>Sport</a></div>"
        assert section(row) is None


def test_a_link_named_as_a_category_beside_the_headline_is_the_section() -> None:
    html = "<div><div><a href='/c/politics' class='blog-item-category'>Politics</a></div>"
    assert section(html) == "Politics"
    assert section(html.replace("</div>", "<a href='/c/sea' class='blog-item-category'>Sea</a></div>")) is None


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/category/politics.html", "Politics"),
        ("/blog/categories/politics/", "Politics"),
        ("/category/home/irons", None),
        ("https://shop.example/category/irons", None),
        ("/categorised", None),
    ],
    ids=["category", "categories", "of a shop", "elsewhere", "a word"],
)
def test_the_link_beside_the_headline_to_a_category_of_the_site_is_the_section(address: str, found: str | None) -> None:
    assert section(f"<div><footer><p>In <a href='{address}'>Politics</a>.</p></footer>") == found


@pytest.mark.parametrize(
    ("address", "home"),
    [
        *((one, True) for one in (
            "/", "//news.example.com", "https://news.example.com", "https://news.example.com/#a",
            "/ar/", "/zh-hans/", "/arabic", "/ar/home", "/index.php", "/ar/index.html", "/../", "/a/b/../..", "../../",
            "https://news.example.com/homepage", "/%D8%A7%D9%84%D8%B1%D8%A6%D9%8A%D8%B3%D9%8A%D8%A9",
            "/عربي/الرئيسية", " / ",
        )),
        *((one, False) for one in (
            "#top", "?", "/politics/", "/?p=1", "/ar/politics", "https://news.example.com/politics/2026/", "/home/ar",
            "news", "/a/b/c", "https://[x/", "mailto:a@example.com", "/ar/home/more",
        )),
    ],
    ids=str,
)  # fmt: skip
def test_a_link_leads_home_in_any_language_however_it_is_written(address: str, home: bool) -> None:
    link = LexborHTMLParser(f"<a href='{address}'>x</a>").css_first("a")
    assert link is not None
    assert leads_home(link, "https://news.example.com/a/story.html") == home
