"""The raw copies of an article in several pages: kept together, found together, and lost together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from index.archive import Archive, articles, warc_records
from index.archive import tables as t
from index.archive.articles import Continuation, Fetched
from index.warc.record import WarcRef
from tests.support.archive_samples import NOW, article, page

ONE, TWO = "https://step.example/quay/2/", "https://step.example/quay/3/"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.sqlite3") as opened:
        yield opened


def several(file: str, **fields: object) -> Fetched:
    """A fetched article of three pages, in these files."""
    parts = [
        Continuation(url, url, NOW, str(n), lambda n=n: WarcRef(f"{file}-{n}.warc.gz", 7, 50))  # type: ignore[misc]
        for n, url in enumerate((ONE, TWO), start=2)
    ]
    read = replace(page(article()), raw=lambda: WarcRef(f"{file}-1.warc.gz", 7, 50), further=tuple(parts))
    return replace(read, **fields)  # type: ignore[arg-type]


def store(archive: Archive, it: Fetched) -> str:
    return archive.write(lambda conn: articles.store(conn, it)).result().id


def test_further_pages_come_with_the_first_in_their_order(archive: Archive) -> None:
    its = store(archive, several("a"))
    with archive.read() as conn:
        record = warc_records.newest(conn, its)
        assert record is not None
        assert [one.final_url for one in record.further] == [ONE, TWO]
        assert [one.ref.file for one in record.further] == ["a-2.warc.gz", "a-3.warc.gz"]
        assert warc_records.of_article(conn, its, 5) == list(warc_records.copies(conn, "step")) == [record]


def test_a_version_that_lacks_a_page_has_no_raw_copy(archive: Archive) -> None:
    its = store(archive, several("a"))
    archive.write(lambda conn: warc_records.remove(conn, t.raws.c.file == "a-3.warc.gz")).result()
    with archive.read() as conn:
        assert warc_records.newest(conn, its) is None


def test_pages_are_kept_only_if_each_has_a_raw_copy(archive: Archive) -> None:
    whole = several("a")
    its = store(archive, replace(whole, further=(whole.further[0], replace(whole.further[1], raw=None))))
    with archive.read() as conn:
        assert warc_records.newest(conn, its) is None
        assert list(warc_records.refs(conn)) == []


def test_a_damaged_further_page_is_told_with_its_version(archive: Archive) -> None:
    its = store(archive, several("a"))
    with archive.read() as conn:
        record = next(one for one in warc_records.to_check(conn, NOW, 0, 9) if one.url == TWO)
    broken = {record.id: warc_records.RecordProblem.DAMAGED}
    archive.write(lambda conn: warc_records.mark_checked(conn, broken, NOW)).result()
    with archive.read() as conn:
        assert [(one.url, one.article, one.version) for one in warc_records.damaged(conn, its)] == [(TWO, its, 1)]


def test_further_pages_follow_their_version_when_an_earlier_one_is_found(archive: Archive) -> None:
    its = store(archive, several("a"))
    older = article(body="Another text, of a time when nobody had thought of a quay. " * 9)
    past = several("b", article=older, fetched=NOW - timedelta(days=9), archived=True)
    assert store(archive, past) == its
    with archive.read() as conn:
        found = [(one.number, one.further[0].ref.file) for one in warc_records.of_article(conn, its, 5)]
    assert found == [(2, "a-2.warc.gz"), (1, "b-2.warc.gz")]


def test_a_raw_copy_is_of_the_url_as_the_server_wrote_it(archive: Archive) -> None:
    its = store(archive, replace(several("a"), raw_url="https://step.example/quay?utm_source=feed", further=()))
    with archive.read() as conn:
        record = warc_records.newest(conn, its)
    assert record is not None
    assert record.final_url == "https://step.example/quay?utm_source=feed"
