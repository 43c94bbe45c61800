"""Servers whose validators lie, in either direction: found out, remembered, and no longer believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import update

from crawler.crawling.pages import WHOLE
from crawler.crawling.sources import FORCED
from index.archive import Archive, trust
from index.archive import tables as t
from tests.flow.house import House
from tests.newsroom import Article, Newsroom

ONE_ETAG, ALWAYS_SENT = "english", "fr"  # the first says 304 whatever changed, the second never does


@dataclass
class Tale:
    """Both sites, edited after their first crawl, and what was stored of the edits after each further one."""

    house: House
    edited: list[Article]
    later: Article
    stored: list[set[str]] = field(default_factory=list)
    doubts: list[set[tuple[str, str]]] = field(default_factory=list)

    def crawl(self) -> None:
        self.house.crawl()
        documents = self.house.documents(ONE_ETAG)
        texts = {article.url: article.text for article in (*self.edited, self.later)}
        self.stored.append({url for url, text in texts.items() if documents[url].article.body == text})
        with self.house.archive() as conn:
            self.doubts.append({(doubt.site, doubt.what) for doubt in trust.doubts(conn)})

    def make_due(self, *articles: Article, visits: int | None = None) -> None:
        """Lets the time come to look at these again, for the how manieth time, and to read all sources whole."""
        site, urls = self.house.room, [article.url for article in articles]
        mine = t.frontier.c.url.in_(urls)
        values = {"due": site.now} if visits is None else {"due": site.now, "visits": visits}
        long_ago = update(t.sources).values(forced=site.now - 2 * FORCED)
        with Archive(self.house.data / "archive.sqlite3") as archive:
            archive.write(lambda conn: conn.execute(update(t.frontier).where(mine).values(**values))).result()
            archive.write(lambda conn: conn.execute(long_ago)).result()


@pytest.fixture(scope="module")
def tale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tale]:
    with Newsroom(via="proxy", only=(ONE_ETAG, ALWAYS_SENT)) as room:
        room.validators(ONE_ETAG, "lying")
        room.validators(ALWAYS_SENT, "deaf")
        house = House(room, tmp_path_factory.mktemp("lies"), kinds=("feed",))
        house.crawl()
        slugs = [article.slug for article in room.articles(ONE_ETAG)[2:5]]
        edited = [room.edit(ONE_ETAG, slug) for slug in slugs]
        tale = Tale(house, edited[:2], edited[2])
        tale.make_due(*tale.edited, *room.articles(ALWAYS_SENT))
        tale.crawl()  # with their ETags
        tale.make_due(*tale.edited, visits=WHOLE - 1)
        tale.crawl()  # without
        tale.make_due(tale.later, visits=1)
        tale.crawl()  # with it again, were the site believed
        yield tale


def test_a_304_is_believed_for_a_while(tale: Tale) -> None:
    assert tale.stored[0] == set()


def test_each_fourth_look_is_without_validators_and_finds_what_changed(tale: Tale) -> None:
    assert tale.stored[1] == {article.url for article in tale.edited}


def test_one_etag_for_two_texts_is_found_out_and_remembered(tale: Tale) -> None:
    assert (ONE_ETAG, "validators") not in tale.doubts[0]
    assert (ONE_ETAG, "validators") in tale.doubts[1]
    assert (ONE_ETAG, "validators") in tale.doubts[2]


def test_a_site_that_lied_is_asked_without_validators(tale: Tale) -> None:
    assert tale.later.url in tale.stored[2]


def test_a_server_that_ignores_validators_is_found_out_and_remembered(tale: Tale) -> None:
    assert (ALWAYS_SENT, "validators") in tale.doubts[0]
    assert (ALWAYS_SENT, "validators") in tale.doubts[2]
    (doubt,) = [d for d in _told(tale, ALWAYS_SENT) if d["what"] == "validators"]
    assert doubt["how"] == "it was sent again, though we named its ETag and date"


def _told(tale: Tale, site: str) -> list[dict[str, str]]:
    (row,) = [row for row in tale.house.told("status") if row["site"] == site]
    found: list[dict[str, str]] = row["doubts"]
    return found
