"""A crawl of the newsroom gives what its pages say; a second one of the unchanged newsroom gives nothing and costs
nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.fetch.raw_capture import decoded
from crawler.urls.canonical import canonical
from index.archive import documents
from index.model.article import Article as Stored
from index.warc.store import WarcStore
from tests.integration.conftest import SITES
from tests.integration.harness import Harness, elasticsearch_env
from tests.support import loopback
from tests.support.news_sites import Article

WHOLE = ("jannah", "english")  # sites whose pages say all, in metadata and to the eye
DESK = "فريق التحرير"  # a byline that names nobody
ACCOUNTS = ("stored", "unchanged", "duplicate", "refused", "quarantined", "pending")
Elasticsearch = dict[str, str]


@pytest.fixture(scope="module")
def elasticsearch(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    """The environment in which the same archive is searched in Elasticsearch."""
    with elasticsearch_env(elasticsearch_url, "flow") as env:
        yield env


def said(house: Harness, site: str) -> list[tuple[Article, Stored]]:
    """The truth of a site's articles beside what was stored of them."""
    documents = house.documents(site)
    return [(truth, documents[canonical(truth.url) or ""].article) for truth in house.room.articles(site)]


# --- the first crawl -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", SITES)
def test_every_article_is_stored_once_and_nothing_else(settled: Harness, site: str) -> None:
    truth = [canonical(article.url) for article in settled.room.articles(site)]
    assert sorted(settled.documents(site)) == sorted(truth)


@pytest.mark.parametrize("site", SITES)
def test_headline_body_and_date_are_what_the_page_says(settled: Harness, site: str) -> None:
    for truth, stored in said(settled, site):
        assert stored.headline == truth.headline
        assert stored.body.split("\n\n") == list(truth.body), truth.slug
        assert stored.published == truth.published, truth.slug
        assert stored.language == truth.language


@pytest.mark.parametrize("site", WHOLE)
def test_all_other_fields_are_what_the_page_says(settled: Harness, site: str) -> None:
    for truth, stored in said(settled, site):
        fields = ("section", "keywords", "modified", "alternative_headline")
        assert {name: getattr(stored, name) for name in fields} == {name: getattr(truth, name) for name in fields}
        people = [name for name in truth.authors if name != DESK]
        assert list(stored.authors) == people[: len(stored.authors) or 1], "metadata may name the first only"
        assert bool(stored.paywalled) == truth.paywalled
        assert stored.modified is not None
        assert stored.modified.utcoffset() == truth.modified.utcoffset(), "the page's own zone"
        captions = [(truth.image.url, truth.image.caption)] if truth.image else []
        assert [(image.url, image.caption) for image in stored.images] == captions


def test_the_founding_article_is_exactly_its_text(settled: Harness) -> None:
    truth = settled.room.article("jannah", "founding")
    document = settled.document(truth)
    article = document.article
    assert article.headline == truth.headline
    assert article.body == truth.text
    assert article.section == "الشأن السوري"
    assert article.published is not None
    assert article.published.isoformat() == "2018-06-08T18:00:00+03:00"
    assert truth.image is not None
    assert [(image.url, image.caption) for image in article.images] == [(truth.image.url, truth.image.caption)]
    assert truth.image.caption not in article.body
    everything = " ".join((article.headline, article.body, article.description or "", *article.keywords))
    for phrase in ("مقالات ذات صلة", "زر الذهاب إلى الأعلى", "وكالة ستيب نيوز"):
        assert phrase not in everything
    assert document.article.id in settled.found('"تطورات معارك البوكمال"')


@pytest.mark.parametrize("site", SITES)
def test_what_was_discovered_is_accounted_for(settled: Harness, site: str) -> None:
    counts = settled.first[site]["counts"]
    assert counts["discovered"] == sum(counts[name] for name in ACCOUNTS)
    assert counts["stored"] == len(settled.room.articles(site))
    assert settled.first[site]["status"] == "ok"
    states = {row.state for row in settled.frontier(site).values()}
    assert states <= {"stored", "duplicate", "old"}


def test_a_wire_story_is_two_articles_and_one_story(settled: Harness) -> None:
    here, there = (settled.document(settled.room.article(site, "snow-storm")) for site in ("jannah", "arabic2"))
    assert here.article.id != there.article.id
    assert here.story == there.story is not None
    assert sorted((here.lead, there.lead)) == [False, True]
    found = settled.told("search", "عاصفة ثلجية القلمون")
    assert [hit["others"] for hit in found["hits"] if hit["archive"]["id"] in (here.article.id, there.article.id)] == [
        1
    ]


@pytest.mark.parametrize("site", SITES)
def test_the_page_of_each_article_is_kept_as_it_came(settled: Harness, site: str) -> None:
    raw = WarcStore(settled.data / "raw")
    with settled.archive() as conn:
        copies = {url: documents.raw_of(conn, d.article.id) for url, d in settled.documents(site).items()}
    for url, copy in copies.items():
        assert copy is not None
        headers, body = raw.read(*copy)
        assert copy[1] == url
        with loopback.Client(proxy=settled.room.proxy) as client:
            assert decoded(headers, body) == client.get(url).content


# --- the second one --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twice(settled: Harness, elasticsearch: Elasticsearch) -> dict[str, Any]:
    """What there was before and after two more crawls, one for each index."""
    settled.arshif("index", "rebuild", **elasticsearch)
    looks: dict[str, Callable[[], Any]] = {
        "archive": settled.rows,
        "embedded": lambda: files_of(settled.data / "index"),
        "elasticsearch": lambda: written(elasticsearch),
        "raw": lambda: files_of(settled.data / "raw"),
    }
    before = {name: look() for name, look in looks.items()}
    asked = len(settled.room.log)
    records = [settled.crawl(), settled.crawl(**elasticsearch)]
    return {
        "before": before,
        "after": {name: look() for name, look in looks.items()},
        "records": records,
        "requests": settled.room.log[asked:],
    }


def files_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and the time of its last change, in ns."""
    return {str(f): (f.stat().st_size, f.stat().st_mtime_ns) for f in sorted(folder.rglob("*")) if f.is_file()}


def written(elasticsearch: Elasticsearch) -> dict[str, int]:
    """How often each of our indexes was written to, by Elasticsearch's own count."""
    with loopback.Client(base_url=elasticsearch["ARSHIF_INDEX__URL"]) as client:
        stats = client.get(f"/{elasticsearch['ARSHIF_INDEX__PREFIX']}-v*/_stats/indexing").raise_for_status().json()
    return {
        name: part["primaries"]["indexing"]["index_total"] + part["primaries"]["indexing"]["delete_total"]
        for name, part in stats["indices"].items()
    }


def test_an_unchanged_newsroom_stores_nothing(twice: dict[str, Any]) -> None:
    assert twice["after"]["archive"] == twice["before"]["archive"]
    assert twice["after"]["raw"] == twice["before"]["raw"]
    for record in twice["records"]:
        assert {site: part["status"] for site, part in record.items()} == dict.fromkeys(SITES, "ok")
        assert not any(part["counts"][name] for part in record.values() for name in ("stored", "changed", "failed"))


def test_an_unchanged_newsroom_costs_a_conditional_request_a_source(settled: Harness, twice: dict[str, Any]) -> None:
    asked = [request for request in twice["requests"] if request.path != "/robots.txt"]
    assert {request.status for request in asked if "/wp-json/" not in request.path} == {304}
    kinds = [kind for place in settled.room.sites.values() for kind, *_ in place.outlet.sources]
    assert len(asked) == 2 * (len(kinds) + kinds.count("wordpress")), "an API is asked for new and for changed posts"


@pytest.mark.elasticsearch
@pytest.mark.parametrize("engine", ["embedded", "elasticsearch"])
def test_an_unchanged_newsroom_writes_nothing_to_the_index(twice: dict[str, Any], engine: str) -> None:
    assert twice["before"][engine], "there is an index"
    assert twice["after"][engine] == twice["before"][engine]


def test_nothing_waits_for_either_index(settled: Harness, twice: dict[str, Any]) -> None:
    assert twice["after"]["archive"]["outbox"] == []
    status = settled.told("index", "status")
    assert (status["documents"], status["articles"]) == (sum(len(settled.room.articles(s)) for s in SITES),) * 2
