"""What a site's first page tells, which sources are taken, and the file that comes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from pydantic import HttpUrl

from crawler.adding import proposal
from crawler.adding.proposal import Offer, Proposal
from crawler.discover.outlet import outlet, sitemaps
from crawler.page import Candidate
from crawler.site import Kind, Site, Source

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SAYS = Source(kind="section", url=HttpUrl("https://example.org/"))


def offer(kind: Kind, name: str, urls: range, newest: datetime | None = NOW) -> Offer:
    source = Source(kind=kind, url=HttpUrl(f"https://example.org/{name}"))
    dates = [newest - timedelta(hours=n) if newest else None for n in range(len(urls))]
    return Offer(
        source, tuple(Candidate(f"https://example.org/a/{n}", published=d) for n, d in zip(urls, dates, strict=True))
    )


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ('<meta property="og:site_name" content="عنب بلدي"><title>x</title>', "عنب بلدي"),
        ('<script type="application/ld+json">{"@type":"WebSite","name":"Le Phare"}</script>', "Le Phare"),
        ("<title>Вестник гавани — новости порта</title>", "Вестник гавани"),
        ("<p>nothing</p>", ""),
    ],
)
def test_an_outlet_is_called_what_its_page_calls_it(page: str, name: str) -> None:
    assert outlet(page.encode(), "https://example.org/", {}).name == name


def test_a_first_page_names_feeds_interface_and_locale() -> None:
    page = b"""<html lang="fa-IR"><link rel="alternate" type="application/rss+xml" href="/feed/">
    <link rel="alternate" type="application/rss+xml" href="/comments/feed/">
    <link rel="https://api.w.org/" href="/wp-json/">"""
    said = outlet(page, "https://example.org/", {})
    assert said.feeds == ("https://example.org/feed/",)
    assert said.wordpress == "https://example.org/wp-json/"
    assert said.locale == "fa_IR"


def test_a_robots_file_names_sitemaps() -> None:
    robots = (
        "User-agent: *\nSITEMAP : /a.xml\nSitemap: https://example.org/b.xml#x\n# Sitemap: /no.xml\nSitemap: /a.xml"
    )
    assert sitemaps(robots, "https://example.org/robots.txt") == (
        "https://example.org/a.xml",
        "https://example.org/b.xml",
    )


@pytest.mark.parametrize(
    ("host", "locale", "country"),
    [
        ("www.aps.dz", None, "DZ"),
        ("www.bbc.co.uk", "en_US", "GB"),
        ("sahel.io", None, "UN"),
        ("stepagency-sy.net", "ar_AR", "UN"),  # WordPress' Arabic: no Argentina
        ("lemonde.example", "fr_FR", "FR"),
        ("usnews.example", "en_US", "UN"),
    ],
)
def test_a_country_is_known_or_not_guessed(host: str, locale: str | None, country: str) -> None:
    assert proposal.country(host, locale) == country


def test_a_time_zone_fits_the_country_and_the_clock() -> None:
    assert proposal.time_zone("SY", None, NOW) == "Asia/Damascus"
    assert proposal.time_zone("US", timedelta(hours=-5), NOW) == "America/Chicago"  # in May
    assert proposal.time_zone("UN", timedelta(hours=3), NOW) == "UTC"


def test_sources_are_taken_that_add_something() -> None:
    main, repeats, more = (
        offer("feed", "main", range(20)),
        offer("feed", "part", range(10)),
        offer("feed", "more", range(50, 60)),
    )
    dead = offer("feed", "dead", range(90, 95), NOW - timedelta(days=400))
    news, whole = offer("sitemap", "news", range(5)), offer("sitemap", "all", range(100))
    taken, left = proposal.choose([main, repeats, more, dead, news, whole], NOW)
    assert taken == (main, more, news)
    assert {o.source.url.path: why.split()[0] for o, why in left} == {"/part": "it", "/dead": "its", "/all": "one"}


def test_a_feed_with_dates_goes_before_one_without() -> None:
    plain, dated = offer("feed", "plain", range(10), None), offer("feed", "dated", range(10))
    assert proposal.choose([plain, dated], NOW)[0] == (dated,)


def test_the_only_source_is_taken_however_old_it_is() -> None:
    old = offer("feed", "old", range(3), NOW - timedelta(days=900))
    older = offer("sitemap", "older", range(3), NOW - timedelta(days=1900))
    taken, left = proposal.choose([older, old], NOW)
    assert taken == (old,)
    assert [o for o, _ in left] == [older]


def test_the_file_is_read_as_the_site_that_was_proposed() -> None:
    said = outlet('<html lang="ar"><title>نداء: الأخبار</title>'.encode(), "https://www.nida.example/", {})
    feed = offer("feed", "feed", range(49))
    site = proposal.finish(proposal.first_draft("https://www.nida.example/", said, SAYS), [feed], [])
    found = Proposal(site, (feed,), ((offer("sitemap", "map", range(2)), "one is enough"),), (), 24.0, ())
    written = yaml.safe_load(found.yaml())
    assert Site(id=site.id, **written) == site
    assert site.id == "nida"
    assert "# also there: sitemap https://example.org/map (one is enough)" in found.yaml()
    assert proposal.a_day([feed]) == pytest.approx(24.0)
