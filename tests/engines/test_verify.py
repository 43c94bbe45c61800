"""`index verify` finds each planted difference and mends it; a search works all the while an index is migrated."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from index.archive import Archive, documents, erasure
from index.engines import Engine, base, elastic, embedded, record
from index.engines.record import earlier_id
from index.errors import IndexMismatch, IndexUnavailable
from index.model.article import IndexDocument
from index.search import indexer
from index.search.query_language import parse
from index.search.verify import Difference, repair, verify
from tests.engines.corpus import document
from tests.support.archive_samples import NOW, store
from tests.support.patience import PATIENCE, wait_for

STORED = 150
# With each that is missing or older its earlier version is missing: 100 in all
PLANTED = {"missing": 20, "older": 15, "extra": 10, "other": 10, "other@1": 5, "extra@7": 5}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.sqlite3") as it:
        store(it, range(STORED))
        store(it, range(STORED), "وأضاف المصدر", hours=1)  # so that an older version is there to be planted
        yield it


def stored(archive: Archive) -> list[IndexDocument]:
    with archive.read() as conn:
        return documents.documents(conn, [id_ for id_, _ in documents.ids(conn)])


def test_a_whole_index_has_no_difference(archive: Archive, engine: Engine) -> None:
    with pytest.raises(IndexUnavailable, match=r"no .* index to verify yet"):
        verify(archive, engine)
    indexer.index_pending(archive, engine)
    found = verify(archive, engine)
    assert (found.agreeing, found.waiting, found.refused, found.differences) == (2 * STORED, 0, 0, ())


def test_a_hundred_planted_differences_are_found_and_mended(archive: Archive, engine: Engine) -> None:
    indexer.index_pending(archive, engine)
    target = engine.current()
    assert target is not None
    planted = plant(archive, engine, target)
    assert len(planted) == 100

    found = verify(archive, engine)
    assert {(one.article, one.kind) for one in found.differences} == planted
    assert found.agreeing == 2 * STORED - len([kind for _, kind in planted if kind != "extra"])

    assert repair(archive, engine, found) == 100
    assert verify(archive, engine).differences == (), "what waits in the outbox is no difference"
    indexer.index_pending(archive, engine)
    assert (verify(archive, engine).agreeing, verify(archive, engine).differences) == (2 * STORED, ())
    assert engine.count() == STORED


def plant(archive: Archive, engine: Engine, target: str) -> set[tuple[str, str]]:
    dice = random.Random(7)
    chosen = dice.sample(stored(archive), PLANTED["missing"] + PLANTED["older"])
    missing, older = chosen[: PLANTED["missing"]], chosen[PLANTED["missing"] :]
    engine.bulk(target, [], [one.article.id for one in chosen])
    if isinstance(engine, elastic.ElasticEngine):  # it remembers the version of what was deleted, for a minute
        settings = {"index": {"gc_deletes": "0s"}}
        engine.server.client.indices.put_settings(index=[target, f"{target}-versions"], settings=settings)
    until = time.monotonic() + PATIENCE
    while not {one.article.id for one in older} <= {id_ for id_, _ in engine.ids(target)}:
        assert time.monotonic() < until, "versions of what was deleted are still remembered"
        assert list(engine.scan(target))  # a refresh, which forgets them by a clock that ticks a few times a second
        engine.bulk(target, [document(one.article.id, "حلب", version=one.version - 1) for one in older], [])
    extra = [document(f"stranger-{n}", "حلب") for n in range(PLANTED["extra"])]
    engine.bulk(target, extra, [])
    kinds = {"missing": missing, "older": older, "extra": extra}
    planted = {(one.article.id, kind) for kind, them in kinds.items() for one in them}
    planted |= {(earlier_id(one.article.id, 1), "missing") for one in chosen}
    return planted | plant_within(archive, engine, target, [one.article.id for one in chosen])


def plant_within(archive: Archive, engine: Engine, target: str, but: list[str]) -> set[tuple[str, str]]:
    """Documents of the archive's version with another text, and earlier versions that never were; of others than
    these."""
    with archive.read() as conn:
        ids = [id_ for id_, _ in documents.ids(conn) if id_ not in but]
        newest = iter(documents.documents(conn, ids))
        earlier = iter(documents.version_documents(conn, ids))
    others = [_reworded(one) for one in islice(newest, PLANTED["other"])]
    earlier_others = [_reworded(one) for one in islice(earlier, PLANTED["other@1"])]
    never = [replace(one, number=7) for one in islice(earlier, PLANTED["extra@7"])]
    engine.bulk(target, [*others, *earlier_others, *never], [])
    return {
        *((one.article.id, "other") for one in others),
        *((earlier_id(one.article.id, 1), "other") for one in earlier_others),
        *((earlier_id(one.article.id, 7), "extra") for one in never),
    }


def _reworded(one: IndexDocument) -> IndexDocument:
    return replace(one, article=replace(one.article, body="نص آخر"))


def test_an_index_that_is_ahead_of_an_older_archive_is_mended(archive: Archive, engine: Engine) -> None:
    indexer.index_pending(archive, engine)
    target = engine.current()
    assert target is not None
    ahead = stored(archive)[0]
    engine.bulk(target, [document(ahead.article.id, "من المستقبل", version=ahead.version + 5)], [])
    found = verify(archive, engine)
    assert found.differences == (Difference(ahead.article.id, "newer", ahead.version, ahead.version + 5),)
    repair(archive, engine, found)
    indexer.index_pending(archive, engine)
    assert verify(archive, engine).differences == ()
    assert engine.search(parse("المستقبل")).total == 0


def test_the_index_of_another_archive_is_not_repaired(archive: Archive, engine: Engine, tmp_path: Path) -> None:
    indexer.index_pending(archive, engine)
    with Archive(tmp_path / "another.sqlite3") as another:
        found = verify(another, engine)
        assert {one.kind for one in found.differences} == {"extra"}
        with pytest.raises(IndexMismatch, match="made from another archive"):
            repair(another, engine, found)


def test_a_search_finds_all_at_every_moment_of_a_migration(
    archive: Archive, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexer.index_pending(archive, engine)
    before = engine.current()
    for module in (base, embedded, elastic):
        monkeypatch.setattr(module, "MAPPING_VERSION", base.MAPPING_VERSION + 1, raising=False)
    assert engine.current() is None, "it is of an older mapping now"
    totals: list[int] = []
    problems: list[BaseException] = []
    over = threading.Event()

    def search() -> None:
        while not over.is_set():
            try:
                totals.append(engine.search(parse("حلب site:step")).total)
            except BaseException as problem:
                problems.append(problem)
                return

    thread = threading.Thread(target=search)
    thread.start()
    indexer.reconcile(archive, engine)  # as the shipper of a new release does; then a person waits for it
    after = indexer.migrate(archive, engine, batch=20)
    seen = len(totals)
    while len(totals) < seen + 3 and not problems:
        pass
    over.set()
    thread.join()
    assert problems == []
    assert set(totals) == {STORED}
    assert seen > 0, "no search fell into the migration"
    assert (engine.current(), engine.targets()) == (after, [after])
    assert after != before
    assert indexer.migrate(archive, engine) == after, "one of today's mapping stays"


def test_an_index_without_the_numbers_of_edits_is_searched_until_it_is_migrated(
    archive: Archive, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it cannot tell restricts nothing; what it can is found as before."""
    store(archive, range(STORED, STORED + 10))  # with one version
    with monkeypatch.context() as older:
        older.setattr(record, "_numbers", lambda _: {})
        for module in (embedded.schema, elastic.mapping):
            older.setattr(module, "NUMBERS", ())
        indexer.index_pending(archive, engine)
    for module in (base, embedded, elastic):
        monkeypatch.setattr(module, "MAPPING_VERSION", base.MAPPING_VERSION + 1, raising=False)
    assert engine.current() is None
    every = STORED + 10
    asked = ("حلب", "versions:>1", "edited:2026-11-23", "removed:2026", "has:changes", "versions:1 has:changes")
    assert [engine.search(parse(text)).total for text in asked] == [every, every, every, every, STORED, STORED]
    store(archive, range(STORED, STORED + 5), "وقال شاهد عيان", hours=1)
    indexer.reconcile(archive, engine)
    indexer.migrate(archive, engine)
    assert [engine.search(parse(text)).total for text in asked] == [every, STORED + 5, STORED + 5, 0, STORED + 5, 0]
    assert verify(archive, engine).differences == ()


def test_what_comes_during_a_migration_is_found_at_once(
    archive: Archive, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexer.index_pending(archive, engine)
    before = engine.searched()
    for module in (base, embedded, elastic):
        monkeypatch.setattr(module, "MAPPING_VERSION", base.MAPPING_VERSION + 1, raising=False)
    indexer.reconcile(archive, engine)
    store(archive, range(STORED, STORED + 5))
    store(archive, range(5), "وقال شاهد عيان", hours=2)
    gone = stored(archive)[0].article.id
    archive.write(lambda conn: erasure.forget(conn, erasure.find(conn, gone), NOW)).result()
    indexer.index_batch(archive, engine, batch=20)
    wait_for(lambda: engine.search(parse("حلب")).total == STORED + 4)
    assert engine.search(parse("حلب شاهد")).total >= 4
    assert (engine.searched(), engine.current()) == (before, None), "the new one is not complete yet"
    after = indexer.migrate(archive, engine)
    assert engine.targets() == [after]
    assert verify(archive, engine).differences == ()
