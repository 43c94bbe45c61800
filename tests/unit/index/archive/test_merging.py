"""Two stored articles that a later redirect or canonical link shows to be one: nothing of either is lost, nothing is
invented, and the second redirect finds one article."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from index.archive import (
    Archive,
    articles,
    collections,
    documents,
    edits,
    frontier,
    manifests,
    notes,
    notices,
    outbox,
    readings,
)
from index.archive import tables as t
from index.archive.articles import Outcome
from index.archive.comparisons import compare_waiting
from index.archive.erasure import find, forget
from index.archive.frontier import Visit
from index.archive.history import history
from index.archive.merging import TABLES
from index.evidence import merkle
from index.model.article import Article
from index.model.message import Message
from index.warc.record import WarcRef
from tests.support.archive_samples import BODY, DAMASCUS, HOUR, NOW, article, page

OLD, NEW = "https://step.example/old-headline", "https://step.example/new-headline"
LATER = datetime(2026, 11, 23, 18, 30, tzinfo=DAMASCUS)
REWRITTEN = "\n\n".join(f"كتب المراسل في الفقرة {n} ما لم يكتبه أحد قبله عن السوق والميناء والسفن" for n in range(6))
EDITED = BODY + "\n\nتحديث: عاد الهدوء إلى المدينة"


class Newsroom:
    """An archive in which pages are stored an hour apart, each with a raw copy of its own."""

    def __init__(self, archive: Archive) -> None:
        self.archive, self.now, self.written = archive, NOW, 0

    def put(self, one: Article, url: str = "", *, hours: int = 1, **fields: Any) -> Outcome:
        """What becomes of an article's page, requested at another URL if one is given."""
        self.now += hours * HOUR
        asked = page(one, self.now, raw=self._raw, url=url or one.url, final_url=one.url, **fields)
        return self.archive.write(lambda conn: articles.store(conn, asked)).result()

    def _raw(self) -> WarcRef:
        self.written += 1
        return WarcRef("one.warc.gz", self.written * 100, 50)

    def read(self, work: Any, *arguments: Any) -> Any:
        with self.archive.read() as conn:
            return work(conn, *arguments)

    def said(self, article_id: str) -> list[tuple[str, str]]:
        """What the versions of an article say, in their order: headline, and last paragraph."""
        found = self.read(documents.versions, article_id)
        assert [one.number for one in found] == [*range(1, len(found) + 1)]
        assert sorted(one.seen for one in found) == [one.seen for one in found]
        return [(one.article.headline, one.article.body.split("\n\n")[-1]) for one in found]


@pytest.fixture
def room(archive: Archive) -> Iterator[Newsroom]:
    archive.write(lambda conn: outbox.start_target(conn, "embedded", "current", NOW)).result()
    yield Newsroom(archive)
    with archive.read() as conn:  # nothing refers to what is not there
        ids = set(conn.execute(select(t.articles.c.id)).scalars())
        for table in TABLES:
            column = table.c.article
            assert set(conn.execute(select(column).where(column.is_not(None))).scalars()) <= ids, table


def two(room: Newsroom, old: dict[str, Any], new: dict[str, Any]) -> tuple[Article, Article]:
    """Two articles of which nothing shows yet that they are one."""
    first = article(OLD, **{"headline": "معارك البوكمال تتجدد", "published": None} | old)
    second = article(NEW, **{"headline": "هدنة في البوكمال", "published": LATER} | new)
    assert [room.put(one).kind for one in (first, second)] == ["new", "new"]
    return first, second


REDIRECTED = [
    ({}, {"body": EDITED}),  # the text, edited
    ({"body": REWRITTEN, "published": LATER}, {}),  # the moment of publication
]


@pytest.mark.parametrize(("old", "new"), REDIRECTED, ids=["text", "moment"])
def test_a_later_redirect_makes_two_articles_one(room: Newsroom, old: dict[str, Any], new: dict[str, Any]) -> None:
    first, second = two(room, old, new)
    ends = [one.body.split("\n\n")[-1] for one in (first, second)]
    for _ in range(3):  # the redirect comes again
        outcome = room.put(second, OLD)
        assert (outcome.kind, outcome.id, outcome.version) == ("copy", first.id, 2)
    assert room.said(first.id) == [(first.headline, ends[0]), (second.headline, ends[1])]
    assert room.read(documents.count) == 1
    assert [(one.url, one.reason) for one in room.read(documents.aliases, first.id)] == [(NEW, "moved")]
    assert room.read(documents.by_url, NEW) == room.read(documents.by_url, OLD) == first.id
    assert room.read(documents.merged_into, second.id) == documents.Merged(first.id, (2,))
    assert room.read(documents.merged_into, first.id) is None
    found = [room.read(readings.with_hash, one.content_hash) for one in (first, second)]
    assert [[(one.article.id, one.version) for one in there] for there in found] == [[(first.id, 1)], [(first.id, 2)]]
    assert room.read(documents.raw_of, first.id, 2)[0].offset == 200
    assert room.read(documents.document, first.id).article.headline == second.headline


def test_the_newer_page_is_edited_and_found_at_either_address(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})
    room.put(second, OLD)
    assert room.put(replace(second, body=EDITED + "\n\nثم", content_hash="f" * 64), OLD).version == 3
    assert room.put(replace(second, body=EDITED + "\n\nثم ثم", content_hash="e" * 64)).version == 4
    assert room.read(documents.count) == 1
    pages = {one: room.read(frontier.row, "step", one) for one in (OLD, NEW)}
    assert {(row.article, row.state) for row in pages.values()} == {(first.id, "stored"), (first.id, "duplicate")}


def test_histories_are_put_in_order_of_time_and_each_edit_stays_one(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})
    room.put(replace(first, body=BODY + "\n\nثانيا", content_hash="a" * 64))
    room.put(replace(second, body=EDITED + "\n\nثالثا", content_hash="b" * 64))
    assert compare_waiting(room.archive, room.now) == 2
    before = room.read(edits.page, 10).edits
    room.put(replace(second, body=EDITED + "\n\nثالثا", content_hash="b" * 64), OLD)
    assert [end for _, end in room.said(first.id)] == [
        BODY.split("\n\n")[-1],
        EDITED.split("\n\n")[-1],
        "ثانيا",
        "ثالثا",
    ]
    compare_waiting(room.archive, room.now)
    after = room.read(edits.page, 10).edits
    assert [(one.at, one.kinds, one.added) for one in after] == [(one.at, one.kinds, one.added) for one in before]
    assert [one.version for one in after] == [4, 3]
    assert "changed" not in {one.what for one in room.read(history, first.id)}, "both were shown at once"


def test_an_address_that_followed_the_headline_is_an_edit(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})
    room.put(second, OLD)
    assert compare_waiting(room.archive, room.now) == 1
    (edit,) = room.read(edits.page, 10).edits
    assert (edit.article, edit.version, edit.kinds) == (first.id, 2, ("headline", "correction", "dates"))


def test_a_page_that_was_still_edited_at_the_old_address_ends_with_what_is_shown(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})
    room.put(replace(first, body=BODY + "\n\nثانيا", content_hash="a" * 64))
    assert room.put(second, OLD).version == 4
    assert room.said(first.id)[-1] == room.said(first.id)[1]
    assert room.put(second, OLD) == Outcome("copy", first.id, 4)
    compare_waiting(room.archive, room.now)
    assert [one.version for one in room.read(edits.page, 10).edits] == [3], "what it says it had said all along"


def test_what_the_page_took_back_when_the_other_led_there_is_an_edit(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})
    room.put(replace(second, body=EDITED + "\n\nثالثا", content_hash="b" * 64))
    room.put(replace(first, body=BODY + "\n\nثانيا", content_hash="a" * 64))
    assert room.put(second, OLD).version == 5
    compare_waiting(room.archive, room.now)
    assert [one.version for one in room.read(edits.page, 10).edits] == [5, 4, 3]


@pytest.mark.parametrize("asked", [OLD, NEW], ids=["old first", "new first"])
def test_an_edit_that_came_with_the_redirect_waits_for_the_next_visit(room: Newsroom, asked: str) -> None:
    """What is shown is compared only with what was read the same way; until it is, the page does not count as known."""
    pair = two(room, {}, {"body": EDITED})
    away, there = pair if asked == OLD else pair[::-1]
    edited = replace(there, body=EDITED + "\n\nثم", content_hash="f" * 64)
    came = {"strict": True, "state": "x", "body_hash": "9" * 64, "etag": '"1"', "last_modified": "then"}
    outcome = room.put(edited, away.url, **came, revisit_at=NOW + 900 * HOUR)
    first = pair[0].id
    assert outcome == Outcome("copy", first, 2, uncompared=True)
    for status, told in ((304, {}), (200, {"etag": '"1"', "last_modified": "then"})):  # as it had been due before
        (due,) = room.read(frontier.due, "step", room.now, 10)
        assert (due.article, due.due, due.body_hash, due.etag, due.last_modified) == (first, room.now, None, None, None)
        visit = Visit(room.now, room.now + 900 * HOUR, status, **told)
        room.archive.write(partial(articles.unchanged, site="step", url=due.url, visit=visit)).result()
    assert due == replace(room.read(frontier.due, "step", room.now, 10)[0], visits=due.visits, status=due.status)
    with pytest.raises(articles.NotCompared):
        room.put(edited, due.url, **came)
    assert room.put(edited, due.url, **came | {"strict": False}).kind == "changed"
    assert room.said(first)[-1] == (edited.headline, "ثم")
    assert room.read(frontier.row, "step", due.url).body_hash == came["body_hash"]


def test_a_canonical_link_that_comes_later_leads_to_the_page_it_names(room: Newsroom) -> None:
    flash = {"body": "دوي انفجار في المدينة", "template": True}
    first, second = two(room, flash, flash | {"headline": "معارك البوكمال تتجدد"})
    named = replace(first, canonical_url=NEW)
    assert room.put(named) == Outcome("copy", second.id, 2)
    assert room.put(named) == Outcome("same", second.id, 2)
    assert [(one.url, one.reason) for one in room.read(documents.aliases, second.id)] == [(OLD, "canonical")]
    assert room.read(documents.document, second.id).first_seen == NOW + HOUR
    assert compare_waiting(room.archive, room.now) <= 1
    assert {kind for one in room.read(edits.page, 10).edits for kind in one.kinds or ()} <= {"dates"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"body": REWRITTEN}, {}),  # a removed article that leads to the newest one
        ({"body": REWRITTEN, "published": datetime(2026, 11, 23, tzinfo=DAMASCUS)}, {"published": None}),
    ],
    ids=["another text", "a day alone"],
)
def test_a_redirect_to_a_stranger_merges_nothing(room: Newsroom, old: dict[str, Any], new: dict[str, Any]) -> None:
    first, second = two(room, old, new)
    room.put(second, OLD)
    assert room.read(documents.count) == 2
    assert room.read(documents.document, first.id).gone


def test_a_canonical_link_to_another_text_merges_nothing(room: Newsroom) -> None:
    first, _ = two(room, {"body": REWRITTEN}, {})
    room.put(replace(first, canonical_url=NEW))
    assert room.read(documents.count) == 2


def test_what_people_added_and_what_was_seen_goes_with_it(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})

    def used(conn: Connection) -> None:
        collections.create(conn, "ملف", NOW)
        for number, one in enumerate((first, second)):
            notes.set_note(conn, one.id, f"ملاحظة {number}", NOW + number * HOUR)
            notes.set_tags(conn, one.id, ["مشترك", f"وسم {number}"])
            collections.add(conn, 1, [one.id], NOW)
        conn.execute(insert(t.notices).values(article=second.id, seen=NOW, url=NEW, text="سُحب"))
        away = Visit(room.now, status=404)
        for _ in range(2):
            frontier.mark_refused(conn, "step", OLD, Message("page.gone"), away)

    room.archive.write(used).result()
    room.put(second, OLD)
    assert room.read(notes.note, first.id).text == "ملاحظة 0\n\nملاحظة 1"
    assert room.read(notes.tags_of, first.id) == ["مشترك", "وسم 0", "وسم 1"]
    assert room.read(collections.of, [first.id])[first.id][0].name == "ملف"
    assert [notice.text for notice in room.read(notices.of_articles, [first.id])] == ["سُحب"]
    assert not room.read(documents.document, first.id).gone


def test_two_that_were_parted_again_are_merged_a_second_time(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})
    assert room.put(second, OLD).version == 2
    assert room.put(first).kind == "changed", "the site took the redirect back"
    assert room.put(second) == Outcome("new", second.id, 1)
    room.put(second, OLD)
    assert room.read(documents.count) == 1
    assert room.read(documents.merged_into, second.id).article == first.id
    assert room.read(documents.merged_into, first.id) is None


def test_an_index_gets_one_and_loses_the_other(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})
    with room.archive.read() as conn:
        known = {row.article: row.version for row in outbox.batch(conn, "current", 10)}
    room.put(second, OLD)
    with room.archive.read() as conn:
        rows = {row.article: row for row in outbox.batch(conn, "current", 10)}
    assert {one: row.op for one, row in rows.items()} == {first.id: "upsert", second.id: "delete"}
    assert all(rows[one].version > known[one] for one in known)


def test_what_manifests_have_of_both_stays_as_it_was(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})

    def entered(conn: Connection) -> None:
        now = datetime.now(NOW.tzinfo) + timedelta(seconds=1)
        found = manifests.hold(conn, now)
        assert found is not None
        lacking = conn.execute(select(t.raws.c.id)).scalars().all()
        manifests.add_records(conn, found, {one: bytes(32) for one in lacking})
        assert manifests.add_readings(conn, found, now, 10) == 2

    room.archive.write(entered).result()
    before = room.read(manifests.covered, 10)
    room.put(second, OLD)
    after = room.read(manifests.covered, 10)
    assert [(one.article, one.version) for one in after] == [(first.id, 1), (first.id, 2)]
    assert sorted(one.form for one in after) == sorted(one.form for one in before)
    assert all(merkle.leaf_hash(one.form) == one.hash for one in after)


def test_what_was_merged_is_forgotten_whole(room: Newsroom) -> None:
    first, second = two(room, {}, {"body": EDITED})
    room.put(second, OLD)

    def forgotten(conn: Connection) -> None:
        what = find(conn, first.id)
        assert {OLD, NEW} <= set(what.urls)
        assert {first.content_hash, second.content_hash} <= set(what.texts)
        forget(conn, what, room.now)

    room.archive.write(forgotten).result()
    for table in TABLES:
        assert room.read(lambda conn, table=table: conn.execute(select(func.count()).select_from(table)).scalar()) == 0


def test_whatever_refers_to_an_article_is_given_to_the_other(room: Newsroom) -> None:
    """A new table that refers to articles is to be dealt with when two are merged."""
    refers = {
        table
        for table in t.metadata.sorted_tables
        if any(key.column is t.articles.c.id for column in table.columns for key in column.foreign_keys)
    }
    assert refers | {t.edits} == TABLES
    first, second = two(room, {}, {"body": EDITED})
    asked = {"url": NEW, "site": "step", "way": "page", "asked": NOW, "article": second.id, "number": 1}
    room.archive.write(lambda conn: conn.execute(insert(t.requests).values(**asked))).result()
    room.put(second, OLD)
    row = room.read(lambda conn: conn.execute(select(t.requests.c.article, t.requests.c.number)).one())
    assert tuple(row) == (first.id, 2)
