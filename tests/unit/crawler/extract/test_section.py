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
