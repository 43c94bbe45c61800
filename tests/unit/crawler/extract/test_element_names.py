"""Classes and ids are weak evidence: a word that the name negates says nothing, nor does an id made of a heading."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.extract.element_names import reason

PROSE = "<p>The council met on Tuesday evening and talked for hours about the road along the river, its clerk said.</p>"


def of(html: str) -> str:
    node = LexborHTMLParser(f"<body>{html}</body>").css_first("body > *")
    assert node is not None
    return reason(node)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("share", "share"),
        ("c-related_posts__list", "related"),
        ("no-share", ""),
        ("without-sidebar", ""),
        ("has-sidebar", ""),
        ("layout--with-sidebar-right", ""),
        ("hide-comments", ""),
        ("ad-free", ""),
        ("comments-off", ""),
        ("sidebar-grid__content", ""),
        ("sidebar-layout", ""),
        ("ohne-newsletter", ""),
        ("node-share", "share"),
        ("sidebar-right", "chrome"),
    ],
)
def test_a_word_that_the_name_negates_says_nothing(name: str, wanted: str) -> None:
    assert of(f"<div class='{name}'>x</div>") == wanted


def test_the_topics_of_a_post_say_nothing_about_its_box() -> None:
    assert of("<div class='post-7 hentry tag-cookies category-shopping'>x</div>") == ""
    assert of("<div class='tag-list'>x</div>") == "tags"


@pytest.mark.parametrize(
    "html",
    [
        "<h2 id='the-vote'>The vote</h2>",
        "<h3 id='h-cookies'>Cookies</h3>",
        "<h2><span class='mw-headline' id='discussion'>Discussion</span></h2>",
        "<dt id='labels'>Labels</dt>",
        f"<section id='the-vote'><h2>The vote</h2>{PROSE}</section>",
        f"<div id='section-topics'><h3>Topics of the meeting</h3>{PROSE}</div>",
    ],
)
def test_an_id_made_of_a_heading_says_nothing(html: str) -> None:
    assert of(html) == ""


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        (f"<section id='comments'><h2>Comments</h2>{PROSE}<form></form></section>", "comments"),
        ("<section id='related'><h2>Related</h2><p><a href=/1>The mayor</a></p></section>", "related"),
        (f"<section id='newsletter'><h2>The morning letter</h2>{PROSE}</section>", "newsletter"),
        ("<h2 class='share'>Share</h2>", "share"),
    ],
)
def test_other_ids_and_the_classes_of_headings_do(html: str, wanted: str) -> None:
    assert of(html) == wanted


def test_the_spans_of_a_table_of_contents_are_in_the_heading() -> None:
    tree = LexborHTMLParser("<h2><span class='ez-toc-section' id='Vote'>The vote</span></h2>")
    span = tree.css_first("span")
    assert span is not None
    assert reason(span) == ""
