"""Killed within a backup, a restore or a forgetting: nothing is lost, nothing half is taken for whole, and the same
command again does it."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path

import pytest

from crawler.storage import open_archive, open_index
from index.archive.backup import check
from index.errors import ArchiveError, WrongPlace
from index.search import indexer
from tests.faults.consistency import Installation, articles_of, check_sound, indexed
from tests.faults.kill_at import POINTS


def points(command: str) -> list[str]:
    return [stage for stage in POINTS if stage.startswith(command)]


@pytest.fixture
def house(unshipped: Installation) -> Installation:
    """A crawled house with its index."""
    ship(unshipped)
    return unshipped


def ship(house: Installation) -> None:
    with open_archive(house.loaded()) as archive, open_index(house.loaded()) as engine:
        indexer.index_pending(archive, engine)


def kill(house: Installation, stage: str, *command: str) -> None:
    ended, told = house.ended("tests.faults.kill_at", stage, "", *command)
    assert ended == -signal.SIGKILL, f"{stage!r} was not reached\n{told}"


def test_a_backup(house: Installation, tmp_path: Path) -> None:
    before = articles_of(house)
    for number, stage in enumerate(points("backup")):
        kill(house, stage, "backup", str(tmp_path / f"{number}"))
        with pytest.raises(WrongPlace, match="is no whole copy"):
            check(tmp_path / f"{number}")
    house.arshif("backup", str(tmp_path / "whole"))
    assert check(tmp_path / "whole").articles == len(before)
    assert articles_of(house) == before
    check_sound(house)


def test_a_restore(house: Installation, tmp_path: Path) -> None:
    before, data = articles_of(house), tmp_path / "data"
    house.arshif("backup", str(tmp_path / "copy"))
    for stage in points("restore"):
        kill(house, stage, "restore", str(tmp_path / "copy"), "--force")
        if (data / "archive.sqlite3").exists():
            assert articles_of(house) == before, stage
        else:
            with pytest.raises(ArchiveError, match="a restore was broken off"):
                articles_of(house)  # no empty archive is begun
    house.arshif("restore", str(tmp_path / "copy"), "--force")
    assert articles_of(house) == before
    assert list(data.glob("restoring-*")) == []
    kept = [file for file in data.glob("before-*/archive.sqlite3") if _articles(file) == len(before)]
    assert kept, "the archive that was there before is kept"
    check_sound(house)
    ship(house)
    assert indexed(house).keys() == before.keys()


def _articles(archive: Path) -> int:
    with sqlite3.connect(archive) as connection:
        found: int = connection.execute("SELECT count(*) FROM articles").fetchone()[0]
    connection.close()
    return found


def test_a_forgetting(house: Installation) -> None:
    left = articles_of(house)
    for stage, id_ in zip(points("forget"), sorted(left), strict=False):
        url = left[id_]["address"]
        kill(house, stage, "forget", url, "--yes")
        assert articles_of(house).keys() >= left.keys() - {id_}
        house.arshif("forget", url, "--yes")
        del left[id_]
        assert articles_of(house).keys() == left.keys()
        check_sound(house)
        ship(house)
        assert indexed(house).keys() == left.keys()
