"""Which of a page's text is its article: what is kept, what is left out, where it may stand."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from crawler import stages
from crawler.extract.body import metadata_lines, text_blocks
from crawler.extract.body.inline_boxes import is_foreign
from crawler.extract.page_state import PageState
from crawler.text import paragraphs
from tests.support.samples import a_page, a_site

HEADLINE = "Rain fills the reservoirs of the north"
TEXT = [
    f"The {name} reservoir took in more water in a week than in the whole spring before, the ministry said on Monday."
    for name in ("eastern", "western", "upper", "lower", "old", "new", "great", "small")
]


def p(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def read(body: str, head: str = "") -> list[str]:
    html = f"<title>{HEADLINE}</title>{head}<body><header><a href=/>News</a></header><main>{body}</main></body>"
    return paragraphs(stages.article(a_page(html), a_site(languages=["en"])).article.body)


def in_article(*parts: str) -> str:
    return f"<h1>{HEADLINE}</h1><div class='story-text'>{''.join(parts)}</div>"


@pytest.mark.parametrize(
    "body",
    {
        "text between line breaks": f"<h1>{HEADLINE}</h1><table><tr><td>{'<br><br>'.join(TEXT)}</td></tr></table>",
        "a box for each paragraph": f"<h1>{HEADLINE}</h1>"
        + "".join(
            f"<section class='piece n{i}'><div class=inner><p>{t}</p></div></section>" for i, t in enumerate(TEXT)
        ),
        "several containers": f"<h1>{HEADLINE}</h1><div class='text first'>{p(*TEXT[:5])}</div><div class=x><img></div>"
        f"<div class='text second'>{p(*TEXT[5:])}</div>",
        "no paragraphs": in_article(*(f"<div>{t}</div>" for t in TEXT)),
        "an unclosed element": in_article(*(f"<p>{t}" for t in TEXT)),
    }.items(),
    ids=lambda case: case[0],
)
def test_the_article_is_found_however_it_is_made(body: tuple[str, str]) -> None:
    assert read(body[1]) == TEXT


def test_lists_quotes_subheads_and_tables_are_kept() -> None:
    body = in_article(
        p(*TEXT[:3]),
        "<h2>What was measured</h2><ul><li>Eastern: 40 %</li><li>Western: 55 %</li></ul>",
        f"<blockquote><p>“{TEXT[3]}”</p></blockquote>",
        "<table><tr><th>Place</th><th>Level</th></tr><tr><td>Upper</td><td>12 m</td></tr></table>",
        p(*TEXT[4:]),
    )
    expected = ["What was measured", "Eastern: 40 %", "Western: 55 %", f"“{TEXT[3]}”", "Place | Level", "Upper | 12 m"]
    assert read(body) == [*TEXT[:3], *expected, *TEXT[4:]]


@pytest.mark.parametrize(
    "box",
    [
        f"<div class=c1><h3>Another story</h3><p>{TEXT[0].replace('week', 'day')}</p></div>",
        f"<div class=c2><a href=/2>Snow closes the mountain roads</a><p>{TEXT[1].replace('week', 'month')}</p></div>",
        "<figure><img src=/a.jpg><figcaption>The dam, seen from the eastern shore on Monday.</figcaption></figure>",
        f"<div class=c3><div>Sign in</div><div>{TEXT[2].replace('week', 'year')}</div></div>",
    ],
    ids=["explainer", "teaser", "picture", "prompt"],
)
def test_a_box_within_the_text_is_no_part_of_it(box: str) -> None:
    assert read(in_article(p(*TEXT[:4]), box, p(*TEXT[4:]))) == TEXT


def test_of_several_articles_on_a_page_the_one_under_its_headline_is_read() -> None:
    other = "".join(f"<p>{t.replace('reservoir', 'harbour')}</p>" for t in TEXT * 2)
    first = f"<article class=a><h1>{HEADLINE}</h1><div class=text>{p(*TEXT)}</div></article>"
    assert read(f"{first}<article class=a><h1>Harbours</h1><div class=text>{other}</div></article>") == TEXT


def test_a_short_article_above_a_longer_one_is_read() -> None:
    other = "".join(f"<p>{t.replace('reservoir', 'harbour')}</p>" for t in TEXT * 3)
    first = f"<article><h1>{HEADLINE}</h1>{p(*TEXT[:3])}</article>"
    assert read(f"{first}<article><h1>Harbours of the south</h1>{other}</article>") == TEXT[:3]


@pytest.mark.parametrize(
    "twice",
    [
        f"<div class='hidden lg:block'>{p(*TEXT)}</div><div class='lg:hidden'>{p(*TEXT)}</div>",
        f"<div class=wide>{p(*TEXT)}</div><div class=narrow><h3>Print</h3>{p(*TEXT)}</div>",
    ],
    ids=["beside each other", "with a heading between"],
)
def test_a_text_that_is_there_twice_is_read_once(twice: str) -> None:
    assert [text for text in read(f"<article><h1>{HEADLINE}</h1>{twice}</article>") if text in TEXT] == TEXT


def test_a_refrain_is_kept() -> None:
    sung = [TEXT[0], TEXT[1], TEXT[0], TEXT[2], TEXT[0], TEXT[3]]
    assert read(in_article(p(*sung))) == sung


def test_places_to_which_others_lead_are_no_links() -> None:
    assert read(in_article("".join(f"<p><a name=p{n}>{t}</a></p>" for n, t in enumerate(TEXT)))) == TEXT


@pytest.mark.parametrize("name", ["ad", "related", "caption", "promo", "story-comment", "text-share"])
def test_a_class_of_all_paragraphs_tells_how_they_are_laid_out(name: str) -> None:
    text = "".join(f"<p class='{name}'>{t}</p>" for t in TEXT)
    assert read(f"<article><h1>{HEADLINE}</h1>{text}</article>") == TEXT


def test_a_quote_in_a_figure_is_kept_unless_the_text_has_it_too() -> None:
    def figure(quote: str, name: str = "wp-block-pullquote") -> str:
        return f"<figure class={name}><blockquote><p>{quote}</p></blockquote></figure>"

    own = "“Nobody here had seen so much water in all of those years, and nobody will forget it soon.”"
    text = [*TEXT[:4], f"{own} said the keeper.", *TEXT[4:]]
    assert read(in_article(p(*TEXT[:4]), figure(own), p(*TEXT[4:]))) == [*TEXT[:4], own, *TEXT[4:]]
    assert read(in_article(p(*text[:3]), figure(own), p(*text[3:]))) == text
    assert read(in_article(p(*TEXT[:4]), figure(own, "wp-block-embed-tweet"), p(*TEXT[4:]))) == TEXT


def test_the_first_of_several_subheads_is_kept_and_a_second_headline_is_not() -> None:
    subheads = ("Share of the costs", "Follow the money", "What is left")
    assert read(in_article(*(f"<h2>{head}</h2>{p(text)}" for head, text in zip(subheads, TEXT, strict=False)))) == [
        line for pair in zip(subheads, TEXT, strict=False) for line in pair
    ]
    deck = "Farmers in the north have brought in more than in any of the last ten years"
    assert read(in_article(f"<h2>{deck}</h2>", p(*TEXT))) == list(TEXT)


def test_the_entries_of_a_live_blog_are_kept_with_its_introduction() -> None:
    entries = "".join(f"<div class=live-entry><time>1{n}:00</time><p>{t}</p></div>" for n, t in enumerate(TEXT[2:]))
    found = read(f"<h1>{HEADLINE}</h1><div class=blog><div class=intro>{p(*TEXT[:2])}</div><div>{entries}</div></div>")
    assert [text for text in found if text in TEXT] == TEXT


REMARKS = [
    f"I have lived beside the {n}th reservoir for years and never saw the water stand so high." for n in range(40)
]
ENTRY = "<p>%s</p><a href=#r>Reply</a>"
ROWS = {
    "called comments": ("<div id=comments>%s</div>", "<div class=c><b>Anna</b><div>%s</div></div>"),
    "called in another language": ("<div class=x>%s</div>", "<div class=kommentar><div>Anna</div><p>%s</p></div>"),
    "a link and a time": ("<div class=x>%s</div>", f"<div class=y><a href=/u/1>Anna</a> <i>10:25</i>{ENTRY}</div>"),
    "a name and a day": ("<ul class=x>%s</ul>", f"<li><div>Anna</div><div>5 May 2026</div>{ENTRY}</li>"),
    "headed": (
        "<section class=x><h3>14 Comments</h3>%s</section>",
        "<div class=y><b>Anna</b> <i>2 hours ago</i><p>%s</p></div>",
    ),
    "headed in Arabic": (
        "<div class=x><b>التعليقات (3)</b><div>%s</div></div>",
        "<div class=y><b>Anna</b><p>%s</p></div>",
    ),
    "schema.org": ("<div>%s</div>", "<div itemprop=comment itemscope><span itemprop=author>Anna</span><p>%s</p></div>"),
}


@pytest.mark.parametrize("place", ["beside", "inside"])
@pytest.mark.parametrize("row", ROWS)
def test_remarks_that_are_more_than_the_article_are_none_of_it(row: str, place: str) -> None:
    around, each = ROWS[row]
    remarks = around % "".join(each % text for text in REMARKS)
    body = in_article(p(*TEXT[:4]), remarks) if place == "inside" else in_article(p(*TEXT[:4])) + remarks
    assert read(body) == TEXT[:4]


def test_what_only_looks_like_remarks_is_kept() -> None:
    timeline = "".join(f"<div class=event><div>May 20{n}</div><p>{t}</p></div>" for n, t in enumerate(TEXT[3:], 10))
    items = "".join(f"<div class=item><h3>Item {n}</h3><p>{t}</p></div>" for n, t in enumerate(TEXT[3:], 10))
    for inner in (timeline, items):
        assert [text for text in read(in_article(p(*TEXT[:3]), inner)) if text in TEXT] == TEXT


def test_paragraphs_between_the_headline_and_the_body_are_of_the_article() -> None:
    above = f"<h3>{HEADLINE}</h3><div class=top><div>Monday</div><p>{TEXT[0]}</p></div>"
    teaser = f"<div class=c><p>{TEXT[1][:90]}…</p></div><nav><p>{TEXT[2]}</p></nav>"
    assert read(f"{above}{teaser}<div class='story-text'>{p(*TEXT[3:])}</div>") == [TEXT[0], *TEXT[3:]]


def test_a_table_of_values_does_not_hold_the_article() -> None:
    rows = "".join(f"<tr><td>{n}</td><td>{name} reservoir</td><td>{n * 9} m</td></tr>" for n, name in enumerate(TEXT))
    rows = rows.replace(
        " took in more water in a week than in the whole spring before, the ministry said on Monday.", ""
    )
    found = read(in_article(p(*TEXT[:2]), f"<table>{rows}</table>", p(TEXT[2]), f"<table>{rows}</table>"))
    assert [text for text in found if text in TEXT] == TEXT[:3]
    assert len(found) == 3 + 2 * len(TEXT)


def test_teasers_with_first_headings_of_their_own_are_taken_off() -> None:
    teasers = "".join(
        f"<article><h1><a href=/{n}>{t.replace('week', 'day')}</a></h1></article>" for n, t in enumerate(TEXT)
    )
    text = f"{TEXT[0]} {TEXT[1]}"
    assert read(in_article(f"<p>{text}</p>", f"<aside class=x><h1>More:</h1>{teasers}</aside>")) == [text]


def test_a_flash_of_one_sentence_is_kept() -> None:
    flash = "The eastern reservoir is full, the ministry says."
    assert read(in_article(p(flash)), '<meta property="og:type" content="article">') == [flash]


STATES = {
    "Next": json.dumps({"props": {"pageProps": {"article": {"title": HEADLINE, "body": p(*TEXT)}, "more": ["x"] * 9}}}),
    "Fusion": "Fusion.globalContent="
    + json.dumps({"content_elements": [{"type": "text", "content": t} for t in TEXT]}),
    "React": f"self.__next_f.push({json.dumps([1, '5:' + json.dumps(['$', 'div', None, {'content': p(*TEXT)}])])})",
}


@pytest.mark.parametrize("system", STATES)
def test_text_that_stands_in_a_script_only_is_read(system: str) -> None:
    article = '<meta property="og:type" content="article">'
    assert read(f"<h1>{HEADLINE}</h1><script>{STATES[system]}</script>", article) == TEXT


def test_scripts_without_prose_give_no_text() -> None:
    code = {"a": "function(a){return a[0]=b;};var c=d||{};" * 50, "labels": {"description": TEXT[0] * 9}}
    assert PageState(f"<script>{json.dumps(code)}</script><script>{{[((</script>").prose() == []


def test_pieces_know_their_element_and_the_share_of_links() -> None:
    markup = '<body><div class="x" id="y">one <b>two</b><br>three<p><a href="/a>b">four</a> five</p></div></body>'
    pieces, elements = text_blocks.read(markup)
    assert [(b.text, b.tag) for b in pieces] == [("one two", "div"), ("three", "div"), ("four five", "p")]
    assert pieces[2].kind == ("p.", "div.x", "body.")
    assert pieces[2].links == pytest.approx(4 / 9)
    assert [elements.tags[n] for n in elements.ancestors(pieces[2].element)] == ["p", "div", "body"]


@pytest.mark.parametrize(
    "broken",
    [
        "<p style='color:red' \">{}</p>",
        '<p class="a"">{}</p>',
        '<div title="the "upper" one"><p>{}</p></div>',
        "<p data-x='a>b' data-y=\"c'>{}</p>".replace("\"c'", '"c\'"'),
        '<p lang=ar"">{}</p>',
    ],
)
def test_a_stray_quote_in_a_tag_costs_no_text(broken: str) -> None:
    assert read(in_article(p(*TEXT[:3]), broken.format(TEXT[3]), p(*TEXT[4:]))) == TEXT


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("<ruby>reservoir<rp>(</rp><rt>re-zer-voir</rt><rp>)</rp></ruby>", "reservoir"),
        ("<ruby><rb>reser</rb><rb>voir</rb><rtc><rt>a</rt><rt>b</rt></rtc></ruby>", "reservoir"),
        ("reser<wbr>voir", "reservoir"),
        ("<nobr>reservoir</nobr>", "reservoir"),
        ("<bdi>reservoir</bdi>", "reservoir"),
    ],
)
def test_elements_within_a_line_do_not_break_it_and_pronunciation_is_no_text(written: str, wanted: str) -> None:
    text = [TEXT[0].replace("reservoir", written, 1), *TEXT[1:]]
    assert read(in_article(p(*text))) == [TEXT[0].replace("reservoir", wanted, 1), *TEXT[1:]]


LINKED = {
    "a sentence": (
        "<p><a href=/x>The ministry had said in spring already that the dams of the north were lower than ever.</a></p>"
    ),
    "in bold": (
        "<p><strong><a href=/x>Farmers of the valley had asked for help in spring, when their wells had run dry.</a>"
        "</strong></p>"
    ),
    "in a quote": (
        "<blockquote><p><a href=/x>“We have not seen so much water since my father was a boy and kept the dam.”</a></p>"
        "</blockquote>"
    ),
    "Arabic": "<p><a href=/x>أعلنت الوزارة أن سدود الشمال امتلأت بعد أسبوع من الأمطار، وأن الري يعود قريباً.</a></p>",
    "a document": "<p><a href='/files/levels.pdf?v=2'>Read the levels of all dams in the report</a></p>",
}


@pytest.mark.parametrize("kind", LINKED)
def test_a_paragraph_that_is_one_link_is_text_if_it_is_a_sentence_or_leads_to_a_document(kind: str) -> None:
    found = read(in_article(p(*TEXT[:4]), LINKED[kind], p(*TEXT[4:])))
    assert [text for text in found if text in TEXT] == TEXT
    assert len(found) == len(TEXT) + 1


@pytest.mark.parametrize(
    "teaser",
    [
        "<p><a href=/2>Snow closes the mountain roads of the whole north</a></p>",
        "<p><a href=/2><img src=/a.jpg>Snow closes the roads, and nobody knows when the passes open again.</a></p>",
        "<p><a href=/2>Snow closes the roads.</a> <a href=/3>And nobody knows when the passes will open again.</a></p>",
    ],
)
def test_links_to_other_articles_are_no_paragraphs(teaser: str) -> None:
    assert read(in_article(p(*TEXT[:4]), teaser, p(*TEXT[4:]))) == TEXT


def test_a_class_that_most_of_the_text_has_tells_how_it_is_laid_out() -> None:
    parts = "".join(f"<div class='nav'><div class='c1'>{p(*TEXT[n : n + 2])}</div></div>" for n in range(0, 8, 2))
    assert read(f"<article><h1>{HEADLINE}</h1>{parts}</article>") == TEXT


LISTS = {
    "pros and cons": (
        "<div class='review'><div class='pros'><h3>Pros</h3><ul><li>Full dams</li><li>Cheap power</li></ul></div>"
        "<div class='cons'><h3>Cons</h3><ul><li>Mud</li></ul></div></div>",
        ["Pros", "Full dams", "Cheap power", "Cons", "Mud"],
    ),
    "facts": (
        "<div class='facts'><h3>In figures</h3><ul><li>12 dams</li><li>40 rivers</li></ul></div>",
        ["In figures", "12 dams", "40 rivers"],
    ),
    "names and values": ("<dl><dt>Dams</dt><dd>Twelve</dd></dl>", ["Dams", "Twelve"]),
    "a table in a figure": (
        "<figure><table><tr><td>Upper</td><td>12 m</td></tr><tr><td>Old</td><td>9 m</td></tr></table></figure>",
        ["Upper | 12 m", "Old | 9 m"],
    ),
    "questions": (
        "<div class='qa'><div class='q'><h3>Is it over?</h3><div>No.</div></div>"
        "<div class='q'><h3>When will it be?</h3><div>In May.</div></div></div>",
        ["Is it over?", "No.", "When will it be?", "In May."],
    ),
    "Arabic questions": ("<div class='q'><h4>هل انتهى المطر؟</h4><div>لا.</div></div>", ["هل انتهى المطر؟", "لا."]),
    "details": (
        "<details><summary>The dams</summary><p>There are twelve.</p></details>",
        ["The dams", "There are twelve."],
    ),
}


@pytest.mark.parametrize("kind", LISTS)
def test_short_items_among_the_text_are_kept(kind: str) -> None:
    box, wanted = LISTS[kind]
    assert read(in_article(p(*TEXT[:4]), box, p(*TEXT[4:]))) == [*TEXT[:4], *wanted, *TEXT[4:]]


@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        (
            "<h2>Ingredients</h2><ul><li>2 eggs</li></ul><h2>Method</h2><ol><li>Mix them.</li></ol>",
            ["Ingredients", "2 eggs", "Method", "Mix them."],
        ),
        ("<h3>Levels</h3><table><tr><td>Upper</td><td>12 m</td></tr></table>", ["Levels", "Upper | 12 m"]),
        ("<h2>More</h2><ul><li><a href=/1>Bread</a></li><li><a href=/2>Salt</a></li></ul>", []),
        ("<h2>Contact</h2>", []),
    ],
)
def test_a_list_below_the_last_paragraph_is_kept_with_its_heading(end: str, wanted: list[str]) -> None:
    assert read(in_article(p(*TEXT), end)) == [*TEXT, *wanted]


def test_a_list_of_sentences_above_the_text_is_a_summary_of_it() -> None:
    items = "".join(f"<li>The {name} dam is full again, for the first time.</li>" for name in ("old", "new"))
    assert read(in_article(f"<div class='s'><h3>Short</h3><ul>{items}</ul></div>", p(*TEXT))) == TEXT


def test_headings_of_the_entries_of_a_live_page_are_kept() -> None:
    entries = "".join(
        f"<div class='entry'><div class='head'><span>1{n}:25</span><h3>Part {n}</h3></div><p>{text}</p></div>"
        for n, text in enumerate(TEXT[1:])
    )
    found = read(f"<h1>{HEADLINE}</h1><div class='stream'><p>{TEXT[0]}</p>{entries}</div>")
    assert [text for text in found if text.startswith("Part ")] == [f"Part {n}" for n in range(len(TEXT) - 1)]


@pytest.mark.parametrize("name", ["hidden", "d-none x", "is-hidden"])
def test_text_under_a_name_for_what_is_not_shown_is_none(name: str) -> None:
    assert read(in_article(p(*TEXT[:6]), f"<div class='{name}'>{p(TEXT[6])}</div>")) == TEXT[:6]
    shown = f"<div class='{name.split()[0]} md:block d-md-block'>{p(TEXT[6])}</div>"
    assert read(in_article(p(*TEXT[:6]), shown)) == TEXT[:7]


@pytest.mark.parametrize(
    "line",
    [
        "By Anna Lee",
        "Von Anna Berg und Emil Ost",
        "بقلم: سمر حداد",
        "Updated 3:14 PM, January 20, 2018",
        "20 January 2018 · 4 min read",
        "Veröffentlicht am 20.01.2018, 14:30",
        "نشر في 20 كانون الثاني 2018",
    ],
)
def test_lines_about_the_text_above_it_are_none_of_it(line: str) -> None:
    assert read(in_article(p(line), p(*TEXT))) == TEXT


@pytest.mark.parametrize(
    "line",
    [
        "By the river",
        "Von Kiew nach Lemberg",
        "World Cup 2018",
        "The dams were full on 20 January 2018, when the ministry counted them for the first time in years.",
        "كتب الوزير إلى البلديات",
    ],
)
def test_lines_of_the_text_that_only_look_like_that_are_kept(line: str) -> None:
    assert (
        read(in_article(f"<h2>{line}</h2>", p(*TEXT))) == [line, *TEXT]
        or read(in_article(p(line), p(*TEXT)))[0] == line
    )


@pytest.mark.parametrize(
    "line",
    [
        "<h2>Saturday, 20 January 2018</h2>",
        "<h2>Published 20 January 2018</h2>",
        "<p>When: 25 May 2019, 7 pm</p>",
        "<p>Election on 5 May 2024</p>",
        "<p>14 February 2024: the day everything changed</p>",
        "<p>Born 3 March 1950 in Paris</p>",
        "<p>وفاة في 5 مايو 2024</p>",
    ],
)
def test_dates_that_the_text_tells_of_are_kept(line: str) -> None:
    head = '<meta property="article:published_time" content="2018-01-20T10:00:00Z">'
    assert len(read(in_article(p(TEXT[0]), line, p(*TEXT[1:])), head)) == len(TEXT) + 1


def test_a_date_above_the_text_is_none_of_it_if_it_is_the_days() -> None:
    day = datetime(2018, 1, 20, 23, tzinfo=UTC)
    assert metadata_lines.without(["Berlin, 21 January 2018", *TEXT], own=(None, day))[0] == TEXT
    assert len(metadata_lines.without(["Berlin, 22 January 2018", *TEXT], own=(None, day))[0]) == len(TEXT) + 1


@pytest.mark.parametrize("item", ["AC/DC", "win/win", "(off)", "Petra", "Sana", "dpa"])
def test_the_last_item_of_a_list_is_no_sign(item: str) -> None:
    assert read(in_article(p(*TEXT), f"<ul><li>The first of all</li><li>{item}</li></ul>"))[-1] == item


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("(dpa/ml)", False),
        ("AP/rk", False),
        ("dpa", False),
        ("(أ ف ب، رويترز)", False),
        ("رويترز", False),
        ("AFP, Reuters", False),
        ("(Тасс)", False),
        ("XY/rk", False),
        ("(ab/cd)", False),
        ("AC/DC", True),
        ("win/win", True),
        ("Never.", True),
        ("Rain", True),
        ("12 m", True),
    ],
)
def test_a_line_of_agencies_and_signs_at_the_end_is_no_text(line: str, kept: bool) -> None:
    assert metadata_lines.is_sign_off(line) is not kept
    assert metadata_lines.without([*TEXT, line])[0] == [*TEXT, *([line] if kept else [])]


@pytest.mark.parametrize(
    "further",
    [
        f"<div class='body-b'>{p(*TEXT[5:])}</div>",
        f"<div class='ad'>Advertisement</div><div class='body-b'>{p(*TEXT[5:])}</div>",
        f"<div><div class='end'>{p(*TEXT[5:])}</div></div>",
        "".join(f"<div class='body-a n{i}'>{p(text)}</div>" for i, text in enumerate(TEXT[5:])),
        "".join(f"<div class=x itemprop=articleBody>{p(text)}</div>" for text in TEXT[5:]),
    ],
)
def test_a_second_body_in_the_same_article_is_of_it(further: str) -> None:
    assert read(f"<article><h1>{HEADLINE}</h1><div class='body-a'>{p(*TEXT[:5])}</div>{further}</article>") == TEXT


@pytest.mark.parametrize(
    "below",
    [
        f"<div class='b'><h3>Another story</h3>{p(TEXT[5])}</div>",
        f"<div class='about-us'>{p(TEXT[5])}</div>",
        f"<div class='b'><p><a href=/2>{TEXT[5]}</a></p></div>",
        "<div class='b'><p>Share this</p></div>",
        f"<div class='box'>{p('Ada Example has written about dams and their keepers for more than ten years.')}</div>",
    ],
)
def test_boxes_below_the_body_that_hold_something_else_are_not(below: str) -> None:
    assert read(f"<article><h1>{HEADLINE}</h1><div class='body-a'>{p(*TEXT[:5])}</div>{below}</article>") == TEXT[:5]


def test_a_box_named_for_what_it_lacks_is_the_texts() -> None:
    assert read(f"<article><h1>{HEADLINE}</h1><div class='no-related has-comments'>{p(*TEXT)}</div></article>") == TEXT
    assert [is_foreign(name) for name in ("related", "no-related", "no-related comments", "commentsOff")] == [
        True,
        False,
        True,
        False,
    ]


def test_points_in_brief_above_the_body_are_of_the_text() -> None:
    points = "<div class='brief'><h3>In brief</h3><ul><li>Dams are full</li><li>Power is cheap</li></ul></div>"
    page = f"<article><h1>{HEADLINE}</h1>%s<div class='story-text'>{p(*TEXT)}</div></article>"
    assert read(page % points) == ["In brief", "Dams are full", "Power is cheap", *TEXT]
    for other in (
        "<ul><li>No 123</li><li>Monday</li></ul>",
        f"<nav>{points}</nav>",
        points.replace("brief'", "related'"),
    ):
        assert read(page % other) == TEXT


@pytest.mark.parametrize(
    ("headings", "kept"),
    [
        (["1 March 2026", "2 March 2026", "3 March 2026"], True),
        (["2026 m. kovo 1 d.", "2026 m. kovo 2 d.", "2026 m. kovo 3 d."], True),
        (["1. The old quay", "2. The new quay", "3. The quay to come"], True),
        (["ماذا حدث؟", "متى تعود العبّارة؟", "من يدفع؟"], True),
        (["Nobody knows when the ferry runs again", "The old quay", "The new quay"], False),  # a second headline
        (["1 March 2026", "The old quay"], False),
    ],
)
def test_the_first_of_several_headings_alike_opens_the_text(headings: list[str], kept: bool) -> None:
    text = "The ferry lay still again, and the council of the harbour met to speak of what the {} engines may cost."
    parts = "".join(f"<h2>{one}</h2><p>{text.format(n)}</p>" for n, one in enumerate(headings))
    title = "Ferry chronicle of the islands"
    page = a_page(f"<title>{title}</title><article><h1>{title}</h1>{parts}</article>")
    body = stages.article(page, a_site()).article.body
    assert body.startswith(headings[0]) is kept
    assert headings[1] in body


def test_items_and_callouts_that_hold_boxes_are_kept_whole() -> None:
    steps = [f"Fill the {name} basin slowly and wait until the water is clear again." for name in ("first", "second")]
    items = "".join(f"<li class='step'><div class='step-text'>{step}</div></li>" for step in steps)
    note = "The gates open on the first of May, and nobody has to book."
    callout = f"<div class='kg-card kg-callout-card'><div>!</div><div class='kg-callout-text'>{note}</div></div>"
    body = in_article(p(*TEXT[:4]), f"<ul>{items}</ul>", callout, p(*TEXT[4:]))
    assert [text for text in read(body) if text != "!"] == [*TEXT[:4], *steps, note, *TEXT[4:]]


TEASER = (
    "<div class='inline-story'><a href='/other'><h4>The bell tower comes down stone by stone</h4></a><p>The office has"
    " decided to take the tower down before the summer. It will cost a million. <a href='/other'>Read on</a></p></div>"
)


def test_a_teaser_with_prose_of_its_own_is_none_of_the_text() -> None:
    assert read(in_article(p(*TEXT[:4]), TEASER, p(*TEXT[4:]))) == TEXT


def test_the_items_of_a_ranking_are_its_text_though_each_is_linked_twice() -> None:
    lines = [f"The {name} model runs for nine hours and weighs hardly more than a book does." for name in "ABCDE"]
    items = [
        f"<div class='item'><h3><a href='/r/{n}'>Model {n}</a></h3><p>{line}</p><a href='/r/{n}'>Review</a></div>"
        for n, line in enumerate(lines)
    ]
    found = read(in_article(p(*TEXT[:4]), *items))
    assert [line for line in lines if line in found] == lines


def test_a_first_heading_among_the_paragraphs_is_one_of_the_text() -> None:
    assert read(in_article(p(*TEXT[:4]), "<h1 id=a>What was measured</h1>", p(*TEXT[4:]))) == [
        *TEXT[:4],
        "What was measured",
        *TEXT[4:],
    ]


def test_marks_of_notes_and_links_to_edit_are_none_of_the_text() -> None:
    noted = f"<p>{TEXT[0]}<sup class='reference'><a href='#cite-1'>[1]</a></sup></p>"
    heading = (
        "<div class='mw-heading'><h2>The dams</h2><span class='mw-editsection'>[<a href='/e'>edit</a>]</span></div>"
    )
    assert read(in_article(noted, heading, p(*TEXT[1:]))) == [TEXT[0], "The dams", *TEXT[1:]] or read(
        in_article(noted, p(TEXT[1]), heading, p(*TEXT[2:]))
    ) == [*TEXT[:2], "The dams", *TEXT[2:]]
    power = f"<p>{TEXT[0]} It fell by 10<sup>6</sup> litres.</p>"
    assert read(in_article(power, p(*TEXT[1:])))[0].endswith("106 litres.")


def test_a_name_with_an_address_below_the_text_is_its_signature() -> None:
    assert read(in_article(p(*TEXT, "Ann Lee ann@news.example"))) == TEXT
    ask = "Write to ann@news.example if your cellar was flooded in these days, the ministry said."
    assert read(in_article(p(*TEXT, ask))) == [*TEXT, ask]


@pytest.mark.parametrize(
    "line",
    [
        "مراجعة: الاتفاق ينتهي الشهر المقبل",
        "مترجم: لا أحد يقرأ",
        "ترجمة: من سيدفع الثمن",
        "עריכה: מה שלא ראינו",
    ],
)
def test_a_last_line_that_tells_something_is_of_the_text(line: str) -> None:
    assert read(in_article(p(*TEXT, line))) == [*TEXT, line]


@pytest.mark.parametrize("sign", ["Photographs: Ann Lee", "تصوير: هالة منصور", "Foto: Anna Berg"])
def test_a_last_line_tells_who_took_the_pictures(sign: str) -> None:
    assert read(in_article(p(*TEXT, sign))) == TEXT


def test_a_line_set_off_below_an_image_in_its_paragraph_is_a_caption() -> None:
    picture = "<p><img src=/a.jpg width=700 height=400><br><em>The dam in 1974. Photo: Town archive</em></p>"
    assert read(in_article(p(*TEXT[:4]), picture, p(*TEXT[4:]))) == TEXT
    told = f"<p><img src=/a.jpg width=700 height=400>{TEXT[4]}</p>"
    assert read(in_article(p(*TEXT[:4]), told, p(*TEXT[5:]))) == TEXT


def test_a_quote_that_is_a_link_and_sections_by_their_ids_are_kept() -> None:
    quote = f"<blockquote><a href='https://news.example/s'>{TEXT[2]}</a></blockquote>"
    assert read(in_article(p(*TEXT[:2]), quote, p(*TEXT[3:]))) == TEXT
    sections = "".join(
        f"<section id={name}><h2>{title}</h2>{p(*texts)}</section>"
        for name, title, texts in (
            ("measured", "What was measured", TEXT[:3]),
            ("related", "Kith and kin", TEXT[3:5]),
            ("costs", "What it costs", TEXT[5:]),
        )
    )
    found = read(in_article(sections))
    assert [text for text in found if text in TEXT] == TEXT
    assert "Kith and kin" in found


BYLINE = "<p class=byline>By Nora Haddad and Omar Saleh</p>"


@pytest.mark.parametrize(
    "biography",
    [
        "Nora Haddad is a reporter based in Beirut. She has written about water since 2011.",
        "<em>Nora Haddad is the author of “The Last Well”.</em>",
        "Nora Haddad ist Redakteurin im Ressort Wissen.",
        "Omar Saleh contributed reporting from Cairo.",
    ],
)
def test_a_last_paragraph_that_tells_who_an_author_is_goes(biography: str) -> None:
    assert read(in_article(BYLINE, p(*TEXT), p(biography))) == TEXT
    assert read(in_article(BYLINE, p(*TEXT), p(biography), p("Omar Saleh studied in Leeds."))) == TEXT


@pytest.mark.parametrize(
    "biography",
    [
        "The author is professor of hydrology at the University of Ulm.",
        "<em>The writer teaches law in Cairo.</em>",
        "Die Autorin ist Professorin für Wasserbau an der Universität Ulm.",
        "L'auteur est professeur d'hydrologie à Lille.",
        "La autora es profesora de Hidrología en Sevilla.",
        "L'autrice insegna idrologia a Padova.",
        "Автор — профессор гидрологии.",
        "الكاتب أستاذ علوم المياه في جامعة دمشق.",
        "نویسنده استاد دانشگاه تهران است.",
    ],
)
def test_a_last_paragraph_that_tells_what_the_author_is_goes(biography: str) -> None:
    assert read(in_article(p(*TEXT), p(biography))) == TEXT


@pytest.mark.parametrize(
    "last",
    [
        "The author of the report is professor of hydrology at the University of Ulm.",
        "The author of the novel died on Sunday in Ulm.",
        "Der Autor ist am Sonntag in Ulm gestorben.",
    ],
)
def test_what_is_told_of_an_author_in_the_news_stays(last: str) -> None:
    assert read(in_article(p(*TEXT), p(last))) == [*TEXT, last]


@pytest.mark.parametrize("box", ["x9", "closing", "text-block"])
def test_a_last_paragraph_in_a_box_of_its_own_is_kept(box: str) -> None:
    html = (
        f"<article><h1>{HEADLINE}</h1><div class=body>{p(*TEXT[:3])}</div><div class={box}>{p(TEXT[3])}</div></article>"
    )
    assert read(html) == TEXT[:4]


@pytest.mark.parametrize("box", ["bio", "support-us", "login-gate"])
def test_a_box_about_something_else_below_the_last_paragraph_is_not(box: str) -> None:
    html = (
        f"<article><h1>{HEADLINE}</h1><div class=body>{p(*TEXT[:3])}</div><div class={box}>{p(TEXT[3])}</div></article>"
    )
    assert read(html) == TEXT[:3]


BELOW = "The eastern reservoir seen from the dam"


@pytest.mark.parametrize(
    "below",
    [
        f"<p class=caption>{BELOW}</p>",
        f"<p class='foto-info'>{BELOW}</p>",
        f"<p><em>{BELOW}. (Photo: A. Smith)</em></p>",
        f"<p style='text-align:center'><i>{BELOW}</i></p>",
        f"<p><small>{BELOW}</small></p>",
        f"<p>{BELOW}. Photo: A. Smith/AP</p>",
    ],
)
def test_a_paragraph_below_a_picture_that_is_its_caption_by_form_is_no_text(below: str) -> None:
    html = in_article(p(TEXT[0]), "<p><img src=/dam.jpg width=800 height=500></p>", below, p(*TEXT[1:]))
    article = stages.article(a_page(f"<title>{HEADLINE}</title><main>{html}</main>"), a_site(languages=["en"])).article
    assert paragraphs(article.body) == TEXT
    assert [(image.caption or "").rstrip(".") for image in article.images] == [BELOW]


@pytest.mark.parametrize(
    "below",
    [
        "<p>Then the rain came.</p>",
        "<p>Auf dem Tisch lag ein Foto: Der Bürgermeister mit einem Hut.</p>",
        "<p>وكشف المصدر: الحكومة لن تفتح السد هذا العام.</p>",
        "<p><em>“I never saw him again,” she wrote in her diary.</em></p>",
        "<p><em>Dear Ann, the water has come.</em></p><p><em>We are all well, and hope that you are, too.</em></p>",
        "<div class='media-text'><p>The minister left on Monday, he told us, and will not be back.</p></div>",
    ],
    ids=["a short sentence", "of a photo", "of a source", "a quotation", "a letter", "text beside the picture"],
)
def test_a_paragraph_of_the_text_below_a_picture_stays(below: str) -> None:
    picture = "<p><img src=/dam.jpg width=800 height=500></p>"
    said = [line for line in re.split("<[^>]*>", below) if line]
    assert read(in_article(p(*TEXT[:2]), picture, below, p(*TEXT[2:]))) == [*TEXT[:2], *said, *TEXT[2:]]


@pytest.mark.parametrize("below", [f"<p><em>{TEXT[1]}</em></p>", f"<p><b>{TEXT[1]}</b></p>"], ids=["a lead", "a line"])
def test_a_lead_below_the_picture_that_opens_an_article_is_text(below: str) -> None:
    picture = "<p><img src=/dam.jpg width=800 height=500></p>"
    assert read(in_article(picture, below, p(*TEXT[2:]))) == TEXT[1:]


@pytest.mark.parametrize(
    ("texts", "last"),
    [
        (TEXT, "Lina Karam is a fisher on the upper reservoir, and has waited for the rain since 2011."),
        ([*TEXT[:3], "“I saw it rise”, said Nora Haddad on Monday.", *TEXT[3:]], "Nora Haddad was born beside it."),
    ],
    ids=["another person", "an author of whom the text tells"],
)
def test_a_last_paragraph_about_somebody_in_the_text_stays(texts: list[str], last: str) -> None:
    assert read(in_article(BYLINE, p(*texts), p(last))) == [*texts, last]


def pictures(*captions: str) -> str:
    return "".join(
        f"<figure><img src=/{at}.jpg width=900 height=600><figcaption>{caption}</figcaption></figure>"
        for at, caption in enumerate(captions)
    )


def test_a_story_that_is_told_below_its_pictures_is_read_from_there() -> None:
    assert read(in_article(pictures(*TEXT))) == TEXT
    assert read(in_article(p(TEXT[0]), pictures(*TEXT[1:]))) == TEXT


def test_captions_beside_a_text_are_no_part_of_it() -> None:
    others = [text.replace("reservoir", "dam") for text in TEXT]
    assert read(in_article(p(*TEXT), pictures(*others))) == TEXT
    assert read(in_article(p(*TEXT), pictures("A dam.", "A field.", "A road."))) == TEXT


@pytest.mark.parametrize(
    "line",
    [
        "#rain #north",
        "#المطر، #الشمال",
        "（田中太郎）",
        "（張大文、李小明）",
        "Reporting by Ann Lee in Cairo; Editing by Bob Ray",
        "(Reporting by Ann Lee and Cy Poe; Writing by Dee Fox; Editing by Bob Ray)",
        "(إعداد سمر حداد - تحرير عمر صالح)",
        "The writer is a fellow at the Institute of Rivers.",
        "The views expressed in this article are the author’s own.",
    ],
)
def test_a_last_line_of_hashtags_or_credits_goes(line: str) -> None:
    assert read(in_article(p(*TEXT), p(line))) == TEXT
    assert read(in_article(p(*TEXT[:3]), p(line), p(*TEXT[3:]))) == [*TEXT[:3], line, *TEXT[3:]]


@pytest.mark.parametrize(
    "line",
    ["(Reporting from the front is hard.)", "Reporting by satellite; editing by night; sleeping by day.", "(By night)"],
)
def test_a_last_line_that_only_sounds_like_credits_stays(line: str) -> None:
    assert read(in_article(p(*TEXT), p(line))) == [*TEXT, line]


def test_a_biography_may_begin_with_a_name_without_spaces() -> None:
    byline = "<p class=author>田中太郎</p>"
    last = "田中太郎　一九八〇年生まれ。東京都出身の記者。"
    assert read(in_article(byline, p(*TEXT), p(last))) == TEXT
