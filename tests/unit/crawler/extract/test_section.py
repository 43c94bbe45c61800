"""The section that a page shows above the headline, and what is none there."""

from __future__ import annotations

import pytest

from crawler import stages
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
