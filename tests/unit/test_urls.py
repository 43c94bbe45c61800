"""Canonical addresses: the same is one, what may differ stays two; and which addresses may be articles."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.urls import ARTICLE_SCORE, MAX_LENGTH, canonical, may_be_article, score
from tests.patience import cpu_within

PAGES = Path(__file__).parents[2] / "../shared/pages/open"
LETTERS = st.text("ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤئىة-" + "abcXYZ019._~", min_size=1, max_size=20)
HOSTS = st.sampled_from(
    ["example.com", "WWW.Example.COM", "موقع.وزارة-الاتصالات.مصر", "bücher.de", "127.0.0.1:8080", "[::1]"]
)
TRICKY = st.text(st.sampled_from("%aA2fE/.?&=#!;:@[]{}|^'\"<> ~+,()*$\u0623\u0627\u0654é漢"), max_size=40)


@given(st.sampled_from(["http", "https", "HTTPS"]), HOSTS, TRICKY)
def test_canonical_of_a_canonical_url_is_itself(scheme: str, host: str, rest: str) -> None:
    once = canonical(f"{scheme}://{host}/{rest}")
    if once is not None:
        assert canonical(once) == once
        assert once.isascii()
        assert len(once) <= MAX_LENGTH


@given(st.text(max_size=60))
def test_any_text_gives_a_web_address_or_none(text: str) -> None:
    found = canonical(text, "https://example.com/a/")
    assert found is None or (urlsplit(found).scheme in ("http", "https") and urlsplit(found).hostname)


@given(LETTERS, LETTERS)
def test_a_slug_is_the_same_raw_encoded_and_in_lower_case_hex(first: str, second: str) -> None:
    raw = f"https://example.com/{first}/{second}?q={second}"
    encoded = f"https://example.com/{quote(first, safe='')}/{quote(second, safe='')}?q={quote(second, safe='')}"
    assert canonical(raw) == canonical(encoded) == canonical(encoded.replace("%D8", "%d8").replace("%D9", "%d9"))


@given(LETTERS, LETTERS)
def test_paths_that_differ_stay_two(first: str, second: str) -> None:
    one, other = canonical(f"https://example.com/a/{first}x"), canonical(f"https://example.com/a/{second}x")
    assert (one == other) == (first == second)


@pytest.mark.parametrize(
    ("given_url", "expected"),
    [
        ("HTTP://Example.COM:80", "http://example.com/"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://example.com/a/./b/../c/%2e%2e/d", "https://example.com/a/d"),
        ("https://example.com/../../x/..", "https://example.com/"),
        ("https://example.com/a//b/", "https://example.com/a//b/"),
        ("https://example.com/A?B=c", "https://example.com/A?B=c"),
        ("https://example.com/a#comments", "https://example.com/a"),
        ("https://example.com/#!/news/12", "https://example.com/#!/news/12"),
        ("https://example.com/?p=123", "https://example.com/?p=123"),
        ("https://example.com/?b=2&a=1", "https://example.com/?b=2&a=1"),
        ("https://example.com/a?", "https://example.com/a"),
        ("https://example.com/a?utm_source=rss&id=5&UTM_Medium=x&fbclid=1", "https://example.com/a?id=5"),
        ("https://example.com/a?traffic_source=rss", "https://example.com/a"),
        ("https://example.com/a?ref=5&source=x&cid=7", "https://example.com/a?ref=5&source=x&cid=7"),
        ("https://example.com/a;jsessionid=1F?id=2", "https://example.com/a?id=2"),
        ("https://example.com/100%", "https://example.com/100%25"),
        ("https://example.com/%7Ea%2Fb%C3%A9", "https://example.com/~a%2Fb%C3%A9"),
        ("https://example.com/%c7%e1", "https://example.com/%C7%E1"),  # windows-1256 in a path: not UTF-8, kept
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("\n  https://example.com/a\t", "https://example.com/a"),
        ("https://موقع.مصر/خبر", "https://xn--4gbrim.xn--wgbh1c/%D8%AE%D8%A8%D8%B1"),
        ("https://my_site.example.com/", "https://my_site.example.com/"),
        ("http://[::0001]:80/", "http://[::1]/"),
        ("http://example.com/amp/x", "http://example.com/amp/x"),
    ],
)
def test_canonical_form(given_url: str, expected: str) -> None:
    assert canonical(given_url) == expected


def test_unicode_is_not_normalised_because_a_server_may_know_one_form_only() -> None:
    assert canonical("https://example.com/\u0623") != canonical("https://example.com/\u0627\u0654")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("b", "https://example.com/x/b"),
        ("/b", "https://example.com/b"),
        ("//cdn.example.org/b", "https://cdn.example.org/b"),
        ("?p=1", "https://example.com/x/y?p=1"),
        ("../../../b", "https://example.com/b"),
        ("", None),
        ("///b", None),
    ],
)
def test_relative_links_are_resolved(link: str, expected: str | None) -> None:
    assert canonical(link, "https://example.com/x/y") == expected


@pytest.mark.parametrize(
    "link",
    [
        "/b",
        "//example.com/b",
        "mailto:a@example.com",
        "javascript:void(0)",
        "java\tscript:alert(1)",
        "whatsapp://send?text=x",
        "tel:+963",
        "ftp://example.com/",
        "file:///etc/passwd",
        "data:text/html,x",
        "http:/example.com/x",
        "http:example.com",
        "http:///x",
        "https://user:secret@example.com/",
        "https://example.com@evil.example/",
        "https://example.com\\@evil.example/",
        "https://exa mple.com/",
        "https://example.com/a\nb",
        "https://example.com/a\x00b",
        "https://example.com/&xxe;",
        "https://example.com/?a=1&amp;b=2",
        "https://example.com/?a&#39;b",
        "https://example.com/\ufffd",
        "https://example.com/" + chr(0xD800),  # half of a character
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://.../",
        "https://-/",
        "https://[::1/",
        "https://a..b/",
        "https://" + "a" * 64 + ".com/",
        "https://example.com/" + "a" * MAX_LENGTH,
    ],
)
def test_what_is_no_usable_address(link: str) -> None:
    assert canonical(link) is None


def test_the_length_counts_without_tracking() -> None:
    assert canonical("https://example.com/a?utm_id=" + "x" * MAX_LENGTH) == "https://example.com/a"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/", "home"),
        ("/ar", "home"),
        ("/ar/", "home"),
        ("/index.php", "home"),
        ("/en-us/home.html", "home"),
        ("/?lang=ar", "home"),
        ("/wp-content/uploads/a.jpg", "file"),
        ("/report.PDF", "file"),
        ("/?attachment_id=5", "file"),
        ("/tag/سوريا", "tag"),
        ("/tag/a-phrase-of-many-words-here", "tag"),
        ("/وسم/سوريا/", "tag"),
        ("/ar/topics/c719d2el19gt", "tag"),
        ("/category/politics", "category"),
        ("/category/politics/syria/", "category"),
        ("/تصنيف/سياسة", "category"),
        ("/?cat=5", "category"),
        ("/author/omar-al-khatib", "author"),
        ("/كاتب/عمر", "author"),
        ("/?s=دمشق", "search"),
        ("/search/label/x", "search"),
        ("/login", "service"),
        ("/ar/من-نحن", "service"),
        ("/privacy-policy/", "service"),
        ("/feed/", "feed"),
        ("/2024/05/a-story/feed/", "feed"),
        ("/?feed=rss2", "feed"),
        ("/page/2", "page"),
        ("/news/page/17/", "page"),
        ("/صفحة/3", "page"),
        ("/news?page=3", "page"),
        ("/2024", "calendar"),
        ("/2024/05/", "calendar"),
        ("/archive/2024/5/12", "calendar"),
        ("/?m=202405", "calendar"),
        ("/wp-json/wp/v2/posts/5", "machine"),
        ("/wp-login.php", "machine"),
        ("/a-story/?share=facebook", "share"),
        ("/a-story/?replytocom=17", "share"),
        ("/a/b/a/c/a/d", "repeated"),
    ],
)
def test_never_an_article(path: str, reason: str) -> None:
    url = canonical("https://example.com" + path)
    assert url is not None
    assert may_be_article(url) == reason


@pytest.mark.parametrize(
    "path",
    [
        "/?p=123",
        "/?some-article",
        "/news.php?id=5&page=2",
        "/قصف-على-ريف-إدلب/",
        "/2024/05/12/a-story",
        "/11/11/11/eleven",
        "/category/politics/12345-what-the-ministers-said",
        "/topics/politics/ministers-agree-on-new-budget-12345",
        "/ar/%D8%AE%D8%A8%D8%B1/a-68123456",
        "/arabic/articles/c4nn5e6yx0qo",
        "/123456",
        "/about-the-war-in-the-north",
    ],
)
def test_may_be_an_article(path: str) -> None:
    url = canonical("https://example.com" + path)
    assert url is not None
    assert may_be_article(url) is None


@pytest.mark.parametrize(
    "url", ["https://www.facebook.com/sharer/x", "https://t.me/share/url?url=x", "https://x.com/a/1"]
)
def test_other_networks_are_elsewhere(url: str) -> None:
    assert may_be_article(url) == "elsewhere"
    assert may_be_article("https://netflix.com/a-title-of-five-words-or-more") is None


@pytest.mark.parametrize("url", ["mailto:a@example.com", "whatsapp://send", "tel:1", "javascript:void(0)"])
def test_other_schemes(url: str) -> None:
    assert may_be_article(url) == "scheme"


def test_a_site_s_rules_come_first() -> None:
    url = "https://example.com/tag/%D8%AE%D8%A8%D8%B1-1"
    assert may_be_article(url, allow=["/tag/خبر"]) is None
    assert may_be_article(url, allow=["/tag/"], deny=["خبر-1$"]) == "denied"
    assert may_be_article("https://example.com/a-story-of-five-words", allow=["/news/"]) == "not allowed"
    assert may_be_article("https://example.com/", allow=["example"]) == "home"


@pytest.mark.parametrize(
    ("path", "article"),
    [
        ("/news/2024/05/12/story", True),
        ("/قصف-مدفعي-على-ريف-إدلب-الجنوبي", True),
        ("/news/1234567", True),
        ("/article.php?id=4711", True),
        ("/arabic/articles/c4nn5e6yx0qo", True),
        ("/a/0f8fad5b-d9cb-469f-a165-70867728950e", True),
        ("/politics", False),
        ("/politics/syria", False),
        ("/middle-east-news", False),
        ("/live", False),
        ("/section/12", False),
    ],
)
def test_scores_of_links(path: str, article: bool) -> None:
    url = canonical("https://example.com" + path)
    assert url is not None
    assert (score(url) >= ARTICLE_SCORE) == article


@pytest.mark.parametrize("unit", ["/a", "%", "%41", "../", "&a=1", "-a", "1", "a1", "/.", "ا", ";jsessionid=", "&#"])
def test_no_address_takes_long(unit: str) -> None:
    url = "https://example.com/" + unit * (1_000_000 // len(unit))
    with cpu_within(0.5):  # a tenth of it is enough
        canonical(url)
        found = canonical(url[:MAX_LENGTH])
        if found:
            may_be_article(found)
            score(found)


@pytest.mark.skipif(not PAGES.is_dir(), reason="needs ../shared/pages, which is not here")
def test_addresses_of_real_articles_pass() -> None:
    """Of the modern corpora, whose pages are all articles: hardly one may be refused, and most read like one."""
    said = [
        json.loads(path.read_text())["url"]
        for kind in ("fundus", "scrapinghub")
        for path in (PAGES / kind).glob("*.json")
    ]
    found = [canonical(url) for url in said]
    assert None not in found
    urls = [url for url in found if url]
    refused = [(unquote(url), reason) for url in urls if (reason := may_be_article(url))]
    assert len(refused) <= len(urls) / 200, refused
    assert sum(score(url) >= ARTICLE_SCORE for url in urls) >= 0.9 * len(urls)
