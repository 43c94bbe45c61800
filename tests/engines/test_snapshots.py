"""Snapshots of an Elasticsearch index in a real repository, and an index that is lost and restored from one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from index.archive import Archive, documents, erasure
from index.engines import Engine
from index.engines.elastic import snapshots
from index.engines.elastic.mapping import EARLIER
from index.errors import IndexMismatch, IndexUnavailable
from index.search import indexer
from index.search.indexer import BatchResult
from index.search.verify import verify
from tests.engines.conftest import opened
from tests.faults.consistency import Installation
from tests.integration.harness import elasticsearch_env
from tests.support.archive_samples import NOW, store
from tests.support.warcs import Archived, article, warc

pytestmark = pytest.mark.elasticsearch

STORED = 40


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    yield from opened("elasticsearch", request, tmp_path)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.sqlite3") as it:
        store(it, range(STORED))
        yield it


def forget(archive: Archive, number: int) -> None:
    with archive.read() as conn:
        id_ = documents.by_url(conn, f"https://step.example/{number}")
        assert id_ is not None
        what = erasure.find(conn, id_)
    archive.write(lambda conn: erasure.forget(conn, what, NOW)).result()


def lose(client: Elasticsearch, engine: Engine) -> None:
    target = engine.searched()
    assert target is not None
    client.indices.delete(index=[target, target + EARLIER])


def test_a_lost_index_is_restored_and_gets_what_came_since(
    archive: Archive, engine: Engine, repository: str, client: Elasticsearch
) -> None:
    indexer.index_pending(archive, engine)
    told: list[tuple[int, int]] = []
    taken = snapshots.take(engine, repository, lambda done, of: told.append((done, of)))
    assert (taken.state, taken.target) == ("SUCCESS", engine.searched())
    store(archive, range(3), "وأضاف المصدر", hours=1)
    store(archive, range(STORED, STORED + 5))
    forget(archive, 9)
    lose(client, engine)

    shipped: list[BatchResult] = []
    fill = partial(snapshots.restore, engine, repository, taken, told=lambda done, of: told.append((done, of)))
    name = indexer.restore(archive, engine, fill, told=shipped.append)
    assert engine.searched() == name != taken.target
    found = verify(archive, engine)
    assert (found.differences, found.agreeing) == ((), STORED + 5 - 1 + 3)
    assert sum(one.sent for one in shipped) == 3 + 5 + 1, "changed, new and erased: nothing else is sent"
    assert all(0 <= done <= of for done, of in told)


def test_a_lost_index_is_rebuilt_although_changes_wait_for_it(
    archive: Archive, engine: Engine, client: Elasticsearch
) -> None:
    indexer.index_pending(archive, engine)
    store(archive, range(3), "وأضاف المصدر", hours=1)
    lose(client, engine)
    name = indexer.rebuild(archive, engine)
    assert engine.searched() == name
    assert (verify(archive, engine).differences, engine.count()) == ((), STORED)


def test_an_archive_that_is_older_than_the_snapshot_has_the_last_word(
    archive: Archive, engine: Engine, repository: str, tmp_path: Path
) -> None:
    """As after both are lost, and the archive's backup is the older one."""
    indexer.index_pending(archive, engine)
    store(archive, range(3), "وأضاف المصدر", hours=1)
    indexer.index_pending(archive, engine)
    taken = snapshots.take(engine, repository, lambda *_: None)
    with Archive(tmp_path / "older.sqlite3") as older:
        store(older, range(STORED))
        indexer.restore(older, engine, partial(snapshots.restore, engine, repository, taken, told=lambda *_: None))
        indexer.index_pending(older, engine)
        found = verify(older, engine)
    assert (found.differences, found.agreeing) == ((), STORED)


def test_snapshots_are_listed_newest_first_and_others_left_alone(
    archive: Archive, engine: Engine, repository: str, client: Elasticsearch
) -> None:
    with pytest.raises(IndexUnavailable, match="no index"):
        snapshots.take(engine, repository, lambda *_: None)
    indexer.index_pending(archive, engine)
    # Of its own indexes only: an index cannot be deleted, as other tests do, while a snapshot of it is taken
    by_hand = {"indices": f"{engine.prefix}*", "wait_for_completion": True}
    client.snapshot.create(repository=repository, snapshot=f"{engine.prefix}-by-hand", **by_hand)
    taken = [snapshots.take(engine, repository, lambda *_: None) for _ in range(2)]
    assert snapshots.snapshots(engine, repository) == taken[::-1]
    with pytest.raises(IndexMismatch, match="has no snapshot repository 'none'"):
        snapshots.snapshots(engine, "none")
    old = snapshots.Snapshot("old", f"{engine.prefix}-v1-20260101t000000", NOW, "SUCCESS")
    with pytest.raises(IndexMismatch, match="another release"):
        snapshots.restore(engine, repository, old, "any", lambda *_: None)


def test_the_commands(elasticsearch_url: str, repository: str, client: Elasticsearch, tmp_path: Path) -> None:
    pages = [
        Archived(f"https://www.example.com/news/decision-number-{n}", f"2020-02-{n + 1:02}T00:00:00Z", article(n))
        for n in range(6)
    ]
    (tmp_path / "a.warc.gz").write_bytes(warc(pages))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "arshif.yaml").write_text("{}\n")
    with elasticsearch_env(elasticsearch_url, "snapshots") as at:
        house = Installation(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path / "data"), **at})
        house.arshif("import", str(tmp_path / "a.warc.gz"))
        assert f"arshif index snapshot {repository}" in house.arshif("index", "snapshots", repository)
        code, said = house.ended("crawler.cli", "index", "restore", repository)
        assert (code, "no whole snapshot" in said) == (2, True)
        taken = json.loads(house.arshif("index", "snapshot", repository, "--json"))
        assert taken["name"] in house.arshif("index", "snapshots", repository)
        house.arshif("forget", pages[0].url, "--yes")
        client.indices.delete(index=list(client.indices.get(index=f"{at['ARSHIF_INDEX__PREFIX']}-v*").body))
        restored = json.loads(house.arshif("index", "restore", repository, "--json"))
        assert (restored["snapshot"], restored["documents"]) == (taken["name"], 5)
        assert json.loads(house.arshif("index", "verify", "--json"))["differences"] == []
        code, said = house.ended("crawler.cli", "index", "snapshot", "none")
        assert (code, "register it there first" in said) == (IndexMismatch.exit_code, True)
    embedded = Installation(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path / "other")})
    code, said = embedded.ended("crawler.cli", "index", "snapshot", repository)
    assert (code, "is embedded" in said) == (2, True)
