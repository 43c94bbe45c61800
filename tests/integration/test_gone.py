"""A page that loses its article, and one on which all but the article changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from crawler.urls.canonical import canonical
from index.model.article import IndexDocument
from tests.integration.harness import Harness
from tests.support import loopback
from tests.support.news_sites import Article, Newsroom

SITE = "english"
HOME = "tidal-power"  # its address will lead to the home page


@dataclass
class Tale:
    """One site after each of its crawls, and the articles that something was done to."""

    house: Harness
    missing: Article
    led_home: Article
    lively: Article
    stored: list[dict[str, IndexDocument]] = field(default_factory=list)

    def crawl(self) -> None:
        self.house.make_due(SITE)
        self.house.crawl()
        self.stored.append(self.house.documents())

    def shown(self, article: Article) -> bytes:
        with loopback.Client(proxy=self.house.room.proxy) as client:
            return client.get(article.url).content

    def gone(self, article: Article) -> list[bool]:
        return [documents[canonical(article.url) or ""].gone for documents in self.stored]


@pytest.fixture(scope="module")
def tale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tale]:
    with Newsroom(via="proxy", only=(SITE,)) as room:
        house = Harness(room, tmp_path_factory.mktemp("gone"))
        house.crawl()
        slugs = ("budget-library", HOME, "half-marathon")
        tale = Tale(house, *(room.article(SITE, slug) for slug in slugs))
        room.vanish(SITE, tale.missing.slug, 200)
        room.vanish(SITE, tale.led_home.slug, 301)
        page = tale.shown(tale.lively)
        for visit in range(3):
            room.serve(tale.lively.url, with_other_boxes(page, visit))
            tale.crawl()
        yield tale


def with_other_boxes(page: bytes, visit: int) -> bytes:
    """The page with another counter, share bar and box of related articles."""
    page = page.replace(b"Share</a>", f"Share ({visit + 12})</a>".encode())
    page = page.replace(b"Be the first to comment.", f"{visit + 2} comments".encode())
    box = f'<div class="teaser"><a href="/news/{visit}">Ferry number {visit} sails</a><p>It was late again.</p></div>'
    return page.replace(b'<aside class="more">', b'<aside class="more">' + box.encode(), 1)


def test_one_that_is_missing_twice_is_gone_and_kept(tale: Tale) -> None:
    assert tale.gone(tale.missing) == [False, True, True]
    assert tale.stored[-1][canonical(tale.missing.url) or ""].article.body == tale.missing.text
    (event,) = [e for e in tale.house.told("history", tale.missing.url)["events"] if e["what"] == "gone"]
    assert event["at"] < event["until"], "since the first look, until the last"
    assert tale.house.found(f'"{tale.missing.headline}"')


def test_one_whose_address_leads_to_the_home_page_twice_is_gone_and_kept(tale: Tale) -> None:
    assert tale.gone(tale.led_home) == [False, True, True]
    assert tale.stored[-1][canonical(tale.led_home.url) or ""].article.body == tale.led_home.text


def test_three_visits_that_find_other_boxes_make_no_version(tale: Tale) -> None:
    assert len([r for r in tale.house.room.requests(SITE, tale.lively.path) if r.status == 200]) >= 4
    events = tale.house.told("history", tale.lively.url)["events"]
    assert [event["what"] for event in events] == ["new"]


def test_the_others_are_untouched(tale: Tale) -> None:
    last = tale.stored[-1]
    assert sum(document.gone for document in last.values()) == 2
