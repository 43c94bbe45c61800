"""Which article of a story leads: by what we saw and whom the others name, not by a date that a page claims alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from crawler.fingerprint import identity
from index.archive import articles, documents, runs, site_state
from index.model.article import Article
from index.model.codes import RunStatus
from index.search import indexer
from index.search.query_language import parse
from index.search.service import search
from tests.support.archive_samples import HOUR, NOW, article, page
from tests.support.filled_archive import SearchFixture, fill
from tests.support.newspaper import sentence

DAY = timedelta(days=1)
HEADLINE = "The bridge over the river opens"
TEXT = "\n\n".join(sentence(n, 20) for n in range(4))


def told(site: str, *, published: datetime, headline: str = HEADLINE, **more: object) -> Article:
    one = article(f"https://{site}.example/1", site=site, headline=headline, body=TEXT, published=published, **more)
    known = identity(one.headline, one.body)
    return replace(one, content_hash=known.content_hash, signature=known.signature)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[SearchFixture]:
    shelf = fill(tmp_path, [])
    yield shelf
    shelf.close()


def put(shelf: SearchFixture, one: Article, at: datetime, run: int | None = None) -> None:
    shelf.archive.write(lambda conn: articles.store(conn, page(one, at, run=run))).result()


def lead(shelf: SearchFixture) -> str:
    with shelf.archive.read() as conn:
        (site,) = [d.article.site for d in documents.documents(conn, [i for i, _ in documents.ids(conn)]) if d.lead]
    return site


def looked(shelf: SearchFixture, site: str, at: datetime) -> int:
    """A run that read a site."""

    def run(conn: Connection) -> int:
        number = runs.start(conn, [site], at, owner="test")
        runs.end_site(conn, number, site, RunStatus.OK, None)
        return number

    return shelf.archive.write(run).result()


@pytest.mark.parametrize("first", ["origin", "copy"])
def test_a_copy_that_dates_itself_back_does_not_hide_the_original(shelf: SearchFixture, first: str) -> None:
    for site in ("origin", "copy"):
        looked(shelf, site, NOW - 2 * HOUR)
    origin = told("origin", published=NOW - HOUR)
    copy = told("copy", published=NOW - 2 * DAY)
    seen = {"origin": NOW, "copy": NOW + HOUR}
    for one in sorted((origin, copy), key=lambda one: one.site != first):
        put(shelf, one, seen[one.site], looked(shelf, one.site, seen[one.site]))
    assert lead(shelf) == "origin"


def test_what_a_page_says_counts_where_we_could_not_have_seen_it(shelf: SearchFixture) -> None:
    put(shelf, told("late", published=NOW - HOUR), NOW, looked(shelf, "late", NOW))
    put(shelf, told("early", published=NOW - DAY), NOW + HOUR, looked(shelf, "early", NOW + HOUR))
    assert lead(shelf) == "early", "both were read for the first time"


def test_the_one_that_others_name_as_their_source_leads(shelf: SearchFixture) -> None:
    put(shelf, told("copy", published=NOW - DAY, canonical_url="https://origin.example/1"), NOW)
    put(shelf, told("other", published=NOW - HOUR), NOW + HOUR)
    assert lead(shelf) == "copy"
    put(shelf, told("origin", published=NOW), NOW + 2 * HOUR)
    assert lead(shelf) == "origin"


def test_an_agency_in_the_byline_of_a_copy_leads(shelf: SearchFixture) -> None:
    shelf.archive.write(lambda conn: site_state.put(conn, "agency", name="Harbour Press Agency")).result()
    put(shelf, told("paper", published=NOW - DAY, authors=("Mira Tallow, Harbour Press Agency",)), NOW)
    put(shelf, told("agency", published=NOW), NOW + HOUR)
    assert lead(shelf) == "agency"


def test_a_search_for_a_copys_own_headline_shows_that_copy(shelf: SearchFixture) -> None:
    put(shelf, told("origin", published=NOW), NOW)
    put(shelf, told("copy", published=NOW, headline="Pedestrians cross water again"), NOW + HOUR)
    indexer.rebuild(shelf.archive, shelf.engine)

    def found(asked: str) -> list[str]:
        return [hit.document.article.site for hit in search(parse(asked), shelf.engine, shelf.archive).hits]

    assert found("Pedestrians cross water again") == ["copy"]
    assert found("The bridge over the river opens") == ["origin"]
    assert found(sentence(1, 20)[:-1].split()[0]) == ["origin"], "copies stay folded otherwise"
