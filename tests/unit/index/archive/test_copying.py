"""Copying an archive between a file and a database: all of it, however often that is broken off."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    NullPool,
    create_engine,
    insert,
    select,
)

from index.archive import Archive, articles, copying, data_folder, leases, runs, sqlite
from index.archive import tables as t
from index.archive.column_types import Instant, Instants, MessageJson, Zoned
from index.archive.database import Database, SqliteFile
from index.archive.postgresql import PostgresqlDatabase
from index.errors import ArchiveError, Busy
from index.model.message import Message
from tests.support.archive_samples import HOUR, NOW, article, page
from tests.support.postgresql import Server

MANY = 30  # rows of each table


def sample(column: Column[Any], n: int) -> object:
    """A value for this column of the n-th row; where it refers to another table, that of the n-th row there."""
    for key in column.foreign_keys:
        return sample(key.column, n)
    match column.type:
        case Instant():
            return NOW + n * HOUR
        case Instants():
            return tuple(NOW + hour * HOUR for hour in range(n % 3))
        case Zoned():
            return datetime(2026, 11, 1, n % 24, tzinfo=timezone(timedelta(hours=3)))
        case MessageJson():
            return Message("archive.foreign", {"name": f"{n}"})
        case JSON():
            return {"ا": [n, 0.5, None, "x"]}
        case LargeBinary():
            return bytes([n, 0, 255])
        case Boolean():
            return bool(n % 2)
        case Float():
            return n / 3
        case Integer() | BigInteger():
            return n + 1
    return f"{column.name} {n}" if column.primary_key else f"ح\0{column.name} {n}"  # PostgreSQL has no U+0000


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    """A file with rows in every table."""
    place = SqliteFile(tmp_path / "archive.sqlite3")

    def fill(conn: Connection) -> None:
        for table in copying.TABLES:
            rows = [{one.name: sample(one, n) for one in table.columns} for n in range(MANY)]
            conn.execute(insert(table), rows)

    with Archive(place) as archive:
        archive.write(fill).result()
    return place


@pytest.fixture
def empty(postgresql_server: Server, tmp_path: Path) -> PostgresqlDatabase:
    """An empty database, for that file's folder."""
    return PostgresqlDatabase(postgresql_server.empty(), tmp_path)


def rows(place: Database) -> dict[str, list[dict[str, object]]]:
    """All that a copy has of an archive."""
    with Archive(place) as archive, archive.read() as conn:
        return {
            table.name: [copying._kept(row) for row in conn.execute(select(table).order_by(*table.primary_key))]
            for table in copying.TABLES
        }


def dies(*_: int) -> None:
    raise KeyboardInterrupt


def test_all_of_it_comes_over_and_back(file: SqliteFile, empty: PostgresqlDatabase) -> None:
    before = rows(file)
    assert {len(one) for one in before.values()} == {MANY}
    there = copying.into_database(file, empty)
    assert rows(empty) == before
    assert there.rows == sum(map(len, before.values()))
    assert not file.path.exists()
    assert there.aside is not None
    assert rows(SqliteFile(there.aside / file.path.name)) == before, "what it was made from is kept"

    back = copying.into_file(empty)
    assert rows(file) == before
    assert back.tables == there.tables
    assert not (file.folder / data_folder.FILE).exists()
    assert not (file.folder / copying.DRAFT).exists()
    with pytest.raises(ArchiveError, match="raw copies of"):
        Archive(PostgresqlDatabase(empty.url, file.folder / "another"))


def test_what_is_stored_next_gets_numbers_of_its_own(file: SqliteFile, empty: PostgresqlDatabase) -> None:
    copying.into_database(file, empty)
    with Archive(empty) as archive:
        assert archive.write(lambda c: runs.start(c, ["step"], NOW, owner="x")).result() == MANY + 1
        archive.write(lambda c: articles.store(c, page(article()))).result()


@pytest.mark.parametrize("part", [0.0, 0.2, 0.45, 0.8], ids=["at once", "early", "late", "in the comparison"])
def test_a_copy_that_was_broken_off_goes_on(
    file: SqliteFile, empty: PostgresqlDatabase, part: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "BATCH", 7)
    before = rows(file)

    def dies_at(done: int, of: int) -> None:
        if done >= part * of:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.into_database(file, empty, dies_at)
    assert not (file.folder / data_folder.FILE).exists(), "until all is there, the folder is the file's"
    assert rows(file) == before
    copying.into_database(file, empty)
    assert rows(empty) == before

    with pytest.raises(KeyboardInterrupt):
        copying.into_file(empty, dies_at)
    assert rows(empty) == before
    copying.into_file(empty)
    assert rows(file) == before


def test_a_row_that_differs_is_found_and_the_folder_stays(file: SqliteFile, empty: PostgresqlDatabase) -> None:
    with pytest.raises(KeyboardInterrupt):
        copying.into_database(file, empty, dies)
    engine = empty.open_engine(writer=True)
    with engine.begin() as conn:
        conn.execute(insert(t.forgotten).values(site="x", mark="y", since=NOW))
    engine.dispose()
    with pytest.raises(ArchiveError, match=r"the table forgotten in \S+ is not equal to its original"):
        copying.into_database(file, empty)
    assert file.path.exists()
    assert not (file.folder / data_folder.FILE).exists()


def test_nothing_is_copied_while_another_process_works_with_it(file: SqliteFile, empty: PostgresqlDatabase) -> None:
    with file.lock("daemon"), pytest.raises(Busy):
        copying.into_database(file, empty)
    with Archive(file) as archive:
        held = archive.write(lambda c: leases.acquire(c, ["step"], "a crawl", NOW)).result()
        with pytest.raises(Busy, match="is crawling step"):
            copying.into_database(file, empty)
        archive.write(lambda c: leases.release(c, held)).result()
    copying.into_database(file, empty)


def test_a_database_that_is_an_archive_is_not_filled(
    file: SqliteFile, postgresql_server: Server, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with postgresql_server.archive(tmp_path / "other") as used:
        with pytest.raises(ArchiveError, match="name an empty database"):
            copying.into_database(file, PostgresqlDatabase(used.url, tmp_path))
        with Archive(used) as archive, archive.read() as conn:
            assert conn.execute(select(t.articles)).all() == []


def test_a_web_server_that_is_connected_is_noticed(file: SqliteFile, empty: PostgresqlDatabase) -> None:
    copying.into_database(file, empty)
    server = create_engine(empty.url, connect_args={"application_name": "arshif 7 on elsewhere"}, poolclass=NullPool)
    with server.connect():
        with pytest.raises(Busy, match="process 7 on elsewhere has the archive open"):
            copying.into_file(empty)
        assert not file.path.exists()
    copying.into_file(empty)
    server.dispose()


def test_what_an_older_file_left_is_not_applied_to_the_new_one(file: SqliteFile, empty: PostgresqlDatabase) -> None:
    before = rows(file)
    copying.into_database(file, empty)
    left = sqlite.journal(file.path)
    there = {*file.folder.glob("before-*")}
    left.write_bytes(b"of an older file")
    copying.into_file(empty)
    assert rows(file) == before
    (aside,) = {*file.folder.glob("before-*")} - there
    assert (aside / left.name).read_bytes() == b"of an older file"


def test_a_writer_that_waited_for_a_copy_is_told(file: SqliteFile, empty: PostgresqlDatabase) -> None:
    with Archive(file) as waiting:
        copying.into_database(file, empty)
        with pytest.raises(ArchiveError):
            waiting.write(lambda c: runs.start(c, ["step"], NOW, owner="x")).result()
