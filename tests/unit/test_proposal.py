"""What a site's first page tells, which sources are taken, and the file that comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from pydantic import HttpUrl

from crawler.adding import proposal
from crawler.adding.proposal import Offer, Proposal, Tried
from crawler.discover.outlet import outlet, sitemaps
from crawler.pace.cadence import Bounds
from crawler.page import Candidate
from crawler.site import Kind, Rules, Schedule, Site, Source
from crawler.urls import may_be_article
from tests.unit.archive_samples import article

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


def test_a_site_is_asked_as_it_publishes() -> None:
    proposed, told = proposal.schedule([offer("feed", "feed", range(49))], Bounds())
    assert proposed == Schedule()
    assert told == "asked about every 30 min at first, then as it publishes"
    weekly = replace(offer("feed", "feed", range(5)), candidates=tuple(
        Candidate(f"https://example.org/{n}", published=NOW - n * timedelta(days=7)) for n in range(5)
    ))  # fmt: skip
    assert proposal.schedule([weekly], Bounds())[1] == "asked about every 12 h at first, then as it publishes"
    assert proposal.schedule([offer("feed", "feed", range(9), None)], Bounds()) == (Schedule(), "asked as it publishes")


def test_a_short_list_is_asked_before_articles_leave_it() -> None:
    minutes = tuple(Candidate(f"https://example.org/{n}", published=NOW - n * timedelta(minutes=4)) for n in range(11))
    short = replace(offer("feed", "feed", range(0)), candidates=minutes)
    proposed, told = proposal.schedule([short], Bounds())
    assert proposed == Schedule(fastest=20.0, slowest=20.0)
    assert "at least every 20 min, for its sources list the last 40 min only" in told
    whole = offer("sitemap", "map", range(49))
    assert proposal.schedule([short, whole], Bounds())[0] == Schedule(), "the other reaches back far enough"


BODY = "The council met.\n\nIt spoke of {0}.\n\nIt voted on {0}.\n\nIt went home after {0}.\n\n{1}"


def tried(path: str, end: str = "", **more: Any) -> Tried:
    url = f"https://example.org{path}"
    made = article(url, headline=f"Council {path}", body=BODY.format(path, end or f"All of {path} agreed."))
    return Tried(url, None if more else made, **more)


def test_a_paragraph_that_ends_several_articles_becomes_a_rule() -> None:
    end = "Follow The Paper on all channels and never miss what the council decides next week."
    found = [*(tried(f"/news/{n}", end) for n in range(3)), tried("/news/3"), tried("/news/4")]
    made, reasons = proposal.rules(
        [replace(one, article=replace(one.article, body=one.article.body[18:])) for one in found]
    )
    assert made.strip_text == (end[:60].rstrip(),)
    assert reasons == (f"strip_text: 3 of 5 articles begin or end with “{end}”",)
    assert proposal.rules([tried("/news/1"), tried("/news/2")]) == (Rules(), ())


def test_a_folder_of_pages_that_are_no_articles_is_denied() -> None:
    refused = [tried(f"/video/{n}", problem="no article: a list", refused=True) for n in range(2)]
    made, reasons = proposal.rules([tried("/news/1"), *refused, tried("/gallery/1", problem="HTTP 404")])
    assert made == Rules(deny=("^https?://[^/]+/video/",))
    assert may_be_article("https://example.org/video/9", deny=made.deny) == "denied"
    assert may_be_article("https://example.org/news/video/9-the-council-met-again", deny=made.deny) is None
    assert reasons == ("deny: 2 pages below /video/ are no articles",)
    assert proposal.rules([tried("/video/3"), *refused])[0] == Rules(), "some of them are articles"


def test_rules_by_which_an_article_or_a_field_is_lost_do_not_hold() -> None:
    whole = tried("/news/1")
    assert proposal.holds([whole], [whole])
    assert not proposal.holds([whole], [tried("/news/1", problem="no text")])
    assert not proposal.holds([whole], [replace(whole, article=replace(whole.article, headline=""))])


def test_a_menu_leads_to_sections() -> None:
    page = b"""<nav><a href="/local/">Local</a><a href="/local/#top">Local</a><a href="/">Home</a>
    <a href="https://elsewhere.example/x/">x</a><a href="/2026/05/01/the-council-met-again-on-the-matter">Story</a>
    <a href="/feed/">RSS</a><a href="/search?q=x">Search</a></nav><main><a href="/contact/">not a menu</a></main>"""
    assert outlet(page, "https://example.org/", {}).sections == ("https://example.org/local/",)
