"""An archive in PostgreSQL, as `archive:` in the settings gives it: what is done to it by the server's own commands."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from crawler.config import load
from crawler.monitoring import doctor
from index.archive.backup import KEEPING
from index.archive.data_folder import FILE
from index.archive.postgresql import PostgresqlDatabase
from index.errors import Busy
from index.locale import translate
from tests.integration.harness import ROOT, Harness, crawled
from tests.support.news_sites import Newsroom
from tests.support.postgresql import Server, about_a_file

DOC = ROOT / "docs" / "scale.md"


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with Newsroom(via="proxy", only=("english",)) as room:
        yield room


@pytest.fixture(scope="module")
def house(room: Newsroom, postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Harness:
    return crawled(Harness(room, tmp_path_factory.mktemp("postgresql"), postgresql_server))


def archive_of(house: Harness) -> str:
    return load(house.config, {}).settings.archive


def copied(*names: str, source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", *(source / name for name in names), target], check=True)


def test_a_copy_by_pg_dump_is_put_back(
    room: Newsroom, house: Harness, postgresql_server: Server, tmp_path: Path
) -> None:
    """As docs/scale.md has it."""
    house.arshif("backup", str(tmp_path / "copy"), code=1)
    assert "pg_dump" in house.log
    house.arshif("restore", str(tmp_path / "copy"), code=1)
    assert "pg_restore" in house.log
    (tmp_path / "copy").mkdir()
    dump = str(tmp_path / "copy" / "arshif.dump")
    (lock,) = re.findall(r"^SELECT pg_advisory_lock.*;$", DOC.read_text("utf-8"), re.MULTILINE)
    engine = create_engine(archive_of(house), poolclass=NullPool)
    with engine.connect() as held:
        held.execute(text(lock))
        with pytest.raises(Busy), PostgresqlDatabase(archive_of(house), house.data).lock(KEEPING):
            pass
        postgresql_server.client("pg_dump", "-Fc", "-f", dump, archive_of(house))
        copied("raw", FILE, source=house.data, target=tmp_path / "copy")
    engine.dispose()

    there = Harness(room, tmp_path / "there", postgresql_server)
    postgresql_server.client("pg_restore", "--no-owner", "-d", archive_of(there), dump)
    there.arshif("index", "rebuild", code=4)
    assert f"in {house.data} on " in there.log, "without the copy of its folder it is refused"
    copied("raw", FILE, source=tmp_path / "copy", target=there.data)
    there.arshif("index", "rebuild")
    assert there.documents() == house.documents()
    assert there.told("verify")["damaged"] == 0
    assert sorted(there.found("")) == sorted(house.found(""))
    assert there.crawl()["english"]["counts"]["stored"] == 0


@about_a_file
def test_an_archive_moves_from_its_file_into_a_database_and_back(
    room: Newsroom, postgresql_server: Server, tmp_path: Path
) -> None:
    house = crawled(Harness(room, tmp_path))
    before, file, url = house.documents(), house.data / "archive.sqlite3", postgresql_server.empty()
    house.arshif("copy", "--to", "file", code=1)
    assert "is in" in house.log
    there = house.told("copy", "--to", url)
    assert not file.exists()
    house.arshif("status", code=4)
    assert "set `archive` to the address" in house.log, "no empty archive is begun in its place"

    settings = house.config / "arshif.yaml"
    written = settings.read_text("utf-8")
    settings.write_text(f"{written}archive: {url}\n", "utf-8")
    assert house.documents() == before
    assert house.crawl()["english"]["counts"]["stored"] == 0
    assert len(house.found("")) == len(before)
    assert house.told("index", "verify")["differences"] == []
    back = house.told("copy", "--to", "file")
    assert back["tables"]["versions"] == there["tables"]["versions"]
    settings.write_text(written, "utf-8")
    assert house.documents() == before
    assert house.crawl()["english"]["counts"]["stored"] == 0
    assert house.told("verify")["damaged"] == 0


def held(server: Server, house: Harness, text: str) -> bool:
    """Whether a file of the archive's tables has this text."""
    server.run("CHECKPOINT")
    name = make_url(archive_of(house)).database
    oid = server.value(f"SELECT oid FROM pg_database WHERE datname = '{name}'")
    return any(text.encode() in file.read_bytes() for file in (server.folder / "data" / "base" / str(oid)).iterdir())


def test_what_was_forgotten_stays_until_vacuum_full_and_that_is_said(house: Harness, postgresql_server: Server) -> None:
    url, one = next(iter(house.documents("english").items()))
    assert held(postgresql_server, house, one.article.headline)
    told = house.told("forget", url, "--yes")
    assert (told["articles"], told["journal_emptied"]) == (1, False)
    assert "VACUUM FULL" in told["left"]
    assert held(postgresql_server, house, one.article.headline)
    postgresql_server.run("VACUUM FULL", archive_of(house))
    assert not held(postgresql_server, house, one.article.headline)
    house.arshif("forget", url, "--yes")
    assert "VACUUM FULL" in house.log


def test_the_doctor_warns_of_a_server_that_loses_what_it_confirmed(house: Harness) -> None:
    (found,) = [one for one in doctor.run_checks(load(house.config, {})) if one.what == "archive"]
    told = translate(found.told, "en")
    assert (found.verdict, "PostgreSQL" in told) == ("warning", True)
    assert "set fsync, full_page_writes and synchronous_commit to on" in told


def test_a_server_that_is_away_is_told_in_a_sentence(room: Newsroom, tmp_path: Path) -> None:
    house = Harness(room, tmp_path, settings={"archive": f"postgresql+psycopg:///arshif?host={tmp_path}"})
    for command in (("crawl",), ("status",), ("search", "x"), ("run",)):
        house.arshif(*command, code=4)
        assert "see that the server runs" in house.log
        assert len(house.log.splitlines()) == 1
    environment = house.env | {"ARSHIF_ARCHIVE": "postgresql+psycopg://me:MARKER@localhost/arshif"}
    command = [sys.executable, "-m", "crawler.cli", "status"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "PGPASSFILE" in done.stderr
    assert "MARKER" not in done.stderr
    assert not house.data.exists()
