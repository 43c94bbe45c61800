"""`arshif explain`: what is known of one address, stage by stage."""

from __future__ import annotations

import re

from index.archive import documents
from tests.integration.conftest import SITES
from tests.integration.harness import Harness


def explained(house: Harness, address: str) -> dict[str, str]:
    """The sentences by stage."""
    told: dict[str, list[str]] = {}
    for step in house.told("explain", address):
        told.setdefault(step["stage"], []).append(step["told"])
    return {stage: "\n".join(sentences) for stage, sentences in told.items()}


def test_a_stored_article_is_told_from_its_source_to_its_index(settled: Harness) -> None:
    article = settled.room.articles("jannah")[1]
    told = explained(settled, article.url)
    assert list(told) == ["address", "discover", "fetch", "extract", "clean", "store", "index"]
    assert "site jannah" in told["address"]
    assert "robots.txt allows it" in told["address"]
    assert "listed by http://stepagency-sy.net/" in told["discover"]
    assert "with 200" in told["fetch"]
    assert "200: new" in told["fetch"].splitlines()
    assert "headline from " in told["extract"]
    assert f"version 1: {article.headline}" in told["store"]
    assert re.search(r"^raw copy: \d{4}/\d\d/run-\S+\.warc\.gz at \d+$", told["store"], re.MULTILINE)
    assert "has it (current)" in told["index"]
    assert "structure, " in told["clean"]
    identifier = settled.document(article).article.id
    assert explained(settled, identifier) == told
    assert "7 index" in settled.arshif("explain", identifier)


def test_an_article_that_was_met_under_another_address_is_told_with_that(settled: Harness) -> None:
    met = {row.url for site in SITES for row in settled.frontier(site).values() if row.article}
    with settled.archive() as conn:
        aliases = [alias for own in settled.documents().values() for alias in documents.aliases(conn, own.article.id)]
        met_at = next(alias.url for alias in aliases if alias.url in met)
        own = documents.by_url(conn, met_at)
    told = explained(settled, str(own))
    assert f"also at {met_at}" in told["discover"]
    assert "with 200" in told["fetch"]


def test_an_address_that_is_none_says_why(settled: Harness) -> None:
    told = explained(settled, "http://stepagency-sy.net/tag/syria/")
    assert "cannot be an article, going by its address" in told["address"]
    assert told["discover"] == "no source has listed it"
    assert "store" not in told
    private = explained(settled, "http://www.harbour-courier.example/private/members-preview")
    assert "robots.txt disallows it" in private["address"]
    assert "not covered by any site's file" in explained(settled, "https://nobody.example/a")["address"]
    settled.arshif("explain", "nonsense", code=1)
    assert "nonsense is no address" in settled.log
