"""What people add to articles: tags, notes and collections, in each kind of database; what is erased has none left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from index.archive import Archive, articles, collections, documents, erasure, notes
from index.archive import tables as t
from index.errors import InvalidValue
from index.model.article import Annotations
from tests.support.archive_samples import article, page

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
URLS = [f"https://step.example/{n}" for n in range(3)]


@pytest.fixture
def ids(archive: Archive) -> list[str]:
    """Three articles."""
    return [
        archive.write(lambda c, u=url: articles.store(c, page(article(u, headline=u, body=f"The text of {u}."))))
        .result()
        .id
        for url in URLS
    ]


def test_tags_are_set_counted_renamed_and_taken_away(archive: Archive, ids: list[str]) -> None:
    first, second, _ = ids
    archive.write(lambda c: notes.set_tags(c, first, [" ماء ", "to  check", "ماء", ""])).result()
    archive.write(lambda c: notes.set_tags(c, second, ["ماء، كهرباء"])).result()
    with archive.read() as conn:
        assert notes.tags_of(conn, first) == ["to check", "ماء"]
        assert notes.tags_of(conn, second) == ["كهرباء", "ماء"], "a comma ends a tag"
        assert notes.all_tags(conn) == {"to check": 1, "كهرباء": 1, "ماء": 2}
        assert set(notes.tagged(conn, "ماء")) == {first, second}
    assert archive.write(lambda c: notes.rename_tag(c, "ماء", "كهرباء")).result() == 2
    assert archive.write(lambda c: notes.rename_tag(c, "to check", "")).result() == 1
    assert archive.write(lambda c: notes.rename_tag(c, "كهرباء", "كهرباء")).result() == 2
    assert archive.write(lambda c: notes.rename_tag(c, "none", "other")).result() == 0
    with archive.read() as conn:
        assert notes.all_tags(conn) == {"كهرباء": 2}
    archive.write(lambda c: notes.set_tags(c, first, [])).result()
    with archive.read() as conn:
        assert notes.tagged(conn, "كهرباء") == [second]


def test_a_note_is_written_changed_and_removed(archive: Archive, ids: list[str]) -> None:
    first, second, _ = ids
    archive.write(lambda c: notes.set_note(c, first, "\r\nسطر أول  \r\n\r\nسطر ثان\n", NOW)).result()
    archive.write(lambda c: notes.set_note(c, first, "سطر أول\n\nسطر ثان", LATER)).result()
    with archive.read() as conn:
        assert notes.note(conn, first) == notes.Note(first, "سطر أول\n\nسطر ثان", NOW), "nothing changed"
    archive.write(lambda c: notes.set_note(c, second, "other", NOW)).result()
    archive.write(lambda c: notes.set_note(c, first, "new", LATER)).result()
    with archive.read() as conn:
        assert [(one.article, one.text) for one in notes.all_notes(conn)] == [(first, "new"), (second, "other")]
    archive.write(lambda c: notes.set_note(c, first, " \n ", LATER)).result()
    with archive.read() as conn:
        assert [one.article for one in notes.all_notes(conn)] == [second]


def test_a_collection_is_made_filled_renamed_and_deleted(archive: Archive, ids: list[str]) -> None:
    number = archive.write(lambda c: collections.create(c, "  ملف   المياه ", NOW)).result()
    assert archive.write(lambda c: collections.add(c, number, ids[:2], NOW)).result() == 2
    assert archive.write(lambda c: collections.add(c, number, [*ids, "unknown"], LATER)).result() == 1
    with archive.read() as conn:
        assert collections.get(conn, number) == collections.Collection(number, "ملف المياه", NOW, 3)
        assert next(iter(collections.articles_of(conn, number).items())) == (ids[2], LATER), "the last one first"
        assert collections.by_name(conn, "ملف المياه ") == collections.get(conn, number)
    assert archive.write(lambda c: collections.take_out(c, number, [ids[0], "unknown"])).result() == 1
    assert archive.write(lambda c: collections.rename(c, number, "ملف المياه")).result(), "its own name is free"
    assert archive.write(lambda c: collections.rename(c, number, "الماء")).result()
    other = archive.write(lambda c: collections.create(c, "Bread", NOW)).result()
    with archive.read() as conn:
        assert [(one.name, one.articles) for one in collections.all_collections(conn)] == [("Bread", 0), ("الماء", 2)]
        assert {one: [c.name for c in held] for one, held in collections.of(conn, ids).items()} == {
            ids[1]: ["الماء"],
            ids[2]: ["الماء"],
        }
    assert archive.write(lambda c: collections.remove(c, number)).result()
    assert not archive.write(lambda c: collections.remove(c, number)).result()
    with archive.read() as conn:
        assert [one.id for one in collections.all_collections(conn)] == [other]
        assert len(documents.documents(conn, ids)) == 3, "the articles stay"


def test_what_cannot_be_stored_changes_nothing(
    archive: Archive, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = archive.write(lambda c: collections.create(c, "Water", NOW)).result()
    monkeypatch.setattr(collections, "MAX_ARTICLES", 1)
    archive.write(lambda c: notes.set_tags(c, ids[2], ["whole"])).result()
    wrong = {
        "tag.error.one": lambda c: notes.rename_tag(c, "whole", "part 1، part 2"),
        "tag.error.length": lambda c: notes.set_tags(c, ids[0], ["a", "و" * 61]),
        "tag.error.many": lambda c: notes.set_tags(c, ids[0], [f"tag {n}" for n in range(51)]),
        "note.error.length": lambda c: notes.set_note(c, ids[0], "و" * 10_001, NOW),
        "error.no_article": lambda c: notes.set_tags(c, "unknown", ["a"]),
        "collection.error.taken": lambda c: collections.create(c, " Water", NOW),
        "collection.error.name": lambda c: collections.create(c, " ", NOW),
        "collection.error.full": lambda c: collections.add(c, number, ids, NOW),
        "error.no_collection": lambda c: collections.add(c, 2**63 - 1, ids, NOW),
    }
    for code, work in wrong.items():
        with pytest.raises(InvalidValue) as refused:
            archive.write(work).result()
        assert refused.value.code == code
    with pytest.raises(InvalidValue):
        archive.write(lambda c: collections.add(c, number, ["unknown"], NOW)).result()
    with archive.read() as conn:
        assert notes.of(conn, ids) == {ids[2]: Annotations(("whole",))}
        assert [(one.name, one.articles) for one in collections.all_collections(conn)] == [("Water", 0)]


def test_what_two_articles_had_stays_editable_beyond_what_one_may_have(archive: Archive, ids: list[str]) -> None:
    """A merged article has the notes and tags of both."""
    first, text, tags = ids[0], "و" * 10_500, [f"tag {n}" for n in range(60)]
    archive.write(lambda c: c.execute(insert(t.notes).values(article=first, text=text, changed=NOW))).result()
    rows = [{"article": first, "tag": tag} for tag in tags]
    archive.write(lambda c: c.execute(insert(t.tags), rows)).result()
    assert archive.write(lambda c: notes.replace_note(c, first, "ى" + text[1:], NOW, LATER)).result()
    archive.write(lambda c: notes.change_tags(c, first, tags, [*tags[1:], "other"])).result()
    with pytest.raises(InvalidValue):
        archive.write(lambda c: notes.set_note(c, first, text + "و", LATER)).result()
    with pytest.raises(InvalidValue):
        archive.write(lambda c: notes.set_tags(c, first, [*tags, "other"])).result()
    with archive.read() as conn:
        assert notes.note(conn, first) == notes.Note(first, "ى" + text[1:], LATER)
        assert notes.tags_of(conn, first) == sorted([*tags[1:], "other"])


def test_what_is_erased_has_no_note_tag_or_collection_left(archive: Archive, ids: list[str]) -> None:
    first, second, _ = ids
    number = archive.write(lambda c: collections.create(c, "Water", NOW)).result()
    for one in (first, second):
        archive.write(lambda c, one=one: notes.set_tags(c, one, ["a"])).result()
        archive.write(lambda c, one=one: notes.set_note(c, one, f"of {one}", NOW)).result()
        archive.write(lambda c, one=one: collections.add(c, number, [one], NOW)).result()
    archive.write(lambda c: erasure.forget(c, erasure.find(c, first), NOW)).result()
    with archive.read() as conn:
        for table in (t.notes, t.tags, t.collected):
            assert list(conn.execute(select(table.c.article)).scalars()) == [second], table
        assert notes.of(conn, ids) == {second: Annotations(("a",), f"of {second}", ("Water",))}
