"""Feeds of every kind, as real ones are: broken, mislabelled, hostile."""

from __future__ import annotations

import html
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from crawler import discover
from crawler.discover import feed_dates
from crawler.discover.collector import SkipReason
from crawler.errors import SourceProblem
from crawler.models import Discovered
from index.model.candidate import Candidate
from tests.support.patience import cpu_within

URL = "https://example.sy/feed/"
DAMASCUS = timezone(timedelta(hours=3))


def rss(items: str, *, channel: str = "<title>أخبار</title><language>ar</language>", head: str = "") -> str:
    return (
        f'{head}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">'
        f"<channel>{channel}{items}</channel></rss>"
    )


def item(title: str = "خبر", link: str = "https://example.sy/1", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


def read(text: str | bytes, content_type: str = "", **how: Any) -> Discovered:
    body = text if isinstance(text, bytes) else text.encode()
    headers = {"content-type": content_type} if content_type else {}
    return discover.parse("feed", body, URL, headers, **how)


def only(text: str | bytes, **how: Any) -> Candidate:
    (candidate,) = read(text, **how).candidates
    return candidate


def test_rss_2() -> None:
    found = read(
        rss(item("عنوان", "https://example.sy/1?utm_source=rss", "<pubDate>Sun, 05 May 2024 10:00:00 +0300</pubDate>"))
    )
    assert found == Discovered(
        "feed",
        (Candidate("https://example.sy/1", "عنوان", datetime(2024, 5, 5, 10, tzinfo=DAMASCUS), None, "ar"),),
        title="أخبار",
    )


def test_rss_1_dates_its_items_with_dublin_core() -> None:
    found = only(
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<channel rdf:about="https://example.sy/"><title>R</title></channel>'
        '<item rdf:about="https://example.sy/1"><title>t</title><link>https://example.sy/1</link>'
        "<dc:date>2024-05-05T10:00+03:00</dc:date></item></rdf:RDF>"
    )
    assert (found.published, found.modified) == (datetime(2024, 5, 5, 10, tzinfo=DAMASCUS), None)


def test_rss_091_with_its_doctype_and_html_entities() -> None:
    found = only(
        '<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
        ' "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>x</title>'
        "<item><title>Caf&eacute;&nbsp;1</title><link>http://example.sy/1?a=1&amp;b=2</link></item></channel></rss>"
    )
    assert (found.url, found.title) == ("http://example.sy/1?a=1&b=2", "Café 1")


def test_atom() -> None:
    found = read(
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.org/x/" '
        'xml:lang="fr"><title type="html">&lt;i&gt;T&lt;/i&gt;</title><entry xml:lang="ar"><title>عنوان</title>'
        '<link rel="self" type="application/atom+xml" href="self"/><link rel="enclosure" href="/e.mp3"/>'
        '<link rel="alternate" type="text/html" href="1.html"/><link rel="alternate" hreflang="en" href="en.html"/>'
        "<id>tag:1</id><published>2024-05-05T10:00:00Z</published><updated>2024-05-05T12:00:00+03:00</updated></entry>"
        "<entry><title>b</title><link href='2.html'/><updated>2024-01-01T00:00:00Z</updated></entry></feed>"
    )
    assert found.title == "T"
    assert found.candidates == (
        Candidate(
            "https://example.org/x/1.html",
            "عنوان",
            datetime(2024, 5, 5, 10, tzinfo=UTC),
            datetime(2024, 5, 5, 12, tzinfo=DAMASCUS),
            "ar",
        ),
        Candidate("https://example.org/x/2.html", "b", None, datetime(2024, 1, 1, tzinfo=UTC), "fr"),
    )


def test_json_feed() -> None:
    found = read(
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "J",
                "language": "ar",
                "items": [
                    {"id": "https://example.sy/1", "title": "أ", "date_published": "2024-05-05T10:00:00+03:00"},
                    {"id": 2, "url": "/2", "external_url": "https://other.example/", "language": "en"},
                    {"id": "3"},
                    "nonsense",
                ],
            }
        )
    )
    assert found.candidates == (
        Candidate("https://example.sy/1", "أ", datetime(2024, 5, 5, 10, tzinfo=DAMASCUS), None, "ar"),
        Candidate("https://example.sy/2", language="en"),
    )
    assert found.skipped == {SkipReason.NO_LINK: 1}


def test_links_that_are_somewhere_else() -> None:
    found = read(
        rss(
            "<item><guid>12345</guid><title>a bare guid is no link</title></item>"
            "<item><guid>https://example.sy/guid</guid></item>"
            "<item><guid isPermaLink='false'>https://example.sy/?p=7</guid><link></link></item>"
            "<item><link>https://feedproxy.example/x</link>"
            "<feedburner:origLink>https://example.sy/orig</feedburner:origLink></item>"
            "<item><atom:link rel='self' href='https://example.sy/self'/><link>/relative</link></item>"
            "<item><link>https://news.google.com/rss/articles/CBMi?oc=5</link></item>"
            "<item><link><![CDATA[ https://example.sy/cdata?a=1&b=2 ]]></link></item>"
        )
    )
    assert [c.url for c in found.candidates] == [
        "https://example.sy/guid",
        "https://example.sy/?p=7",
        "https://example.sy/orig",
        "https://example.sy/relative",
        "https://news.google.com/rss/articles/CBMi?oc=5",
        "https://example.sy/cdata?a=1&b=2",
    ]
    assert found.skipped == {SkipReason.NO_LINK: 1}


def test_what_is_left_out_is_counted_and_a_duplicate_fills_gaps() -> None:
    found = read(
        rss(
            item("", "https://example.sy/1")
            + item("later", "https://example.sy/1#c", "<pubDate>Sun, 05 May 2024 10:00:00 GMT</pubDate>")
            + item("x", "javascript:alert(1)")
            + item("x", "file:///etc/passwd")
            + item("x", "")
        )
    )
    assert found.candidates == (
        Candidate("https://example.sy/1", "later", datetime(2024, 5, 5, 10, tzinfo=UTC), None, "ar"),
    )
    assert found.skipped == {SkipReason.DUPLICATE: 1, SkipReason.UNUSABLE_LINK: 2, SkipReason.NO_LINK: 1}


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("<![CDATA[<b>عاجل</b> | خبر]]>", "عاجل | خبر"),
        ("&lt;b&gt;عاجل&lt;/b&gt; AT&amp;amp;T", "عاجل AT&T"),
        ("الأسعار < 5 &amp; > 3".replace("<", "&lt;").replace(">", "&gt;"), "الأسعار < 5 & > 3"),
        ("سطر\n\t آخر&#8207;\u202e\u200f", "سطر آخر"),
        ("می‌خواهم", "می‌خواهم"),
        ("a\x0b\x1b[31mb", "a[31mb"),
        ("ط" * 900, "ط" * 500),
        ("   ", None),
        ("{{ title }}", None),
        ("undefined", None),
    ],
)
def test_titles_are_text(markup: str, title: str | None) -> None:
    assert only(rss(item(markup))).title == title


@pytest.mark.parametrize("declared", ["windows-1256", "UTF-8", "iso-8859-1", None])
@pytest.mark.parametrize(
    "content_type", ["", "text/xml", "text/xml; charset=windows-1256", "application/rss+xml; charset=UTF-8"]
)
def test_windows_1256_is_read_right_whatever_is_declared(declared: str | None, content_type: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = rss(item("الجيش يعلن وقف إطلاق النار في إدلب"), head=head).encode("windows-1256")
    assert only(body, content_type=content_type).title == "الجيش يعلن وقف إطلاق النار في إدلب"


@pytest.mark.parametrize(
    "body",
    [
        b"\n\n  \xef\xbb\xbf" + rss(item()).encode(),
        rss(item("خبر\x08\x00")).encode(),
        b"<br />\n<b>Notice</b>: x\n" + rss(item(), head='<?xml version="1.0"?>').encode(),
        rss(item(), head='<?xml version="1.0" encoding="utf-16"?>').encode("utf-16"),
        rss(item(more="<description>a & b</description>")).encode(),
        rss(item(more="<media:content url='x'/>")).encode(),  # a prefix that nobody declared
        rss(item(more="<description><p>open")).encode(),
        (rss(item())[: -len("</channel></rss>")]).encode(),
    ],
    ids=["bom", "controls", "notice", "utf-16", "ampersand", "prefix", "mismatch", "truncated"],
)
def test_malformed_feeds_are_read(body: bytes) -> None:
    found = only(body)
    assert (found.url, found.title) == ("https://example.sy/1", "خبر")


def test_dates_without_a_zone_need_the_site_s() -> None:
    text = rss(item(more="<pubDate>Sun, 05 May 2024 10:00:00</pubDate>"))
    assert only(text).published is None
    assert only(text, zone=DAMASCUS).published == datetime(2024, 5, 5, 10, tzinfo=DAMASCUS)


def test_a_second_date_is_a_modification_only_if_later() -> None:
    more = "<pubDate>Sun, 05 May 2024 10:00:00 GMT</pubDate><dc:date>2024-05-05T{}:00:00Z</dc:date>"
    assert only(rss(item(more=more.format("10")))).modified is None
    assert only(rss(item(more=more.format("11")))).modified == datetime(2024, 5, 5, 11, tzinfo=UTC)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
SUBSETS = {
    "billion laughs": f'<!DOCTYPE rss [<!ENTITY l0 "lol">{LAUGHS}<!ENTITY x "&l9;">]>',
    "quadratic": f'<!DOCTYPE rss [<!ENTITY x "{"a" * 100_000}">]>',
    "file": '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "network": '<!DOCTYPE rss [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
    "parameter": '<!DOCTYPE rss [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p; <!ENTITY x "y">]>',
    "external": '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">',
}


@pytest.mark.parametrize("name", SUBSETS)
def test_no_entity_is_expanded(name: str) -> None:
    text = rss(
        item("قبل &x; بعد") + item("&x;" * 2_000, "https://example.sy/&x;/2"),
        head=f'<?xml version="1.0"?>{SUBSETS[name]}',
    )
    with cpu_within(1):
        found = read(text)
    assert [(c.url, c.title) for c in found.candidates] == [("https://example.sy/1", "قبل \ufffd بعد")]
    assert found.skipped == {SkipReason.UNUSABLE_LINK: 1}


@pytest.mark.parametrize(
    "unit", ["<", "<a ", "<!--", "<![CDATA[", "<!", "&lt;", "<item>", "<title>", '<a b="', "]]>", "&#"]
)
def test_no_feed_takes_long(unit: str) -> None:
    with cpu_within(5), suppress(SourceProblem):  # by itself; the workers' deadline is for what nobody thought of
        read('<rss version="2.0"><channel>' + unit * (100_000 // len(unit)))
    with cpu_within(5):
        read(
            rss(
                item("t", "https://example.sy/" + " \n" * 50_000 + "a")
                + item("t", f"https://a.example/{' ' * 100_000}b")
            )
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 05 May 2024 10:00:00 +0300", "2024-05-05T10:00:00+03:00"),
        ("5 May 24 10:00 GMT", "2024-05-05T10:00:00+00:00"),
        ("Sun, 05 May 2024 10:00:00 EST", "2024-05-05T10:00:00-05:00"),
        ("Mon, 23 September 2024 10:00:60 UTC", "2024-09-23T10:00:59+00:00"),
        ("الأحد, 05 May 2024 10:00:00 GMT+3", "2024-05-05T10:00:00+03:00"),
        ("2024-05-05T10:00:00.123456789+03:00", "2024-05-05T10:00:00+03:00"),
        ("2024-05-05 10:00:00 +0300", "2024-05-05T10:00:00+03:00"),
        ("٢٠٢٤-٠٥-٠٥T١٠:٠٠Z", "2024-05-05T10:00:00+00:00"),
        ("Sun, 05 May 2024 10:00:00 AST", None),  # of the Atlantic or of Arabia
        ("Sun, 05 May 2024 10:00:00 +9900", None),
        ("2024-05-05", None),
        ("05/06/2024 10:00 GMT", None),
        ("2024-05", None),
        ("2024-02-30T10:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("0000-00-00 00:00:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("أمس", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_are_read_and_never_guessed(text: str | None, expected: str | None) -> None:
    found = feed_dates.parse(text)
    assert (found.isoformat() if found else None) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("2024/5/5 10:00:00", "en", "2024-05-05T10:00:00+03:00"),
        ("So, 05.05.2024 - 10:00", "de", "2024-05-05T10:00:00+03:00"),
        ("Sun May 05 2024 10:00:00 GMT+0200 (CEST)", "en", "2024-05-05T10:00:00+02:00"),
        ("Sun May  5 10:00:00 2024", "en", "2024-05-05T10:00:00+03:00"),
        ("May 5, 2024, 10:00 AM EET", "en", "2024-05-05T10:00:00+02:00"),
        ("1714892400", "en", "2024-05-05T07:00:00+00:00"),
        ("1714892400000", "en", "2024-05-05T07:00:00+00:00"),
        ("20240505T100000Z", "en", "2024-05-05T10:00:00+00:00"),
        ("2024-05-04T24:00:00Z", "en", "2024-05-05T00:00:00+00:00"),
        ("dim. 5 mai 2024 10h00", "fr", "2024-05-05T10:00:00+03:00"),
        ("5 мая 2024, 10:00", "ru", "2024-05-05T10:00:00+03:00"),
        ("الأحد 5 أيار 2024 - 10:00 صباحاً", "ar", "2024-05-05T10:00:00+03:00"),
        ("٥ ت١ ٢٠٢٤", "ar", "2024-10-05T00:00:00+03:00"),
        ("۱۴۰۳/۰۲/۱۶ ۱۰:۰۰", "fa", "2024-05-05T10:00:00+03:00"),
        ("05 Th5 2024 10:00", "vi", "2024-05-05T10:00:00+03:00"),
        ("Tháng Mười Một 5, 2024", "vi", "2024-11-05T00:00:00+03:00"),
        ("5 listopada 2024", "pl", "2024-11-05T00:00:00+03:00"),
        ("2024-05-05", "en", "2024-05-05T00:00:00+03:00"),
        ("05/06/2024", "en", None),
        ("1403021612", "fa", None),
    ],
)
def test_dates_in_the_forms_that_feeds_have(text: str, language: str, expected: str | None) -> None:
    channel = f"<title>t</title><language>{language}</language>"
    found = only(rss(item(more=f"<pubDate>{text}</pubDate>"), channel=channel), zone=DAMASCUS).published
    assert (found and found.isoformat()) == expected


@pytest.mark.parametrize("said", [1714892400, 1714892400000, "1714892400", "5 May 2024 10:00 +0300"])
def test_dates_in_json_may_be_numbers(said: object) -> None:
    items = [{"url": "https://example.sy/1", "date_published": said}, {"url": "/2", "date_published": True}]
    first, second = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})).candidates
    assert first.published == datetime(2024, 5, 5, 7, tzinfo=UTC)
    assert second.published is None


@pytest.mark.parametrize("body", [b"", b" \n", b"\x00\x00"])
def test_nothing_came(body: bytes) -> None:
    with pytest.raises(SourceProblem) as problem:
        read(body)
    assert problem.value.reason == "source.empty"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<!doctype html><title>Not found</title><p>x", "source.web_page"),
        ("<html><title>Just a moment...</title></html>", "source.bot_wall"),
        ("<html><script src='/aes.js'></script><script>var a=toNumbers('f6')</script></html>", "source.bot_wall"),
        ("<?xml version='1.0'?><opml/>", "source.unexpected"),
        ("Too many requests", "source.unexpected"),
        ('{"error": "closed"}', "source.no_api"),
        ("{", "source.broken_json"),
        ("<rss", "source.web_page"),
        ("<rss ", "source.broken_feed"),
    ],
)
def test_what_is_no_feed_says_so(body: str, reason: str) -> None:
    with pytest.raises(SourceProblem) as problem:
        read(body)
    assert problem.value.reason == reason
    assert str(problem.value)


def test_a_web_page_in_place_of_a_feed_names_the_feeds_that_it_has() -> None:
    with pytest.raises(SourceProblem, match=r"it names https://example\.sy/new/feed/"):
        read('<html><head><link rel="alternate" type="application/rss+xml" href="/new/feed/"></head>')


def test_alternates_of_a_home_page() -> None:
    page = """<html><head><base href="https://example.sy/ar/">
      <link rel="alternate" hreflang="en" href="https://example.sy/en/">
      <link rel="Alternate" type="application/rss+xml" title="أخبار" href="feed/">
      <link rel="alternate" type="application/rss+xml" title="تعليقات" href="comments/feed/">
      <link rel="alternate home" type="application/atom+xml; charset=utf-8" href="/atom.xml">
      <link rel="alternate" type="application/json+oembed" href="/oembed">
      <link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">
      <link rel="alternate" type="application/feed+json" href="//cdn.example.sy/feed.json">
      <link rel="alternate" type="application/rss+xml" href="feed/#again">
      <link rel="alternate" type="application/rss+xml" href="javascript:x"></head>"""
    assert discover.alternates(page.encode(), "https://example.sy/") == [
        "https://example.sy/ar/feed/",
        "https://example.sy/atom.xml",
        "https://cdn.example.sy/feed.json",
    ]


@pytest.mark.parametrize("stray", [b"\xe9", b"\x92", b"\xff"])
def test_a_stray_byte_costs_a_feed_one_character(stray: bytes) -> None:
    body = rss(item("The ferry’s “last” winter", more="<description>In the cafX a list</description>")).encode()
    assert only(body.replace(b"X", stray)).title == "The ferry’s “last” winter"


@pytest.mark.parametrize(
    ("link", "guid", "url"),
    [
        ("https://feedproxy.example/~r/x/~3/4", "https://example.sy/4", "https://example.sy/4"),
        ("https://click.example/?i=4&amp;u=https%3A%2F%2Fexample.sy%2F4%3Fp%3D2", "4", "https://example.sy/4?p=2"),
        ("https://click.example/?u=https://other.example/4", "https://other.example/4", None),
        ("https://video.example/4", "4", None),
        ("https://video.example/4", "https://example.sy/#4", None),
        ("https://www.example.sy/4", "https://example.sy/?p=4", None),
    ],
    ids=["a guid", "a parameter", "nothing of the site", "a bare guid", "the home page", "a host of the site"],
)
def test_a_link_that_counts_clicks_is_not_the_page_s(link: str, guid: str, url: str | None) -> None:
    entry = item("t", link, f"<guid>{guid}</guid>")
    assert only(rss(entry)).url == (url or link.replace("&amp;", "&"))
    channel = "<link>https://example.sy/</link>"
    elsewhere = discover.parse("feed", rss(entry, channel=channel).encode(), "https://feeds.example/sy", {})
    assert elsewhere.candidates[0].url == only(rss(entry)).url


@pytest.mark.parametrize(
    "link",
    [
        "https://example.sy/a\n     -long-slug",
        "example.sy/a-long-slug",
        "www.example.sy/a-long-slug",
        "\t//example.sy/a-long-slug",
    ],
)
def test_a_link_that_is_broken_over_lines_or_has_no_scheme(link: str) -> None:
    assert (
        only(rss(item("t", link))).url.removeprefix("https://www.").removeprefix("https://") == "example.sy/a-long-slug"
    )


def test_a_permalink_may_be_relative() -> None:
    assert only(rss("<item><title>t</title><guid>/a/9</guid></item>")).url == "https://example.sy/a/9"


@pytest.mark.parametrize("page", ["<html><body>{}</body></html>", "<html><pre>{}</pre></html>"])
def test_a_feed_that_a_page_shows(page: str) -> None:
    feed = rss(item("خبر"))
    assert only(page.format(html.escape(feed) if "pre" in page else feed)).title == "خبر"


def test_guids_that_identify_an_article_beside_its_url() -> None:
    entries = (
        ("1", "<guid isPermaLink='false'>309176</guid>", "309176"),
        ("2", "<guid>https://example.sy/2</guid>", None),  # the URL itself
        ("3", "<guid>https://example.sy/?p=3</guid>", "https://example.sy/?p=3"),
        ("4", "<guid>news</guid>", None),  # of two entries
        ("5", "<guid>news</guid>", None),
        ("6", "", None),
        ("7", "<guid isPermaLink='false'>breaking</guid>", None),  # which no article has for itself
        ("8", "<guid isPermaLink='false'>80</guid>", None),  # of two entries
        ("9", "<guid isPermaLink='false'>80</guid>", None),
    )
    found = read(rss("".join(item(n, f"https://example.sy/{n}", guid) for n, guid, _ in entries)))
    assert [one.guid for one in found.candidates] == [guid for _, _, guid in entries]
    made = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": 7, "url": "/7"}, {"id": "https://example.sy/8"}],
    }
    assert [one.guid for one in read(json.dumps(made)).candidates] == ["7", None]


def test_edits_in_a_wiki_s_feed_are_of_its_pages() -> None:
    """Each entry is an edit: its time is no publication, its guid no page's, and two may be of one page."""
    edit = "https://wiki.example.org/index.php?title=%s&amp;diff=%d&amp;oldid=0"
    entries = "".join(
        f"<entry><id>{edit % (title, number)}</id><title>{title}</title><updated>2026-03-0{number}T10:00:00Z</updated>"
        f"<link rel='alternate' type='text/html' href='{edit % (title, number)}'/></entry>"
        for title, number in (("Harbour", 3), ("Ferry", 2), ("Harbour", 1))
    )
    found = read(f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Recent changes</title>{entries}</feed>")
    page = "https://wiki.example.org/index.php?title=%s"
    assert found.candidates == (
        Candidate(page % "Harbour", "Harbour", None, datetime(2026, 3, 3, 10, tzinfo=UTC)),
        Candidate(page % "Ferry", "Ferry", None, datetime(2026, 3, 2, 10, tzinfo=UTC)),
    )


def test_edits_in_a_wiki_s_rss_are_no_publications() -> None:
    link = "https://wiki.example.org/harbour?rev=1780000000&amp;do=diff"
    entry = item("harbour", link, "<pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate>")
    (found,) = read(rss(entry)).candidates
    assert found.url == "https://wiki.example.org/harbour"
    assert (found.published, found.modified) == (None, datetime(2026, 3, 1, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("channel", "link", "url"),
    [
        ("https://www.example.sy/", "/7", "https://www.example.sy/7"),  # the feed is a copy on another host
        ("https://www.example.sy/news/", "7", "https://www.example.sy/news/7"),
        ("https://example.sy/news/", "7", "https://example.sy/feed/7"),
        ("no address", "/7", "https://example.sy/7"),
        ("https://example.sy/", "www.example.sy/7", "https://www.example.sy/7"),
        ("https://example.sy/", "www.html", "https://example.sy/feed/www.html"),
    ],
    ids=["another host", "below its path", "the same host", "no address", "no scheme", "a file"],
)
def test_a_relative_link_is_that_of_the_feeds_site(channel: str, link: str, url: str) -> None:
    assert only(rss(item(link=link), channel=f"<title>x</title><link>{channel}</link>")).url == url


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="http://www.iana.org/assignments/relation/alternate" href="https://example.sy/7"/>',
        '<link rel="alternate" type="text/html; charset=utf-8" href="https://example.sy/7"/>',
        '<link rel="alternate" type="application/json" href="https://example.sy/7.json"/>'
        '<link rel="alternate" type="Text/HTML" href="https://example.sy/7"/>',
    ],
    ids=["registered relation", "media type with charset", "of two"],
)
def test_an_alternate_link_however_it_is_declared(link: str) -> None:
    entry = f"<entry><title>t</title>{link}</entry>"
    found = only(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{entry}</feed>')
    assert found.url == "https://example.sy/7"


@pytest.mark.parametrize("element", ["dcterms:created", "prism:publicationDate", "created"])
def test_what_else_dates_an_entry(element: str) -> None:
    names = 'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:prism="http://prismstandard.org/namespaces/1.2/basic/"'
    dated = rss(item(more=f"<{element}>2024-05-05T10:00:00+03:00</{element}>")).replace("<rss ", f"<rss {names} ", 1)
    assert only(dated).published == datetime(2024, 5, 5, 10, tzinfo=DAMASCUS)


@pytest.mark.parametrize(
    "head",
    ["<!-- made by <html> tools -->", '<?xml version="1.0"?><!-- <body> --><!-- <urlset> -->\n', "<!-- never closed "],
    ids=["one", "two", "unclosed"],
)
def test_elements_in_comments_are_none(head: str) -> None:
    assert only(rss(item(), head=head)).url == "https://example.sy/1"


def test_a_sign_that_begins_no_tag_costs_nothing() -> None:
    found = read(rss(item("5 < 6 وأكثر") + item(link="https://example.sy/2", more="<m><16x16>a</16x16></m>")))
    assert [(c.url, c.title) for c in found.candidates] == [
        ("https://example.sy/1", "5 < 6 وأكثر"),
        ("https://example.sy/2", "خبر"),
    ]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_feed_that_says_utf_16(codec: str) -> None:
    found = only(rss(item(), head='<?xml version="1.0" encoding="utf-16"?>').encode(codec))
    assert found.title == "خبر"


@pytest.mark.parametrize(
    ("written", "hour"),
    [("2024-05-05T10:00:00 03:00", 10), ("2024-05-05T10:00 03:00", 10), ("Sun, 05 May 2024 10.00.00 +0300", 10)],
)
def test_dates_whose_signs_were_lost(written: str, hour: int) -> None:
    assert feed_dates.parse(written) == datetime(2024, 5, 5, hour, tzinfo=DAMASCUS)
