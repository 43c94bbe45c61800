"""Spellings: what may be another address of a page, and what never is."""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crawler.urls.canonical import canonical
from crawler.urls.variants import variants

SLUGS = st.text(alphabet="abcABZ019-._أخبارéü٠", min_size=1, max_size=12).filter(lambda s: s.strip("."))
PATHS = st.lists(SLUGS, min_size=1, max_size=3).map("/".join)
HOSTS = st.sampled_from(
    ["step.example.com", "www.step.co.uk", "m.step.news", "amp.step.sy", "127.0.0.1:8000", "m.co.uk"]
)
QUERIES = st.sampled_from(["", "?p=123", "?p=124", "?id=1&amp=1", "?ID=1"])
URLS = st.builds(
    "{}://{}/{}{}{}".format, st.sampled_from(["http", "https"]), HOSTS, PATHS, st.sampled_from(["", "/"]), QUERIES
)


@pytest.mark.parametrize(
    "other",
    [
        "http://www.step.com/2024/خبر",
        "https://step.com/2024/خبر/",
        "https://m.step.com/2024/خبر",
        "https://amp.step.com/2024/خبر",
        "https://www.step.com/2024/خبر/amp/",
        "https://www.step.com/amp/2024/خبر",
        "https://www.step.com/2024/خبر?outputType=amp",
        "https://www.step.com/2024/%d8%ae%d8%a8%d8%b1?utm_source=x&fbclid=1#top",
    ],
)
def test_the_plain_address_is_a_spelling_of_its_other_editions(other: str) -> None:
    plain, found = canonical("https://www.step.com/2024/خبر"), canonical(other)
    assert found is not None
    assert plain in (found, *variants(found))
    assert plain == found or found in variants(plain or "") or "outputType" in found


@pytest.mark.parametrize(("one", "other"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_both_forms_of_unicode_are_spellings(one: str, other: str) -> None:
    first, second = (
        canonical("https://step.com/" + unicodedata.normalize(form, "أخبار-café")) for form in (one, other)
    )
    assert first != second
    assert second in variants(first or "")


@given(URLS)
def test_spellings_are_canonical_and_keep_what_tells_pages_apart(url: str) -> None:
    found = canonical(url)
    assume(found is not None)
    assert found is not None
    kept = urlsplit(found)
    for other in variants(found):
        assert other != found
        assert canonical(other) == other
        there = urlsplit(other)
        assert there.query == kept.query.replace("&amp=1", "")
        assert there.path.replace("/amp", "").rstrip("/").casefold() != "" or kept.path.strip("/") in ("amp", "")
        assert _core(there.path) == _core(kept.path), "letters, their case and digits stay"
        assert there.hostname is not None
        assert there.hostname.endswith(_registered(kept.hostname or ""))


def _core(path: str) -> str:
    bare = path.replace("/amp/", "/").removesuffix("/").removesuffix("/amp").replace(".amp.html", ".html")
    return unicodedata.normalize("NFC", unquote(bare, errors="surrogateescape"))


def _registered(host: str) -> str:
    return ".".join(host.split(".")[-3 if host.endswith("co.uk") else -2 :]) if not host[0].isdigit() else host


@given(URLS, URLS)
def test_what_differs_is_no_spelling(one: str, other: str) -> None:
    first, second = canonical(one), canonical(other)
    assume(first is not None and second is not None)
    if urlsplit(first or "").query.replace("&amp=1", "") != urlsplit(second or "").query.replace("&amp=1", ""):
        assert second not in variants(first or "")


def test_a_home_page_and_a_public_suffix_have_none() -> None:
    assert variants("https://step.com/") == ()
    assert not any("//co.uk" in other for other in variants("https://m.co.uk/a"))


def test_case_sensitive_slugs_stay_two() -> None:
    assert "https://youtu.step.com/aBcD" not in variants("https://youtu.step.com/abcd")
