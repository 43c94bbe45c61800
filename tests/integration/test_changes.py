"""What a site does to its articles, and what the archive makes of it: one newsroom, changed and crawled four times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from crawler.urls.canonical import canonical
from index.archive import documents, site_state
from index.model.article import IndexDocument
from tests.integration.harness import Harness
from tests.support import loopback
from tests.support.news_sites import Article, Newsroom

SITES = ("jannah", "arabic2", "english", "fr", "ru", "zh")
RETRY_AFTER = 7 * 3600  # seconds


@dataclass
class Tale:
    """What happened: the articles that each change was done to, and what was there after each crawl."""

    house: Harness
    done: dict[str, Article] = field(default_factory=dict)
    records: list[dict[str, dict[str, Any]]] = field(default_factory=list)
    stored: list[dict[str, IndexDocument]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    status: list[dict[str, dict[str, Any]]] = field(default_factory=list)
    retry: datetime = datetime.max  # when the unavailable page is tried again

    def crawl(self, code: int = 0) -> None:
        """The next crawl, and a look at everything after it."""
        self.asked.append(len(self.house.room.log))
        self.records.append(self.house.crawl(code=code))
        self.stored.append(self.house.documents())
        self.status.append({row["site"]: row for row in self.house.told("status")})

    def requests(self, crawl: int, site: str) -> list[tuple[str, int]]:
        """Paths and answers of one crawl at one site."""
        ends = [*self.asked[1:], len(self.house.room.log)]
        return [(r.path, r.status) for r in self.house.room.log[self.asked[crawl] : ends[crawl]] if r.site == site]


@pytest.fixture(scope="module")
def tale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tale]:
    with Newsroom(via="proxy", only=SITES) as room:
        tale = Tale(Harness(room, tmp_path_factory.mktemp("changes")))
        tale.crawl()
        _news(tale)
        tale.crawl()
        _trouble(tale)
        tale.crawl(code=1)  # sites failed
        tale.retry = tale.house.frontier("ru")[url(tale.done["unavailable"])].due
        _peace(tale)
        tale.crawl()
        yield tale


def _news(tale: Tale) -> None:
    """What editors do, all on one day."""
    room, done = tale.house.room, tale.done
    done["published"] = room.publish("jannah")
    done["edited"] = room.edit("jannah", "olive-press")
    done["neighbour"] = room.edit("english", "half-marathon", headline="Baker wins the half-marathon in wet shoes")
    done["before the move"] = room.article("english", "tram-lisbon")
    done["moved"] = room.move("english", "tram-lisbon")
    done["copied here"] = room.article("fr", "huitres-hiver")
    done["copy here"] = room.copy("fr", "huitres-hiver", "fr")
    done["copied there"] = room.article("arabic2", "sidon-soap")
    done["copy there"] = room.copy("arabic2", "sidon-soap", "jannah")
    for site, slug, status in (
        ("arabic2", "turtle-tyre", 410),
        ("zh", "night-train", 404),
        ("english", "chess-pier", 200),
    ):
        done[f"vanished {status}"] = room.article(site, slug)
        room.vanish(site, slug, status)
    room.bury_feed("fr")
    tale.house.make_due("arabic2", "english", "zh")  # moved dates alone bring jannah's and fr's


def _trouble(tale: Tale) -> None:
    """What servers do."""
    room = tale.house.room
    room.wall("arabic2", status=202)
    room.wall("zh", status=200)
    tale.done["unavailable"] = room.publish("ru", sections=())
    room.fail("ru", 503, retry_after=RETRY_AFTER, only=tale.done["unavailable"].path)
    tale.house.make_due("arabic2", "zh")


def _peace(tale: Tale) -> None:
    room = tale.house.room
    room.wall("arabic2", on=False)
    room.wall("zh", on=False)
    room.fail("ru", None)
    tale.house.make_due("arabic2", "zh", "ru")


def url(article: Article) -> str:
    return canonical(article.url) or ""


def versions(tale: Tale, article: Article) -> list[str]:
    with tale.house.archive() as conn:
        return [v.article.body for v in documents.versions(conn, documents.by_url(conn, url(article)) or "")]


def aliases(tale: Tale, article: Article) -> dict[str, str]:
    with tale.house.archive() as conn:
        return {a.url: a.reason for a in documents.aliases(conn, documents.by_url(conn, url(article)) or "")}


# --- what editors do -------------------------------------------------------------------------------------------------


def test_a_published_article_is_one_new_one(tale: Tale) -> None:
    new = tale.done["published"]
    assert url(new) not in tale.stored[0]
    assert tale.stored[1][url(new)].article.headline == new.headline
    assert len(versions(tale, new)) == 1
    assert tale.records[1]["jannah"]["counts"]["stored"] == 3  # and the copy from another site, and the edit


def test_an_edit_makes_one_version_and_keeps_the_old_one(tale: Tale) -> None:
    edited = tale.done["edited"]
    old = tale.stored[0][url(edited)].article.body
    assert versions(tale, edited) == [old, edited.text]
    assert edited.text.startswith(old)
    assert tale.records[1]["jannah"]["counts"]["changed"] == 1


def test_edits_and_removals_are_listed(tale: Tale) -> None:
    every = tale.house.told("edits", "--limit", "100")
    of = {(one["what"], one["url"]): one for one in every["edits"]}
    assert {key for key in of if key[0] == "edited"} == {
        ("edited", url(tale.done[name])) for name in ("edited", "neighbour")
    }
    assert {("removed", url(tale.done[f"vanished {status}"])) for status in (404, 410)} <= of.keys()
    edit = of["edited", url(tale.done["edited"])]
    # Its modification date is hardly older than the fetch, as where a site generates it
    assert (edit["kinds"], edit["removed"], edit["maybe_ours"]) == (["addition"], 0, False)
    assert edit["added"] > 5
    ats = [one["at"] for one in every["edits"]]
    assert ats == sorted(ats, reverse=True)
    assert tale.house.told("edits", "--site", "jannah", "--kind", "addition")["edits"] == [edit]
    assert tale.house.told("edits", "--since", "2999-01-01") == {"edits": [], "cursor": None}
    first = tale.house.told("edits", "--limit", "1")
    rest = tale.house.told("edits", "--limit", "100", "--cursor", first["cursor"])
    assert first["edits"] + rest["edits"] == every["edits"]
    printed = tale.house.arshif("edits", "--site", "jannah")
    assert f"text added (+{edit['added']} words)" in printed
    assert "no longer on its site" in tale.house.arshif("edits", "--kind", "gone")
    tale.house.arshif("edits", "--kind", "nosuch", code=2)
    assert tale.house.told("edits", "--cursor", "x", code=2)["code"] == "error.cursor"


def test_an_edit_is_found_by_the_date_that_its_source_gives(tale: Tale) -> None:
    pages = [unquote(path) for path, _ in tale.requests(1, "jannah") if path.startswith("/20")]
    new = [unquote(tale.done[name].path) for name in ("published", "edited", "copy there")]
    assert sorted(pages) == sorted(new), "and nothing else was asked"


def test_a_box_that_changed_is_no_version(tale: Tale) -> None:
    around = [
        a for a in tale.house.room.articles("english")
        if a.slug not in ("half-marathon", "tram-lisbon") and tale.done["neighbour"].headline in _page(tale, a)
    ]  # fmt: skip
    assert around, "some pages show the new headline in a box"
    asked = dict(tale.requests(1, "english"))
    for article in around:
        assert asked[article.path] == 200, "its bytes did change"
        assert len(versions(tale, article)) == 1
    assert len(versions(tale, tale.done["neighbour"])) == 2
    assert tale.records[1]["english"]["counts"]["changed"] == 1


def _page(tale: Tale, article: Article) -> str:
    with loopback.Client(proxy=tale.house.room.proxy) as client:
        return client.get(article.url).text


def test_a_moved_article_is_the_same_one(tale: Tale) -> None:
    old, new = url(tale.done["before the move"]), url(tale.done["moved"])
    assert old != new
    assert old in tale.stored[1]
    assert new not in tale.stored[1], "no second article"
    assert new in aliases(tale, tale.done["moved"])
    assert len(versions(tale, tale.done["moved"])) == 1
    assert not tale.stored[1][old].gone


def test_a_copy_on_the_same_site_is_an_alias(tale: Tale) -> None:
    copy = tale.done["copy here"]
    assert url(copy) not in tale.stored[1]
    assert aliases(tale, tale.done["copied here"])[url(copy)] == "same text"
    assert tale.records[1]["fr"]["counts"]["duplicate"] == 1


def test_a_copy_on_another_site_is_an_article_of_one_story(tale: Tale) -> None:
    here, there = (tale.stored[1][url(tale.done[name])] for name in ("copied there", "copy there"))
    assert here.article.id != there.article.id
    assert here.story == there.story is not None
    assert [here.lead, there.lead].count(True) == 1


@pytest.mark.parametrize("status", [410, 404])
def test_a_vanished_article_is_marked_kept_and_still_found(tale: Tale, status: int) -> None:
    vanished = tale.done[f"vanished {status}"]
    assert not tale.stored[0][url(vanished)].gone
    document = tale.stored[1][url(vanished)]
    assert document.gone
    assert document.article.body == vanished.text
    assert document.article.id in tale.house.found(f'"{vanished.headline}"')


def test_a_page_that_says_not_found_with_200_changes_nothing(tale: Tale) -> None:
    vanished = tale.done["vanished 200"]
    assert (vanished.path, 200) in tale.requests(1, "english")
    assert tale.stored[1][url(vanished)].article.body == vanished.text
    assert len(versions(tale, vanished)) == 1
    assert tale.house.frontier("english")[url(vanished)].reason


def test_a_dead_feed_is_replaced_by_the_one_that_the_home_page_names(tale: Tale) -> None:
    asked = tale.requests(1, "fr")
    assert [(path, status) for path, status in asked if path in ("/atom.xml", "/", "/v2/atom.xml")] == [
        ("/atom.xml", 410), ("/", 200), ("/v2/atom.xml", 200),
    ]  # fmt: skip
    row = tale.status[1]["fr"]
    assert row["state"] == "partly failing"
    assert "http://le-phare.example/atom.xml" in row["detail"]
    assert tale.records[1]["fr"]["status"] == "ok"


# --- what servers do -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["arabic2", "zh"])
def test_a_wall_stores_nothing_and_spoils_nothing(tale: Tale, site: str) -> None:
    before, behind = ({u: d for u, d in tale.stored[n].items() if d.article.site == site} for n in (1, 2))
    pages = [path for path, _ in tale.requests(2, site) if path.endswith(".html") or path.startswith("/news/")]
    assert pages, "its pages were asked"
    assert behind == before
    assert tale.status[2][site]["state"] == "failing"


@pytest.mark.parametrize("site", ["arabic2", "zh"])
def test_after_the_wall_all_is_as_before(tale: Tale, site: str) -> None:
    before, after = ({u: d for u, d in tale.stored[n].items() if d.article.site == site} for n in (1, 3))
    assert {u: d.article for u, d in after.items()} == {u: d.article for u, d in before.items()}
    assert {u: d.gone for u, d in after.items()} == {u: d.gone for u, d in before.items()}
    assert tale.status[3][site]["state"] == "ok"


def test_a_page_that_is_unavailable_is_tried_later_and_not_lost(tale: Tale) -> None:
    late = tale.done["unavailable"]
    assert url(late) not in tale.stored[2]
    assert tale.records[2]["ru"]["counts"]["failed"] == 1
    assert tale.requests(2, "ru").count((late.path, 503)) == 1, "it was asked for time, and is not asked at once again"
    wait = tale.retry - datetime.now(UTC)
    assert timedelta(seconds=RETRY_AFTER - 600) < wait <= timedelta(seconds=RETRY_AFTER)
    assert url(late) in tale.stored[3]


def test_the_accounts_of_every_crawl_add_up(tale: Tale) -> None:
    names = ("stored", "unchanged", "duplicate", "refused", "quarantined", "pending")
    for record in tale.records:
        for part in record.values():
            assert part["counts"]["discovered"] == sum(part["counts"][name] for name in names), part


# --- how far and how much --------------------------------------------------------------------------------------------

PER_RUN = 10


@pytest.fixture(scope="module")
def slowly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Harness, list[set[str]]]]:
    """Two sites by their sitemaps, ten articles a run: a first crawl, a second one, one that goes back to 2018."""
    settings = {"schedule": {"every": 0.05, "per_run": PER_RUN}}
    with Newsroom(via="proxy", only=("jannah", "english")) as room:
        house = Harness(room, tmp_path_factory.mktemp("slowly"), kinds=("sitemap",), settings=settings)
        stored = []
        for since in ("", "2018-01-01"):
            house.crawl(since=since)
            stored.append(set(house.documents()))
        yield house, stored


def test_a_first_visit_takes_the_newest_ones_of_a_week(slowly: tuple[Harness, list[set[str]]]) -> None:
    house, (first, _) = slowly
    for site in ("jannah", "english"):
        week = [a for a in house.room.articles(site) if a.published > datetime.now(UTC) - timedelta(days=7)]
        assert len(week) > PER_RUN
        newest = sorted(week, key=lambda a: max(a.published, a.modified), reverse=True)
        taken = [article for article in newest if url(article) in first]
        assert len(taken) == PER_RUN
        assert taken == newest[:PER_RUN]


def test_what_a_run_leaves_the_next_one_takes(slowly: tuple[Harness, list[set[str]]]) -> None:
    house, (first, second) = slowly
    assert len(second - first) == sum(len(house.room.articles(site)) for site in ("jannah", "english")) - 2 * PER_RUN


def test_old_articles_come_only_when_asked_for(slowly: tuple[Harness, list[set[str]]]) -> None:
    house, (first, second) = slowly
    founding = house.room.article("jannah", "founding")
    assert url(founding) not in first
    assert url(founding) in second
    visits = [request.time for request in house.room.requests("jannah", "/2018/")]
    assert len(visits) == 1


def test_a_time_without_crawls_leaves_no_gap(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Newsroom(via="proxy", only=("english",), now=now - timedelta(days=20)) as room:
        house = Harness(room, tmp_path, kinds=("sitemap",))
        with house.open() as archive:  # as a first visit a month ago left it
            archive.write(lambda conn: site_state.put(conn, "english", horizon=now - timedelta(days=37))).result()
        house.crawl()
        assert len(house.documents()) == len(room.articles("english"))


def test_a_page_that_robots_txt_forbids_is_never_asked(house: Harness, tmp_path: Path) -> None:
    private, open_one = "http://www.harbour-courier.example/private/members-preview", house.room.articles("english")[0]
    (tmp_path / "list.txt").write_text(f"{private}\n{open_one.url}\n")
    house.scrapy("crawl", "urls", "-a", "site=english", "-a", f"file={tmp_path / 'list.txt'}")
    assert list(house.documents()) == [url(open_one)]
    assert house.room.requests("english", "/private/") == []
    assert len(house.room.requests("english", "/robots.txt")) == 1
    assert house.frontier("english")[private].reason == "fetch.robots_disallowed"
