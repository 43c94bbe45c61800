"""Scrapy's own commands work at the repository's root: crawls of one kind of sources or all, and probes of pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.urls.canonical import canonical
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom

NARROWED = {"feed": ("/feed/",), "sitemap": ("/sitemap_index.xml",), "section": ("/category/syria/",),
            "wordpress": ("/wp-json/wp/v2/posts",)}  # fmt: skip
OF_SOURCES = ("/feed/", "/sitemap_index.xml", "/post-sitemap.xml", "/category", "/wp-json/")


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(via="proxy", only=("jannah", "english")) as room:
        yield room


@pytest.fixture
def at(newsroom: Newsroom, tmp_path: Path) -> Harness:
    """An archive of its own beside the shared newsroom, whose log begins anew; five articles a run."""
    newsroom.log.clear()
    return Harness(newsroom, tmp_path, settings={"schedule": {"every": 0.05, "per_run": 5}})


def asked(house: Harness) -> list[str]:
    return [request.path for request in house.room.requests("jannah")]


def test_list_names_the_spiders(at: Harness) -> None:
    assert at.scrapy("list").split() == [
        *("addresses", "feed", "probe", "scout", "section", "site", "sitemap", "urls", "wordpress")
    ]


def test_crawl_exports_what_is_new_with_schema_org_s_names(at: Harness, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    at.scrapy("crawl", "site", "-a", "sites=jannah", "-O", str(out))
    items: list[dict[str, Any]] = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    truth = {canonical(article.url): article for article in at.room.articles("jannah")}
    assert len(items) == 5
    for item in items:
        article = truth[item["url"]]
        assert (item["headline"], item["articleBody"]) == (article.headline, article.text)
        assert item["datePublished"] == article.published.isoformat()
    assert set(at.documents()) == {item["url"] for item in items}, "and they are stored"
    assert at.room.requests("english") == []


@pytest.mark.parametrize("spider", NARROWED)
def test_a_narrowed_spider_asks_one_kind_of_sources(at: Harness, spider: str) -> None:
    at.scrapy("crawl", spider, "-a", "sites=jannah")
    sources = [path for path in asked(at) if path.startswith(OF_SOURCES)]
    assert sources
    assert sources[0].startswith(NARROWED[spider])
    others = [path for name, paths in NARROWED.items() if name != spider for path in paths]
    assert not any(path.startswith(tuple(others)) for path in sources)
    assert len(at.documents()) == 5


def test_a_list_of_addresses_is_crawled_for_its_site(at: Harness, tmp_path: Path) -> None:
    wanted = at.room.articles("jannah")[-2:]
    (tmp_path / "list.txt").write_text("# two old ones\n" + "\n".join(article.url for article in wanted))
    at.scrapy("crawl", "urls", "-a", "site=jannah", "-a", f"file={tmp_path / 'list.txt'}")
    assert set(at.documents()) == {canonical(article.url) for article in wanted}
    assert [path for path in asked(at) if path.startswith(OF_SOURCES)] == []
    record = at.told("runs")[0]
    assert (record["status"], record["sites"][0]["counts"]["stored"]) == ("ok", 2)


def test_shell_fetches_as_a_crawl_would(at: Harness) -> None:
    article = at.room.articles("jannah")[0]
    said = at.scrapy("shell", article.url, "-c", "response.css('h1::text').get()")
    assert article.headline.split()[0] in said
    assert asked(at) == ["/robots.txt", article.path]
    assert at.room.log[-1].headers["user-agent"].startswith("Arshif/")
    assert not (at.data / "archive.sqlite3").exists(), "nothing is stored"


def test_parse_shows_an_article_and_stores_nothing(at: Harness) -> None:
    article = at.room.articles("jannah")[0]
    said = at.scrapy("parse", article.url, "--spider=probe", "-c", "parse_article", "--nocolour")
    assert f"'headline': '{article.headline}'" in said
    assert f"'datePublished': '{article.published.isoformat()}'" in said
    assert not (at.data / "archive.sqlite3").exists()


@pytest.mark.parametrize("options", [(), ("--spider=probe",), ("-c", "parse_article")], ids=" ".join)
def test_parse_finds_spider_and_callback_by_itself(at: Harness, options: tuple[str, ...]) -> None:
    article = at.room.articles("jannah")[0]
    said = at.scrapy("parse", article.url, *options, "--nocolour")
    assert f"'headline': '{article.headline}'" in said
    assert not (at.data / "archive.sqlite3").exists()


def test_check_holds_the_probe_to_its_contracts_without_a_network(at: Harness) -> None:
    at.scrapy("check")
    assert "Ran 3 contracts" in at.log
    assert at.log.rstrip().endswith("OK")
    assert at.room.log == [], "nothing was asked of any server"
