"""Text that a browser loads and nobody sees is no text, however it is hidden; what a click opens is."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.extract.hidden_text import hidden


def unseen(html: str, css: str = "") -> list[str]:
    return [n.text() for n in hidden(LexborHTMLParser(f"<head><style>{css}</style></head><body>{html}</body>"))]


@pytest.mark.parametrize(
    "style",
    [
        "display: none",
        "position: absolute; left: -9999px",
        "top:-5000px;position:fixed",
        "font-size: 0",
        "font-size:0px !important",
        "text-indent: -9999em",
        "height:1px;width:1px;overflow:hidden",
        "clip: rect(0, 0, 0, 0); position: absolute",
        "clip-path: inset(50%)",
        "visibility: hidden",
        "content-visibility: hidden",
        "clip: rect(1px 1px 1px 1px)",
        "clip-path: circle(0)",
        "clip-path: polygon(0 0, 0 0, 0 0, 0 0)",
        "transform: translateX(-9999px)",
        "opacity: 0; pointer-events: none",
        "opacity:0; height:0",
        "opacity: 0; position: absolute",
    ],
)
def test_text_without_size_or_outside_the_page_is_unseen(style: str) -> None:
    assert unseen(f"<p style='{style}'>trap</p><p>text</p>") == ["trap"]
    assert unseen("<p class='x9'>trap</p><p>text</p>", f"p{{color:red}} .x9 {{ {style} }}") == ["trap"]
    assert unseen("<p id='x9'>trap</p><p>text</p>", f"p{{color:red}} #x9 {{ {style} }}") == ["trap"]


def test_an_answer_in_an_article_waits_for_a_click() -> None:
    answer = "<div class='faq-answer' style='display:none'>text</div>"
    assert unseen(f"<article>{answer}</article>") == []
    assert unseen(answer) == ["text"]
    assert unseen("<main><div class='share-panel' style='display:none'>trap</div></main>") == ["trap"]


def test_what_is_neither_seen_nor_heard_is_unseen() -> None:
    assert unseen("<p style='opacity:0' aria-hidden=true>trap</p><p style='opacity:0' aria-hidden=false>text</p>") == [
        "trap"
    ]


@pytest.mark.parametrize(
    "style",
    [
        "position:absolute;left:-20px",
        "font-size:0.9em",
        "height:1px;overflow:hidden",
        "display:block",
        "background:url(none.png)",
        "margin-left:-9999px",
        "opacity:0",  # until a script has run
        "opacity:0;transform:translateY(20px)",
        "opacity:.8;position:absolute",
    ],
)
def test_what_is_only_moved_or_small_is_seen(style: str) -> None:
    assert unseen(f"<p style='{style}'>text</p>", f".x9{{{style}}}") == []


@pytest.mark.parametrize(
    "css",
    [
        "@media print { .x9 { display: none } }",
        ".x9 { display: none } .open .x9 { display: block }",
        ".x9 { display: none } @media (min-width: 600px) { .x9 { display: block } }",
        ".menu .x9 { display: none }",
        "/* .x9 { display: none } */",
        ".x9 { display: none",
        "#x8 { display: none } #x8.open { display: block }",
        "#more { display: none }",
    ],
)
def test_a_rule_that_depends_on_something_hides_nothing(css: str) -> None:
    assert unseen("<p class='x9'>text</p><p id=x8>text</p><p id=more>text</p>", css) == []


@pytest.mark.parametrize(
    "css",
    [
        ".box .x9 { display: none }",
        ".box > p.x9{position:absolute;left:-9999px}",
        "div.box p { display: none !important }",
        "p.x9.y9 { visibility: hidden }",
        "#b .x9, .nowhere .x9 { font-size: 0 }",
    ],
)
def test_a_path_that_a_style_sheet_hides_is_unseen(css: str) -> None:
    html = "<div class='box' id=b><p class='x9 y9'>trap</p></div><p class='x9'>text</p>"
    assert unseen(html, css) == ["trap"]


@pytest.mark.parametrize(
    "css",
    [
        ".box .x9 { display: none } .box.on .x9 { display: block }",
        ".box p { display: none } .box p.first { display: block }",
        ".box .x9:not(.on) { display: none }",
        "@media print { .box .x9 { display: none } }",
        "html.js .x9 { display: none }",
        ".page.loading .x9 { display: none }",
        ".other .x9 { display: none }",
        ".box > .x9 { display: none }",
        ".tab-panel .x9 { display: none } .x9 { display: block }",
    ],
)
def test_a_path_that_depends_on_something_hides_nothing(css: str) -> None:
    html = "<div class='box page loading'><div class=tab-panel><p class='x9'>text</p></div></div>"
    assert unseen(f"<html class=js>{html}", css) == []


def test_text_that_waits_for_a_click_is_seen() -> None:
    assert unseen("<div class='faq-answer'>text</div>", ".faq-answer{display:none}") == []


def test_a_row_of_boxes_without_letters_of_its_own_is_seen() -> None:
    assert unseen("<div style='font-size:0'><p style='font-size:16px'>text</p></div>") == []


def test_another_rule_may_stand_among_many_that_name_the_class() -> None:
    many = ".x9 " * 60_000
    assert unseen("<p class='x9'>trap</p>", f".x9{{display:none}} {many}") == ["trap"]
    assert (
        unseen("<p class='x9'>text</p>", f".x9{{display:none}} @media print {{ a .x9.on {{display:block}} }} {many}")
        == []
    )
    assert unseen("<p class='x9'>trap</p>", ".x9{display:none} .x9-on, .a .x99 {display:block}") == ["trap"]


def test_what_amp_shows_to_those_without_access_only_is_unseen() -> None:
    shown = "<section amp-access='access' amp-access-hide>text</section>"
    assert unseen(f"<section amp-access='NOT access'>Subscribe</section>{shown}") == ["Subscribe"]
