"""The outbox: the latest wins, a row goes only by its own version, refused documents are kept with their reason."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from index.archive import Archive, articles, documents, outbox
from index.archive.outbox import Quarantined, Row
from index.model.codes import IndexReason
from index.model.message import Message
from tests.support.archive_samples import BODY, HOUR, NOW, article, page

Do = Callable[[Callable[[Connection], Any]], Any]


@pytest.fixture
def do(archive: Archive) -> Do:
    return lambda fn: archive.write(fn).result()


def store(do: Do, n: int = 1, text: str = BODY, hours: int = 0) -> str:
    one = article(f"https://step.example/{n}", headline=f"خبر {n}", body=text)
    do(lambda c: articles.store(c, page(one, NOW + hours * HOUR)))
    return one.id


def rows(do: Do, target: str, n: int = 100) -> list[Row]:
    found: list[Row] = do(lambda c: outbox.batch(c, target, n))
    return found


def test_without_a_target_nothing_is_kept_and_a_new_one_gets_all(do: Do) -> None:
    ids = [store(do, n) for n in range(3)]
    do(lambda c: outbox.start_target(c, "embedded", "t", NOW))
    assert set(rows(do, "t")) == {Row(one, 1, "upsert") for one in ids}
    assert do(lambda c: outbox.pending(c, "t")) == 3


def test_every_target_of_every_engine_gets_a_change(do: Do) -> None:
    for engine in ("embedded", "elasticsearch"):
        do(partial(outbox.start_target, engine=engine, name=f"{engine}-1", now=NOW))
        do(partial(outbox.activate, name=f"{engine}-1"))
    do(lambda c: outbox.start_target(c, "embedded", "embedded-2", NOW))
    one = store(do)
    for target in ("embedded-1", "embedded-2", "elasticsearch-1"):
        assert rows(do, target) == [Row(one, 1, "upsert")]


def test_the_latest_version_wins(do: Do) -> None:
    do(lambda c: outbox.start_target(c, "embedded", "t", NOW))
    one = store(do)
    store(do, text=BODY + "\n\n2", hours=1)
    assert rows(do, "t") == [Row(one, 2, "upsert")]


def test_a_batch_is_of_so_many_documents_and_of_one_article_at_least(do: Do) -> None:
    many = store(do, 1)
    for edit in range(1, 5):
        store(do, 1, text=f"{BODY}\n\n{edit}", hours=edit)
    others = sorted(store(do, n) for n in range(2, 5))
    do(lambda c: outbox.start_target(c, "embedded", "t", NOW))
    do(lambda c: documents.touch(c, others, NOW + HOUR))
    found = [row.article for row in rows(do, "t")]
    assert found == [many, *others]
    for n, articles_ in ((1, 1), (4, 1), (5, 1), (6, 2), (7, 3), (100, 4)):
        assert [row.article for row in rows(do, "t", n)] == found[:articles_]


def test_the_oldest_come_first(do: Do) -> None:
    do(lambda c: outbox.start_target(c, "embedded", "t", NOW))
    late, early = store(do, 1, hours=2), store(do, 2, hours=1)
    assert [row.article for row in rows(do, "t")] == [early, late]
    assert [row.article for row in rows(do, "t", 1)] == [early]


def test_a_row_that_grew_while_it_was_on_its_way_stays(do: Do) -> None:
    do(lambda c: outbox.start_target(c, "embedded", "t", NOW))
    one = store(do)
    sent = rows(do, "t")
    store(do, text=BODY + "\n\n2", hours=1)
    do(lambda c: outbox.acknowledge(c, "t", [(row.article, row.version) for row in sent]))
    assert rows(do, "t") == [Row(one, 2, "upsert")]
    do(lambda c: outbox.acknowledge(c, "t", [(one, 2)]))
    assert rows(do, "t") == []


def test_a_deletion_replaces_what_waited(do: Do) -> None:
    do(lambda c: outbox.start_target(c, "embedded", "t", NOW))
    one = store(do)
    do(lambda c: outbox.enqueue(c, [one], NOW + HOUR, "delete"))
    assert rows(do, "t") == [Row(one, 1, "delete")]


def test_a_refused_document_is_kept_counted_and_tried_again(do: Do) -> None:
    do(lambda c: outbox.start_target(c, "embedded", "t", NOW))
    one = store(do)
    row = Row(one, 1, "upsert")
    do(lambda c: outbox.put_in_quarantine(c, "t", row, Message(IndexReason.SURROGATE), NOW))
    assert rows(do, "t") == []
    assert do(outbox.quarantined) == [Quarantined("t", one, 1, Message(IndexReason.SURROGATE), 1, NOW, NOW)]
    do(lambda c: outbox.enqueue(c, [one], NOW + HOUR))
    assert rows(do, "t") == [row]
    do(lambda c: outbox.put_in_quarantine(c, "t", row, Message(IndexReason.SERVER, {"answer": "too long"}), NOW + HOUR))
    assert do(lambda c: outbox.quarantined(c, "t")) == [
        Quarantined("t", one, 1, Message(IndexReason.SERVER, {"answer": "too long"}), 2, NOW, NOW + HOUR)
    ]
    do(lambda c: outbox.enqueue(c, [one], NOW + HOUR))
    do(lambda c: outbox.acknowledge(c, "t", [(one, 1)]))
    assert do(outbox.quarantined) == []


def test_a_newer_version_leaves_quarantine_when_it_is_taken(do: Do) -> None:
    do(lambda c: outbox.start_target(c, "embedded", "t", NOW))
    one = store(do)
    store(do, text=BODY + "\n\n2", hours=1)
    do(lambda c: outbox.put_in_quarantine(c, "t", Row(one, 1, "upsert"), Message(IndexReason.SURROGATE), NOW))
    assert rows(do, "t") == [Row(one, 2, "upsert")]
    do(lambda c: outbox.acknowledge(c, "t", [(one, 2)]))
    assert do(outbox.quarantined) == []


def test_a_new_target_replaces_the_current_one_and_an_unfinished_one(do: Do) -> None:
    store(do)
    for name in ("a", "b"):
        do(partial(outbox.start_target, engine="embedded", name=name, now=NOW))
    assert [(t.name, t.state) for t in do(lambda c: outbox.targets_of(c, "embedded"))] == [("b", "building")]
    do(lambda c: outbox.activate(c, "b"))
    do(lambda c: outbox.start_target(c, "embedded", "c", NOW))
    do(lambda c: outbox.activate(c, "a"))  # given up already: nothing happens
    do(lambda c: outbox.activate(c, "c"))
    assert [(t.name, t.state) for t in do(lambda c: outbox.targets_of(c, "embedded"))] == [("c", "current")]
    assert (rows(do, "b"), len(rows(do, "c"))) == ([], 1)
