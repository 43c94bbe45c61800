"""Moments on the page: in the reader's zone, the site's beside it, relative where recent, the day alone where it is all
that a page gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.filled_archive import NOW, ZONE, SearchFixture, article, fill, page
from tests.support.web_client import Client, client_of, text_of, tree

EARLY = (NOW - timedelta(days=3)).astimezone(ZONE)  # 20 November, 15:00 UTC+3
TOKYO = {"cookie": "arshif-zone=Asia%2FTokyo"}  # UTC+9 all year round
TIMED = article("https://asi.example/timed", headline="timed", body="one two three", published=EARLY)
DATED = article(
    "https://asi.example/dated",
    headline="dated",
    body="four five six",
    published=EARLY.replace(hour=0),  # 19 November, 21:00 in UTC
    origins={"published": "json-ld, day only"},
)
FRESH = article("https://asi.example/fresh", headline="fresh", body="seven eight", published=NOW - timedelta(hours=2))
MENDED = replace(TIMED, headline="timed, and mended", content_hash="mended")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    pages = [*map(page, (TIMED, DATED, FRESH)), page(MENDED, NOW + timedelta(minutes=5), body_hash="mended")]
    shelf: SearchFixture = fill(tmp_path_factory.mktemp("moments"), pages)
    yield client_of(shelf, now=lambda: NOW + timedelta(minutes=20))
    shelf.close()


def times(client: Client, path: str, **headers: str) -> dict[str, str]:
    """What each headline of a page has as its time."""
    items = tree(client.get(path, headers=headers)).cssselect(".list > li")
    return {text_of(item.cssselect("h2, h3")[0]): text_of(item.cssselect("time")[0]) for item in items}


def test_a_list_tells_the_time_in_the_readers_zone_and_what_is_recent_by_how_long_ago(client: Client) -> None:
    expected = {"fresh": "2 hours ago", "timed, and mended": "20 November 2026 21:00", "dated": "20 November 2026"}
    assert times(client, "/?ui=en", **TOKYO) == expected
    assert times(client, "/search?ui=en&sort=newest", **TOKYO) == expected
    arabic = times(client, "/?ui=ar", **TOKYO)
    assert arabic == {"fresh": "قبل ساعتين", "timed, and mended": "20 نوفمبر 2026 21:00", "dated": "20 نوفمبر 2026"}


@pytest.mark.parametrize("named", ["", "Nowhere/At+All", "../../etc/passwd", "x" * 4000, "%ff"])
def test_a_zone_that_is_none_is_that_of_this_machine(client: Client, named: str) -> None:
    here = EARLY.astimezone()
    told = times(client, "/?ui=en", cookie=f"arshif-zone={named}")["timed, and mended"]
    assert told == f"{here.day} November 2026 {here:%H:%M}"


def test_an_article_has_the_sites_time_beside_the_readers(client: Client) -> None:
    def fact(headline: str, cookie: str) -> str:
        (link,) = [a for a in tree(client.get("/?ui=en")).cssselect(".list a") if text_of(a).startswith(headline)]
        facts = tree(client.get(link.get("href") + "?ui=en", headers={"cookie": cookie})).cssselect(".facts li")
        return text_of(facts[1]).replace("\u2066", "").replace("\u2069", "")

    both = "Published 20 November 2026, 21:00 UTC+9 (20 November 2026, 15:00 UTC+3 at the site)"
    assert fact("timed", TOKYO["cookie"]) == both
    assert fact("timed", "arshif-zone=Asia/Riyadh") == "Published 20 November 2026, 15:00 UTC+3"
    assert fact("dated", TOKYO["cookie"]) == "Published 20 November 2026"


def test_results_by_last_change_say_when_and_what(client: Client) -> None:
    (first, *others) = tree(client.get("/search?sort=changed&ui=en")).cssselect(".hits > li")
    assert text_of(first.cssselect(".others")[0]) == "Last changed 15 minutes ago: headline (−0 +2)"
    (link,) = first.cssselect(".others a")
    assert client.get(link.get("href")).status_code == 200
    assert all("Last changed" not in text_of(other) for other in others)
    (arabic, *_) = tree(client.get("/search?sort=changed&ui=ar")).cssselect(".hits > li")
    assert text_of(arabic.cssselect(".others")[0]) == "آخر تعديل: قبل 15 دقيقة: العنوان (−0 +2)"
    assert tree(client.get("/search?sort=newest&ui=en")).cssselect(".others") == []


def test_a_query_on_the_home_page_leads_to_its_results(client: Client) -> None:
    answer = client.get("/?q=fresh&ui=en")
    assert (answer.status_code, answer.headers["location"]) == (307, "/search?q=fresh&ui=en")
    assert client.get("/?q=+&ui=en").status_code == 200
