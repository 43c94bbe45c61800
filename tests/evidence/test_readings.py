"""A version's first reading stays, further ones stand beside it, and each is found by the hash that was cited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crawler import stages
from crawler.cli.app import app
from crawler.errors import Refused
from crawler.extract.draft import Extraction
from crawler.models import Page
from index.archive import Archive, articles, documents, readings, repeated_blocks
from index.archive.database import Database
from index.model.codes import PageReason, ReadingReason
from tests.support.archive_samples import HOUR, NOW, article, page
from tests.support.filled_archive import fill
from tests.support.newspaper import Archivist, Box, Story, sentence
from tests.support.postgresql import Server, on_both
from tests.support.web_client import client_of, text_of, tree

STORIES = [Story(n, sentence(n, 8)[:-1], [sentence(100 * (n + 1) + at) for at in range(4)]) for n in range(5)]
BOX = Box(sentence(7_000))


@pytest.fixture
def archivist(tmp_path: Path, database_server: Server | None) -> Iterator[Archivist]:
    archivist = Archivist(tmp_path, database_server)
    for story in STORIES:
        story.boxes, story.fetched = [BOX], []
    yield archivist
    archivist.close()


@on_both
def test_the_first_reading_stays_with_its_hash_when_a_block_is_learned(archivist: Archivist) -> None:
    first, *others = STORIES
    archivist.fetch(first)
    (before,) = archivist.versions(first)
    assert BOX.text in before.article.body
    for story in others:
        archivist.fetch(story)
    (after,) = archivist.versions(first)
    assert (after.number, after.reading, after.reason) == (1, 2, ReadingReason.LEARNED)
    assert BOX.text not in after.article.body
    one, two = archivist.readings(first)
    assert (one.article, one.shown, two.article, two.shown) == (before.article, False, after.article, True)
    for content_hash in (before.article.content_hash, after.article.content_hash):
        (found,) = archivist.cited(content_hash)
        assert found.article.content_hash == content_hash


@on_both
def test_an_edit_is_compared_by_the_same_rules_or_the_diff_says_that_it_may_be_ours(archivist: Archivist) -> None:
    first, *others = STORIES
    for story in (first, *others):
        archivist.fetch(story)
    first.body = [*first.body, sentence(8_000)]
    archivist.fetch(first)
    *_, event = archivist.history(first)
    assert (event.change.kinds, event.change.removed, event.maybe_ours) == (("addition",), 0, None)

    other = others[0]
    archivist.lose_raw_copies()
    archivist.begin_again()
    other.boxes = [BOX, Box(sentence(7_001), place="between")]  # learned later, so this version cannot be read again
    other.body = [*other.body, sentence(8_001)]
    for story in (*others[1:], first):
        story.boxes = other.boxes
        archivist.fetch(story)
    archivist.fetch(other)
    *_, event = archivist.history(other)
    assert event.maybe_ours


@pytest.mark.parametrize("ours", [True, False], ids=["by a release that refuses it", "by the site"])
@on_both
def test_a_page_that_we_refuse_as_it_was_stored_too_is_not_removed(
    archivist: Archivist, monkeypatch: pytest.MonkeyPatch, ours: bool
) -> None:
    first = STORIES[0]
    archivist.fetch(first)
    read = stages.article

    def refusing(page: Page, *rest: Any) -> Extraction:
        if ours or b"<!-- " in page.body:
            raise Refused(PageReason.LISTING)
        return read(page, *rest)

    monkeypatch.setattr(stages, "article", refusing)
    for nonce in (b"1", b"2", b"3"):
        archivist.fetch(first, html=first.html().replace(b"</body>", b"<!-- " + nonce + b" --></body>"))
    assert [event.what for event in archivist.history(first)] == (["new"] if ours else ["new", "gone", "notice"])
    assert [one.kinds for one in archivist.edits()] == ([] if ours else [("gone",)])


@on_both
def test_a_sentence_that_edits_bring_to_most_articles_stays_and_each_edit_is_told(archivist: Archivist) -> None:
    again = sentence(9_000, 12)
    stories = [Story(n, sentence(20 + n, 8)[:-1], [sentence(100 * (20 + n) + at) for at in range(4)]) for n in range(6)]
    for story in stories:
        archivist.fetch(story)
        story.body = [*story.body, again]
    for story in stories:
        archivist.fetch(story)
    late = Story(30, sentence(30, 8)[:-1], [*(sentence(3_000 + at) for at in range(4)), again])
    archivist.fetch(late)  # it was edited before anybody saw it
    archivist.begin_again()
    for story in (*stories, late):
        archivist.fetch(story)
        assert archivist.versions(story)[-1].article.body == "\n\n".join(story.body)
    for story in stories:
        assert [(e.change.kinds, e.change.removed, e.change.added) for e in archivist.history(story) if e.change] == [
            (("addition",), 0, 12)
        ]


@on_both
def test_a_sentence_that_was_taken_for_a_notice_is_given_back_once_edits_bring_it_to_others(
    archivist: Archivist,
) -> None:
    again = sentence(9_003, 12)
    stories = [
        Story(n, sentence(20 + n, 8)[:-1], [sentence(100 * (20 + n) + at) for at in range(4)]) for n in range(10)
    ]
    for story in stories:
        if story.number < 4:  # edited before anybody saw them
            story.body = [*story.body, again]
        archivist.fetch(story)
    learned = archivist.read(lambda conn: repeated_blocks.learned_blocks(conn, "paper"))
    assert [block.text for block in learned] == [again], "on four of four articles it looked like a notice"
    archivist.begin_again()
    for story in stories[4:]:
        story.body = [*story.body, again]
        archivist.fetch(story)
    for story in stories[4:]:
        assert [event.change.added for event in archivist.history(story) if event.change] == [12]
    archivist.reextract()
    for story in stories:
        assert archivist.versions(story)[-1].article.body == "\n\n".join(story.body)


@on_both
def test_a_notice_that_articles_have_from_the_first_is_learned_and_no_edit_of_any(archivist: Archivist) -> None:
    notice = Box(sentence(9_001, 12), apart=False)
    stories = [
        Story(n, sentence(20 + n, 8)[:-1], [sentence(100 * (20 + n) + at) for at in range(4)], [notice])
        for n in range(6)
    ]
    for story in stories:
        archivist.fetch(story)
    stories[0].body.append(sentence(9_002))
    for story in stories:
        archivist.fetch(story)
        assert archivist.versions(story)[-1].article.body == "\n\n".join(story.body)
        assert len(archivist.versions(story)) == 1 + (story is stories[0])


def test_reading_again_gives_the_same_reading_its_place_back(place: Database) -> None:
    one = article()
    worse = replace(one, body=f"{one.body}\n\nworse", content_hash="worse")
    with Archive(place) as archive:
        archive.write(lambda c: articles.store(c, page(one))).result()
        for reading in (worse, one, worse):
            archive.write(lambda c, it=reading: articles.correct(c, it, NOW + HOUR)).result()  # type: ignore[misc]
        with archive.read() as conn:
            assert [(r.number, r.shown) for r in readings.of(conn, one.id)] == [(1, False), (2, True)]
            found = documents.document(conn, one.id)
            assert found is not None
            assert found.article == worse


def test_a_page_that_differs_from_a_version_read_otherwise_is_not_stored_before_that_is_read_again(
    place: Database,
) -> None:
    one = article()
    other = page(replace(one, body="x " * 60, content_hash="x"), NOW + HOUR, state="b", strict=True)
    with Archive(place) as archive:
        archive.write(lambda c: articles.store(c, page(one, state="a"))).result()
        with pytest.raises(articles.NotCompared):
            archive.write(lambda c: articles.store(c, other)).result()
        archive.write(lambda c: articles.correct(c, one, NOW, state="b")).result()
        assert archive.write(lambda c: articles.store(c, other)).result().kind == "changed"


def test_a_hash_leads_to_its_text_on_the_page_and_in_the_api(tmp_path: Path) -> None:
    one = article(headline="The bridge opens")
    shelf = fill(tmp_path, [page(one)])
    better = replace(one, body=one.body.partition("\n\n")[0], content_hash="better")
    shelf.archive.write(lambda c: articles.correct(c, better, NOW + HOUR)).result()
    client = client_of(shelf)
    for content_hash, shown in ((one.content_hash, "another reading"), ("better", "shows of this version")):
        answer = client.get(f"/hash/{content_hash}")
        assert shown in text_of(tree(answer))
        (found,) = client.get(f"/api/hash/{content_hash}").json()
        assert found["article"]["archive"]["contentHash"] == content_hash
        assert (found["version"], found["shown"]) == (1, content_hash == "better")
    assert client.get("/hash/none").status_code == 404
    assert client.get("/api/hash/none").status_code == 404
    own = text_of(tree(client.get(f"/articles/{one.id}")))
    assert "reading 2" in own
    assert "Reading 2 of version 1. Content hash better" in client.get(f"/articles/{one.id}/cite.ris").text
    compared = text_of(tree(client.get(f"/articles/{one.id}/diff")))
    assert "reading 2" in compared
    (version,) = client.get(f"/api/articles/{one.id}").json()["archive"]["versions"]
    assert (version["reading"], version["reason"], version["contentHash"]) == (2, "reading.reextracted", "better")
    shelf.close()


def test_the_command_shows_what_was_cited(archivist: Archivist) -> None:
    first, *others = STORIES
    archivist.fetch(first)
    cited = archivist.versions(first)[0].article.content_hash
    for story in others:
        archivist.fetch(story)
    told = CliRunner().invoke(app, ["show", "--hash", cited], env={"ARSHIF_CONFIG": str(archivist.folder / "config")})
    assert told.exit_code == 0, told.output
    assert BOX.text in told.stdout.replace("\n", " ")
    assert "another reading of the version is shown now" in told.stdout.replace("\n", " ")
    wrong = CliRunner().invoke(
        app, ["show", "--hash", "0" * 64], env={"ARSHIF_CONFIG": str(archivist.folder / "config")}
    )
    assert "no text with the hash" in str(wrong.exception)
