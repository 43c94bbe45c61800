"""Files of raw copies as wholes: records taken out in place, joined into one file, and deleted when they are old."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from io import FileIO
from pathlib import Path

import pytest
from sqlalchemy import select, update
from warcio.archiveiterator import ArchiveIterator

from crawler.archive_place import database
from crawler.config import load
from crawler.storage import expire_raw, open_archive
from index.archive import Archive, articles, documents, raw_files, warc_files, warc_records
from index.archive import tables as t
from index.archive.backup import KEEPING
from index.errors import ArchiveError, FileThere
from index.export.warc import BATCH, Joined, join
from index.file_lock import hold
from index.warc.folder import Folder
from index.warc.record import Response, WarcDamaged, WarcRef
from index.warc.store import WarcStore
from index.warc.torn import truncate_torn_tail
from tests.support.archive_samples import HOUR, NOW, article, page, stored_when_fetched
from tests.support.raw_files import raw_folder
from tests.support.warcs import raw_file

DAY = 24 * HOUR


def response(number: int, body: bytes = b"") -> Response:
    return Response(f"https://step.example/{number}", NOW, "HTTP/1.1 200 OK", [("A", "b")], body)


def kinds(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [record.rec_type for record in ArchiveIterator(file)]


def test_a_record_is_blanked_while_the_file_is_written_and_all_others_stay(tmp_path: Path) -> None:
    secret = b"a body that nobody may read again"
    with WarcStore(tmp_path, "run") as copies:
        refs = [copies.append(response(n, secret if n == 1 else b"")) for n in range(3)]
        assert Folder(tmp_path).blank([refs[1], WarcRef("never-there.warc.gz", 0, 400)]) == 1
        refs.append(copies.append(response(3)))
        for number in (0, 2, 3):
            assert copies.read(refs[number], f"https://step.example/{number}") == ([("A", "b")], b"")
        with pytest.raises(WarcDamaged, match="no answer but metadata"):
            copies.read(refs[1])
    path = tmp_path / refs[0].file
    assert kinds(path) == ["warcinfo", "response", "metadata", "response", "response"]
    unpacked = gzip.decompress(path.read_bytes())
    assert secret not in unpacked
    assert b"step.example/1" not in unpacked
    with FileIO(path, "r+") as file:
        assert truncate_torn_tail(file) == 0


def test_records_of_several_files_become_one(tmp_path: Path) -> None:
    with WarcStore(tmp_path / "raw", "one") as one, WarcStore(tmp_path / "raw", "two") as two:
        refs = [one.append(response(1)), two.append(response(2)), WarcRef("lost.warc.gz", 0, 9)]
        assert join(one, refs, tmp_path / "out.warc.gz", {"software": "Arshif"}) == Joined(2, 1)
        assert kinds(tmp_path / "out.warc.gz") == ["warcinfo", "response", "response"]
        with pytest.raises(FileThere, match="exists already"):
            join(one, refs, tmp_path / "out.warc.gz", {})
        assert (tmp_path / "out.warc.gz").read_bytes().startswith(b"\x1f\x8b")
        assert join(one, refs, tmp_path / "out.warc", {"software": "Arshif"}) == Joined(2, 1)
        assert (tmp_path / "out.warc").read_bytes().startswith(b"WARC/1.1\r\n"), "by its name no gzip"
        assert kinds(tmp_path / "out.warc") == ["warcinfo", "response", "response"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.warc", "out.warc.gz", "raw"]


@pytest.mark.parametrize("kept", [True, False])
def test_a_file_that_was_broken_off_goes_on_unless_what_is_in_it_was_erased(tmp_path: Path, kept: bool) -> None:
    out = tmp_path / "out.warc.gz"

    def break_off(report: Joined, _: int | None) -> None:
        if report.done > BATCH:
            raise InterruptedError

    with WarcStore(tmp_path / "raw", "one") as one:
        refs = [replace(one.append(response(n)), id=n) for n in range(2 * BATCH + 5)]
        with pytest.raises(ArchiveError):
            join(one, refs, out, {}, told=break_off)
        assert not out.exists()
        with (tmp_path / "out.warc.gz.new" / "whole").open("ab") as torn:
            torn.write(b"what was not noted")
        assert join(one, refs, out, {}, known=lambda _: kept) == Joined(len(refs), earlier=2 * BATCH if kept else 0)
    with out.open("rb") as file:
        found = [record.rec_headers.get_header("WARC-Target-URI") for record in ArchiveIterator(file)]
    assert found == [None, *(response(n).url for n in range(len(refs)))]
    assert not (out.parent / "out.warc.gz.new").exists()


def test_a_folder_of_somebody_else_is_no_draft(tmp_path: Path) -> None:
    (tmp_path / "out.warc.gz.new").mkdir()
    (tmp_path / "out.warc.gz.new" / "mine").write_text("mine")
    with WarcStore(tmp_path / "raw", "one") as one, pytest.raises(FileThere, match=r"warc\.gz\.new"):
        join(one, [], tmp_path / "out.warc.gz", {})
    assert (tmp_path / "out.warc.gz.new" / "mine").read_text() == "mine"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration that keeps raw copies for a month."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "arshif.yaml").write_text("raw:\n  keep_days: 30\n", "utf-8")
    return tmp_path / "config"


@pytest.fixture
def filled(config: Path) -> Iterator[Archive]:
    """Articles of runs 50 and 10 days ago, with their raw copies."""
    settings = load(config, {})
    with open_archive(settings) as archive:
        for days in (50, 10):
            then = NOW - days * DAY
            with WarcStore(raw_folder(settings), f"run-{days}") as copies:
                for number in range(2):
                    one = article(f"https://step.example/{days}/{number}", headline=f"خبر {days} {number}")
                    new = page(one, then, raw=partial(copies.append, response(number, os.urandom(5_000))))
                    archive.write(partial(articles.store, page=new)).result()
            os.utime(raw_file(raw_folder(settings), f"run-{days}-00001"), (then.timestamp(), then.timestamp()))
        archive.write(stored_when_fetched).result()
        yield archive


def test_files_older_than_they_are_kept_go_and_articles_stay(config: Path, filled: Archive) -> None:
    settings = load(config, {})
    with hold(settings.settings.data / f"{KEEPING}.lock", wait=False):
        assert expire_raw(settings, filled, NOW) == 0, "not while a copy is made"
    assert expire_raw(settings, filled, NOW) == 1
    left = raw_file(raw_folder(settings))
    assert left.name == "run-10-00001.warc.gz"
    with filled.read() as conn:
        assert documents.count(conn) == 4
        assert warc_files.referred(conn) == {left.relative_to(raw_folder(settings)).as_posix()}
        kept = {row.url: row.raw for row in conn.execute(select(t.versions.c.url, t.versions.c.raw))}
    assert {url for url, raw in kept.items() if raw is None} == {f"https://step.example/50/{n}" for n in range(2)}
    assert expire_raw(settings, filled, NOW) == 0
    never = load(config, {"ARSHIF_RAW__KEEP_DAYS": "0"})
    assert expire_raw(never, filled, NOW + 1_000 * DAY) == 0, "nothing is deleted by itself"


def test_what_was_imported_is_kept_from_its_import_on(config: Path, filled: Archive) -> None:
    """Its pages were fetched long ago, elsewhere."""
    settings, imported = load(config, {}), NOW - 5 * DAY
    filled.write(lambda conn: conn.execute(update(t.raws).values(stored=imported))).result()
    assert expire_raw(settings, filled, NOW) == 0
    assert expire_raw(settings, filled, NOW + 26 * DAY) == 2


@pytest.mark.parametrize("name", ["../../x", "{home}/x", "../../x.warc.gz"], ids=["up", "absolute", "named as ours"])
def test_a_name_that_leads_elsewhere_deletes_nothing(tmp_path: Path, name: str) -> None:
    """As in an archive that somebody else wrote: it is only forgotten."""
    raw, name = tmp_path / "data" / "raw", name.format(home=tmp_path)
    others = [tmp_path / "x", tmp_path / "x.warc.gz", tmp_path / "x.warc.gz.1.new"]
    raw.mkdir(parents=True)
    for other in others:
        other.write_bytes(b"private")
    with Archive(tmp_path / "data" / "archive.sqlite3") as archive:
        archive.write(partial(warc_files.discard, files=[name])).result()
        raw_files.sweep(archive, Folder(raw), lambda: None)
        with WarcStore(raw, "run-1") as copies:
            new = page(article(), raw=partial(copies.append, response(1)))
            archive.write(partial(articles.store, page=new)).result()
        archive.write(lambda conn: conn.execute(update(t.raws).values(file=name, stored=NOW))).result()
        raw_files.expire(archive, Folder(raw), NOW + DAY, lambda: None)
        with archive.read() as conn:
            assert warc_files.referred(conn) == set()
            assert conn.execute(select(t.discarded_files)).all() == []
    assert [other.read_bytes() for other in others] == [b"private"] * 3


def test_what_a_month_takes_is_told(config: Path, filled: Archive) -> None:
    assert database(load(config, {}).settings) == filled.database
    with filled.read() as conn:
        total = sum(conn.execute(select(t.raws.c.length)).scalars())
        extent = warc_records.extent(conn, NOW)
        assert (extent.copies, extent.bytes) == (4, total)
        assert extent.month == pytest.approx(total / 2, rel=0.02), "two of them in the last 30 days"
        young = warc_records.extent(conn, NOW - 45 * DAY)
        assert young.month == pytest.approx(total * 30 / 5, rel=0.02), "after five days, as many as 30 would bring"
        assert warc_records.extent(conn, NOW + timedelta(days=365)).month == 0
