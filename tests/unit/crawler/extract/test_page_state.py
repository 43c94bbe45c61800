"""The article of a page that its scripts fill, whichever framework wrote them: all of the text, and no other story."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import pytest

from crawler import stages
from crawler.errors import Refused
from crawler.extract import script_state
from crawler.extract.page_state import PageState, js_literal, rich_text
from crawler.extract.page_state.flight import Tree
from crawler.text import paragraphs
from index.model.article import Article
from tests.support.patience import cpu_within
from tests.support.samples import a_page, a_site

HEADLINE = "Rain fills the reservoirs of the north"
TEXT = [
    f"The {name} reservoir took in more water in a week than in the whole spring before, the ministry said on Monday."
    for name in ("eastern", "western", "upper", "lower", "old", "new")
]
OTHER = (
    "The council postponed its vote on the tram line once more, and nobody in the hall was surprised by that at all."
)
HTML = "".join(f"<p>{text}</p>" for text in TEXT)
STORIES = [{"title": f"Council postpones vote {n}", "body": OTHER * 9, "url": f"/{n}", "id": n} for n in range(3)]
STORY = {"title": HEADLINE, "authors": [{"name": "Ann Lee"}], "body": HTML, "section": {"name": "Weather"}, "id": 7}


def page(state: str, head: str = "") -> str:
    return f"<title>{HEADLINE} | The Step</title>{head}<body><div id=root><i>Loading…</i></div>{state}</body>"


def article(state: str) -> Article:
    return stages.article(a_page(page(state)), a_site(languages=["en"])).article


def script(content: str, attributes: str = "") -> str:
    return f"<script {attributes}>{content}</script>"


def flight(text: str, size: int = 150) -> str:
    pieces = [text[n : n + size] for n in range(0, len(text), size)]
    return "".join(script(f"self.__next_f.push({json.dumps([1, piece])})") for piece in pieces)


def devalue(value: Any, places: list[Any]) -> int:
    """The place of a value in devalue's list."""
    at = len(places)
    places.append(None)
    if isinstance(value, dict):
        places[at] = {key: devalue(one, places) for key, one in value.items()}
    elif isinstance(value, list):
        places[at] = [devalue(one, places) for one in value]
    else:
        places[at] = value
    return at


def folded(value: Any) -> str:
    places: list[Any] = [["Reactive", 1]]
    devalue(value, places)
    return json.dumps(places)


def streamed(value: Any) -> str:
    """A value as React Router streams it: keys are places too."""
    places: list[Any] = []

    def put(one: Any) -> int:
        at = len(places)
        places.append(None)
        if isinstance(one, dict):
            places[at] = {f"_{put(key)}": put(inner) for key, inner in one.items()}
        else:
            places[at] = [put(inner) for inner in one] if isinstance(one, list) else one
        return at

    put(value)
    return json.dumps(json.dumps(places) + "\n")


def angular(value: Any) -> str:
    """A value in Angular's transfer state before version 16."""
    said = json.dumps(value).replace("&", "&a;")
    for meant, written in (('"', "&q;"), ("'", "&s;"), ("<", "&l;"), (">", "&g;")):
        said = said.replace(meant, written)
    return said


def island(value: Any) -> Any:
    if isinstance(value, dict):
        return [0, {key: island(one) for key, one in value.items()}]
    return [1, [island(one) for one in value]] if isinstance(value, list) else [0, value]


PAGE = {"page": {"story": STORY, "newest": STORIES}}
APOLLO = {
    "ROOT_QUERY": {"__typename": "Query", 'article({"id":7})': {"__ref": "Article:7"}},
    "Article:7": {
        "__typename": "Article",
        "title": HEADLINE,
        "author": {"__ref": "Author:1"},
        "content": {"__ref": "Body:7"},
    },
    "Author:1": {"__typename": "Author", "name": "Ann Lee"},
    "Body:7": {"__typename": "Body", "html": HTML},
    "Article:8": {"__typename": "Article", "title": "Council postpones vote", "content": {"__ref": "Body:8"}},
    "Body:8": {"__typename": "Body", "html": OTHER * 9},
}
ELEMENTS = [
    ["$", "h1", None, {"children": HEADLINE}],
    ["$", "span", None, {"className": "byline", "children": ["By ", "Ann Lee"]}],
    [
        "$",
        "div",
        None,
        {"className": "body", "children": [["$", "p", str(n), {"children": t}] for n, t in enumerate(TEXT)]},
    ],
    ["$", "aside", None, {"children": [["$", "p", None, {"children": OTHER}]] * 3}],
]
STATES = {
    "Next": script(json.dumps({"props": {"pageProps": PAGE}}), "id=__NEXT_DATA__ type=application/json"),
    "a name": script(f"window.__STATE__ = {json.dumps(PAGE)};window.x=1"),
    "a string": script(f"window.__STATE__ = JSON.parse({json.dumps(json.dumps(PAGE))})"),
    "a string in single quotes": script(f"s = JSON.parse('{json.dumps(PAGE)}');"),
    "Nuxt 3": script(folded(PAGE), "id=__NUXT_DATA__ type=application/json"),
    "Nuxt 2": script(
        "window.__NUXT__=(function(a,b){return "
        f"{{data:[{{story:{{title:a,author:b,body:{json.dumps(HTML)},live:!0}}}}]}}}}"
        f'({json.dumps(HEADLINE)},"Ann Lee"));'
    ),
    "SvelteKit": script(
        "{ __sveltekit_1 = {base: ''}; Promise.all([import('/a.js')]).then(([kit]) => { kit.start(app, {data: [null,"
        f'{{type:"data",data:{{story:{{title:{json.dumps(HEADLINE)},author:"Ann Lee",html:{json.dumps(HTML)},'
        f"at:new Date(1515151515000)}},newest:{json.dumps(STORIES)}}},uses:{{}}}}], form: null }}); }}); }}"
    ),
    "SvelteKit's response": script(
        json.dumps({"status": 200, "body": json.dumps(PAGE)}), "type=application/json data-sveltekit-fetched"
    ),
    "Draft.js": script(  # a string in the story
        json.dumps({**PAGE, "story": {**STORY, "body": json.dumps({"blocks": [{"text": t} for t in TEXT]})}}),
        "id=__NEXT_DATA__ type=application/json",
    ),
    "Astro": f"<astro-island props='{escape(json.dumps(island(PAGE)[1]), quote=True)}'></astro-island>",
    "Apollo": script(f"window.__APOLLO_STATE__={json.dumps(APOLLO)}"),
    "server components": flight(
        f'0:["$","$L1",null,{{"children":"$5"}}]\n1:I[47,["a.js"],""]\n5:{json.dumps(ELEMENTS)}\n'
    ),
    "properties of a component": flight(f'0:["$","$L1",null,{json.dumps({"story": STORY, "newest": STORIES})}]\n'),
    "an attribute": f"<div data-page='{escape(json.dumps({'props': PAGE}), quote=True)}'></div>",
    "React Router": script(f"window.__c.streamController.enqueue({streamed({'loaderData': PAGE})});"),
    "Angular": script(angular({"G.https://api.example/7": PAGE}), "id=serverApp-state type=application/json"),
    "a row of text": flight(
        f"2:T{len(HTML.encode()):x},{HTML}0:{json.dumps(['$', '$L1', None, {'story': {**STORY, 'body': '$2'}}])}\n"
    ),
}


@pytest.mark.parametrize("framework", STATES)
def test_the_story_with_the_headline_is_read(framework: str) -> None:
    found = article(STATES[framework])
    assert paragraphs(found.body) == TEXT
    assert found.authors == ("Ann Lee",)
    assert found.origins["body"] == "script"


def test_section_and_date_are_read_with_it() -> None:
    state = {"story": {**STORY, "publishedAt": "2018-01-05T11:25:15Z"}}
    found = article(script(f"var s = {json.dumps(state)}"))
    assert found.section == "Weather"
    assert found.published is not None
    assert found.published.isoformat() == "2018-01-05T11:25:15+00:00"


def block(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


BODIES: dict[str, Any] = {
    "Arc": {
        "headlines": {"basic": HEADLINE},
        "credits": {"by": [{"type": "author", "name": "Ann Lee"}]},
        "content_elements": [
            *(block("text", content=text) for text in TEXT),
            block("interstitial_link", content=OTHER, url="/x"),
            block("header", level=2, content="What was measured"),
            block("list", list_type="unordered", items=[block("text", content="Eastern: 40")]),
        ],
        "related_content": {
            "basic": [{"headlines": {"basic": "Another"}, "content_elements": [block("text", content=OTHER * 9)]}]
        },
    },
    "ProseMirror": {
        "title": HEADLINE,
        "author": "Ann Lee",
        "content": block(
            "doc",
            content=[
                *(
                    block("paragraph", content=[block("text", text=t[:9]), block("text", text=t[9:], marks=[])])
                    for t in TEXT
                ),
                block("heading", content=[block("text", text="What was measured")]),
                block("bulletList", content=[block("listItem", content=[block("text", text="Eastern: 40")])]),
            ],
        ),
    },
    "Portable Text": {
        "title": HEADLINE,
        "author": {"firstName": "Ann", "lastName": "Lee"},
        "body": [
            {"_type": "block", "children": [{"_type": "span", "text": text[:9]}, {"_type": "span", "text": text[9:]}]}
            for text in [*TEXT, "What was measured", "Eastern: 40"]
        ],
    },
    "Editor.js": {
        "title": HEADLINE,
        "byline": "By Ann Lee",
        "content": {
            "blocks": [
                *(block("paragraph", data={"text": text}) for text in TEXT),
                block("image", data={"caption": OTHER}),
                block("header", data={"text": "What was measured", "level": 2}),
                block("list", data={"style": "unordered", "items": ["Eastern: 40"]}),
            ]
        },
    },
    "fragments": {
        "headline": HEADLINE,
        "byline": [{"name": "Ann Lee"}],
        "blocks": [
            block(
                "text",
                model={
                    "blocks": [block("paragraph", model={"text": t, "blocks": [block("fragment", model={"text": t})]})]
                },
            )
            for t in [*TEXT, "What was measured", "Eastern: 40"]
        ],
    },
}


BODIES["Quill"] = {
    "headline": HEADLINE,
    "byline": "Ann Lee",
    "body": {
        "ops": [
            *({"insert": t[:9], "attributes": {"bold": True}} if n % 2 else {"insert": f"{t[9:]}\n"}
              for t in TEXT for n in (1, 0)),
            {"insert": "What was measured"}, {"insert": "\n", "attributes": {"header": 2}}, {"insert": "Eastern: 40\n"},
        ]
    },
}  # fmt: skip
BODIES["Markdown"] = {
    "headline": HEADLINE,
    "byline": "Ann Lee",
    "body": "\n\n".join([f"**{TEXT[0][:9]}**{TEXT[0][9:]}", f"> {TEXT[1]}", "![map](https://x.example/map.png)",
                         TEXT[2].replace("the ministry", "the [ministry](https://x.example/ 'its page')"), *TEXT[3:],
                         "## What was measured", "- Eastern: 40"]),
}  # fmt: skip


@pytest.mark.parametrize("system", BODIES)
def test_the_text_is_read_in_the_structures_of_publishing_systems(system: str) -> None:
    found = article(script(f"window.x={json.dumps({'content': BODIES[system], 'newest': STORIES})}"))
    assert paragraphs(found.body) == [*TEXT, "What was measured", "Eastern: 40"]
    assert found.authors == ("Ann Lee",)


def test_keys_are_read_in_other_languages_and_authors_within_what_wraps_them() -> None:
    wrapped = {"data": [{"id": 3, "attributes": {"name": "Ann Lee"}}]}
    story = {"titulo": HEADLINE, "cuerpo": HTML, "autor": wrapped, "seccion": "Tiempo", "fecha": "2018-01-05T11:25:15Z"}
    found = article(script(f"window.x={json.dumps({'noticia': story})}"))
    assert (found.authors, found.section) == (("Ann Lee",), "Tiempo")
    assert found.published is not None


def test_the_headline_of_the_state_lacks_the_sites_name() -> None:
    assert article(STATES["an attribute"]).headline == HEADLINE


def test_a_page_without_any_element_of_its_own_is_read_from_an_attribute() -> None:
    body = (
        f"<title>{HEADLINE}</title><body><div id=app data-page='{escape(json.dumps(PAGE), quote=True)}'></div></body>"
    )
    assert paragraphs(stages.article(a_page(body), a_site(languages=["en"])).article.body) == TEXT


def test_a_chinese_story_is_long_enough_with_fewer_letters() -> None:
    text = [f"{name}水库上周的入库水量超过了今年整个春天的总和，水利部门周一表示。" for name in "东西南北新旧"]
    state = {"title": "北方水库蓄水大增", "content": "".join(f"<p>{t}</p>" for t in text)}
    page = f"<title>北方水库蓄水大增</title><body><div id=root></div>{script('window.x=' + json.dumps(state))}</body>"
    assert paragraphs(stages.article(a_page(page), a_site(languages=["zh"])).article.body) == text


INNER = f"<article><h1>{HEADLINE}</h1><p class='byline'>By Ann Lee</p>{HTML}</article>"


@pytest.mark.parametrize(
    "state",
    [
        f"<script type='text/template' id=t>{INNER}</script>",
        f"<script type=text/x-handlebars-template>{INNER}</script>",
        f"<template id=t>{INNER}</template>",
        f"<noscript>{INNER}</noscript>",
        f"<news-story><template shadowrootmode=open><style>p {{}}</style>{INNER}</template></news-story>",
    ],
    ids=["script", "handlebars", "template", "noscript", "shadow root"],
)
def test_an_article_in_a_template_is_read(state: str) -> None:
    found = article(state)
    assert paragraphs(found.body) == TEXT
    assert found.authors == ("Ann Lee",)


def test_letters_that_are_longer_in_lower_case_move_no_end_of_a_template() -> None:
    page = f"<b>{'İ' * 200}</b><template id=t>{INNER}</TEMPLATE><p>Below</p>"
    assert script_state._templates(page) == [INNER]


def test_a_template_that_is_to_be_filled_in_is_no_article() -> None:
    state = "<script type='text/template'>" + "".join(f"<p>{t} {{{{ more }}}}</p>" for t in TEXT) + "</script>"
    with pytest.raises(Refused):
        article(state)


def test_quotes_of_several_blocks_are_kept() -> None:
    quote = {"type": "quote", "content_elements": [{"type": "text", "content": t} for t in TEXT[1:3]]}
    blocks = [{"type": "text", "content": t} for t in TEXT]
    story = {"headlines": {"basic": HEADLINE}, "content_elements": [blocks[0], quote, *blocks[3:]]}
    assert paragraphs(article(script(f"Fusion.globalContent={json.dumps(story)}")).body) == TEXT


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (HTML, TEXT),
        (escape(HTML), TEXT),
        ("\\n\\n".join(TEXT), TEXT),
        ("\n".join(TEXT), TEXT),
    ],
    ids=["HTML", "escaped", "escaped line breaks", "lines"],
)
def test_the_text_of_the_metadata_keeps_its_paragraphs(said: str, text: list[str]) -> None:
    about = {"@type": "NewsArticle", "headline": HEADLINE, "articleBody": said}
    assert paragraphs(article(script(json.dumps(about), "type=application/ld+json")).body) == text


def test_a_page_that_shows_the_beginning_is_read_to_the_end_from_its_metadata() -> None:
    about = {"@type": "NewsArticle", "headline": HEADLINE, "articleBody": "\n\n".join(TEXT)}
    shown = f"<article><h1>{HEADLINE}</h1><p>{TEXT[0]}</p><p>{TEXT[1]}</p></article>"
    assert paragraphs(article(shown + script(json.dumps(about), "type=application/ld+json")).body) == TEXT


def test_a_function_behind_the_state_hides_nothing_of_it() -> None:
    state = f"window.__INITIAL_STATE__={json.dumps({'article': STORY})};(function(){{var s=document.currentScript}}());"
    assert paragraphs(article(script(state)).body) == TEXT


def test_a_page_with_a_text_of_its_own_is_not_read_from_its_scripts() -> None:
    own = f"<article><h1>{HEADLINE}</h1><p>{OTHER}</p><p>{OTHER.replace('tram', 'bus')}</p></article>"
    assert article(own + STATES["Next"]).origins["body"] == "body"


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("{a:1,'b':\"x\",c:[,2,],}", {"a": 1, "b": "x", "c": [None, 2]}),
        ("[!0,!1,void 0,undefined,-1.5e3,0x1f,.5]", [True, False, None, None, -1500.0, 31, 0.5]),
        ("{at:new Date(0),set:new Set([1]),t:`a\nb`}", {"at": "1970-01-01T00:00:00+00:00", "set": [1], "t": "a\nb"}),
        (r'"\u0641\x41\n\ud83d\ude00\/"', "فA\n😀/"),
        ("{a, b: a /* twice */}", {"a": 7, "b": 7}),
    ],
)
def test_literals_of_javascript(literal: str, value: Any) -> None:
    assert js_literal.read(literal, 0, {"a": 7})[0] == value


@pytest.mark.parametrize("code", ["", "{", "[1", "{a=1}", "f(1)", "'x", "{a:b.c}", "[" * 500, "{1+1}", "new X"])
def test_what_is_no_literal_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        js_literal.read(code)


@pytest.mark.parametrize(
    "state",
    [
        script("[" * 100_000),
        script(json.dumps({"a": {"$ref": "a"}})),
        script("window.x={" + "a:{" * 5_000),
        script("[[1],[2],[0]]", "id=__NUXT_DATA__"),
        flight('0:["$","p",null,{"children":"$0"}]\n1:["$","p",null,{"children":"$2"}]\n2:"$1"\n3:Tffffff,x'),
        script('JSON.parse(\'{"a":'),
        "<astro-island props='{'></astro-island>",
    ],
)
def test_states_that_are_broken_or_without_end_have_no_story(state: str) -> None:
    found = PageState(page(state))
    assert not found.has_story(HEADLINE)
    assert found.prose() == []


@pytest.mark.parametrize(
    "state",
    [
        script("[" * 95 + "1," * 60_000),
        script("[" * 300) * 2_000,
        script("{a:" * 90 + "['b'," * 60_000),
        script("[" * 199 + '{"a":1},' * 200_000),
    ],
)
def test_what_begins_at_many_places_and_ends_at_none_takes_no_time(state: str) -> None:
    with cpu_within(5):
        story = script(json.dumps(STORY), 'type="application/json"')
        assert PageState(page(story + state)).has_story(HEADLINE), "and what stands before it is read"


def test_rows_are_rendered_once() -> None:
    tree = Tree('0:["$","div",null,{"children":["$1","$1"]}]\n1:["$","p",null,{"children":["a<b",3,"$2"]}]\n2:"c"\n')
    assert tree.html() == "<div><p>a&lt;b3c</p></div>"


def test_html_in_a_state_is_cleaned_like_a_page() -> None:
    html = f"<p>{TEXT[0]}</p><figure><figcaption>x</figcaption></figure><div class='share'>Share</div><p>{TEXT[1]}</p>"
    assert rich_text.of_string(html) == TEXT[:2]
