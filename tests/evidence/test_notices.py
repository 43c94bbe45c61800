"""What a site puts in place of an article that it takes away is kept, and told with the removal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crawler.maintenance.verification import verify
from crawler.monitoring.doctor import CHECKS
from crawler.storage import open_archive
from index.archive import edits, erasure, frontier, notices, warc_records
from index.archive import tables as t
from index.export.edits import edit_fields
from index.locale import translate
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
def test_a_copy_with_the_notice_does_not_have_the_article(archivist: Archivist, story: Story) -> None:
    """Such as its AMP page."""
    archivist.fetch(story, url=story.amp, html=story.html(amp=True))
    for _ in range(2):
        archivist.fetch_page(story.url, story.html(notice=RETRACTED))
    assert removals(archivist) == [], "the copy may still have it"
    archivist.fetch_page(story.amp, story.html(amp=True, notice=RETRACTED))
    first = archivist.now
    archivist.fetch_page(story.amp, story.html(amp=True, notice=RETRACTED))
    (removal,), (notice,) = removals(archivist), kept(archivist)
    assert (removal.at, removal.notice, notice.text) == (first, notice, RETRACTED)


@on_both
def test_a_removal_begins_after_the_article_was_last_seen(archivist: Archivist, story: Story) -> None:
    archivist.fetch(story, url=story.amp, html=story.html(amp=True))
    archivist.fetch_page(story.url, story.html(notice=RETRACTED))
    archivist.fetch(story, url=story.amp, html=story.html(amp=True))
    archivist.fetch_page(story.amp, b"", status=404)
    archivist.fetch_page(story.url, story.html(notice=RETRACTED))
    (removal,), (notice,) = removals(archivist), kept(archivist)
    assert removal.at == archivist.now
    assert removal.notice == notice


@on_both
def test_a_notice_is_looked_for_when_the_last_copy_goes_without_a_word(archivist: Archivist, story: Story) -> None:
    archivist.fetch(story, url=story.amp, html=story.html(amp=True))
    for _ in range(2):
        archivist.fetch_page(story.url, story.html(notice=RETRACTED))
    archivist.fetch_page(story.amp, b"", status=404)
    due = archivist.read(lambda conn: frontier.due(conn, "paper", archivist.now, 9))
    assert [row.url for row in due] == [story.url]
    archivist.fetch_page(story.url, story.html(notice=RETRACTED))
    (removal,), (notice,) = removals(archivist), kept(archivist)
    assert (removal.notice, notice.text) == (notice, RETRACTED)


@on_both
def test_a_notice_at_another_articles_address_is_kept_for_both(archivist: Archivist, story: Story) -> None:
    other = Story(2, "The harbour was opened on Friday", [sentence(n) for n in range(20, 26)])
    archivist.fetch(other)
    archivist.retract(other, RETRACTED)
    for _ in range(2):
        archivist.fetch_page(story.url, other.html(notice=RETRACTED), found_at=other.url)
    told = {removal.url: removal.notice and removal.notice.text for removal in removals(archivist)}
    assert told == {other.url: RETRACTED, story.url: f"{other.headline}\n\n{RETRACTED}"}
    assert len(kept(archivist)) == 2


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


@on_both
def test_a_damaged_copy_of_a_notice_is_told_with_its_article(archivist: Archivist, story: Story) -> None:
    archivist.retract(story, RETRACTED)
    (notice,) = kept(archivist)
    assert notice.ref is not None
    archivist.damage_raw_copies(2)
    archivist.begin_again()
    with open_archive(archivist.config) as archive, WarcStore(raw_folder(archivist.config)) as raw:
        assert verify(archive, raw, archivist.now, archivist.now).damaged == 1
    (lost,) = archivist.read(lambda conn: warc_records.damaged(conn, notice.article))
    assert (lost.article, lost.version, lost.ref) == (notice.article, None, notice.ref)
    assert [one.text for one in kept(archivist)] == [RETRACTED]
    verdict, told = CHECKS["raw copies"](archivist.config)
    assert (verdict, story.url in translate(told, "ar")) == ("warning", True)
