"""An Elasticsearch index in several parts: where articles go, by size and by month, and that nobody notices."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import update

from crawler.config import load
from crawler.monitoring import saved_search_alerts
from index.archive import Archive, documents, erasure, outbox, saved_searches
from index.archive import tables as t
from index.engines.base import MAPPING_VERSION, Layout, PartLimits, new_target, part_for
from index.engines.elastic import ElasticEngine
from index.errors import IndexMismatch
from index.search import indexer
from index.search.query_language import parse
from index.search.verify import repair, verify
from tests.engines.corpus import document
from tests.support.archive_samples import HOUR, NOW, store
from tests.support.patience import PATIENCE, wait_for

pytestmark = pytest.mark.elasticsearch

MONTHS = [datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5)]
EACH = 4  # articles stored in each of them
MONTHLY = PartLimits(months=1, most_bytes=10**12)
TINY = PartLimits(months=0, most_bytes=1)  # so that every part is full at once


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with Elasticsearch(elasticsearch_url, request_timeout=PATIENCE) as it:
        yield it


@pytest.fixture
def engine(elasticsearch_url: str, client: Elasticsearch) -> Iterator[ElasticEngine]:
    """An engine that begins a part every month."""
    engine = ElasticEngine(elasticsearch_url, prefix=f"t{uuid.uuid4().hex[:10]}", limits=MONTHLY)
    yield engine
    for name in client.indices.get(index=f"{engine.prefix}-v*").body:
        client.indices.delete(index=name)
    client.indices.delete_index_template(name=f"{engine.prefix}-v{MAPPING_VERSION}")
    engine.close()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive whose articles were stored over three months, each in two versions."""
    with Archive(tmp_path / "archive.sqlite3") as it:
        store(it, range(EACH * len(MONTHS)))
        store(it, range(EACH * len(MONTHS)), "وأضاف المصدر", hours=1)
        with it.read() as conn:
            ids = list(dict(documents.ids(conn)))
        for number, id_ in enumerate(ids):
            stored = MONTHS[number // EACH] + timedelta(hours=1 + number)
            change = update(t.articles).where(t.articles.c.id == id_).values(stored=stored)
            it.write(lambda conn, change=change: conn.execute(change)).result()  # type: ignore[misc]
        yield it


def parts_of(archive: Archive, engine: ElasticEngine) -> list[datetime]:
    """When the further parts of the searched index begin, as the archive and the engine both say."""
    target = engine.current()
    assert target is not None
    with archive.read() as conn:
        known = outbox.target_of(conn, target)
    assert known is not None
    assert list(known.parts) == engine.parts(target)
    return list(known.parts)


def is_clean(archive: Archive, engine: ElasticEngine) -> bool:
    found = verify(archive, engine)
    return found.whole and not found.waiting and found.agreeing == len(list(engine.scan(found.target)))


def test_a_rebuild_puts_each_month_into_a_part_of_its_own(archive: Archive, engine: ElasticEngine) -> None:
    indexer.index_pending(archive, engine)
    begins = parts_of(archive, engine)
    assert [begin.month for begin in begins] == [4, 5]
    target = str(engine.current())
    found = list(engine.scan(target))
    assert len(found) == 2 * EACH * len(MONTHS)
    with archive.read() as conn:
        stored = dict(documents.stored(conn))
    assert all(one.part == part_for(stored[one.id.partition("@")[0]], begins) for one in found)
    assert is_clean(archive, engine)
    assert engine.count() == engine.count(target) == EACH * len(MONTHS)
    assert engine.search(parse("خبر", limit=100)).total == EACH * len(MONTHS)


def test_an_index_of_one_part_is_taken_up_and_gets_a_further_one_when_it_is_full(
    archive: Archive, engine: ElasticEngine
) -> None:
    engine.limits = None
    indexer.index_pending(archive, engine)
    target = engine.current()
    assert parts_of(archive, engine) == []
    engine.limits = TINY
    indexer.add_due_part(archive, engine, datetime.now(UTC))
    (begin,) = parts_of(archive, engine)
    indexer.add_due_part(archive, engine, datetime.now(UTC))
    assert parts_of(archive, engine) == [begin], "which is empty yet"

    before = {one.id: one.part for one in engine.scan(str(target))}
    store(archive, range(2), "وتابع المصدر", hours=2)  # known ones
    store(archive, range(50, 53))
    new = update(t.articles).where(t.articles.c.stored > MONTHS[-1] + timedelta(days=9)).values(stored=begin)
    archive.write(lambda conn: conn.execute(new)).result()  # as if a minute had passed
    indexer.index_pending(archive, engine)
    after = {one.id: one.part for one in engine.scan(str(target))}
    assert {after[id_] for id_ in before} == {None}, "an article that changes stays where it is"
    assert sorted(part is not None for id_, part in after.items() if id_ not in before) == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert engine.current() == target
    assert is_clean(archive, engine)
    assert engine.search(parse("خبر", limit=100)).total == EACH * len(MONTHS) + 3, "the new part is searched"


def test_two_indexers_share_the_articles(archive: Archive, engine: ElasticEngine) -> None:
    indexer.index_pending(archive, engine)
    stop = threading.Event()
    runs = [threading.Thread(target=partial(indexer.run, archive, engine, stop, batch=2, indexers=2)) for _ in range(2)]
    for one in runs:
        one.start()
    store(archive, range(EACH * len(MONTHS)), "وتابع المصدر", hours=2)
    store(archive, range(100, 110))
    wait_for(lambda: _sent(archive, engine))
    stop.set()
    for one in runs:
        one.join(PATIENCE)
        assert not one.is_alive()
    assert is_clean(archive, engine)


def _sent(archive: Archive, engine: ElasticEngine) -> bool:
    with archive.read() as conn:
        return not any(outbox.pending(conn, target.name) for target in outbox.targets_of(conn, engine.name))


def test_what_is_forgotten_is_in_no_part(archive: Archive, engine: ElasticEngine) -> None:
    indexer.index_pending(archive, engine)
    (gone, *_) = [one.id for one in engine.scan(str(engine.current())) if one.part and "@" not in one.id]
    with archive.read() as conn:
        what = erasure.find(conn, gone)
    archive.write(lambda conn: erasure.forget(conn, what, NOW)).result()
    indexer.index_pending(archive, engine)
    assert not [one for one in engine.scan(str(engine.current())) if one.id.startswith(gone)]
    assert is_clean(archive, engine)


def test_a_saved_search_tells_of_new_articles_of_every_part_once(archive: Archive, engine: ElasticEngine) -> None:
    archive.write(lambda conn: saved_searches.add(conn, "All", "خبر", NOW - HOUR)).result()
    indexer.index_pending(archive, engine)
    assert len(parts_of(archive, engine)) == 2
    matched = partial(saved_search_alerts.match_new_articles, archive, engine, load())
    assert matched(NOW + 2 * HOUR) == EACH * len(MONTHS)
    store(archive, range(200, 201), hours=2)
    indexer.index_pending(archive, engine)
    assert is_clean(archive, engine), "and refreshed"
    assert [matched(NOW + hours * HOUR) for hours in (3, 4)] == [1, 0]


def test_a_document_in_a_wrong_part_is_found_and_mended(archive: Archive, engine: ElasticEngine) -> None:
    indexer.index_pending(archive, engine)
    target, begins = str(engine.current()), parts_of(archive, engine)
    with archive.read() as conn:
        (astray, twice, *_) = documents.documents(conn, list(dict(documents.ids(conn)))[:2])
    engine.bulk(target, [replace(twice, stored=begins[-1])], [], begins)
    engine.bulk(target, [], [astray.article.id], begins)
    engine.bulk(target, [replace(astray, stored=begins[-1], version=astray.version + 2)], [], begins)
    found = verify(archive, engine)
    kinds = {one.article.partition("@")[0]: one.kind for one in found.differences if "@" not in one.article}
    assert kinds == {twice.article.id: "twice", astray.article.id: "newer"}
    repair(archive, engine, found)
    indexer.index_pending(archive, engine)
    found = verify(archive, engine)
    repair(archive, engine, found)
    indexer.index_pending(archive, engine)
    assert is_clean(archive, engine)


def test_a_part_that_nobody_noted_is_dropped_if_it_is_empty_and_else_taken_up(
    archive: Archive, engine: ElasticEngine
) -> None:
    indexer.index_pending(archive, engine)
    target, begins = str(engine.current()), parts_of(archive, engine)
    late = datetime.now(UTC) + timedelta(days=1)
    engine.add_part(target, late)
    indexer.reconcile(archive, engine)
    assert parts_of(archive, engine) == begins
    engine.add_part(target, late)
    engine.bulk(target, [replace(document("late", "حلب"), stored=late)], [], [*begins, late])
    indexer.reconcile(archive, engine)
    assert parts_of(archive, engine) == [*begins, late], "as in an archive that was restored from before it"


def test_an_index_that_lost_a_part_is_rebuilt(archive: Archive, engine: ElasticEngine, client: Elasticsearch) -> None:
    indexer.index_pending(archive, engine)
    target = str(engine.current())
    (lost, *_) = [name for name in client.indices.get(index=f"{target}-from-*").body if not name.endswith("-versions")]
    client.indices.delete(index=lost)
    indexer.index_pending(archive, engine)
    assert engine.current() != target
    assert engine.targets() == [engine.current()]
    assert is_clean(archive, engine)


def test_a_rebuild_of_many_goes_by_steps_and_is_resumed(
    archive: Archive, engine: ElasticEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox.fill, "__defaults__", (3, None))
    monkeypatch.setattr(outbox.start_target, "__defaults__", (3, None))
    indexer.index_pending(archive, engine)
    before = engine.current()
    name = indexer._start(archive, engine)
    indexer.index_batch(archive, engine, batch=2)
    with archive.read() as conn:
        target = outbox.target_of(conn, name)
        assert target is not None
        assert target.filled is not None
        waiting = outbox.pending(conn, name)
    assert 0 < waiting < EACH
    store(archive, [0], "وتابع المصدر", hours=2)
    store(archive, [70])
    assert engine.current() == before
    assert indexer.migrate(archive, engine) == before
    indexer.index_pending(archive, engine, batch=2)
    assert engine.current() == name
    assert is_clean(archive, engine)


def test_shards_and_replicas_are_as_told_and_counts_are_of_all(elasticsearch_url: str, client: Elasticsearch) -> None:
    engine = ElasticEngine(elasticsearch_url, prefix=f"t{uuid.uuid4().hex[:10]}", layout=Layout(3, 0))
    target = new_target(engine.prefix)
    engine.create(target)
    settings = client.indices.get_settings(index=target)[target]["settings"]["index"]
    assert (settings["number_of_shards"], settings["number_of_replicas"]) == ("3", "0")
    many = [document(f"d{number}", "حلب", site=f"site-{number % 200}") for number in range(1_000)]
    assert engine.bulk(target, many, []) == {}
    engine.activate(target)
    counts = engine.facet_counts(parse(""), ["site"])["site"]
    assert len(counts) == 50
    assert set(counts.values()) == {5}
    for replicas, found in ((None, "0"), (2, "2")):
        later = ElasticEngine(elasticsearch_url, prefix=engine.prefix, layout=Layout(3, replicas))
        later.copy_as_told()
        later.close()
        told = client.indices.get_settings(index=f"{target}*").body
        copies = {name: one["settings"]["index"]["number_of_replicas"] for name, one in told.items()}
        assert copies == {target: found, f"{target}-versions": found}
    client.indices.delete(index=f"{target},{target}-versions")
    client.indices.delete_index_template(name=f"{engine.prefix}-v{MAPPING_VERSION}")
    engine.close()


def test_a_target_has_its_own_names_only(engine: ElasticEngine) -> None:
    with pytest.raises(IndexMismatch):
        engine.activate(new_target(engine.prefix))
    target = new_target(engine.prefix)
    engine.create(target)
    engine.add_part(target, MONTHS[0])
    assert engine.targets() == [target]
    engine.drop(target)
    assert engine.targets() == []
    assert engine.parts(target) is None
