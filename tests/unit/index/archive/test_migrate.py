"""An archive of each released schema opens in the current one without loss: samples that those releases made.

`tests/samples/archive-<schema>.sqlite3.xz` is what that release's `arshif crawl` left of three sites of the newsroom,
two of which then changed an article, lost one and published one, after `VACUUM INTO`.
"""

from __future__ import annotations

import lzma
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crawler.fingerprint import identity
from crawler.maintenance.minhash_backfill import MinHashBackfill
from index.archive import Archive, articles, documents, erasure, frontier, migrate
from index.archive import tables as t
from index.engines import open_engine
from index.model.results import Results
from index.search import indexer
from index.search.query_language import parse
from index.search.service import search
from index.search.verify import verify
from tests.support.archive_samples import NOW, article, page

SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("archive-*.sqlite3.xz"))
INDEX = Path(__file__).parents[3] / "samples" / "index-0001.tar.xz"  # of the same crawl, embedded
MOVED = {("sites", "example"), ("sites", "since")}  # to the table of how sites are doing
KEPT = (
    "articles",
    "versions",
    "aliases",
    "frontier",
    "raws",
    "stories",
    "runs",
    "sites",
    "sources",
    "repeats",
)

Rows = list[dict[str, Any]]


@pytest.fixture(params=SAMPLES, ids=lambda path: path.name.partition(".")[0])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A released archive as it was, in a file of the test's own."""
    path = tmp_path / "archive.sqlite3"
    path.write_bytes(lzma.decompress(request.param.read_bytes()))
    return path


def contents(path: Path) -> dict[str, Rows]:
    """Every row of the tables that hold what was crawled."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {name: sorted(_rows(connection, name), key=str) for name in KEPT}


def _rows(connection: sqlite3.Connection, name: str) -> Iterator[dict[str, Any]]:
    yield from (dict(row) for row in connection.execute(f'SELECT * FROM "{name}"'))


def test_there_is_a_sample_of_every_released_schema() -> None:
    assert [path.name for path in SAMPLES] == ["archive-0001.sqlite3.xz"]
    assert migrate.HEAD > "0001"


def test_it_opens_without_loss(sample: Path) -> None:
    before = contents(sample)
    assert len(before["articles"]) > 40
    assert len(before["versions"]) > len(before["articles"]), "one changed"
    Archive(sample).close()
    after = contents(sample)
    for name, rows in before.items():
        columns = {column for column in rows[0] if (name, column) not in MOVED}
        was, now = ([{c: row[c] for c in sorted(columns)} for row in some] for some in (rows, after[name]))
        assert sorted(now, key=str) == sorted(was, key=str), name
    with closing(sqlite3.connect(sample)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrate.HEAD,)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_it_is_read_and_goes_on(sample: Path) -> None:
    with Archive(sample) as archive, archive.read() as conn:
        ids = [identifier for identifier, _ in documents.ids(conn)]
        found = documents.documents(conn, ids)
        assert [one.article.id for one in found] == ids
        assert all(one.article.headline and one.article.body for one in found)
        assert any(one.gone for one in found)
        changed = [versions for identifier in ids if len(versions := documents.versions(conn, identifier)) > 1]
        assert len(changed) == 2
        assert all(one.article.content_hash != two.article.content_hash for one, two in changed)
        sites = {one.article.site for one in found}
        states = {site: frontier.counts(conn, site) for site in sites}
        rows = conn.execute(t.frontier.select()).all()
        assert sum(sum(counts.values()) for counts in states.values()) == len(rows)
        assert all(documents.raw_of(conn, identifier) for identifier in ids)


def test_the_embedded_index_of_that_release_is_searched_until_the_new_one_is_complete(
    sample: Path, tmp_path: Path
) -> None:
    with tarfile.open(INDEX) as packed:
        packed.extractall(tmp_path, filter="data")
    engine = open_engine("embedded", directory=tmp_path / "index")
    asked = [parse("", limit=100), parse("site:english", limit=100), parse("museum"), parse("مدينة", sort="newest")]
    with Archive(sample) as archive:
        before = [_found(search(query, engine, archive)) for query in asked]
        assert before[0]
        assert before[1]
        assert engine.current() is None, "it is of an older mapping"
        indexer.reconcile(archive, engine)
        new = article("https://late.example/1", headline="Late museum news", body="It opens.", site="late")
        archive.write(lambda conn: articles.store(conn, page(new))).result()
        searched = engine.searched()
        indexer.index_batch(archive, engine, batch=1)
        assert engine.searched() == searched
        assert _found(search(parse("late museum"), engine, archive)) == {new.id}, "found before the new one is complete"
        archive.write(lambda conn: erasure.forget(conn, erasure.find(conn, new.id), NOW)).result()
        indexer.index_batch(archive, engine, batch=1)
        assert _found(search(parse("late museum"), engine, archive)) == set()
        indexer.migrate(archive, engine)
        assert engine.current() is not None
        assert [_found(search(query, engine, archive)) for query in asked] == before
        assert verify(archive, engine).differences == ()
    engine.close()


def _found(results: Results) -> set[str]:
    return {hit.document.article.id for hit in results.hits}


def test_its_articles_are_found_as_near_duplicates_once_they_are_signed(sample: Path) -> None:
    with Archive(sample) as archive:
        before = contents(sample)["articles"]
        signing = MinHashBackfill(archive)
        looked = 0
        while some := signing.some(NOW):
            looked += some
        with archive.read() as conn:
            mergeable = [row.id for row in conn.execute(select(t.articles.c.id).where(t.articles.c.mergeable))]
            signed = set(conn.execute(select(t.signatures.c.article)).scalars())
            one = max(documents.documents(conn, sorted(signed)), key=lambda one: len(one.article.body))
        assert signed == set(mergeable)
        assert looked == len(mergeable) > 30
        assert contents(sample)["articles"] == before, "stories and leads are what they were"

        edited = f"{one.article.body}\n\nThe office has since put this sentence right."
        copied = article("https://other.example/1", headline=one.article.headline, body=edited, site="other")
        copied = replace(copied, signature=identity(copied.headline, copied.body).signature)
        archive.write(lambda conn: articles.store(conn, page(copied))).result()
        with archive.read() as conn:
            copy, origin = documents.document(conn, copied.id), documents.document(conn, one.article.id)
        assert copy is not None
        assert origin is not None
        assert copy.story == origin.story is not None
