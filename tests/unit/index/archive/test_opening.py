"""Opening the archive: created once, never replaced, brought to today's tables, safe among processes."""

import multiprocessing
import os
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, insert, select, text, update

from index.archive import Archive, articles, documents, migrate, site_state, sqlite
from index.archive.tables import metadata
from index.archive.tables import sites as site_table
from index.errors import ArchiveError
from tests.support.archive_samples import article, page
from tests.support.patience import PATIENCE

SPAWN = multiprocessing.get_context("spawn")
FORK = multiprocessing.get_context("fork")
TURNS = 400  # read-then-write transactions of each process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "archive.sqlite3"


def test_it_creates_what_is_missing_and_finds_it_again(path: Path) -> None:
    with Archive(path) as archive:
        outcome = archive.write(lambda c: articles.store(c, page(article()))).result()
    with Archive(path) as again, again.read() as conn:
        found = documents.document(conn, outcome.id)
    assert found is not None
    assert found.article == article()


def test_a_process_that_opens_it_twice_keeps_its_journal(path: Path) -> None:
    with Archive(path) as archive, archive.read() as conn:
        before = documents.count(conn)
        Archive(path).close()
        another = SPAWN.Process(target=store_one, args=(path,))  # the last to close it would take its journal away
        another.start()
        another.join(PATIENCE)
        assert another.exitcode == 0
        journal = path.with_name(f"{path.name}-wal").stat().st_ino
        assert journal in {os.fstat(int(one.name)).st_ino for one in Path("/proc/self/fd").iterdir() if one.exists()}
        assert documents.count(conn) == before, "one snapshot"
    with Archive(path) as archive, archive.read() as conn:
        assert documents.count(conn) == before + 1


def store_one(path: Path) -> None:
    with Archive(path) as archive:
        archive.write(lambda c: articles.store(c, page(article()))).result()


def test_the_file_is_wal_full_and_holds_references(path: Path) -> None:
    with Archive(path) as archive:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ask = [f"PRAGMA {name}" for name in pragmas]
        found = archive.write(lambda c: [c.exec_driver_sql(one).scalar() for one in ask]).result()
    assert found == ["wal", 2, 1, 30_000]


@pytest.fixture
def migrated(path: Path) -> Iterator[Connection]:
    """An archive that all migrations have made, one after another."""
    path.parent.mkdir()
    engine = sqlite.open_engine(path, writer=True)
    with engine.begin() as connection:
        migrate.migrate(connection)
        yield connection
    engine.dispose()


def test_migrations_lead_to_the_tables_of_the_code(migrated: Connection) -> None:
    context = MigrationContext.configure(migrated, opts={"compare_type": False, "compare_server_default": True})
    assert compare_metadata(context, metadata) == []
    assert ScriptDirectory(str(migrate.MIGRATIONS)).get_heads() == [migrate.HEAD]


def test_an_archive_that_is_created_is_what_the_migrations_make(path: Path, migrated: Connection) -> None:
    with Archive(path.with_name("created.sqlite3")) as archive, archive.read() as created:
        assert made(created) == made(migrated)


def made(conn: Connection) -> dict[str, tuple[str, set[Any], Any]]:
    """The tables with their columns, which may be in any order, and what they refer to; and the indexes."""
    found = {}
    for kind, name, of, sql in conn.execute(text("SELECT type, name, tbl_name, sql FROM sqlite_master")):
        if kind == "table":
            columns = {tuple(row)[1:] for row in conn.execute(text(f"PRAGMA table_info('{name}')"))}
            refers = sorted(tuple(row)[2:] for row in conn.execute(text(f"PRAGMA foreign_key_list('{name}')")))
            rows = conn.execute(text(f"SELECT count(*) FROM '{name}'")).scalar()
            found[name] = ("table", columns, (refers, rows))
        else:
            columns = {(row.seqno, row.name, row.desc) for row in conn.execute(text(f"PRAGMA index_xinfo('{name}')"))}
            where = "".join((sql or "").partition(" WHERE ")[2].split())
            found[name] = (f"index of {of}", columns, where)
    return found


def test_migrations_make_each_column_with_its_type_and_null(migrated: Connection) -> None:
    for table in metadata.sorted_tables:
        found = {row.name: row for row in migrated.execute(text(f"PRAGMA table_info({table.name})"))}
        for column in table.columns:
            assert found[column.name].type == column.type.compile(migrated.dialect), column
            assert bool(found[column.name].notnull) == (not column.nullable), column


def damage_zeros(path: Path) -> None:
    path.write_bytes(b"\0" * 100_000)


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_text(path: Path) -> None:
    path.write_text("<html>not found</html>", "utf-8")


@pytest.mark.parametrize("damage", [damage_zeros, damage_empty, damage_cut, damage_text])
def test_a_damaged_file_is_named_and_left_alone(path: Path, damage: Callable[[Path], None]) -> None:
    Archive(path).close()
    damage(path)
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match=r"archive\.sqlite3.*(restore|move)"):
        Archive(path)
    assert path.read_bytes() == before


def test_damage_in_the_middle_is_told_when_it_is_met(path: Path) -> None:
    with Archive(path) as archive:
        archive.write(lambda c: [articles.store(c, page(article(f"https://step.example/{n}"))) for n in range(50)])
    data = bytearray(path.read_bytes())
    data[8192:-4096] = b"\xff" * (len(data) - 8192 - 4096)
    path.write_bytes(data)
    with pytest.raises(ArchiveError, match="restore it from a backup"), Archive(path) as archive:  # noqa: SIM117
        with archive.read() as conn:
            documents.document(conn, article("https://step.example/7").id)


def test_a_newer_schema_is_told(path: Path) -> None:
    with Archive(path) as archive:
        archive.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'"))).result()
    with pytest.raises(ArchiveError, match=r"written by a newer Arshif \(schema 9999"):
        Archive(path)


def test_another_programs_database_is_told(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (id INTEGER)")
    connection.close()
    with pytest.raises(ArchiveError, match="no archive of Arshif"):
        Archive(path)


def test_a_journal_without_its_archive_is_told(path: Path) -> None:
    archive = Archive(path)
    archive.write(lambda c: site_state.put(c, "step", name="Step")).result()
    os.rename(path, path.with_suffix(".away"))
    with pytest.raises(ArchiveError, match=r"its journal archive\.sqlite3-wal is there"):
        Archive(path)
    assert not path.exists()
    os.rename(path.with_suffix(".away"), path)
    archive.close()


def test_a_killed_creation_starts_over(path: Path) -> None:
    path.parent.mkdir()
    path.with_name(path.name + ".new").write_bytes(b"half")
    with Archive(path) as archive, archive.read() as conn:
        assert site_state.states(conn) == []


def test_an_unwritable_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be", "ascii")
    with pytest.raises(ArchiveError, match="make its folder writable"):
        Archive(tmp_path / "data" / "archive.sqlite3")


def test_an_older_schema_is_migrated_without_loss(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Archive(path).close()
    monkeypatch.setattr(migrate, "HEAD", "0000")  # as if this program's newest were another than the file's
    ran: list[str] = []
    monkeypatch.setattr(migrate, "migrate", lambda _: ran.append("ran"))
    Archive(path).close()
    assert ran == ["ran"]


def test_an_error_rolls_back_and_the_next_one_is_stored(path: Path) -> None:
    def fail(conn: Connection) -> None:
        site_state.put(conn, "bad")
        raise ValueError("no")

    with Archive(path) as archive:
        with pytest.raises(ValueError, match="no"):
            archive.write(fail).result()
        archive.write(lambda c: site_state.put(c, "good")).result()
        with archive.read() as conn:
            assert [site.id for site in site_state.states(conn)] == ["good"]


def test_a_full_disk_is_told_and_costs_one_transaction(path: Path) -> None:
    with Archive(path) as archive:
        pages = archive.write(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one()).result()
        archive.write(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages}")).result()
        with pytest.raises(ArchiveError, match="disk is full"):
            archive.write(lambda c: site_state.put(c, "step", homepage="x" * 500_000)).result()
        archive.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count=1000000")).result()
        archive.write(lambda c: site_state.put(c, "step")).result()


def test_a_reader_sees_one_moment_and_cannot_write(path: Path) -> None:
    with Archive(path) as archive, archive.read() as conn:
        assert conn.scalar(select(func.count()).select_from(site_table)) == 0
        archive.write(lambda c: site_state.put(c, "step")).result()
        assert conn.scalar(select(func.count()).select_from(site_table)) == 0
        with pytest.raises(ArchiveError, match=r"archive\.sqlite3 cannot be written"), archive.read() as other:
            site_state.put(other, "bad")


def test_close_waits_for_what_was_asked(path: Path) -> None:
    archive = Archive(path)
    for n in range(50):
        archive.write(lambda c, n=n: site_state.put(c, f"site-{n}"))  # type: ignore[misc]
    archive.close()
    with Archive(path) as again, again.read() as conn:
        assert len(site_state.states(conn)) == 50


# --- several processes ---------------------------------------------------------------------------------------------


def add(path: Path, turns: int) -> int:
    """Count up by reading and then writing, each in one transaction; gives how many failed."""

    def turn(conn: Connection) -> None:
        seen = conn.execute(select(site_table.c.failures).where(site_table.c.id == "step")).scalar_one()
        conn.execute(update(site_table).where(site_table.c.id == "step").values(failures=seen + 1))

    with Archive(path) as archive:
        return sum(archive.write(turn).exception() is not None for _ in range(turns))


def test_three_processes_write_without_a_failure(path: Path) -> None:
    with Archive(path) as archive:
        archive.write(lambda c: c.execute(insert(site_table).values(id="step", failures=0))).result()
    with SPAWN.Pool(3) as pool:
        failures = pool.starmap(add, [(path, TURNS)] * 3)
    with Archive(path) as archive, archive.read() as conn:
        assert (failures, site_state.state(conn, "step").failures) == ([0, 0, 0], 3 * TURNS)


def opened(path: Path) -> int:
    with Archive(path) as archive:
        archive.write(lambda c: site_state.put(c, str(os.getpid()))).result()
    return os.getpid()


def test_several_processes_create_it_at_once(path: Path) -> None:
    with SPAWN.Pool(3) as pool:
        pids = set(pool.map(opened, [path] * 6, chunksize=1))
    with Archive(path) as archive, archive.read() as conn:
        assert {site.id for site in site_state.states(conn)} == {str(pid) for pid in pids}


def use(archive: Archive, name: str) -> None:
    archive.write(lambda c: site_state.put(c, name)).result()
    with archive.read() as conn:
        assert site_state.state(conn, name).id == name
    archive.close()


@pytest.mark.parametrize("context", [SPAWN, FORK], ids=["spawn", "fork"])
def test_an_open_archive_can_be_given_to_a_child(path: Path, context: multiprocessing.context.SpawnContext) -> None:
    with Archive(path) as archive:
        archive.write(lambda c: site_state.put(c, "parent")).result()
        child = context.Process(target=use, args=(archive, "child"))
        child.start()
        archive.write(lambda c: site_state.put(c, "meanwhile")).result()
        child.join(PATIENCE)
        assert child.exitcode == 0
        archive.write(lambda c: site_state.put(c, "after")).result()
        with archive.read() as conn:
            assert [site.id for site in site_state.states(conn)] == ["after", "child", "meanwhile", "parent"]


def test_a_pickled_archive_opens_the_same_file(path: Path) -> None:
    with Archive(path) as archive, pickle.loads(pickle.dumps(archive)) as other:
        assert other.path == archive.path
