"""The headline as readers see it, among what a page declares."""

from __future__ import annotations

import json

import pytest

from crawler.extract import jsonld
from crawler.extract.headline import headline
from crawler.extract.html_document import parse

OWN = "Grain harvest begins in the eastern plain"
SITE = "The Step Agency"


def read(top: str, title: str = "", og: str = "", ld: str = "", name: str = "") -> tuple[str, str]:
    metas = f'<meta property="og:title" content="{og}">' if og else ""
    metas += f'<meta property="og:site_name" content="{name}">' if name else ""
    if ld:
        metas += f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "headline": ld})}</script>'
    page = f"<html><head><title>{title}</title>{metas}</head><body>{top}<p>text</p></body></html>"
    document = parse(page, "https://step.example/a/1")
    node = jsonld.article(jsonld.nodes(document.tree), {document.url}, og)
    return headline(document, node, ["Step"])


@pytest.mark.parametrize(
    ("top", "declared", "wanted"),
    [
        (f"<h1>{OWN}</h1>", {"title": f"{OWN} | {SITE}"}, (OWN, "h1")),
        (f"<h1>{OWN}</h1>", {"title": OWN, "name": OWN}, (OWN, "h1")),  # a site's name that is the title once more
        (f"<h1>{OWN}</h1>", {"ld": "Grain harvest 2026: all you need to know", "title": OWN}, (OWN, "h1")),
        (f"<h1><a href='/'>{SITE}</a></h1>", {"title": f"{OWN} | {SITE}"}, (OWN, "title")),
        (f"<h1><a href='https://step.example/'>{SITE}</a></h1>", {"og": f"{SITE} » {OWN}"}, (OWN, "og")),
        (f"<h1>Related News</h1><h2>{OWN}</h2>", {"og": OWN}, (OWN, "h2")),
        (f"<h1>The Plain Paper</h1><h2>{OWN}</h2>", {"title": f"{OWN} - The Plain Paper"}, (OWN, "h2")),
        (f"<h1>The Plain Paper</h1><h2>{OWN}</h2>", {"title": f"The Plain Paper | {OWN}"}, (OWN, "h2")),
        (f"<h1>{OWN}</h1><h2>The Plain Paper</h2>", {"title": f"{OWN} - The Plain Paper"}, (OWN, "h1")),
        (f"<h1><span>Analysis</span><span>{OWN}</span></h1>", {"og": OWN}, (OWN, "h1")),  # a label glued to it
        ("<h1><span>رأي</span><b>حرب السلام</b></h1>", {"og": "حرب السلام"}, ("حرب السلام", "h1")),
        ("<h1><span>رأي:</span> حرب السلام</h1>", {"og": "رأي: حرب السلام"}, ("رأي: حرب السلام", "h1")),
        ("<h1><span>National strike</span>Grain is in</h1>", {"og": "National strike / Grain is in"}, None),
        ("<h1><ruby>子<rt>こ</rt></ruby>どもへの体罰を禁止する</h1>", {"og": "子どもへの体罰を禁止する"}, None),
        ("", {"title": f"{OWN} - step.example"}, (OWN, "title")),
        ("", {"title": f"{OWN} ‹ {SITE}", "name": SITE}, (OWN, "title")),
        ("", {"title": f"{SITE} ~ {OWN}", "name": SITE}, (OWN, "title")),
        ("", {"title": f"{OWN} &lt; {SITE}", "name": SITE}, (OWN, "title")),
        ("", {"title": f"Step Agency - road {OWN} | {SITE}", "og": f"Step Agency - road {OWN}", "name": SITE}, None),
        (f"<h1>{OWN}<button>Share</button></h1>", {"og": OWN}, (OWN, "h1")),
        ("", {"og": "Grain &amp;amp; oil: the &amp;#8216;old&amp;#8217; mill"}, ("Grain & oil: the ‘old’ mill", "og")),
        (f"<h1>{OWN.upper()}</h1>", {"title": f"{OWN} | {SITE}"}, (OWN, "og")),  # as CSS has it elsewhere
        ("<h1>Grain &amp;amp; oil</h1>", {"title": "Grain &amp;amp; oil"}, ("Grain & oil", "h1")),
        (
            "<h1>What &amp;lt;b&amp;gt; means</h1>",
            {"title": "What &amp;lt;b&amp;gt; means"},
            ("What &lt;b&gt; means", "h1"),
        ),
        (f"<h1>{OWN} <span class=badge>Updated</span></h1>", {"title": f"{OWN} | {SITE}"}, (OWN, "h1")),
        (f"<h1>{OWN}<small>9 March 2026</small></h1>", {"title": f"{OWN} | {SITE}"}, (OWN, "h1")),
        (f"<h1><span class=kicker>Fields</span> {OWN}</h1>", {"title": f"{OWN} | {SITE}"}, (OWN, "h1")),
        (f"<h1><span class=sr-only>Article:</span> {OWN}</h1>", {"title": f"{OWN} - {SITE}"}, (OWN, "h1")),
        (f"<h1>{OWN} <small>of Syria</small></h1>", {"og": f"{OWN} of Syria"}, None),
        ("", {}, ("", "title")),
    ],
)
def test_the_headline(top: str, declared: dict[str, str], wanted: tuple[str, str] | None) -> None:
    found = read(top, **declared)
    assert found == (wanted or (declared["og"], found[1]))


NEWS = "Coast Herald reporter freed – court lifts ban"


@pytest.mark.parametrize(
    ("top", "declared", "wanted"),
    [
        (f"<h1>{NEWS}</h1>", {"title": f"{NEWS} | Coast Herald", "og": NEWS, "ld": NEWS}, NEWS),
        (f"<h1>{NEWS}</h1>", {"title": f"{NEWS} | Coast Herald"}, NEWS),
        ("", {"title": f"{NEWS} | Coast Herald", "og": NEWS}, NEWS),
        (
            "<h1>Herald – a hundred years</h1>",
            {"title": "Herald – a hundred years - Coast Herald"},
            "Herald – a hundred years",
        ),
        ("", {"title": "Fire at Coast Herald | Coast Herald"}, "Fire at Coast Herald"),
        ("", {"title": "Coast Herald: Grain deal - what happens next"}, "Grain deal - what happens next"),
        ("", {"title": "Budget passes - The Coast Herald"}, "Budget passes"),
        ("", {"title": "Budget passes | Coast Herald Online"}, "Budget passes"),
        ("", {"title": "Budget passes - Coast"}, "Budget passes"),
    ],
)
def test_an_outlet_that_is_in_the_news_is_no_name_to_cut(top: str, declared: dict[str, str], wanted: str) -> None:
    assert read(top, name="Coast Herald", **declared)[0] == wanted


def test_an_arabic_outlet_that_is_in_the_news_is_no_name_to_cut() -> None:
    said = "الإفراج عن مراسل صحيفة المدينة – القضاء يرفع الحظر"
    assert read(f"<h1>{said}</h1>", f"{said} | صحيفة المدينة", name="صحيفة المدينة")[0] == said


@pytest.mark.parametrize(
    "said",
    [
        "Hafenbote: Warum der Ostpier schließt – ein Gespräch",
        "Hafenbote – fünfzig Jahre am Kai",
        "«Hafenbote» — 50 лет: как всё начиналось",
        "«Hafenbote» يسأل: من يدفع؟",
    ],
    ids=["label", "part", "quoted", "quoted-arabic"],
)
def test_a_heading_that_the_page_signs_is_whole(said: str) -> None:
    assert read(f"<h1>{said}</h1>", f"{said} | Hafenbote", name="Hafenbote")[0] == said
    assert read(f"<h1>{said}</h1>", f"{said} | Hafenbote", og=said, name="Hafenbote")[0] == said


def test_a_heading_that_nothing_signs_goes_on_after_the_name() -> None:
    assert read(f"<h1>Hafenbote: {OWN}</h1>", f"Hafenbote: {OWN}", name="Hafenbote")[0] == OWN
    assert read("", f"{OWN} - Hafenbote - Hafenbote", f"{OWN} - Hafenbote", name="Hafenbote")[0] == OWN
    assert read("", f"«Der Kai» - {SITE}", name=SITE)[0] == "«Der Kai»"


def test_a_label_in_the_heading_goes_where_the_declared_title_lacks_it() -> None:
    top = f"<h1><span class='label'>Exclusive</span> {OWN}</h1>"
    assert read(top, title=f"{OWN} | {SITE}", og=OWN)[0] == OWN
    assert read(top, title=f"Exclusive {OWN}", og=f"Exclusive {OWN}")[0] == f"Exclusive {OWN}"


def test_chinese_portals_put_section_and_site_behind_underscores() -> None:
    assert read("", title="灯笼作坊迎来三名年轻学徒_社会_山城新闻网")[0] == "灯笼作坊迎来三名年轻学徒"
    assert read("<h1>snake_case_names in the news today</h1>")[0] == "snake_case_names in the news today"


@pytest.mark.parametrize("mark", ["ㅣ", "｜", "︱"])
def test_the_site_stands_behind_a_line_of_any_alphabet(mark: str) -> None:
    assert read(f"<h1>{OWN}</h1>", title=f"{OWN}{mark}{SITE}", og=f"{OWN}{mark}{SITE}", name=SITE)[0] == OWN


@pytest.mark.parametrize(
    "shown",
    [
        "<span class='t1'>{}</span>",
        "<center><table><tr><td><font size=5><b>{}</b></font></td></tr></table></center>",
    ],
)
@pytest.mark.parametrize("title", ["{} - The Unknown Paper", "The Unknown Paper - {}"])
def test_on_a_page_without_headings_the_part_of_the_title_that_it_shows(shown: str, title: str) -> None:
    assert read(shown.format(OWN), title=title.format(OWN)) == (OWN, "page")
    linked = f"<a href='/'>{shown.format('The Unknown Paper')}</a>"
    assert read(linked, title=title.format(OWN))[0] == title.format(OWN)
