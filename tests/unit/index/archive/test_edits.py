"""The list of edits and removals: what each store adds to it, by site and kind; and that a page looks at no more than
it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from index.archive import Archive, articles, comparisons, documents, edits, frontier
from index.archive.comparisons import compare_waiting
from index.archive.frontier import Visit
from index.archive.history import history
from index.errors import QueryError
from index.model.article import Article, Version
from index.model.change import Change
from tests.support.archive_samples import BODY, HOUR, NOW, article, page

ONE = article()
RETITLED = replace(ONE, headline="هدنة في البوكمال", content_hash="2")
MORE = "وأضاف المصدر أن الطريق إلى المدينة فُتح أمام الناس بعد الظهر"
LONGER = replace(RETITLED, body=f"{BODY}\n\n{MORE}", content_hash="3")
FIELDS = ("version", "kinds", "removed", "added", "maybe_ours")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.sqlite3") as archive:
        yield archive


def store(archive: Archive, one: Article, at: datetime = NOW, **fields: Any) -> None:
    archive.write(lambda conn: articles.store(conn, page(one, at, **{"state": "s", **fields}))).result()


def compare(archive: Archive) -> None:
    while compare_waiting(archive, NOW):
        pass


def listed(archive: Archive, limit: int = 50, **which: Any) -> edits.Page:
    with archive.read() as conn:
        return edits.page(conn, limit, **which)


def told(archive: Archive, **which: Any) -> list[tuple[Any, ...]]:
    return [tuple(getattr(one, name) for name in FIELDS) for one in listed(archive, **which).edits]


def gone(archive: Archive, url: str, at: datetime) -> None:
    archive.write(lambda conn: frontier.mark_gone(conn, "step", url, Visit(at, None, 404))).result()


def test_an_edit_is_listed_with_its_kinds_and_its_words(archive: Archive) -> None:
    store(archive, ONE)
    assert listed(archive).edits == ()
    store(archive, RETITLED, NOW + HOUR)
    store(archive, LONGER, NOW + 2 * HOUR)
    assert told(archive) == [(3, None, 0, 0, False), (2, None, 0, 0, False)], "compared outside of the transaction"
    compare(archive)
    assert told(archive) == [(3, ("addition",), 0, 11, False), (2, ("headline",), 2, 2, False)]
    newest = listed(archive).edits[0]
    assert (newest.at, newest.article, newest.site, newest.url) == (NOW + 2 * HOUR, ONE.id, "step", ONE.url)
    assert (newest.headline, newest.language, newest.back) == (RETITLED.headline, "ar", None)


def test_what_may_be_ours_is_marked_until_both_are_read_by_the_same_rules(archive: Archive) -> None:
    store(archive, ONE, state="old")
    store(archive, RETITLED, NOW + HOUR, state="new")
    compare(archive)
    assert told(archive) == [(2, ("headline",), 2, 2, True)]
    archive.write(lambda conn: articles.correct(conn, ONE, NOW, number=1, state="new")).result()
    assert told(archive) == [(2, ("headline",), 2, 2, False)]


def test_a_better_reading_is_compared_again(archive: Archive) -> None:
    store(archive, ONE)
    store(archive, RETITLED, NOW + HOUR)
    store(archive, LONGER, NOW + 2 * HOUR)
    compare(archive)
    better = replace(LONGER, headline=ONE.headline, content_hash="4")
    archive.write(lambda conn: articles.correct(conn, better, NOW, number=2, state="s")).result()
    compare(archive)
    assert told(archive) == [(3, ("headline",), 2, 2, False), (2, ("addition",), 0, 11, False)]
    archive.write(lambda conn: articles.correct(conn, ONE, NOW, number=2, state="s")).result()
    compare(archive)
    assert [one[:2] for one in told(archive)] == [(3, ("headline", "addition"))], "what nobody would notice is none"
    with archive.read() as conn:
        (document,) = documents.documents(conn, [ONE.id])
    assert (document.versions, document.edits, document.edited) == (3, (NOW + 2 * HOUR,), NOW + 2 * HOUR)


def test_what_was_read_anew_meanwhile_is_not_overwritten(archive: Archive) -> None:
    store(archive, ONE)
    store(archive, RETITLED, NOW + HOUR)
    with archive.read() as conn:
        (waiting,) = edits.waiting(conn, 10)
    compare(archive)
    assert archive.write(lambda conn: edits.record(conn, waiting, edits.Change(("typo",)))).result() is False
    assert told(archive, kinds=["typo"]) == []
    assert told(archive, kinds=["headline"]) == [(2, ("headline",), 2, 2, False)]


def test_what_is_read_anew_while_it_is_compared_is_compared_again(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(archive, ONE)
    store(archive, RETITLED, NOW + HOUR)
    better = replace(LONGER, headline=ONE.headline, content_hash="4")
    change_of = comparisons.version_change

    def read_anew_just_then(old: Version, new: Version) -> Change:
        monkeypatch.undo()
        archive.write(lambda conn: articles.correct(conn, better, NOW, number=2, state="s")).result()
        return change_of(old, new)

    monkeypatch.setattr(comparisons, "version_change", read_anew_just_then)
    compare(archive)
    assert told(archive) == [(2, ("addition",), 0, 11, False)]


def test_a_modification_date_that_is_the_time_of_the_request_is_no_edit(archive: Archive) -> None:
    first, second = (replace(one, modified=at) for one, at in ((ONE, NOW), (RETITLED, NOW + HOUR)))
    store(archive, first)
    store(archive, second, NOW + HOUR)
    compare(archive)
    assert told(archive) == [(2, ("headline",), 2, 2, False)]
    with archive.read() as conn:
        assert [event.change.kinds for event in history(conn, ONE.id)] == [(), ("headline",)]


def test_the_newest_is_compared_first(archive: Archive) -> None:
    store(archive, ONE)
    store(archive, RETITLED, NOW + HOUR)
    store(archive, LONGER, NOW + 2 * HOUR)
    with archive.read() as conn:
        assert [one.version for one in edits.waiting(conn, 10)] == [3, 2]


def test_a_removal_stays_listed_when_the_article_is_back(archive: Archive) -> None:
    store(archive, ONE)
    gone(archive, ONE.url, NOW + HOUR)
    gone(archive, ONE.url, NOW + 2 * HOUR)
    (removal,) = listed(archive).edits
    assert (removal.at, removal.version, removal.kinds, removal.back) == (NOW + HOUR, None, ("gone",), None)
    with archive.read() as conn:
        assert documents.documents(conn, [ONE.id])[0].removed == NOW + HOUR
    store(archive, ONE, NOW + 3 * HOUR)
    (removal,) = listed(archive).edits
    assert removal.back == NOW + 3 * HOUR
    with archive.read() as conn:
        assert documents.documents(conn, [ONE.id])[0].removed is None
    gone(archive, ONE.url, NOW + 4 * HOUR)
    assert [one.at for one in listed(archive, kinds=["gone"]).edits] == [NOW + 4 * HOUR, NOW + HOUR]


def test_what_was_archived_elsewhere_finds_its_place(archive: Archive) -> None:
    """The list is what it would be had the pages come in order, whichever came first."""
    texts = [ONE, RETITLED, LONGER]
    in_order = [(3, ("addition",), 0, 11, False), (2, ("headline",), 2, 2, False)]
    for order in ((2, 1, 0), (2, 0, 1), (1, 2, 0), (0, 2, 1)):
        number = "".join(map(str, order))
        own = [replace(one, id=number, url=f"https://step.example/{number}", site=f"s{number}") for one in texts]
        for n in order:
            store(archive, own[n], NOW + n * HOUR, archived=True)
            compare(archive)
        assert told(archive, sites=[f"s{number}"]) == in_order, number
        assert [one.at for one in listed(archive, sites=[f"s{number}"]).edits] == [NOW + 2 * HOUR, NOW + HOUR]


# --- by site, kind and time, page by page ----------------------------------------------------------------------------


@pytest.fixture
def many(archive: Archive) -> Archive:
    """Forty articles of two sites, each retitled, half of them made longer as well, some at the same moment."""

    def fill(conn: Connection) -> None:
        for n in range(40):
            one = article(f"https://{'ab'[n % 2]}.example/{n}", site="ab"[n % 2], body=f"{BODY} {n}")
            articles.store(conn, page(one, state="s"))
            more = f"\n\n{MORE}" if n % 4 < 2 else ""
            edited = replace(one, headline=f"عنوان {n}", body=one.body + more, content_hash=f"n{n}")
            articles.store(conn, page(edited, NOW + (n // 3 + 1) * HOUR, state="s"))

    archive.write(fill).result()
    compare(archive)
    return archive


@pytest.mark.parametrize(
    "which",
    [
        {},
        {"sites": ["a"]},
        {"sites": ["b", "a", "nosuch"]},
        {"kinds": ["addition"]},
        {"kinds": ["addition", "headline"]},
        {"kinds": ["addition", "headline"], "sites": ["a", "b"]},
        {"kinds": ["typo"]},
        {"since": NOW + 5 * HOUR},
    ],
)
def test_pages_join_to_the_whole_list(many: Archive, which: dict[str, Any]) -> None:
    whole = listed(many, 1_000, **which)
    assert whole.cursor is None
    expected = [
        one
        for one in listed(many, 1_000).edits
        if one.site in which.get("sites", "ab")
        and set(one.kinds or ()) & set(which.get("kinds", one.kinds or ()))
        and one.at >= which.get("since", NOW)
    ]
    assert list(whole.edits) == expected
    assert [one.at for one in expected] == sorted((one.at for one in expected), reverse=True)
    assert bool(expected) == (which.get("kinds") != ["typo"])
    pages: list[edits.Edit] = []
    cursor = None
    while True:
        part = listed(many, 3, cursor=cursor, **which)
        pages += part.edits
        if (cursor := part.cursor) is None:
            break
        assert len(part.edits) == 3
    assert pages == expected


def test_what_is_new_does_not_shift_the_pages(many: Archive) -> None:
    first = listed(many, 5)
    rest = listed(many, 5, cursor=first.cursor)
    one = article("https://a.example/new", site="a")
    store(many, one, NOW + timedelta(days=9))
    store(many, replace(one, headline="عنوان", content_hash="new"), NOW + timedelta(days=10))
    assert listed(many, 5).edits[0].article == one.id
    assert listed(many, 5, cursor=first.cursor) == rest


@pytest.mark.parametrize("cursor", ["x", "1-2", "9" * 18 + "-1-a", "--", "1-2-\0" * 90])
def test_a_cursor_of_something_else_is_refused(archive: Archive, cursor: str) -> None:
    with pytest.raises(QueryError, match="does not belong"):
        listed(archive, cursor=cursor)


@pytest.mark.parametrize("which", [{}, {"sites": ["a"]}, {"kinds": ["headline"]}, {"kinds": ["typo"], "sites": ["a"]}])
def test_a_page_is_found_without_a_scan(many: Archive, which: dict[str, Any]) -> None:
    """By the plan of the database: each look-up is by an index and in its order, so that nothing is sorted."""
    cursor = listed(many, 5).cursor
    asked: list[tuple[str, Any]] = []
    with many.read() as conn:
        event.listen(conn, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        edits.page(conn, 5, cursor=cursor, since=NOW, **which)
        assert asked
        plans = [conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given).fetchall() for text, given in list(asked)]
    steps = [row[3] for plan in plans for row in plan]
    assert [step for step in steps if "TEMP B-TREE" in step or ("SCAN" in step and "edits" in step)] == []
    looked = {step.partition(" (")[2] for step in steps if step.startswith("SEARCH edits")}
    by_key = {one for one in looked if "(at,article,version)<(?,?,?)" in one}
    assert by_key
    assert looked - by_key <= {"place=? AND at=? AND article=? AND version=?)"}
