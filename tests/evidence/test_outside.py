"""Imported pages whose records are in files of others: all that reads raw copies reads them there, and nothing that
deletes, merges or moves raw copies touches these files."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import select

from crawler.config import Config, load
from crawler.importing.job import Import
from crawler.importing.page_filter import PageFilter
from crawler.importing.storing import ImportReport
from crawler.maintenance import manifests, raw_copying
from crawler.maintenance.compaction import Compacted, compact
from crawler.maintenance.erasure import Erasure
from crawler.maintenance.proofs import prove
from crawler.maintenance.reextract import Reextraction
from crawler.maintenance.verification import Verified, verify
from crawler.site_config import Site
from crawler.storage import expire_raw, open_raw, own_raw_place, raw_place
from index.archive import Archive, documents, warc_records
from index.archive import manifests as stored_manifests
from index.archive import tables as t
from index.archive.backup import back_up, check, restore
from index.archive.database import Database, SqliteFile
from index.evidence import proofs
from index.export.wacz import Collection
from index.export.warc import Joined, join
from index.warc.record import WarcRef
from tests.support.newspaper import InlineWorkers
from tests.support.postgresql import env_of
from tests.support.raw_files import crawl, raw_folder
from tests.support.warcs import Archived, article, wacz, warc, zstandard

NOW, DAY = datetime.now(UTC), timedelta(days=1)
ADDRESS = "https://www.example.com/news/decision-number-{}-of-the-council"
PAGES = [Archived(ADDRESS.format(n), f"2020-02-{n + 1:02}T00:00:00Z", article(n)) for n in range(6)]
LATER = [Archived(ADDRESS.format(n), f"2021-02-{n + 1:02}T00:00:00Z", article(n, ", again")) for n in range(3)]
SITE = """
id: example
name: Example
homepage: https://www.example.com/
country: GB
languages: [en]
sources: [{kind: feed, url: https://www.example.com/feed}]
"""


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder of files of others: three pages compressed, three not, three later ones in a WACZ."""
    folder = tmp_path / "others"
    folder.mkdir()
    (folder / "a.warc.gz").write_bytes(warc(PAGES[:3]))
    (folder / "b.warc").write_bytes(warc(PAGES[3:], gzip=False))
    wacz(folder / "c.wacz", {"archive/data.warc.gz": warc(LATER), "pages/pages.jsonl": b"{}"})
    return folder


@pytest.fixture
def config(tmp_path: Path, others: Path, place: Database) -> Config:
    return configured(tmp_path, others, place)


def configured(folder: Path, others: Path | str, database: Database | None = None, **settings: str) -> Config:
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "arshif.yaml").write_text("least_free: 1\n", "utf-8")
    return load(folder / "config", env_of(database, folder) | {"ARSHIF_RAW__OUTSIDE": str(others)} | settings)


@pytest.fixture
def archive(place: Database, config: Config, others: Path) -> Iterator[Archive]:
    """An archive into which the files were imported."""
    with Archive(place) as it:
        report = imported(it, config, others)
        assert (report.new, report.changed, report.referred) == (6, 3, 9)
        yield it


def imported(archive: Archive, config: Config, *paths: Path) -> ImportReport:
    with open_raw(config, archive) as raw:
        work = Import(config, archive, raw, InlineWorkers(), PageFilter(config))  # type: ignore[arg-type]
        return asyncio.run(work.run(list(map(str, paths)), ""))


@pytest.fixture(autouse=True)
def untouched(others: Path) -> Iterator[None]:
    """Nothing is ever written to the files of others."""
    yield
    for file in others.iterdir():
        assert file.name in ("a.warc.gz", "b.warc", "c.wacz", "d.warc.zst"), "nothing was put there"


def digests(others: Path) -> dict[str, str]:
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in others.iterdir()}


def refs(archive: Archive) -> list[WarcRef]:
    with archive.read() as conn:
        return list(warc_records.refs(conn))


def checked(archive: Archive, config: Config) -> Verified:
    with open_raw(config, archive) as raw:
        return verify(archive, raw, NOW + DAY, NOW)


def texts(archive: Archive) -> dict[str, list[str]]:
    """The hashes of the versions of each article, by its id."""
    with archive.read() as conn:
        every = {id_: documents.versions(conn, id_) for id_, _ in documents.ids(conn)}
    return {id_: [one.article.content_hash for one in versions] for id_, versions in every.items()}


def site_of(config: Config) -> Site:
    """The site that was made for the domain of the pages."""
    found = PageFilter(config).site_of(PAGES[0].url)
    assert found is not None
    return found


def test_the_archive_is_the_same_as_if_they_were_copied(
    archive: Archive, config: Config, others: Path, tmp_path: Path
) -> None:
    assert list(raw_folder(config).rglob("*.warc.gz")) == []
    assert {ref.file for ref in refs(archive)} == {file.as_uri() for file in others.iterdir()}
    (tmp_path / "copied").mkdir()
    copying = configured(tmp_path / "copied", "")
    with Archive(SqliteFile(tmp_path / "copied" / "archive.sqlite3")) as other:
        report = imported(other, copying, others)
        assert (report.new, report.changed, report.referred) == (6, 3, 0)
        assert texts(other) == texts(archive)
        kept = select(t.raws.c.url, t.raws.c.fetched, t.raws.c.body_hash).order_by(t.raws.c.fetched)
        with other.read() as copied, archive.read() as conn:
            assert conn.execute(kept).all() == copied.execute(kept).all()


def test_an_import_that_is_repeated_refers_to_nothing_twice(archive: Archive, config: Config, others: Path) -> None:
    before = refs(archive)
    report = imported(archive, config, others)
    assert (report.new, report.changed, report.same, report.referred) == (0, 0, 9, 0)
    assert refs(archive) == before


def test_what_cannot_be_referred_to_is_copied(place: Database, config: Config, others: Path) -> None:
    for file in others.iterdir():
        file.unlink()
    (others / "d.warc.zst").write_bytes(zstandard(warc(PAGES[:2], gzip=False)))
    with ZipFile(others / "c.wacz", "w", compression=8) as packed:
        packed.writestr("archive/data.warc.gz", warc(PAGES[2:4]))
    with Archive(place) as archive:
        report = imported(archive, config, others)
        assert (report.new, report.referred) == (4, 0)
        with open_raw(config, archive) as raw:
            assert [raw.read(ref)[1] for ref in refs(archive)] == [page.body for page in PAGES[:4]]


def test_a_record_to_which_the_archive_refers_already_is_copied(
    archive: Archive, config: Config, others: Path, tmp_path: Path
) -> None:
    """Such as where its site got a file, under which it is another article: each is erased by itself."""
    (tmp_path / "config" / "sites").mkdir()
    (tmp_path / "config" / "sites" / "example.yaml").write_text(SITE)
    config = load(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path), "ARSHIF_RAW__OUTSIDE": str(others)} | {
        "ARSHIF_ARCHIVE": config.settings.archive
    })  # fmt: skip
    report = imported(archive, config, others / "a.warc.gz")
    assert (report.new, report.referred) == (3, 0)
    found = checked(archive, config)
    assert (found.records, found.damaged, found.missing) == (12, 0, 0)


def test_pages_are_read_again_where_they_lie(archive: Archive, config: Config) -> None:
    with open_raw(config, archive) as raw:
        work = Reextraction(archive, raw, InlineWorkers(), dry=False)  # type: ignore[arg-type]
        report = asyncio.run(work.run([site_of(config)], None, NOW))
    assert (report.read, report.changed, report.unreadable) == (6, 0, 0)


def test_exports_have_them_as_others_wrote_them(archive: Archive, config: Config, tmp_path: Path) -> None:
    with open_raw(config, archive) as raw:
        assert join(raw, refs(archive), tmp_path / "all.warc.gz", {}) == Joined(9, 0)
        exported = gzip.decompress((tmp_path / "all.warc.gz").read_bytes())
        assert all(exported.count(page.body) == 1 for page in (*PAGES, *LATER))
        with archive.read() as conn:
            ids = [id_ for id_, _ in documents.ids(conn)]
        collection = Collection(archive, raw, NOW, {})
        (tmp_path / "all.wacz").write_bytes(b"".join(collection.pieces(ids)))
        assert (collection.report.records, collection.report.pages, collection.report.damaged) == (9, 9, 0)
    (tmp_path / "again").mkdir()
    with Archive(SqliteFile(tmp_path / "again" / "archive.sqlite3")) as other:
        assert imported(other, configured(tmp_path / "again", ""), tmp_path / "all.wacz").new == 6
        assert texts(other) == texts(archive)


def test_manifests_and_proofs_have_them(archive: Archive, config: Config) -> None:
    assert manifests.write(archive, config, NOW + DAY, today=True).entries == 18
    assert checked(archive, config).damaged == 0
    with archive.read() as conn, open_raw(config, archive) as raw:
        for reading in stored_manifests.covered(conn, 100):
            proof = prove(conn, raw, reading)
            assert proof.record is not None
            found = proofs.check(proofs.pack(proof))
            assert found.record_url == found.reading["url"]


def test_a_file_that_is_gone_or_was_changed_is_told(archive: Archive, config: Config, others: Path) -> None:
    assert checked(archive, config) == Verified(9, sum(ref.length for ref in refs(archive)))
    plain, packed = others / "b.warc", others / "a.warc.gz"
    kept = plain.read_bytes(), packed.read_bytes()
    plain.write_bytes(kept[0].replace(b"quay number 4", b"quay number 8"))
    packed.unlink()
    found = checked(archive, config)
    assert (found.damaged, found.missing) == (1, 3)
    with archive.read() as conn:
        told = {(one.problem, one.ref.file) for one in warc_records.damaged(conn)}
    assert told == {("record.damaged", plain.as_uri()), ("record.missing", packed.as_uri())}
    with open_raw(config, archive) as raw:
        work = Reextraction(archive, raw, InlineWorkers(), dry=True)  # type: ignore[arg-type]
        assert asyncio.run(work.run([site_of(config)], None, NOW)).unreadable == 1
        ids = list(texts(archive))
        collection = Collection(archive, raw, NOW, {})
        assert b"".join(collection.pieces(ids))
        assert (collection.report.records, collection.report.damaged) == (5, 4)
    plain.write_bytes(kept[0])
    packed.write_bytes(kept[1])
    assert checked(archive, config).missing == 0
    with archive.read() as conn:
        assert warc_records.damaged(conn) == [], "once they are back"


def test_a_place_that_the_settings_name_no_more_is_not_read(archive: Archive, config: Config) -> None:
    settings = config.settings.model_copy(update={"raw": config.settings.raw.model_copy(update={"outside": ()})})
    found = checked(archive, replace(config, settings=settings))
    assert (found.damaged, found.missing) == (0, 9)


def test_to_forget_removes_the_reference_and_tells_where_the_text_stays(
    archive: Archive, config: Config, others: Path
) -> None:
    before = digests(others)
    work = Erasure(archive, own_raw_place(config))
    target = work.resolve(PAGES[1].url, config)
    assert "in 2 file(s) of others, which stay as they are" in target.told
    done = work.forget(target, NOW)
    assert (done.raws, done.versions) == (2, 2)
    assert done.outside == ((others / "a.warc.gz").as_uri(), (others / "c.wacz").as_uri())
    assert digests(others) == before
    assert len(refs(archive)) == 7
    report = imported(archive, config, others)
    assert (report.new, report.forgotten, report.referred) == (0, 2, 0)
    assert digests(others) == before


def test_a_whole_site_is_forgotten_without_a_file_of_others(archive: Archive, config: Config, others: Path) -> None:
    before = digests(others)
    work = Erasure(archive, own_raw_place(config))
    done = work.forget(work.resolve(site_of(config).id, config), NOW)
    assert (done.articles, len(done.outside)) == (6, 3)
    assert refs(archive) == []
    assert digests(others) == before


def test_they_neither_expire_nor_are_merged_or_moved(
    archive: Archive, config: Config, others: Path, tmp_path: Path
) -> None:
    before, all_refs = digests(others), refs(archive)
    settings = config.settings.model_copy(update={"raw": config.settings.raw.model_copy(update={"keep_days": 30})})
    crawl(archive, own_raw_place(config), 1, 2, NOW - 400 * DAY)
    assert compact(archive, config, NOW + 400 * DAY, at_once=True) == Compacted()
    assert expire_raw(replace(config, settings=settings), archive, NOW + 400 * DAY) == 1, "that of the crawl"
    assert refs(archive) == all_refs
    with archive.read() as conn:
        extent = warc_records.extent(conn, NOW)
    assert (extent.copies, extent.bytes, extent.outside) == (0, 0, 9)
    crawl(archive, own_raw_place(config), 2, 2)
    made = raw_copying.copy(archive, config, f"file://{tmp_path}/elsewhere")
    assert (made.files, made.missing) == (1, ())
    assert digests(others) == before


def test_a_backup_names_the_files_that_it_does_not_have(others: Path, tmp_path: Path) -> None:
    config = configured(tmp_path, others)
    with Archive(SqliteFile(tmp_path / "archive.sqlite3")) as archive:
        imported(archive, config, others)
        crawl(archive, own_raw_place(config), 1, 2)
        made = back_up(archive, raw_place(config), tmp_path / "copy")
        expected = texts(archive)
    assert (made.short, made.damaged) == ((), ())
    assert made.outside == tuple(sorted(file.as_uri() for file in others.iterdir()))
    assert len(made.parts) == 2
    assert check(tmp_path / "copy") == made
    restore(tmp_path / "copy", tmp_path / "restored")
    there = configured(tmp_path, others, ARSHIF_DATA=str(tmp_path / "restored"))
    with Archive(SqliteFile(tmp_path / "restored" / "archive.sqlite3")) as archive:
        assert texts(archive) == expected
        assert checked(archive, there) == Verified(11, sum(ref.length for ref in refs(archive)))
