"""JSON-LD as sites write it: graphs, lists, broken, of several articles."""

from __future__ import annotations

import json
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.extract import jsonld

ARTICLE = {
    "@type": "NewsArticle",
    "headline": "One",
    "datePublished": "2024-01-15T10:00:00Z",
    "author": {"name": "A B"},
}


def read(*scripts: Any) -> list[jsonld.Node]:
    texts = [s if isinstance(s, str) else json.dumps(s) for s in scripts]
    tags = "".join(f'<script type="application/ld+json">{t}</script>' for t in texts)
    return jsonld.nodes(LexborHTMLParser(f"<html><head>{tags}</head></html>"))


@pytest.mark.parametrize(
    "script",
    [
        ARTICLE,
        [ARTICLE],
        {"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "S"}, ARTICLE]},
        {"@type": "WebPage", "mainEntity": ARTICLE},
        {**ARTICLE, "@type": ["Article", "https://schema.org/NewsArticle"]},
        "<!-- " + json.dumps(ARTICLE) + " -->",
        "//<![CDATA[\n" + json.dumps(ARTICLE) + "\n//]]>",
        json.dumps(ARTICLE)[:-1] + ",}",
        json.dumps(ARTICLE) + ";",
        json.dumps({"@type": "WebSite"}) + json.dumps(ARTICLE),
        json.dumps(ARTICLE).replace('"One"', '"One\n"'),
        json.dumps(ARTICLE).replace('"', "&quot;"),
        "\ufeff" + json.dumps(ARTICLE),
        "/* by a plugin */" + json.dumps(ARTICLE),
        json.dumps(ARTICLE)[:-1] + ', "description": "The "old" boat"}',
        json.dumps(ARTICLE)[:-1] + ', "articleBody": "It is cut o',
        {**ARTICLE, "@type": "schema:NewsArticle"},
    ],
)
def test_the_article_is_found(script: Any) -> None:
    found = read(script)
    node = jsonld.article(found, set(), "")
    assert node is not None
    assert jsonld.text(node["headline"]) == "One"
    assert jsonld.people(node["author"], found) == ["A B"]


@pytest.mark.parametrize("script", ["", "{", "[" * 100_000, "null", "nonsense", '{"@type": ', "\x00"])
def test_what_cannot_be_read_is_left_out(script: str) -> None:
    assert jsonld.article(read(script, ARTICLE), set(), "") == ARTICLE


def test_of_several_articles_the_page_s_own_is_taken() -> None:
    other = {**ARTICLE, "headline": "Related", "url": "https://n.example/2"}
    own = {**ARTICLE, "mainEntityOfPage": {"@id": "https://www.n.example/1/"}}
    assert jsonld.article(read([other, own]), {"https://n.example/1"}, "") == own
    assert jsonld.article(read([other, ARTICLE]), {"https://n.example/1"}, "One") == ARTICLE
    long = {**ARTICLE, "headline": "The boats come home"}
    assert jsonld.article(read([other, long]), set(), "The boats come home | The Paper") == long
    assert jsonld.article(read([other, ARTICLE]), set(), "One of the boats") == other  # too short to be sure of


def test_authors_stand_in_lists_of_json_ld() -> None:
    said = {"@list": [{"@type": "Person", "name": "A B"}, {"@type": "Person", "name": "C D"}]}
    assert jsonld.people(said, []) == ["A B", "C D"]


def test_references_are_followed_and_organisations_are_authors() -> None:
    graph = {"@graph": [{**ARTICLE, "author": {"@id": "#p"}}, {"@id": "#p", "@type": "Person", "name": "سمر حداد"}]}
    found = read(graph)
    assert jsonld.people(found[0]["author"], found) == ["سمر حداد"]
    assert jsonld.people({"@type": "Organization", "name": "ستيب"}, []) == ["ستيب"]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({}, None),
        ({"isAccessibleForFree": "False"}, False),
        ({"isAccessibleForFree": True}, True),
        ({"isAccessibleForFree": "https://schema.org/False"}, False),
        ({"hasPart": {"isAccessibleForFree": False}}, False),
    ],
)
def test_whether_it_is_free(node: jsonld.Node, expected: bool | None) -> None:
    assert jsonld.free(node) is expected


def test_of_thousands_of_references_the_first_are_followed() -> None:
    many = [{"@id": f"#{n}"} for n in range(4_000)]
    found = [{"@type": "Person", "@id": f"#{n}", "name": f"Name {n}", "url": f"/{n}.jpg"} for n in range(4_000)]
    for said in (many, {"@type": "Role", "author": many}):
        assert jsonld.authors(said, found) == [(f"Name {n}", True) for n in range(100)]
    assert len(list(jsonld.images(many, found, "https://step.example/"))) == 100


def test_the_section_may_come_from_the_breadcrumb() -> None:
    items = [{"position": n, "item": {"name": name}} for n, name in ((2, "Syria"), (1, "Home"), (3, "One"))]
    found = read({"@type": "BreadcrumbList", "itemListElement": items}, ARTICLE)
    assert jsonld.section(ARTICLE, found) == "Syria"


def test_the_last_crumb_is_no_section_where_the_headline_has_more_behind_it() -> None:
    article = {"@type": "NewsArticle", "headline": "أكبر حقل نفط بري في وطني السعودية - الطاقة"}
    names = ["الرئيسية", "السعودية", "أكبر حقل نفط بري في وطني السعودية"]
    items = [{"position": n, "item": {"name": name}} for n, name in enumerate(names)]
    assert jsonld.section(article, read({"@type": "BreadcrumbList", "itemListElement": items}, article)) == "السعودية"


def test_texts_are_plain() -> None:
    assert jsonld.text("<b>A</b> &amp;amp; B\u200f") == "A & B"


def test_a_list_of_articles_is_no_article() -> None:
    assert jsonld.is_listing(read({"@type": "CollectionPage"}))
    assert not jsonld.is_listing(read({"@type": "ItemList"}, ARTICLE))
