"""What both engines promise besides the answers to queries."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index.archive import documents
from index.engines import Engine
from index.engines.base import MAPPING_VERSION, new_target
from index.errors import IndexMismatch, IndexUnavailable
from index.model.codes import IndexReason
from index.model.message import Message
from index.search.query_language import parse
from tests.engines.corpus import document
from tests.support.filled_archive import article, page
from tests.support.filled_archive import fill as shelved
from tests.support.patience import wait_for


def found(engine: Engine, text: str) -> list[str]:
    return sorted(match.id for match in engine.search(parse(text, limit=100)).matches)


def fill(engine: Engine, count: int, word: str) -> str:
    """A new target with so many documents that say that word."""
    target = new_target(engine.prefix)
    engine.create(target)
    assert engine.bulk(target, [document(f"d{i}", f"{word} {i}") for i in range(count)], []) == {}
    return target


def test_before_the_first_index_a_search_says_how_to_make_one(engine: Engine) -> None:
    assert engine.current() is None
    with pytest.raises(IndexUnavailable, match="arshif index rebuild"):
        engine.search(parse("حلب"))


def test_of_500_documents_a_bad_one_is_refused_and_499_are_indexed(engine: Engine, target: str) -> None:
    documents = [document(f"d{i}", f"خبر {i}") for i in range(500)]
    documents[250] = document("d250", "half a character: \ud83d")
    refused = engine.bulk(target, documents, [])
    assert refused == {"d250": Message(IndexReason.SURROGATE)}
    assert engine.count(target) == 499
    assert dict(engine.ids(target)) == {f"d{i}": 1 for i in range(500) if i != 250}


def test_an_older_version_never_overwrites_a_newer_one(engine: Engine, target: str) -> None:
    engine.bulk(target, [document("a", "الثالثة", version=3)], [])
    assert engine.bulk(target, [document("a", "الثانية", version=2)], []) == {}
    engine.count(target)
    assert found(engine, "الثالثة") == ["a"]
    assert found(engine, "الثانية") == []
    engine.bulk(target, [document("a", "الثالثة مصححة", version=3)], [])
    engine.bulk(target, [document("a", "الرابعة", version=4)], [])
    assert dict(engine.ids(target)) == {"a": 4}
    assert found(engine, "مصححة") == []


def test_the_last_of_two_versions_in_one_batch_stays(engine: Engine, target: str) -> None:
    engine.bulk(target, [document("a", "قديم", version=1), document("a", "جديد", version=2)], [])
    assert dict(engine.ids(target)) == {"a": 2}
    engine.bulk(target, [document("b", "جديد", version=2), document("b", "قديم", version=1)], [])
    assert dict(engine.ids(target)) == {"a": 2, "b": 2}
    assert found(engine, "جديد") == ["a", "b"]


def test_a_document_is_deleted_and_comes_back(engine: Engine, target: str) -> None:
    engine.bulk(target, [document("a", "حلب"), document("b", "حلب")], [])
    assert engine.bulk(target, [], ["a", "never-there"]) == {}
    engine.count(target)
    assert found(engine, "حلب") == ["b"]
    engine.bulk(target, [document("a", "حلب", version=2)], [])
    engine.count(target)
    assert found(engine, "حلب") == ["a", "b"]


def test_a_stored_document_is_found_although_nobody_asks_for_a_refresh(engine: Engine, target: str) -> None:
    engine.bulk(target, [document("a", "زلزال")], [])
    wait_for(lambda: found(engine, "زلزال") == ["a"])


def test_making_a_target_again_leaves_it_as_it_is(engine: Engine) -> None:
    target = fill(engine, 3, "حلب")
    engine.create(target)
    assert engine.count(target) == 3


def test_a_target_of_another_name_is_not_made(engine: Engine) -> None:
    with pytest.raises(ValueError, match="new_target"):
        engine.create("somebody-elses-index")


def test_a_rebuilt_index_takes_over_when_it_is_published_and_the_old_one_goes(engine: Engine) -> None:
    old = fill(engine, 2, "قديم")
    engine.activate(old)
    assert engine.current() == old
    new = fill(engine, 4, "جديد")
    assert engine.current() == old
    assert found(engine, "جديد") == []
    engine.activate(new)
    assert (engine.current(), engine.targets()) == (new, [new])
    assert len(found(engine, "جديد")) == 4
    assert found(engine, "قديم") == []
    engine.activate(new)  # once more is fine
    assert engine.count() == 4


def test_a_target_of_a_rebuild_that_was_given_up_is_dropped(engine: Engine, target: str) -> None:
    other = fill(engine, 1, "حلب")
    assert engine.targets() == sorted([target, other])
    with pytest.raises(IndexMismatch, match="publish another"):
        engine.drop(target)
    engine.drop(other)
    engine.drop(other)
    assert engine.targets() == [target]


def test_searches_never_fail_while_indexes_are_swapped(engine: Engine) -> None:
    engine.activate(fill(engine, 5, "خبر"))
    totals: set[int] = set()
    problems: list[BaseException] = []
    over = threading.Event()

    def search() -> None:
        while not over.is_set():
            try:
                totals.add(engine.search(parse("خبر")).total)
            except BaseException as problem:
                problems.append(problem)
                return

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        engine.activate(fill(engine, 5, "خبر"))
    over.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert totals == {5}


def test_a_search_in_a_target_that_is_gone_says_so(engine: Engine, target: str) -> None:
    other = fill(engine, 1, "حلب")
    engine.drop(other)
    with pytest.raises(IndexMismatch, match="arshif index rebuild"):
        engine.bulk(other, [document("a", "حلب")], [])
    assert engine.targets() == [target]


def test_the_name_of_a_target_says_its_version_and_grows() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert new_target("arshif", now) == f"arshif-v{MAPPING_VERSION}-20260102t030405000000"
    assert new_target("arshif", now) < new_target("arshif", now + timedelta(microseconds=1))


def test_a_title_of_a_megabyte_and_ten_thousand_keywords_are_stored_and_found(
    engine: Engine, target: str, tmp_path: Path
) -> None:
    """They are long, and not refused: each is a field that the mapping knows, and no name of a field comes of them."""
    title = "عنوان " + "طويل " * 100_000 + "نهايته"
    assert len(title.encode()) > 900_000
    one = article(
        "https://asi.example/long", headline=title, section=title,
        keywords=tuple(f"keyword-{n}" for n in range(10_000)), authors=tuple(f"author {n}" for n in range(1_000)),
    )  # fmt: skip
    shelf = shelved(tmp_path / "shelf", [page(one)])
    try:
        with shelf.archive.read() as conn:
            (stored,) = documents.documents(conn, [one.id])
    finally:
        shelf.close()
    assert stored.article.headline == title
    assert len(stored.article.keywords) == 10_000
    assert engine.bulk(target, [stored, document("b", "خبر")], []) == {}
    assert engine.count(target) == 2
    assert found(engine, "نهايته") == [one.id]
    assert found(engine, "خبر") == ["b"]


def test_dates_from_long_ago_and_far_ahead_sort(engine: Engine, target: str) -> None:
    years = [1850, 1969, 1970, 2024, 2100]
    engine.bulk(target, [document(str(y), "خبر", sort_date=datetime(y, 6, 1, tzinfo=UTC)) for y in years], [])
    engine.count(target)
    assert [m.id for m in engine.search(parse("", sort="oldest")).matches] == [str(y) for y in years]
    assert found(engine, "before:1970") == ["1850", "1969"]


def test_pages_by_relevance_join_when_all_score_the_same(engine: Engine, target: str) -> None:
    engine.bulk(target, [document(f"d{i}", "حلب", site="step") for i in range(30)], [])
    engine.count(target)
    seen: list[str] = []
    cursor = None
    while True:
        page = engine.search(parse("حلب", limit=4, cursor=cursor))
        assert page.total == 30
        seen += [match.id for match in page.matches]
        if (cursor := page.cursor) is None:
            break
    assert sorted(seen) == sorted(f"d{i}" for i in range(30))


def test_a_page_that_ends_with_the_last_article_has_no_cursor(engine: Engine, target: str) -> None:
    engine.bulk(target, [document(f"d{i}", "حلب") for i in range(10)], [])
    engine.count(target)
    for sort in ("relevance", "newest", "oldest"):
        assert engine.search(parse("حلب", sort=sort, limit=10)).cursor is None
        assert engine.search(parse("حلب", sort=sort, limit=9)).cursor is not None
