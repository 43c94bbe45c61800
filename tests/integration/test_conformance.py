"""Thirty queries over the crawled newsroom find the same articles in the embedded index and in a real Elasticsearch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from crawler.urls.canonical import canonical
from tests.integration.harness import Find, Harness, elasticsearch_env

pytestmark = pytest.mark.elasticsearch
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
TODAY = datetime.now(UTC).date().isoformat()

# what is asked -> a slug that must be among what is found; "" for nothing at all
QUERIES = {
    "البوكمال": "founding",
    "معارك البوكمال": "founding",
    '"تطورات معارك البوكمال"': "founding",
    "بوكمال": "founding",
    "القمح": "wheat-season",
    "قمح site:jannah": "wheat-season",
    "الفرات -جسر": "founding",
    "أفران OR مخابز": "aleppo-bakeries",
    "عاجل هزة": "quake-flash",
    "عاصفة ثلجية": "snow-storm",
    '"عاصفة ثلجية" site:arabic2': "snow-storm",
    "الترامواي lang:ar": "beirut-tram",
    "السلاحف": "turtle-tyre",
    "ferry": "night-ferry",
    "ferries": "night-ferry",
    '"night ferry"': "night-ferry",
    "ferry -breaking -closed": "night-ferry",
    "marathon OR chess": "half-marathon",
    "(wheat OR mud) site:english": "wheat-euphrates",
    "estuary country:GB": "night-ferry",
    "section:Science": "tidal-power",
    "phare": "phare-restaure",
    "huîtres lang:fr": "huitres-hiver",
    "huitres": "huitres-hiver",
    "ледокол": "ledokol-muzey",
    "زعفران lang:fa": "saffron-harvest",
    "早市": "river-market",
    "竹桥 OR 火车": "night-train",
    f"lang:ar before:{YESTERDAY} البوكمال": "founding",
    f"after:{YESTERDAY} site:english": "night-ferry",
    "before:2018-12-31 after:2018-01-01": "founding",
    "title:عاجل": "quake-flash",
    "author:Tallow": "night-ferry",
    "لاشيءهنا": "",
    f"after:{TODAY} before:2018-01-01": "",
}


@pytest.fixture(scope="module")
def elasticsearch(settled: Harness, elasticsearch_url: str) -> Iterator[dict[str, str]]:
    """The same archive in Elasticsearch."""
    with elasticsearch_env(elasticsearch_url, "conform") as env:
        settled.arshif("index", "rebuild", **env)
        yield env


@pytest.fixture(scope="module")
def slugs(settled: Harness) -> dict[str, str]:
    """The newsroom's names of the stored articles, by id."""
    stored = settled.documents()
    truth = [article for site in settled.room.sites for article in settled.room.articles(site)]
    return {stored[canonical(article.url) or ""].article.id: article.slug for article in truth}


@pytest.fixture(scope="module")
def both(settled: Harness, elasticsearch: dict[str, str]) -> Iterator[tuple[Find, Find]]:
    """Searches in the embedded index and in Elasticsearch."""
    with settled.searching() as embedded, settled.searching(**elasticsearch) as remote:
        yield embedded, remote


@pytest.mark.parametrize("query", QUERIES)
def test_both_engines_find_the_same(both: tuple[Find, Find], slugs: dict[str, str], query: str) -> None:
    here, there = (find(query) for find in both)
    assert sorted(here) == sorted(there)
    assert len(here) == len(set(here))
    found = {slugs[identifier] for identifier in here}
    assert QUERIES[query] in found if QUERIES[query] else not found


def test_the_command_searches_both(settled: Harness, elasticsearch: dict[str, str]) -> None:
    texts = [settled.arshif("search", "معارك البوكمال", **env) for env in ({}, elasticsearch)]
    assert texts[0].splitlines()[:-1] == texts[1].splitlines()[:-1], "all but the time that it took"
    assert settled.room.article("jannah", "founding").headline in texts[0]


@pytest.mark.parametrize("engine", ["embedded", "elasticsearch"])
def test_a_rebuilt_index_takes_over_and_is_complete(
    settled: Harness, elasticsearch: dict[str, str], engine: str
) -> None:
    env = elasticsearch if engine == "elasticsearch" else {}
    before = settled.told("index", "status", **env)
    found = sorted(settled.found("في", **env))
    settled.arshif("index", "rebuild", **env)
    after = settled.told("index", "status", **env)
    assert (after["engine"], after["current"] != before["current"]) == (engine, True)
    assert after["documents"] == after["articles"] == before["articles"]
    assert [(t["name"], t["state"], t["pending"]) for t in after["targets"]] == [(after["current"], "current", 0)]
    assert after["refused"] == []
    assert sorted(settled.found("في", **env)) == found
