"""Servers whose validators lie, in either direction: found out, remembered, and no longer believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from crawler.session.pages import FULL_FETCH_EVERY
from crawler.session.sources import FORCED_CHILD_READ_AFTER, FORCED_READ_AFTER
from index.archive import tables as t
from index.archive import trust
from tests.integration.harness import Harness
from tests.support import loopback
from tests.support.news_sites import Article, Newsroom

ONE_ETAG, ALWAYS_SENT = "english", "fr"  # the first says 304 whatever changed, the second never does
LIES = trust.LIES["source validators"]


@dataclass
class Tale:
    """Both sites, edited after their first crawl, and what was stored of the edits after each further one."""

    house: Harness
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
            self.doubts.append({(doubt.site, doubt.what) for doubt in trust.all_untrusted(conn)})

    def make_due(self, *articles: Article, visits: int | None = None) -> None:
        """Lets the time come to look at these again, for the how manieth time, and to read all sources whole."""
        site, urls = self.house.room, [article.url for article in articles]
        mine = t.frontier.c.url.in_(urls)
        values = {"due": site.now} if visits is None else {"due": site.now, "visits": visits}
        with self.house.open() as archive:
            archive.write(lambda conn: conn.execute(update(t.frontier).where(mine).values(**values))).result()
        pass_by(self.house, 2 * FORCED_READ_AFTER)


def pass_by(house: Harness, time: timedelta) -> None:
    """Lets so much time have gone by since the sources were last read."""
    before = house.room.now - time
    with house.open() as archive:
        archive.write(lambda conn: conn.execute(update(t.sources).values(forced=before))).result()
        read = update(t.sources).where(t.sources.c.polled > before).values(polled=before)
        archive.write(lambda conn: conn.execute(read)).result()


def doubted(house: Harness, site: str) -> frozenset[str]:
    with house.archive() as conn:
        return trust.untrusted(conn, site)


@pytest.fixture(scope="module")
def tale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tale]:
    with Newsroom(via="proxy", only=(ONE_ETAG, ALWAYS_SENT)) as room:
        room.validators(ONE_ETAG, "lying")
        room.validators(ALWAYS_SENT, "deaf")
        house = Harness(room, tmp_path_factory.mktemp("lies"), kinds=("feed",))
        house.crawl()
        slugs = [article.slug for article in room.articles(ONE_ETAG)[2:5]]
        edited = [room.edit(ONE_ETAG, slug) for slug in slugs]
        tale = Tale(house, edited[:2], edited[2])
        tale.make_due(*tale.edited, *room.articles(ALWAYS_SENT))
        tale.crawl()  # with their ETags
        tale.make_due(*tale.edited, visits=FULL_FETCH_EVERY - 1)
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
    assert doubt["how"] == "sent again although we gave its ETag and date"


def _told(tale: Tale, site: str) -> list[dict[str, str]]:
    (row,) = [row for row in tale.house.told("status") if row["site"] == site]
    found: list[dict[str, str]] = row["doubts"]
    return found


def test_a_feed_with_one_etag_is_read_each_day_found_out_and_then_always_read(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("ru",)) as room:
        room.validators("ru", "lying")
        house = Harness(room, tmp_path, kinds=("feed",))
        house.crawl()
        news = [room.publish("ru")]
        house.crawl()
        assert news[0].url not in house.documents(), "its 304 was believed"
        for _ in range(LIES):
            assert doubted(house, "ru") == frozenset()
            pass_by(house, 2 * FORCED_READ_AFTER)
            house.crawl()
            assert news[-1].url in house.documents(), "read in spite of its 304"
            news.append(room.publish("ru"))
        assert doubted(house, "ru") == {"source validators"}
        house.crawl()
        assert news[-1].url in house.documents(), "it is not believed any more"


def test_a_feed_that_is_sent_again_although_its_etag_was_shown_is_found_out(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("ru",)) as room:
        room.validators("ru", "deaf")
        house = Harness(room, tmp_path, kinds=("feed",))
        house.crawl()
        for _ in range(LIES):
            assert doubted(house, "ru") == frozenset()
            house.crawl()
        assert doubted(house, "ru") == {"source validators"}


def test_a_sitemap_index_whose_dates_stand_still_is_found_out(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("english",)) as room:
        house = Harness(room, tmp_path, kinds=("sitemap",))
        address = f"http://{room.sites['english'].host}/sitemap-index.xml"
        with loopback.Client(proxy=room.proxy) as client:
            frozen = client.get(address).raise_for_status().content
        turns = iter(range(100))

        def crawl() -> None:
            """The index is another one each time, with the same dates."""
            room.serve(address, frozen + f"<!-- {next(turns)} -->".encode(), "application/xml")
            house.crawl()

        crawl()
        news = [room.publish("english")]
        crawl()
        assert news[0].url not in house.documents(), "its date was believed"
        for _ in range(trust.LIES["child dates"]):
            assert doubted(house, "english") == frozenset()
            pass_by(house, 2 * FORCED_CHILD_READ_AFTER)
            crawl()
            assert news[-1].url in house.documents(), "read in spite of its date"
            news.append(room.publish("english"))
        assert doubted(house, "english") == {"child dates"}
        crawl()
        assert news[-1].url in house.documents(), "it is not believed any more"
