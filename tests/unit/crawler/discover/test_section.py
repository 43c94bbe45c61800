"""Listing pages, lists of URLs and WordPress' API."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler import discover
from crawler.discover.collector import SkipReason
from crawler.discover.wordpress import first_request
from crawler.errors import SourceProblem
from crawler.models import Discovered
from crawler.urls.reasons import UrlReason
from index.model.candidate import Candidate

URL = "https://www.example.sy/news/"
PAGE = """<html><head><title>أخبار | ستيب</title><base href="/ar/"></head><body>
<nav><a href="/">الرئيسية</a> <a href="/politics">سياسة</a> <a href="/tag/syria">سوريا</a> <a href="#top">أعلى</a>
 <a href="/من-نحن">من نحن</a> <a href="javascript:void(0)">قائمة</a> <a href="https://t.me/step">تلغرام</a></nav>
<main><article><a href="/2024/05/05/first"><img src="a.jpg"></a>
  <h2><a href="/2024/05/05/first?utm_source=home">الجيش يعلن وقف إطلاق النار</a></h2>
  <time datetime="2024-05-05T10:00:00+03:00">اليوم</time><a href="/2024/05/05/first#comments">3</a></article>
<ul><li><a href="قصف-على-ريف-إدلب-الجنوبي"><span>اليوم</span><h3>قصف على <b>ريف</b> إدلب</h3><p>شرح طويل</p></a></li>
<li><a href="https://arabic.example.sy/a/1234567">ب</a> <a href="/a/7654321">ج</a>
 <time datetime="2024-05-04T00:00Z"></time>
<li><a href="/live/now">Ministers agree on a new budget after long talks</a></ul></main>
<footer><a href="https://other.example/2024/05/05/a-story-elsewhere">x</a>
 <a href="/report.pdf">PDF</a></footer></body>"""


def section(page: str = PAGE, **how: Any) -> Discovered:
    return discover.parse("section", page.encode(), URL, {"content-type": "text/html; charset=utf-8"}, **how)


def test_a_listing_gives_its_articles_in_order() -> None:
    found = section()
    assert found.title == "أخبار | ستيب"
    assert [(c.url, c.title) for c in found.candidates] == [
        ("https://www.example.sy/2024/05/05/first", "الجيش يعلن وقف إطلاق النار"),
        (
            "https://www.example.sy/ar/%D9%82%D8%B5%D9%81-%D8%B9%D9%84%D9%89-%D8%B1%D9%8A%D9%81-%D8%A5%D8%AF%D9%84%D8%A8-"
            "%D8%A7%D9%84%D8%AC%D9%86%D9%88%D8%A8%D9%8A",
            "قصف على ريف إدلب",
        ),
        ("https://arabic.example.sy/a/1234567", "ب"),
        ("https://www.example.sy/a/7654321", "ج"),
        ("https://www.example.sy/live/now", "Ministers agree on a new budget after long talks"),
    ]
    assert found.skipped == {
        UrlReason.HOME: 1, SkipReason.UNLIKELY: 1, UrlReason.TAG: 1, UrlReason.SERVICE: 1, SkipReason.UNUSABLE_LINK: 1,
        UrlReason.ELSEWHERE: 2, UrlReason.FILE: 1,
    }  # fmt: skip


def test_a_time_counts_where_it_stands_alone_with_one_article() -> None:
    dates = [c.published.isoformat() if c.published else None for c in section().candidates]
    assert dates == ["2024-05-05T10:00:00+03:00", None, None, None, None]


def test_links_as_they_are_written() -> None:
    story = "<a href='/2024/05/05/\n    first'>x</a><a href='www.example.sy/2024/05/05/second'>x</a>"
    story += "<a href='#!/news/third'>Ministers agree on a new budget after long talks</a><a href='#!'>x</a>"
    thai = "<a href='/news/fourth'>รัฐบาลประกาศงบประมาณใหม่หลังจากการเจรจายาวนานตลอดคืน</a><a href='/th'>ข่าวการเมือง</a>"
    beside = "<a href='/1234-first/print'>x</a><a href='/print/123456'>x</a><a href='/news?id=12345&view=print'>x</a>"
    found = section(f"<p>{story}{thai}{beside}<a href='/news/123456/comments'>x</a><a href='/{{{{url}}}}'>x</a></p>")
    paths = [one.url.removeprefix("https://www.example.sy/") for one in found.candidates]
    assert paths == ["2024/05/05/first", "2024/05/05/second", "news/#!/news/third", "news/fourth"]


def test_a_selector_names_links_or_what_is_around_them() -> None:
    for selector in ("article", "article a", "h2 a"):
        assert [c.url for c in section(links=selector).candidates] == ["https://www.example.sy/2024/05/05/first"]
    assert "https://www.example.sy/politics" in [
        c.url for c in section(links="nav a").candidates
    ]  # chosen, so believed


@pytest.mark.parametrize(
    ("page", "links", "reason"),
    [
        (PAGE, ".gone a", "source.selector_finds_nothing"),
        (PAGE, "a[[", "source.bad_selector"),
        ("<html><body><div id=root></div><script>app()</script>", None, "source.no_links"),
        ("<html><title>Attention Required! | Cloudflare</title></html>", None, "source.bot_wall"),
    ],
)
def test_a_listing_without_articles_is_a_problem(page: str, links: str | None, reason: str) -> None:
    with pytest.raises(SourceProblem) as problem:
        section(page, links=links)
    assert problem.value.reason == reason


def test_deep_and_hostile_pages_are_read() -> None:
    link = '<a href="/2024/05/05/deep">x</a>'
    assert section("<div>" * 20_000 + link).candidates == (Candidate("https://www.example.sy/2024/05/05/deep", "x"),)
    assert section("<base href='http://['>" + link).candidates[0].url == "https://www.example.sy/2024/05/05/deep"


# --- lists of URLs ---------------------------------------------------------------------------------------------------


def listed(text: str) -> Discovered:
    return discover.parse("urls", text.encode(), "https://example.sy/list", {})


@pytest.mark.parametrize(
    "text",
    [
        "# back-fill\n\nhttps://example.sy/1\r\n https://example.sy/2 \nnonsense\n",
        '- https://example.sy/1 # first\n2. "https://example.sy/2"\n* nonsense\n',
        '{"url": "https://example.sy/1"}\n{"link": "https://example.sy/2"}\n{"url": "nonsense"}\n',
        '[\n {"url": "https://example.sy/1"},\n {"url": "https://example.sy/2"},\n {"url": "nonsense"}\n]',
        '{"A": [{"url": "https://example.sy/1"}], "B": [{"url": "https://example.sy/2"}, {"url": "nonsense"}]}',
        '["https://example.sy/1", "https://example.sy/2", "nonsense"]',
        '\ufeff[\n "https://example.sy/1",\n "https://example.sy/2",\n "nonsense"\n]',
        "id,url\n1,https://example.sy/1\n2,https://example.sy/2\n3,nonsense\n",
        "\ufeffURL;id\nhttps://example.sy/1;1\nhttps://example.sy/2;2\nnonsense;3\n",
    ],
    ids=["plain", "bullets", "jsonl", "json", "by name", "addresses alone", "byte order mark", "csv", "semicolons"],
)
def test_lists_of_urls(text: str) -> None:
    found = listed(text)
    assert [c.url for c in found.candidates] == ["https://example.sy/1", "https://example.sy/2"]
    assert found.skipped == {SkipReason.UNUSABLE_LINK: 1}


def test_a_record_is_one_whatever_lists_it_holds() -> None:
    (found,) = listed('{"url": "https://example.sy/1", "images": [{"url": "https://example.sy/a.jpg"}]}').candidates
    assert found.url == "https://example.sy/1"


def test_a_list_may_say_more_than_the_url() -> None:
    (found,) = listed(
        'title\turl\tpublished\tlanguage\n"عنوان"\thttps://example.sy/1\t2024-05-05T10:00Z\tar'
    ).candidates
    assert found == Candidate("https://example.sy/1", "عنوان", datetime(2024, 5, 5, 10, tzinfo=UTC), None, "ar")


@pytest.mark.parametrize(
    "text",
    [
        "id,indexed_date,language,media_name,publish_date,title,url\n"
        "7,2024-05-06 01:02:03,ar,example.sy,2024-05-05,عنوان,https://example.sy/1\n",
        '{\n "authors": [],\n "date_publish": "2024-05-05 00:00:00",\n "language": "ar",\n "maintext": "نص",\n'
        ' "title": "عنوان",\n "url": "https://example.sy/1"\n}',
    ],
    ids=["Media Cloud", "news-please"],
)
def test_exports_of_other_programs_are_lists(text: str) -> None:
    (found,) = discover.parse("urls", text.encode(), "https://example.sy/list", {}, zone=UTC).candidates
    assert (found.url, found.title, found.language) == ("https://example.sy/1", "عنوان", "ar")
    assert found.published is not None
    assert found.published.date() == date(2024, 5, 5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no address here\n", "source.no_urls"),
        ("<html><p>x", "source.web_page"),
        ('{"Press": [{"title": "no address", "body": "text"}]}', "source.no_urls"),  # as Fundus saves articles
    ],
    ids=["text", "page", "no addresses"],
)
def test_what_is_no_list(text: str, reason: str) -> None:
    with pytest.raises(SourceProblem) as problem:
        listed(text)
    assert problem.value.reason == reason


# --- WordPress -------------------------------------------------------------------------------------------------------

API = "https://example.sy/wp-json/wp/v2/posts?per_page=100&orderby=date"
POST = {
    "link": "https://example.sy/?p=1",
    "title": {"rendered": "&#8220;عاجل&#8221; <em>خبر</em> &amp; آخر"},
    "date_gmt": "2024-05-05T10:00:00",
    "modified_gmt": "2024-05-05T11:00:00",
}


def wordpress(text: str, url: str = API, **headers: str) -> Discovered:
    return discover.parse("wordpress", text.encode(), url, {name.replace("_", "-"): v for name, v in headers.items()})


def test_posts_of_wordpress() -> None:
    found = wordpress(json.dumps([POST, {"link": None}, 5]), x_wp_totalpages="3")
    assert found.candidates == (
        Candidate(
            "https://example.sy/?p=1",
            "“عاجل” خبر & آخر",
            datetime(2024, 5, 5, 10, tzinfo=UTC),
            datetime(2024, 5, 5, 11, tzinfo=UTC),
        ),
    )
    assert found.further == ((f"{API}&page=2", None), (f"{API}&page=3", None))
    assert found.skipped == {SkipReason.NO_LINK: 1}


def test_posts_that_php_numbers() -> None:
    assert len(wordpress(json.dumps({"0": POST, "2": {**POST, "link": "https://example.sy/?p=2"}})).candidates) == 2


def test_only_the_first_page_names_the_others() -> None:
    assert wordpress(json.dumps([POST]), f"{API}&page=2", x_wp_totalpages="3").further == ()


def test_without_the_header_a_full_page_has_a_next() -> None:
    assert wordpress(json.dumps([POST] * 100)).further == ((f"{API}&page=2", None),)
    assert wordpress(json.dumps([POST] * 100), f"{API}&page=2").further == ((f"{API}&page=3", None),)
    assert wordpress(json.dumps([POST] * 99)).further == ()


def test_notices_before_the_json_and_a_page_after_the_last() -> None:
    notice = "<br />\n<b>Notice</b>: Undefined {index} in x.php\n"
    assert len(wordpress(notice + json.dumps([POST])).candidates) == 1
    assert wordpress('{"code": "rest_post_invalid_page_number"}') == Discovered("wordpress")
    assert wordpress("[]") == Discovered("wordpress")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"code": "rest_no_route", "message": "No route was found"}', "source.api_refuses"),
        ("[1, 2]", "source.no_api"),
        ("[{]", "source.broken_json"),
        ("[" * 100_000, "source.broken_json"),
        ("<!doctype html><p>x", "source.web_page"),
    ],
)
def test_what_is_no_api(text: str, reason: str) -> None:
    with pytest.raises(SourceProblem) as problem:
        wordpress(text)
    assert problem.value.reason == reason


@pytest.mark.parametrize(
    ("base", "path", "own"),
    [
        ("https://example.sy", "/wp-json/wp/v2/posts", {}),
        ("https://example.sy/blog/", "/blog/wp-json/wp/v2/posts", {}),
        ("https://example.sy/wp-json", "/wp-json/wp/v2/posts", {}),
        ("https://example.sy/wp-json/wp/v2/", "/wp-json/wp/v2/posts", {}),
        ("https://example.sy/wp-json/wp/v2/news?categories=5", "/wp-json/wp/v2/news", {"categories": ["5"]}),
        ("https://example.sy/?rest_route=/", "/", {"rest_route": ["/wp/v2/posts"]}),
        ("https://example.sy/index.php?rest_route=/wp/v2/news", "/index.php", {"rest_route": ["/wp/v2/news"]}),
    ],
)
def test_the_first_request(base: str, path: str, own: dict[str, list[str]]) -> None:
    since = datetime(2024, 5, 5, tzinfo=UTC)
    parts = urlsplit(first_request(base, since, modified=True))
    common = {"per_page": ["100"], "order": ["desc"], "_fields": ["link,title,date_gmt,modified_gmt,guid"]}
    changed = {"orderby": ["modified"], "modified_after": ["2024-05-05T00:00:00Z"]}
    assert (parts.path, parse_qs(parts.query)) == (path, own | common | changed)
    published = parse_qs(urlsplit(first_request(base, since)).query)
    assert published == own | common | {"orderby": ["date"], "after": ["2024-05-05T00:00:00Z"]}
