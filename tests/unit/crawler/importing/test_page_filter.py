"""Which records are pages that an import wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import HttpUrl

from crawler.config import Config, load
from crawler.importing.page_filter import PageFilter, Passed
from crawler.importing.warc_records import RecordHead
from crawler.site_config import stranger
from crawler.urls.canonical import canonical

THEN = datetime(2020, 1, 1, tzinfo=UTC)
HEAD = RecordHead(
    0, "response", "https://news.example.com/2020/01/01/a-story-of-five-words", THEN, 200, "text/html", 5_000
)


@pytest.fixture(scope="module")
def config() -> Config:
    return load()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"media_type": "application/xhtml+xml"}, None),
        ({"media_type": ""}, None),
        ({"status": None, "kind": "resource"}, None),
        ({"damaged": True}, Passed.DAMAGED),
        ({"kind": "revisit"}, Passed.REVISIT),
        ({"date": None}, Passed.UNDATED),
        ({"date": datetime(2999, 1, 1, tzinfo=UTC)}, Passed.UNDATED),
        ({"date": datetime(2019, 12, 31, tzinfo=UTC)}, Passed.TIME),
        ({"date": datetime(2021, 1, 1, tzinfo=UTC)}, Passed.TIME),
        ({"status": 301}, Passed.STATUS),
        ({"status": 404}, Passed.STATUS),
        ({"media_type": "image/png"}, Passed.MEDIA_TYPE),
        ({"length": 50_000_000}, Passed.TOO_LONG),
        ({"url": "https://news.example.com/tag/sea"}, Passed.ADDRESS),
        ({"url": "https://news.example.com/"}, Passed.ADDRESS),
        ({"url": "dns:news.example.com"}, Passed.ADDRESS),
        ({"url": ""}, Passed.ADDRESS),
        ({"url": "http://[a/a-story-of-five-words"}, Passed.ADDRESS),
        ({"url": "http://a＃b.example/a-story-of-five-words"}, Passed.ADDRESS),
        ({"url": "http://example.com:99999/a-story-of-five-words"}, Passed.ADDRESS),
        ({"url": "http://xn--a/a-story-of-five-words"}, Passed.ADDRESS),
    ],
)
def test_each_record_is_wanted_or_passed_over_for_a_reason(
    config: Config, change: dict[str, object], reason: Passed | None
) -> None:
    wanted = PageFilter(config, since=THEN, until=datetime(2021, 1, 1, tzinfo=UTC), max_bytes=5_242_880)
    assert wanted.look(HEAD._replace(**change)) == reason  # type: ignore[arg-type]


def test_hosts_of_one_registered_domain_are_one_site(config: Config) -> None:
    wanted = PageFilter(config)
    sites = {wanted.site_of(url) for url in ("https://www.example.com/a", "http://arabic.example.com/b")}
    assert [site and site.id for site in sites] == ["example-com"]
    other = wanted.site_of("https://example.co.uk/a")
    assert other is not None
    assert other.id == "example-co-uk"


def test_hosts_in_arabic_letters_are_sites_of_their_own(config: Config) -> None:
    wanted = PageFilter(config)
    sites = set()
    for host in ("مثال.example", "خبر.example"):
        url = canonical(f"https://{host}/2020/a-story-of-five-words")
        assert url is not None
        assert wanted.look(HEAD._replace(url=url)) is None
        sites.add(wanted.site_of(url))
    assert len({site.id for site in sites if site}) == 2


def test_blogs_of_one_host_are_sites_of_their_own(config: Config) -> None:
    wanted = PageFilter(config)
    sites = {wanted.site_of(f"https://{name}.blogspot.com/2020/01/a.html") for name in ("one", "two")}
    assert sorted(site.id for site in sites if site) == ["one-blogspot-com", "two-blogspot-com"]


def test_a_configured_site_keeps_its_id(config: Config) -> None:
    known = next(iter(config.enabled))
    found = PageFilter(config).site_of(str(known.homepage))
    assert found is not None
    assert found.id == known.id


@pytest.mark.parametrize("names", [["example-com"], ["example.com"], ["news.example.com"]])
def test_sites_are_named_by_id_or_host(config: Config, names: list[str]) -> None:
    wanted = PageFilter(config, names)
    assert wanted.look(HEAD) is None
    assert wanted.look(HEAD._replace(url="https://other.example.org/2020/01/01/a-story-of-five-words")) == Passed.SITE


@pytest.mark.parametrize("first", ["ar", "en"])
def test_sites_of_one_host_are_told_apart_whichever_comes_first(config: Config, first: str) -> None:
    """Also where one of them alone is wanted."""
    homes = {name: HttpUrl(f"https://www.example.com/{name}/") for name in ("ar", "en")}
    sites = {
        name: stranger(str(home)).model_copy(update={"id": name, "homepage": home}) for name, home in homes.items()
    }
    both = replace(config, sites=sites)
    for names, passed in (([], None), (["en"], Passed.SITE)):
        wanted, looked = PageFilter(both, names), {}
        for name in (first, "en", "ar"):
            url = f"https://www.example.com/{name}/2020/a-story-of-five-words"
            looked[name] = wanted.look(HEAD._replace(url=url)), wanted.site_of(url)
        assert looked["en"] == (None, sites["en"])
        assert looked["ar"] == (passed, None if passed else sites["ar"])
