"""What a site puts in place of an article that it takes away is kept, and told with the removal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from index.archive import edits, erasure, notices, warc_records
from index.archive import tables as t
from index.export.edits import edit_fields
from index.warc.store import WarcStore
from tests.support.newspaper import Archivist, Story, sentence
from tests.support.postgresql import Server, on_both
from tests.support.raw_files import raw_folder

RETRACTED = "سُحب هذا المقال لأن مصادره لم تؤكده. نعتذر لقرائنا."


@pytest.fixture
def archivist(tmp_path: Path, database_server: Server | None) -> Iterator[Archivist]:
    archivist = Archivist(tmp_path, database_server)
    yield archivist
    archivist.close()


@pytest.fixture
def story(archivist: Archivist) -> Story:
    story = Story(1, "The bridge was closed on Monday", [sentence(n) for n in range(6)])
    archivist.fetch(story)
    return story


def kept(archivist: Archivist) -> list[notices.Notice]:
    ids = archivist.read(lambda conn: list(conn.execute(select(t.articles.c.id)).scalars()))
    return archivist.read(lambda conn: notices.of_articles(conn, ids))


def removals(archivist: Archivist) -> list[edits.Edit]:
    return [edit for edit in archivist.edits() if edit.version is None]


def body_of(archivist: Archivist, notice: notices.Notice) -> bytes:
    assert notice.ref is not None
    with WarcStore(raw_folder(archivist.config)) as raw:
        return raw.read(notice.ref, notice.url)[1]


@on_both
def test_a_notice_is_told_with_the_removal_and_its_page_is_kept(archivist: Archivist, story: Story) -> None:
    archivist.fetch_page(story.url, story.html(notice=RETRACTED))
    assert (kept(archivist), removals(archivist)) == ([], []), "one look is not enough: it may be a wall"
    first = archivist.now
    archivist.fetch_page(story.url, story.html(notice=RETRACTED))
    archivist.fetch_page(story.url, story.html(notice=RETRACTED))

    (removal,), (notice,) = removals(archivist), kept(archivist)
    assert (removal.at, removal.notice) == (first, notice)
    assert notice.text == RETRACTED, "its headline is the article's own"
    assert RETRACTED in body_of(archivist, notice).decode()
    assert edit_fields(removal)["notice"]["text"] == RETRACTED
    assert [event.what for event in archivist.history(story)] == ["new", "gone", "notice"]
    (version,) = archivist.versions(story)
    assert version.article.body.split("\n\n") == story.body


@on_both
def test_another_notice_is_kept_beside_the_first(archivist: Archivist, story: Story) -> None:
    archivist.retract(story, RETRACTED)
    renamed = Story(1, "سحب مقال", story.body)
    archivist.fetch_page(story.url, renamed.html(notice=RETRACTED))
    assert [notice.text for notice in kept(archivist)] == [RETRACTED, f"سحب مقال\n\n{RETRACTED}"]
    (removal,) = removals(archivist)
    assert removal.notice == kept(archivist)[-1]


@on_both
def test_a_notice_belongs_to_its_time(archivist: Archivist, story: Story) -> None:
    archivist.retract(story, RETRACTED)
    archivist.fetch(story)
    archivist.fetch_page(story.url, b"", status=404)
    last, first = removals(archivist)
    assert first.notice is not None
    assert first.back is not None
    assert last.notice is None, "it was gone without a word"


@on_both
def test_a_page_that_cannot_be_read_is_kept_once(archivist: Archivist, story: Story) -> None:
    """Such as a list of other articles."""
    for count in range(4):
        links = "".join(f'<li><a href="/2026/11/other-{n}-{count}">{sentence(n, 7)}</a></li>' for n in range(60))
        archivist.fetch_page(story.url, f"<html><body><h1>News</h1><ul>{links}</ul></body></html>".encode())
    (notice,) = kept(archivist)
    assert notice.text == ""
    assert b"other-1-1" in body_of(archivist, notice)
    (removal,) = removals(archivist)
    assert removal.notice == notice


@on_both
def test_a_notice_goes_where_its_article_goes(archivist: Archivist, story: Story) -> None:
    archivist.retract(story, RETRACTED)
    (notice,) = kept(archivist)
    replayed = archivist.read(lambda conn: warc_records.for_replay(conn, [notice.article]))
    assert notice.ref in [record.ref for record in replayed]

    archivist.lose_raw_copies()
    (without,) = kept(archivist)
    assert without == replace(notice, ref=None), "its text stays, as that of the article does"

    archivist.write(lambda conn: erasure.forget(conn, erasure.find(conn, notice.article), archivist.now))
    assert kept(archivist) == []
    assert archivist.read(lambda conn: conn.execute(select(func.count()).select_from(t.raws)).scalar_one()) == 0
