"""The gap between two requests to one host, as the host sees it, is never below the delay."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
import yaml

from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom

DELAY, OWN_DELAY = 0.5, 0.9  # seconds: of all sites, and of one that says so itself
SITE, HURRIED = "english", "fr"


@pytest.fixture(scope="module")
def polite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """A crawl of a site with a feed, a sitemap index and a section, in which articles moved; and of one with a longer
    delay of its own."""
    with Newsroom(via="proxy", only=(SITE, HURRIED)) as room:
        directory = tmp_path_factory.mktemp("polite")
        house = Harness(room, directory, delay=DELAY, settings={"schedule": {"every": 0.05, "per_run": 6}})
        file = house.config / "sites" / "test" / f"{HURRIED}.yaml"
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "delay": OWN_DELAY}), "utf-8")
        newest = [article.slug for article in room.articles(SITE)[:3]]
        old = [room.article(SITE, slug).url for slug in newest]
        for slug in newest:
            room.move(SITE, slug)
        (directory / "list.txt").write_text("\n".join(old))
        house.crawl()
        house.scrapy("crawl", "urls", "-a", f"site={SITE}", "-a", f"file={directory / 'list.txt'}")
        yield house


def gaps(house: Harness, site: str) -> list[tuple[float, str, str]]:
    """The seconds between each two requests, with their paths."""
    requests = house.room.requests(site)
    return [(after.time - before.time, before.path, after.path) for before, after in pairwise(requests)]


def test_robots_sources_articles_and_redirects_were_asked(polite: Harness) -> None:
    requests = polite.room.requests(SITE)
    paths = [request.path for request in requests]
    kinds = {source[0] for source in polite.room.sites[SITE].outlet.sources}
    assert kinds == {"feed", "sitemap", "section"}
    assert {"/robots.txt", "/feed.json", "/sitemap-index.xml", "/news"} <= set(paths)
    assert sum(request.status == 301 for request in requests) >= 3
    assert len(requests) > 12


def test_no_two_requests_to_a_host_are_closer_than_the_delay(polite: Harness) -> None:
    assert [gap for gap in gaps(polite, SITE) if gap[0] < DELAY] == []


def test_a_site_s_own_delay_holds_from_its_first_request_to_its_last(polite: Harness) -> None:
    assert len(gaps(polite, HURRIED)) >= 4
    assert [gap for gap in gaps(polite, HURRIED) if gap[0] < OWN_DELAY] == []


def test_hosts_do_not_wait_for_each_other(polite: Harness) -> None:
    first, second = ([request.time for request in polite.room.requests(site)] for site in (SITE, HURRIED))
    assert any(first[0] < moment < first[-1] for moment in second)
