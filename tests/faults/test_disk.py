"""A disk that is full, one that cannot be written, and a database that somebody holds: delay, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.ledger import ARSHIF, PATIENCE, House, articles_of, check_settled, check_sound

SMALL, LARGE = "1200k", "64m"  # of a disk; a crawl of the newsroom writes about 3 MB
HELD = 4.0  # s for which somebody holds the database: well below the 30 s that a writer waits


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True, timeout=30)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a test's own, with nothing on it."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("a small disk is mounted for this test, which needs root")
    try:
        mount("-t", "tmpfs", "-o", f"size={LARGE}", "tmpfs", str(place))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk cannot be mounted here: {error}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True, timeout=30)


def crawl(house: House) -> tuple[int, str]:
    process = house.start(*ARSHIF, "crawl")
    told, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, told


def test_a_full_disk(disk: Path, build: Callable[..., House], undisturbed: dict[str, Any]) -> None:
    house = build(disk / "data")
    mount("-o", f"remount,size={SMALL}", str(disk))
    code, told = crawl(house)
    assert code == 4, told
    assert "full" in told or "No space left" in told

    mount("-o", f"remount,size={LARGE}", str(disk))
    check_sound(house)
    assert articles_of(house).keys() < undisturbed.keys()
    assert crawl(house)[0] == 0
    check_settled(house)
    assert articles_of(house) == undisturbed


def test_a_disk_that_cannot_be_written(disk: Path, build: Callable[..., House], undisturbed: dict[str, Any]) -> None:
    house = build(disk / "data")
    house.arshif("crawl", "english")
    before = articles_of(house)
    mount("-o", "remount,ro", str(disk))
    code, told = crawl(house)
    assert code == 4, told
    assert "writable" in told or "Read-only" in told

    mount("-o", "remount,rw", str(disk))
    check_sound(house)
    assert articles_of(house) == before
    assert crawl(house)[0] == 0
    check_settled(house)
    assert articles_of(house) == undisturbed


def test_a_database_that_somebody_holds(
    build: Callable[..., House], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    house = build(tmp_path / "data")
    house.arshif("crawl", "english")
    over = threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(tmp_path / "data" / "archive.sqlite3", timeout=30)) as connection:
            while not over.is_set():
                connection.execute("BEGIN IMMEDIATE")
                time.sleep(HELD)
                connection.execute("ROLLBACK")
                time.sleep(0.5)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        code, told = crawl(house)
    finally:
        over.set()
        thread.join()
    assert code == 0, told
    check_settled(house)
    assert articles_of(house) == undisturbed
