"""`arshif archive`: single addresses, of a configured site or of none, go the whole way of a crawled page, now; that is
no crawl of their sites."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from index.archive import leases, runs, site_state
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.newspaper import Story, sentence
from tests.support.postgresql import Server, on_both

ELSEWHERE = "http://news.elsewhere.example"
ADDRESS = ELSEWHERE + "/2026/11/story-1"


def story(number: int) -> Story:
    return Story(number, sentence(100 * number, 7)[:-1], [sentence(100 * number + at) for at in range(1, 5)])


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with Newsroom(via="proxy", only=("fr",)) as opened:
        yield opened


@pytest.fixture
def house(room: Newsroom, tmp_path: Path, database_server: Server | None) -> Harness:
    return Harness(room, tmp_path, database_server)


def publish(room: Newsroom, told: Story, base: str = ELSEWHERE) -> str:
    """Put a story's page on a site that no file describes; gives its address."""
    url = f"{base}/2026/11/story-{told.number}"
    room.serve(url, told.html().replace(told.url.encode(), url.encode()))
    return url


def test_an_address_of_no_configured_site_is_archived_under_its_registered_domain(
    room: Newsroom, house: Harness
) -> None:
    told = story(1)
    publish(room, told)
    (found,) = house.told("archive", ADDRESS)
    assert (found["archived"], found["result"], found["site"]) == (True, "new", "elsewhere-example")
    assert found["version"] == 1
    assert house.found(told.body[0].rstrip(".")) == [found["article"]]
    assert house.documents()[ADDRESS].article.headline == told.headline
    (raw,) = house.data.rglob("raw/**/*.warc.gz")
    assert raw.stat().st_size > 0
    assert [request.path for request in room.requests() if request.host == "news.elsewhere.example"] == [
        "/robots.txt", "/2026/11/story-1"
    ]  # fmt: skip


@on_both
def test_an_address_that_is_looked_at_again_is_unchanged_or_a_further_version(room: Newsroom, house: Harness) -> None:
    told = story(1)
    publish(room, told)
    house.arshif("archive", ADDRESS)
    assert house.told("archive", ADDRESS)[0]["result"] == "unchanged"
    told.body.append(sentence(900))
    publish(room, told)
    (found,) = house.told("archive", ADDRESS)
    assert (found["result"], found["version"]) == ("changed", 2)
    assert house.arshif("archive", ADDRESS) == f"{ADDRESS}: unchanged ({found['article']}, version 2)\n"


def test_an_address_of_a_configured_site_is_that_sites_and_is_no_crawl_of_it(room: Newsroom, house: Harness) -> None:
    house.crawl("fr")
    published = room.publish("fr")

    def known() -> tuple[Any, ...]:
        with house.archive() as conn:
            return site_state.state(conn, "fr"), runs.of_site(conn, "fr", 10)

    before = known()
    (found,) = house.told("archive", published.url)
    assert (found["site"], found["code"]) == ("fr", "outcome.new")
    assert known() == before, "its schedule and its health are of its crawls"
    with house.archive() as conn:
        newest = runs.recent(conn, 1)[0]
    assert (newest.status, newest.why and newest.why.code, newest.sites) == ("ok", "run.addresses", ())
    assert house.frontier("fr")[published.url].state == "stored"
    assert house.crawl("fr")["fr"]["counts"]["stored"] == 0, "the next crawl knows it"


def test_what_is_not_archived_is_told_with_its_reason(room: Newsroom, house: Harness) -> None:
    publish(room, story(1))
    room.serve("http://closed.example/robots.txt", b"User-agent: *\nDisallow: /", "text/plain")
    publish(room, story(2), "http://closed.example")
    room.serve("http://pictures.example/2026/11/one", b"\x89PNG\r\n", "image/png")
    given = {
        ADDRESS: "outcome.new",
        "http://closed.example/2026/11/story-2": "fetch.robots_disallowed",
        "http://pictures.example/2026/11/one": "page.not_html",
        "http://10.1.2.3/2026/11/one": "fetch.private_address",
        f"{room.sites['fr'].url}/2026/11/there-is-none": "fetch.http_status",
    }
    file = house.directory / "addresses.txt"
    file.write_text("# a list\n\n" + "\n".join(given), "utf-8")
    found = {one["url"]: one for one in house.told("archive", "--from", str(file), code=1)}
    assert {url: one["code"] for url, one in found.items()} == given
    assert [url for url, one in found.items() if one["archived"]] == [ADDRESS]
    house.arshif("archive", "http://closed.example/2026/11/story-2", code=1)
    assert "not archived: disallowed by robots.txt" in house.log
    assert not [request for request in room.requests() if request.path == "/2026/11/story-2"]


def test_a_mistake_in_the_command_fetches_nothing(room: Newsroom, house: Harness) -> None:
    for arguments in ((), ("ftp://files.example/one",), (ADDRESS, "http://user:word@news.elsewhere.example/")):
        house.arshif("archive", *arguments, code=2)
    assert json.loads(house.arshif("archive", "nowhere", "--json", code=2))["code"] == "request.not_address"
    house.arshif("archive", "--from", str(house.directory / "none.txt"), code=1)
    assert room.requests() == []


def test_a_site_that_is_being_crawled_is_left_alone(room: Newsroom, house: Harness) -> None:
    house.crawl("fr")
    url = room.publish("fr").url
    with house.open() as archive:
        now = datetime.now(UTC)
        held = archive.write(lambda conn: leases.acquire(conn, ["fr"], "a crawl", now, os.getpid())).result()
        (found,) = house.told("archive", url, code=3)
        assert found["code"] == "run.busy"
        archive.write(lambda conn: leases.release(conn, held)).result()
    house.arshif("archive", url)


def test_what_was_erased_on_request_stays_so(room: Newsroom, house: Harness) -> None:
    publish(room, story(1))
    house.arshif("archive", ADDRESS)
    house.arshif("forget", ADDRESS, "--yes")
    asked = len(room.requests())
    assert house.told("archive", ADDRESS, code=1)[0]["code"] == "page.forgotten"
    assert len(room.requests()) == asked


def test_an_article_in_several_pages_is_archived_whole_and_its_request_is_done(room: Newsroom, house: Harness) -> None:
    first, second = story(1), story(2)
    link = b'<p class="page-links">1 <a href="?page=2">2</a></p></article>'
    room.serve(ADDRESS, first.html().replace(first.url.encode(), ADDRESS.encode()).replace(b"</article>", link))
    room.serve(f"{ADDRESS}?page=2", second.html().replace(second.url.encode(), f"{ADDRESS}?page=2".encode()))
    (found,) = house.told("archive", ADDRESS)
    assert (found["archived"], found["result"]) == (True, "new")
    body = house.documents()[ADDRESS].article.body
    assert first.body[0] in body
    assert second.body[0] in body
