"""Canonical URLs: the same page is one URL, what may differ stays two."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.urls.article_filter import article_score, may_be_article
from crawler.urls.canonical import MAX_LENGTH, canonical
from tests.support.patience import cpu_within

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
        ("https://example.com/(S(lit3py55t21z5v55vlm25s55))/a.aspx", "https://example.com/a.aspx"),
        ("https://example.com/(s)/a", "https://example.com/(s)/a"),
        ("https://example.com/a?ASPSESSIONIDQABC=X&itm_source=y&__cf_chl_tk=z&id=4", "https://example.com/a?id=4"),
        ("https://example.com/100%", "https://example.com/100%25"),
        ("https://example.com/%7Ea%2Fb%C3%A9", "https://example.com/~a%2Fb%C3%A9"),
        ("https://example.com/%c7%e1", "https://example.com/%C7%E1"),  # windows-1256 in a path: not UTF-8, kept
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("\n  https://example.com/a\t", "https://example.com/a"),
        ("https://xn--ls8h.la/a", "https://xn--ls8h.la/a"),  # 💩, which IDNA 2008 has not, but browsers take
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
        "https://xn--a/",
        "https://" + "a" * 64 + ".com/",
        "https://example.com/" + "a" * MAX_LENGTH,
    ],
)
def test_what_is_no_usable_address(link: str) -> None:
    assert canonical(link) is None


def test_the_length_counts_without_tracking() -> None:
    assert canonical("https://example.com/a?utm_id=" + "x" * MAX_LENGTH) == "https://example.com/a"


@pytest.mark.parametrize("unit", ["/a", "%", "%41", "../", "&a=1", "-a", "1", "a1", "/.", "ا", ";jsessionid=", "&#"])
def test_no_address_takes_long(unit: str) -> None:
    url = "https://example.com/" + unit * (1_000_000 // len(unit))
    with cpu_within(0.5):  # a tenth of it is enough
        canonical(url)
        found = canonical(url[:MAX_LENGTH])
        if found:
            may_be_article(found)
            article_score(found)
