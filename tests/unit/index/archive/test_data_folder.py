"""An archive in PostgreSQL and its data folder belong together: neither serves another one."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from index.archive import Archive, data_folder, raw_owner
from index.archive import tables as t
from index.archive.backup import back_up, restore
from index.archive.postgresql import PostgresqlDatabase
from index.errors import ArchiveError
from index.warc.files import names as file_names
from index.warc.folder import Folder
from index.warc.record import Response
from index.warc.store import WarcStore
from tests.support.archive_samples import NOW
from tests.support.postgresql import Server


@pytest.fixture
def database(postgresql_server: Server, tmp_path: Path) -> Iterator[PostgresqlDatabase]:
    with postgresql_server.archive(tmp_path / "data") as database:
        yield database


def test_it_opens_with_its_folder_again_and_again(database: PostgresqlDatabase) -> None:
    for _ in range(2):
        with Archive(database) as archive, archive.read() as conn:
            row = conn.execute(select(t.data_folder)).one()
        assert (database.folder / data_folder.FILE).read_text("utf-8").split() == [row.id]
        assert row.path == str(database.folder)


def test_another_folder_is_told_where_its_own_is(database: PostgresqlDatabase, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=rf"raw copies of postgresql.* are in {database.folder} on "):
        Archive(PostgresqlDatabase(database.url, tmp_path / "another"))
    assert not (tmp_path / "another" / data_folder.FILE).exists()


def test_a_folder_that_was_moved_is_still_its_own(database: PostgresqlDatabase, tmp_path: Path) -> None:
    shutil.move(database.folder, tmp_path / "moved")
    with Archive(PostgresqlDatabase(database.url, tmp_path / "moved")) as archive, archive.read() as conn:
        assert conn.execute(select(t.data_folder.c.path)).scalar_one() == str(tmp_path / "moved")


def test_another_database_is_refused_the_folder(
    postgresql_server: Server, database: PostgresqlDatabase, tmp_path: Path
) -> None:
    other = PostgresqlDatabase(postgresql_server.empty(), database.folder)
    with pytest.raises(ArchiveError, match="raw copies of another archive, which is in PostgreSQL"):
        other.prepare()
    assert not other.exists(), "nor is anything created there"
    with pytest.raises(ArchiveError, match="raw copies of another archive, which is in PostgreSQL"):
        Archive(database.folder / "archive.sqlite3")
    assert not (database.folder / "archive.sqlite3").exists()
    PostgresqlDatabase(other.url, tmp_path / "new").prepare()


def test_no_backup_is_restored_there(database: PostgresqlDatabase, tmp_path: Path) -> None:
    """Such as by a command without the ARSHIF_ARCHIVE of the service."""
    with WarcStore(database.folder / "raw", "run-000001") as copies:
        copies.append(Response("https://step.example/1", NOW, "HTTP/1.1 200 OK", [], b"said"))
    before = file_names(database.folder / "raw")
    with Archive(tmp_path / "other" / "archive.sqlite3") as archive:
        back_up(archive, Folder(tmp_path / "other" / "raw"), tmp_path / "copy")
    with pytest.raises(ArchiveError, match="raw copies of another archive, which is in PostgreSQL"):
        restore(tmp_path / "copy", database.folder, force=True)
    assert file_names(database.folder / "raw") == before != []


def test_a_folder_with_an_archive_in_a_file_is_refused(postgresql_server: Server, tmp_path: Path) -> None:
    Archive(tmp_path / "archive.sqlite3").close()
    with pytest.raises(ArchiveError, match="holds an archive in a file"):
        PostgresqlDatabase(postgresql_server.empty(), tmp_path).prepare()
    Archive(tmp_path / "archive.sqlite3").close()


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "not committed"])
def test_a_claim_that_was_broken_off_is_finished(postgresql_server: Server, tmp_path: Path, committed: bool) -> None:
    """At its commit: the folder has an id that it is not sure of."""
    database = PostgresqlDatabase(postgresql_server.empty(), tmp_path)
    if committed:
        database.prepare()
        (tmp_path / data_folder.FILE).rename(tmp_path / f"{data_folder.FILE}.new")
    else:
        (tmp_path / f"{data_folder.FILE}.new").write_text("0123\n", "utf-8")
    before = (tmp_path / f"{data_folder.FILE}.new").read_text("utf-8")
    with Archive(database) as archive, archive.read() as conn:
        assert conn.execute(select(t.data_folder.c.id)).scalar_one() == before.strip()
    assert (tmp_path / data_folder.FILE).read_text("utf-8") == before
    assert not (tmp_path / f"{data_folder.FILE}.new").exists()


def keeps_raw_at(place: Path, folder: Path) -> None:
    """As a crawl does whose settings have this place as `raw.url`."""
    raw_owner.claim(place.as_uri(), folder)
    raw_owner.settle(place.as_uri(), folder)


@pytest.fixture
def joined(database: PostgresqlDatabase, tmp_path: Path) -> PostgresqlDatabase:
    """The archive as another machine has it, whose folder has joined."""
    keeps_raw_at(tmp_path / "raw", database.folder)
    Archive(database).close()
    other = replace(database, folder=tmp_path / "other", joins=True)
    Archive(other).close()
    return other


def test_an_empty_folder_joins_where_the_raw_copies_are_in_neither(
    database: PostgresqlDatabase, joined: PostgresqlDatabase, tmp_path: Path
) -> None:
    for _ in range(2):
        for one in (database, joined):
            Archive(one).close()
    for file in (data_folder.FILE, raw_owner.FILE):
        assert (joined.folder / file).read_text("utf-8") == (database.folder / file).read_text("utf-8")
    with Archive(joined) as archive, archive.read() as conn:
        assert conn.execute(select(t.data_folder.c.path)).scalar_one() == str(database.folder)
    assert raw_owner.claim((tmp_path / "raw").as_uri(), joined.folder).name == str(tmp_path / "raw")


def test_a_folder_that_has_joined_serves_no_other_archive(
    joined: PostgresqlDatabase, postgresql_server: Server
) -> None:
    with pytest.raises(ArchiveError, match="raw copies of another archive, which is in PostgreSQL"):
        PostgresqlDatabase(postgresql_server.empty(), joined.folder, joins=True).prepare()


@pytest.mark.parametrize("has", ["embedded index", "archive", "raw copies", "raw elsewhere", "id"])
def test_a_folder_with_something_of_its_own_does_not_join(
    database: PostgresqlDatabase, tmp_path: Path, has: str
) -> None:
    keeps_raw_at(tmp_path / "raw", database.folder)
    Archive(database).close()
    folder = tmp_path / "other"
    folder.mkdir()
    match has:
        case "archive":
            Archive(folder / "archive.sqlite3").close()
        case "raw copies":
            with WarcStore(folder / "raw", "run-000001") as copies:
                copies.append(Response("https://step.example/1", NOW, "HTTP/1.1 200 OK", [], b"said"))
        case "raw elsewhere":
            keeps_raw_at(tmp_path / "raw of another", folder)
        case "id":
            (folder / data_folder.FILE).write_text("0123\n", "utf-8")
    with pytest.raises(ArchiveError, match="cannot join the archive postgresql"):
        Archive(replace(database, folder=folder, joins=has != "embedded index"))


def test_folders_follow_where_the_raw_copies_are_moved(
    database: PostgresqlDatabase, joined: PostgresqlDatabase, tmp_path: Path
) -> None:
    with Archive(joined) as archive:
        keeps_raw_at(tmp_path / "raw2", joined.folder)
        archive.write(lambda conn: data_folder.note_raw(conn, joined.folder)).result()
    third = replace(joined, folder=tmp_path / "third")
    Archive(third).close()
    for one in (database, joined, third):
        Archive(one).close()
        assert raw_owner.elsewhere(one.folder) == raw_owner.elsewhere(joined.folder), one.folder
        raw_owner.check((tmp_path / "raw2").as_uri(), one.folder)


def test_raw_copies_that_are_moved_into_one_folder_are_that_one_s(
    database: PostgresqlDatabase, joined: PostgresqlDatabase
) -> None:
    with Archive(joined) as archive:
        raw_owner.settle("", joined.folder)
        archive.write(lambda conn: data_folder.note_raw(conn, joined.folder)).result()
    Archive(joined).close()
    with pytest.raises(ArchiveError, match=f"are in {joined.folder} on "):
        Archive(database)
