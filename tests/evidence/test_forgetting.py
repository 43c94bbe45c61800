"""Forgetting reaches an article under every site and address that has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from crawler.maintenance.erasure import Erasure
from index.archive import Archive, articles, documents, erasure, frontier, readings
from index.archive.database import Database
from index.model.candidate import Candidate
from tests.support.archive_samples import HOUR, NOW, article, page
from tests.support.newspaper import configured

URL, OTHER = "https://paper.example/1", "https://paper.example/amp/1"


@pytest.mark.parametrize("name", [URL, OTHER, "its id"])
def test_an_article_that_a_foreign_feed_lists_too_is_forgotten_under_both_sites(
    tmp_path: Path, place: Database, name: str
) -> None:
    config = configured(tmp_path)
    own, foreign = article(URL, site="paper"), article(URL, site="aggregator")
    kept = article("https://paper.example/2", site="paper", headline="Another")
    with Archive(place) as archive:

        def fill(conn) -> None:  # type: ignore[no-untyped-def]
            for one in (own, foreign, kept):
                articles.store(conn, page(one))
            articles.store(conn, page(replace(own, url=OTHER, id="x", canonical_url=URL), NOW + HOUR))
            articles.correct(conn, replace(own, body="better", content_hash="better"), NOW + HOUR)
            frontier.offer(conn, "third", "feed", [Candidate(OTHER)], NOW)

        archive.write(fill).result()
        work = Erasure(archive, tmp_path / "raw")
        found = work.resolve(own.id if name == "its id" else name, config)
        assert set(found.sites) == {"paper", "aggregator", "third"}
        assert work.forget(found, NOW + HOUR).articles == 2
        with archive.read() as conn:
            assert documents.count(conn) == 1
            assert [documents.by_url(conn, url) for url in (URL, OTHER)] == [None, None]
            assert frontier.sites_of(conn, OTHER) == []
            assert readings.with_hash(conn, "better") == readings.with_hash(conn, own.content_hash) == []
            for site in ("paper", "aggregator", "third", "a site that lists it one day"):
                assert erasure.among(conn, site, [URL, OTHER, kept.url]) == {URL, OTHER}
