"""Articles in several pages: what comes next, where a further page belongs, and what is joined."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from textwrap import shorten

import pytest

from crawler import stages
from crawler.errors import Refused
from crawler.extract import pagination
from crawler.extract.html_document import parse
from crawler.models import Page
from crawler.site_config import stranger
from tests.support.patience import cpu_within

URL = "https://a.example/2026/05/harbour-quay-repairs/"
NOW = datetime(2026, 5, 4, tzinfo=UTC)
SITE = stranger("https://a.example/")


def prose(page: int) -> str:
    return "".join(
        f"<p>On page {page}, paragraph {n}, the council of the harbour explains why {page * 10 + n} metres of the quay "
        "have to be built anew, and when the ships of the islands may moor there again.</p>"
        for n in range(5)
    )


def page(number: int, links: str = "", head: str = "", url: str = "", text: str | None = None) -> Page:
    html = (
        f"<html lang=en><head><title>Harbour quay repairs</title>{head}</head><body><article><h1>Harbour quay repairs"
        f"</h1>{prose(number) if text is None else text}{links}</article></body></html>"
    )
    url = url or (URL if number == 1 else f"{URL}{number}/")
    return Page(url, url, html.encode(), NOW)


def after(links: str, head: str = "", url: str = URL) -> str | None:
    first = page(1, links, head, url)
    return pagination.following(parse(first.body.decode(), url), url)


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ('<div class="page-links">Pages: <span>1</span> <a href="{}2/">2</a> <a href="{}3/">3</a></div>', "2/"),
        ('<p>Pages: 1 <a href="2/">2</a></p>', "2/"),
        ('<a href="{}2/">Next page</a>', "2/"),
        ('<a href="{}2/" rel="next nofollow">&raquo;</a>', "2/"),
        ('<a href="?page=2">الصفحة التالية</a>', "?page=2"),
        ('<a href="?page=2">अर्को पृष्ठ</a>', "?page=2"),
        ('<ul><li>الصفحات <li>١<li><a href="?page=2">٢</a></ul>', "?page=2"),
        ('<a href="{}2/" aria-label="Page 2"><svg></svg></a>', "2/"),
        ('<a href="{}seite-2">Weiter</a>', "seite-2"),
        ('<a href="?page=1">2</a> <a href="?page=2">3</a>', "?page=1"),  # counted from 0
        ('<select><option value="">1. Engine<option value="?page=2">2. Cabin<option value="?page=3">3. Price</select>',
         "?page=2"),
        ('<ol><li><a href="{}2/">The cabin</a><li><a href="{}3/">What it costs in the end</a></ol>', "2/"),
    ],
)  # fmt: skip
def test_the_next_page_is_found_by_its_number_or_in_words(links: str, found: str) -> None:
    assert after(links.replace("{}", URL)) == URL + found


def test_a_bare_number_leads_to_no_article_of_the_same_name() -> None:
    assert after('<p>Series: 1 <a href="/2026/05/harbour-quay-repairs-2/">2</a></p>') is None
    paged = '<div class="page-links">1 <a href="/2026/05/harbour-quay-repairs-2/">2</a></div>'
    assert after(paged) == URL.rstrip("/") + "-2/"
    assert after('<a href="/2026/05/harbour-quay-repairs-2/">Page 2</a>') == URL.rstrip("/") + "-2/"


def test_the_next_page_is_found_in_the_head() -> None:
    assert after("", f'<link rel="next" href="{URL}2/">') == f"{URL}2/"


def test_a_number_at_the_end_of_a_name_needs_one_in_the_link_too() -> None:
    url = "https://a.example/c/118/c_4711.htm"
    assert after('<a href="c_4711_2.htm">2</a>', url=url) == "https://a.example/c/118/c_4711_2.htm"
    assert after('<a href="c_4711_2.htm">下一页</a>', url=url) == "https://a.example/c/118/c_4711_2.htm"
    assert after('<a href="c_4711-2.htm" rel="next">The ferry runs again</a>', url=url) is None  # another article


@pytest.mark.parametrize(
    ("url", "links"),
    [
        ("https://a.example/story/90/1.html", '<a href="/story/90/2.html">2</a>'),
        ("https://a.example/a/story_1.html", '<a href="https://a.example/a/story_2.html">Page 2</a>'),
        ("https://a.example/a/story/page/1", '<a href="/a/story/page/2" rel="next">Next</a>'),
        ("https://a.example/a/story?ref=rss", '<a href="/a/story?page=2">2</a>'),
        ("https://a.example/a/story?ref=rss", '<a href="/a/story/2">2</a>'),
        ("https://a.example/a/قصة-الميناء", '<a href="/a/قصة-الميناء?page=2">الصفحة 2</a>'),
        ("https://a.example/a/quay.html", '<a href="quay_2.html">第2页</a>'),
    ],
)
def test_first_pages_of_many_kinds_lead_on(url: str, links: str) -> None:
    assert after(links, url=url) is not None


@pytest.mark.parametrize(
    ("url", "links"),
    [
        ("https://a.example/films/review-of-dune", '<a href="/films/review-of-dune-2">Dune 2</a>'),
        ("https://a.example/2026/05/harbour/", '<a href="/2026/05/harbour-2/">Part 2</a>'),
        ("https://a.example/serie/folge-1.html", '<a href="folge-2.html">Folge 2</a>'),
        ("https://a.example/briefing/2026-05-01", '<a href="2026-05-02">May 2</a>'),
        ("https://a.example/briefing/2026-05-01", '<a href="2026-05-02">2</a>'),
        ("https://a.example/2021/comic/1", '<a href="/2021/comic/2" rel="next">Next</a>'),
        ("https://a.example/archive/2024", '<a href="/archive/2024/2">2</a>'),
    ],
)
def test_another_article_is_no_next_page(url: str, links: str) -> None:
    assert after(links, url=url) is None


def test_a_next_page_that_leads_elsewhere_ends_the_article() -> None:
    first, other = page(1, '<a href="?page=2">2</a>'), page(2, url="https://a.example/news/other")
    redirected = replace(other, url=f"{URL}?page=2")
    whole = stages.article(Page(URL, URL, first.body, NOW, rest=(redirected,)), SITE)
    assert (whole.pages, whole.next_page) == (1, None)
    assert "On page 2" not in whole.article.body


@pytest.mark.parametrize(
    "links",
    [
        '<a rel="next" href="/2026/05/the-ferry-runs-again/">The ferry runs again</a>',
        '<link rel="next" href="/2026/05/harbour-quay-repairs-2/">',
        '<nav><a href="/category/harbour/page/2/">2</a> <a href="/category/harbour/page/3/">3</a></nav>',
        '<div id="comments"><a href="?page=2" rel="next">Next</a></div>',
        '<ol class="commentlist"><li><a href="{}2/">2</a></ol>',
        '<a href="{}comment-page-2/#comments">2</a>',
        '<a href="?page=2#comments">2</a>',
        '<a href="?page=3">3</a>',
        '<a href="{}">1</a>',
        '<a href="{}2/">Two pages</a>',
        '<a href="http://[2/">2</a>',
    ],
)
def test_what_leads_elsewhere_is_no_next_page(links: str) -> None:
    assert after(links.replace("{}", URL)) is None


def test_pages_are_joined_in_their_order() -> None:
    links = '<div class="page-links">{}</div>'
    two = page(2, links.format('<a href="../">1</a> 2 <a href="../3/">3</a>'))
    first = page(1, links.format('1 <a href="2/">2</a> <a href="3/">3</a>'))
    begun = stages.article(Page(URL, URL, first.body, NOW, rest=(two,)), SITE)
    assert (begun.pages, begun.next_page) == (2, f"{URL}3/")
    three = page(3, links.format('<a href="../">1</a> <a href="../2/">2</a> 3'))
    whole = stages.article(Page(URL, URL, first.body, NOW, rest=(two, three)), SITE)
    assert (whole.pages, whole.next_page) == (3, None)
    paragraphs = whole.article.body.split("\n\n")
    assert [shorten(one, 9, placeholder="") for one in paragraphs] == ["On page"] * 15
    assert [one.split(",")[0] for one in paragraphs[::5]] == ["On page 1", "On page 2", "On page 3"]


def test_a_lead_that_each_page_repeats_is_there_once() -> None:
    lead = "<p>The quay is older than the town, and the town has only now begun to look after what is left of it.</p>"
    first, second = page(1, text=lead + prose(1)), page(2, text=lead + prose(2))
    whole = stages.article(Page(URL, URL, first.body, NOW, rest=(second,)), SITE)
    assert whole.article.body.count("The quay is older") == 1
    assert len(whole.article.body.split("\n\n")) == 11


def test_what_closes_a_page_does_not_close_the_article() -> None:
    first = page(
        1, text=prose(1) + "<p>Read also: The ferry runs again</p><p>© 2026 The Paper. All rights reserved.</p>"
    )
    whole = stages.article(Page(URL, URL, first.body, NOW, rest=(page(2),)), SITE)
    assert "On page 2, paragraph 4" in whole.article.body
    assert "rights reserved" not in whole.article.body


def test_pages_of_the_comments_add_nothing_and_end_the_article() -> None:
    first, same = page(1, '<a href="?page=1">2</a>'), page(1, '<a href="?page=2">3</a>', url=f"{URL}?page=1")
    whole = stages.article(Page(URL, URL, first.body, NOW, rest=(same,)), SITE)
    assert (whole.pages, whole.next_page) == (1, None)
    assert len(whole.article.body.split("\n\n")) == 5


def test_an_article_has_as_many_pages_as_it_may_and_no_more() -> None:
    first = page(1, '<a href="2/" rel="next">Next</a>')
    rest = tuple(page(n, f'<a href="../{n + 1}/" rel="next">Next</a>') for n in range(2, pagination.MAX_PAGES + 1))
    whole = stages.article(Page(URL, URL, first.body, NOW, rest=rest), SITE)
    assert (whole.pages, whole.next_page) == (pagination.MAX_PAGES, None)


@pytest.mark.parametrize(
    ("links", "head"),
    [
        (f'<a href="{URL}">1</a> 2', ""),
        ("", f'<link rel="prev" href="{URL}">'),
        ("", f'<link rel="canonical" href="{URL}">'),
        (f'<a href="{URL}" rel="first">Back to the beginning</a>', ""),
    ],
)
def test_a_further_page_says_where_its_article_begins(links: str, head: str) -> None:
    with pytest.raises(Refused) as refused:
        stages.article(page(2, links, head), SITE)
    assert refused.value.reason == "page.further_page"
    assert refused.value.message.params["url"] == URL


@pytest.mark.parametrize(
    ("url", "links"),
    [
        (
            "https://a.example/news/12",
            '<a href="https://a.example/news">News</a> <a href="/news/11" rel="prev">older</a>',
        ),
        ("https://a.example/2026/05/quay-repairs-2/", '<a href="/2026/05/quay-repairs/" rel="prev">Quay repairs</a>'),
        ("https://a.example/2026/05/quay-repairs-2/", '<a href="/2026/05/quay-repairs/#comments">1</a>'),
        ("https://a.example/?p=2", '<a href="https://a.example/" rel="start first">Home</a>'),
        ("https://a.example/news/harbour-part-2", '<a href="/news/harbour-part-1">Part 1</a>'),
        ("https://a.example/serie-teil-3.html", '<a href="/serie-teil-1.html">Teil 1</a>'),
        ("https://a.example/war-day-12", '<a href="/war-day-1">Day 1</a>'),
        ("https://a.example/classement-ligue-2", '<a href="/classement-ligue-1">Ligue 1</a>'),
        ("https://a.example/formula-1/23", '<a href="/formula-1">Formula 1</a>'),
        ("https://a.example/2026/05/harbour-2/", '<a href="/2026/05/harbour/">Part 1</a>'),
        ("https://a.example/briefing/2026-05-14", '<a href="/briefing/2026-05-1">1</a>'),
        ("https://a.example/briefing/2026/05/14/", '<a href="/briefing/2026/05/1/">1</a>'),
        ("https://a.example/podcast/12", '<a href="/podcast/1">Episode 1</a>'),
        ("https://a.example/comic/12", '<a href="/comic/1" rel="first">First</a>'),
    ],
)
def test_an_article_with_a_number_in_its_url_is_no_further_page(url: str, links: str) -> None:
    assert stages.article(page(2, links, url=url), SITE).pages == 1


def test_a_page_of_a_hundred_thousand_numbered_links_costs_little() -> None:
    links = "".join(f"<a href='?page={n % 900}'>1</a>" for n in range(100_000))
    document = parse(f"<body>{links}", f"{URL}2/")
    with cpu_within(3):  # it took 9 s
        pagination.following(document, URL)
        pagination.beginning(document)


def test_the_pages_of_an_article_that_is_addressed_by_a_number() -> None:
    links = '<div class="page-links"><a href="/?p=124">2</a> <a href="/?p=123&amp;page=2">2</a></div>'
    assert after(links, url="https://a.example/?p=123") == "https://a.example/?p=123&page=2"
