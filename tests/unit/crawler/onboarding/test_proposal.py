"""What a site's first page tells, which sources are taken, and the file that comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from pydantic import HttpUrl

from crawler.discover.site_metadata import site_metadata, sitemaps
from crawler.onboarding import proposal
from crawler.onboarding.messages import ProposalMessage
from crawler.onboarding.proposal import Proposal, SourceOffer, TrialArticle
from crawler.scheduling.poll_interval import Bounds, PollRecord, UpdateHints, next_poll
from crawler.scheduling.publication_rate import first_look
from crawler.scheduling.reasons import HintSource, ScheduleReason
from crawler.site_config import Kind, Rules, Schedule, Site, Source, stranger
from crawler.urls.article_filter import may_be_article
from crawler.urls.reasons import UrlReason
from index.model.candidate import Candidate
from index.model.codes import FetchReason, PageReason, Reason
from index.model.message import Message
from tests.support.archive_samples import article

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SAYS = Source(kind="section", url=HttpUrl("https://example.org/"))


def offer(kind: Kind, name: str, urls: range, newest: datetime | None = NOW) -> SourceOffer:
    source = Source(kind=kind, url=HttpUrl(f"https://example.org/{name}"))
    dates = [newest - timedelta(hours=n) if newest else None for n in range(len(urls))]
    return SourceOffer(
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
    assert site_metadata(page.encode(), "https://example.org/", {}).name == name


def test_a_first_page_names_feeds_interface_and_locale() -> None:
    page = b"""<html lang="fa-IR"><link rel="alternate" type="application/rss+xml" href="/feed/">
    <link rel="alternate" type="application/rss+xml" href="/comments/feed/">
    <link rel="https://api.w.org/" href="/wp-json/">"""
    said = site_metadata(page, "https://example.org/", {})
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


def test_a_robots_file_of_any_system_names_sitemaps() -> None:
    robots = "\ufeffSitemap: /a.xml\rUser-agent: *\rSitemap: example.org/b.xml # new\n\ufeffSite-map: <https://example.org/c.xml>"
    found = sitemaps(robots, "https://example.org/robots.txt")
    assert found == tuple(f"https://example.org/{name}.xml" for name in "abc")


@pytest.mark.parametrize(
    ("host", "locale", "country"),
    [
        ("www.aps.dz", None, "DZ"),
        ("www.bbc.co.uk", "en_US", "GB"),
        ("sahel.io", None, "UN"),
        ("stepagency-sy.net", "ar_AR", "UN"),  # WordPress' Arabic: no Argentina
        ("lemonde.example", "fr_FR", "FR"),
        ("usnews.example", "en_US", "UN"),
        ("laprensa.example", "es_ES", "UN"),  # WordPress' Spanish, from Caracas to Madrid
        ("sermitsiaq.ag", "da_DK", "DK"),  # no Antigua
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
    assert {o.source.url.path: why.code for o, why in left} == {
        "/part": ProposalMessage.LEFT_REPEATS,
        "/dead": ProposalMessage.LEFT_OLD,
        "/all": ProposalMessage.LEFT_ONE_IS_ENOUGH,
    }


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
    said = site_metadata('<html lang="ar"><title>نداء: الأخبار</title>'.encode(), "https://www.nida.example/", {})
    feed = offer("feed", "feed", range(49))
    site = proposal.finish(proposal.first_draft("https://www.nida.example/", said, SAYS), [feed], [])
    enough = Message(ProposalMessage.LEFT_ONE_IS_ENOUGH, {"kind": Message("source.kind.sitemap")})
    found = Proposal(site, (feed,), ((offer("sitemap", "map", range(2)), enough),), (), 24.0, ())
    written = yaml.safe_load(found.yaml())
    assert Site(id=site.id, **written) == site
    assert site.id == "nida"
    assert "# also there: sitemap https://example.org/map (one sitemap is enough)" in found.yaml()
    assert proposal.a_day([feed]) == pytest.approx(24.0)


def listed(kind: Kind, count: int, apart: timedelta, said: UpdateHints | None = None) -> SourceOffer:
    """A source of articles that came so far apart, the newest just now."""
    source = Source(kind=kind, url=HttpUrl(f"https://example.org/{kind}"))
    candidates = tuple(Candidate(f"https://example.org/{kind}/{n}", published=NOW - n * apart) for n in range(count))
    return SourceOffer(source, candidates, said or UpdateHints())


SITE = stranger("https://example.org/")


def codes_in(message: Message) -> set[str]:
    """The codes of a message and of those within it."""
    within = [codes_in(value) for value in message.params.values() if isinstance(value, Message)]
    return {message.code}.union(*within)


def test_a_site_is_asked_as_a_crawl_will_ask_it() -> None:
    """The words are those of the rule that decides: `arshif status` says the same."""
    hourly = listed("feed", 49, timedelta(hours=1))
    proposed, told = proposal.schedule(SITE, [hourly], Bounds(), NOW)
    assert proposed == Schedule()
    assert (told.params["fastest"], told.params["slowest"]) == (30 * 60, 12 * 3_600)
    habit = first_look(hourly.dates, NOW, UTC)
    why = next_poll(PollRecord("x", NOW, habit), Bounds()).why
    assert told.params["why"] == why
    assert why.code == ScheduleReason.FASTEST
    rare = proposal.schedule(SITE, [listed("feed", 5, timedelta(days=3))], Bounds(), NOW)[1].params["why"]
    assert isinstance(rare, Message)
    assert rare.code == ScheduleReason.EXPECTED, "between the bounds"
    assert rare.params["n"] == pytest.approx(0.31, abs=0.005)


def test_a_feed_is_believed_that_says_how_seldom_it_is_to_be_asked() -> None:
    says = UpdateHints(timedelta(hours=6), HintSource.TTL)
    told = [
        proposal.schedule(SITE, [listed("feed", 8, timedelta(days=1), said)], Bounds(), NOW)[1] for said in (None, says)
    ]
    assert [codes_in(one) & {ScheduleReason.PUBLISHER_INTERVAL} for one in told] == [
        set(),
        {ScheduleReason.PUBLISHER_INTERVAL},
    ]


def test_of_what_is_not_dated_no_habit_is_made_up() -> None:
    told = proposal.schedule(SITE, [offer("feed", "feed", range(9), None)], Bounds(), NOW)[1]
    assert told.params["why"] == Message(ScheduleReason.UNKNOWN_RATE)


def test_a_short_list_is_asked_before_articles_leave_it() -> None:
    short = listed("feed", 11, timedelta(minutes=4))
    proposed, told = proposal.schedule(SITE, [short], Bounds(), NOW)
    assert proposed == Schedule(fastest=20.0)
    assert told.code == ProposalMessage.SCHEDULE_FASTER
    assert (told.params["minutes"], told.params["reach"]) == (20, 40 * 60)
    assert told.params["first"] in (19 * 60, 20 * 60)
    whole, other = listed("sitemap", 49, timedelta(hours=1)), listed("section", 49, timedelta(hours=1))
    assert proposal.schedule(SITE, [short, whole], Bounds(), NOW)[0] == Schedule(), "the sitemap has all, for longer"
    assert proposal.schedule(SITE, [short, other], Bounds(), NOW)[0] == proposed, "a section need not have the feed's"
    assert proposal.schedule(SITE, [listed("feed", 11, timedelta(seconds=4))], Bounds(), NOW)[0].fastest == 5.0
    ahead = listed("feed", 11, timedelta(minutes=-4))
    assert proposal.schedule(SITE, [ahead], Bounds(), NOW)[0] == Schedule(), "its clock is wrong"
    always = Bounds(fastest=timedelta(minutes=2))
    assert proposal.schedule(SITE, [short], always, NOW)[0] == Schedule(), "arshif.yaml asks as often"


BODY = "The council met.\n\nIt spoke of {0}.\n\nIt voted on {0}.\n\nIt went home after {0}.\n\n{1}"
END = "Follow The Paper on all channels and never miss what the council decides next week."


def tried(path: str, end: str = "", body: str = BODY, **more: Any) -> TrialArticle:
    url = f"https://example.org{path}"
    text = body.format(path, end or f"All of {path} agreed.")
    made = article(url, headline=f"Council {path}", body=text)
    return TrialArticle(url, None if more else made, **more)


def test_a_paragraph_that_ends_several_articles_becomes_a_rule() -> None:
    found = [*(tried(f"/news/{n}", END) for n in range(3)), tried("/news/3"), tried("/news/4")]
    [(made, reason)] = proposal.stripped(found)
    assert made.strip_text == (END[:60].rstrip(),)
    assert reason == Message(ProposalMessage.STRIP_TEXT, {"n": 3, "of": 5, "text": END})
    assert proposal.stripped([tried("/news/1"), tried("/news/2")]) == []


@pytest.mark.parametrize(
    ("why", "found"),
    [
        ("two may be a story and its follow-up", [tried("/1", END), tried("/2", END), tried("/3")]),
        ("another paragraph begins so", [*(tried(f"/{n}", END) for n in range(3)), tried("/4", f"{END} So.")]),
        ("it is so short that anything may begin so", [tried(f"/{n}", "By our reporter") for n in range(5)]),
        ("one article at several addresses", [
            TrialArticle(f"https://example.org/{n}", article(body=BODY.format("tax", END))) for n in range(5)
        ]),
        ("an article's own first sentence is its lead", [
            tried(f"/{n}", body=f"{END[:-1]} but nobody knows which of them it will be.\n\n{BODY}") for n in range(5)
        ]),
    ],
)  # fmt: skip
def test_no_rule_is_made_of_what_may_be_the_articles_own(why: str, found: list[TrialArticle]) -> None:
    assert proposal.stripped(found) == [], why


def candidates(*paths: str) -> list[Candidate]:
    return [Candidate(f"https://example.org{path}") for path in paths]


LISTED = candidates(*(f"/news/{n}" for n in range(5)), *(f"/video/{n}" for n in range(4)))


def test_a_folder_of_pages_that_are_no_articles_is_denied() -> None:
    videos = [tried(f"/video/{n}", problem=Message(PageReason.VIDEO), reason=PageReason.VIDEO) for n in range(2)]
    gone = tried("/gallery/1", problem=Message(FetchReason.HTTP_STATUS, {"status": 404}))
    [(made, reason)] = proposal.denied([tried("/news/1"), *videos, gone], LISTED)
    assert made == Rules(deny=("^https?://[^/]+/video/",))
    assert may_be_article("https://example.org/video/9", deny=made.deny) == UrlReason.DENIED
    assert may_be_article("https://example.org/news/video/9-the-council-met-again", deny=made.deny) is None
    assert reason == Message(ProposalMessage.DENY, {"n": 2, "folder": "/video/"})
    assert proposal.denied([tried("/video/3"), *videos], LISTED) == [], "some of them are articles"
    assert proposal.denied([tried("/news/1"), *videos], LISTED[4:]) == [], "hardly anything would remain"


def test_the_folder_is_denied_that_has_no_articles_and_not_the_one_around_it() -> None:
    listing = {"problem": Message(PageReason.LISTING), "reason": PageReason.LISTING}
    lists = [tried(f"/ar/video/2026/{n}", **listing) for n in range(2)]
    more = candidates("/ar/news/1", "/ar/news/2", "/ar/news/3", "/ar/video/2026/1", "/ar/video/2026/2")
    assert [rule.deny for rule, _ in proposal.denied([tried("/ar/news/1"), *lists], more)] == [
        ("^https?://[^/]+/ar/video/",)
    ]
    days = [tried(f"/2026/05/{n}", **listing) for n in range(2)]
    assert proposal.denied([tried("/ar/news/1"), *days], more) == [], "a day is no kind of page"


@pytest.mark.parametrize(
    "reason",
    [PageReason.EMPTY, PageReason.WALL, PageReason.CONSENT, PageReason.NOT_FOUND, FetchReason.HTTP_STATUS],
)
def test_nothing_is_denied_for_a_reason_that_passes(reason: Reason) -> None:
    refused = [tried(f"/video/{n}", problem=Message(reason), reason=reason) for n in range(2)]
    assert proposal.denied([tried("/news/1"), *refused], LISTED) == []


def test_rules_are_put_together() -> None:
    made = proposal.together([Rules(deny=("a",)), Rules(strip_text=("b",)), Rules(strip_text=("c",))])
    assert made == Rules(deny=("a",), strip_text=("b", "c"))


def test_rules_by_which_an_article_or_a_field_is_lost_do_not_hold() -> None:
    whole = tried("/news/1")
    assert whole.article is not None
    assert proposal.holds([whole], [whole])
    assert not proposal.holds([whole], [tried("/news/1", problem=Message(PageReason.NO_TEXT))])
    assert not proposal.holds([whole], [replace(whole, article=replace(whole.article, headline=""))])


def test_a_site_is_alive_while_one_of_its_sources_is() -> None:
    dead = offer("feed", "dead", range(3), NOW - timedelta(days=400))
    assert not proposal.living([], NOW)
    assert not proposal.living([dead], NOW)
    assert proposal.living([dead, offer("sitemap", "map", range(3))], NOW)
    assert proposal.living([offer("section", "news", range(3), None)], NOW), "it says nothing else"


def test_a_menu_leads_to_sections() -> None:
    page = b"""<nav><a href="/local/">Local</a><a href="/local/#top">Local</a><a href="/">Home</a>
    <a href="https://elsewhere.example/x/">x</a><a href="/2026/05/01/the-council-met-again-on-the-matter">Story</a>
    <a href="/feed/">RSS</a><a href="/search?q=x">Search</a></nav><main><a href="/contact/">not a menu</a></main>"""
    assert site_metadata(page, "https://example.org/", {}).sections == ("https://example.org/local/",)


def test_a_menu_is_read_however_deep_its_links_lie_and_the_surest_sections_come_first() -> None:
    page = b"""<header><div><ul><li><a href="/shop/offers/">Offers</a></li>
    <li><a href="/sport/">Sport</a></li></ul></div>
    <nav><ul><li><a href="/category/news/">News</a></ul></nav></header>"""
    sections = site_metadata(page, "https://example.org/", {}).sections
    assert [link.removeprefix("https://example.org") for link in sections] == [
        "/category/news/", "/sport/", "/shop/offers/",
    ]  # fmt: skip


def test_a_wiki_s_feed_is_asked_for_its_articles_alone() -> None:
    page = (
        b'<meta name="generator" content="MediaWiki 1.39.17"><link rel="alternate" type="application/atom+xml" '
        b'href="/index.php?title=Special:RecentChanges&amp;feed=atom">'
    )
    said = site_metadata(page, "https://example.org/", {})
    assert said.feeds == ("https://example.org/index.php?title=Special:RecentChanges&feed=atom&namespace=0",)
