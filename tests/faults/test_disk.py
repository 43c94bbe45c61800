"""A disk that is full, one that cannot be written, and a database that somebody holds: delay, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import disk_usage
from typing import Any

import pytest

from crawler import disk_space
from crawler.config import load
from index.archive import runs as records
from index.archive import site_state
from tests.faults.consistency import ARSHIF, Installation, articles_of, check_settled, check_sound
from tests.integration.daemon_process import daemon
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE, wait_for
from tests.support.requirements import missing

SMALL, LARGE = "1200k", "64m"  # of a disk; a crawl of the newsroom writes about 3 MB
HELD, TIMES = 4.0, 3  # s for which somebody holds the database, and how often: less than the 30 s that a writer waits


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True, timeout=PATIENCE)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a test's own, with nothing on it."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        missing("a small disk is mounted for this test, which needs root")
    try:
        mount("-t", "tmpfs", "-o", f"size={LARGE}", "tmpfs", str(place))
    except (OSError, subprocess.CalledProcessError) as error:
        missing(f"a small disk cannot be mounted here: {error}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True, timeout=PATIENCE)


def crawl(house: Installation) -> tuple[int, str]:
    process = house.start(*ARSHIF, "crawl")
    told, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, told


def test_a_full_disk(disk: Path, build: Callable[..., Installation], undisturbed: dict[str, Any]) -> None:
    house = build(disk / "data", ARSHIF_LEAST_FREE="0")
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


def test_a_disk_that_is_nearly_full_stops_crawls_until_there_is_room(disk: Path, tmp_path: Path) -> None:
    """Before they start and while they run; it is told once, and nobody is needed for it to go on."""
    (tmp_path / "data").symlink_to(disk)
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path)
        house.env |= {"ARSHIF_LEAST_FREE": str(8 << 20)}
        with daemon(house, "--no-web") as service:
            service.wait_for(lambda: statuses(house)["ok"] >= 2)
            room.hang("fr", 1.0)
            service.wait_for(lambda: statuses(house)["running"])
            ballast = disk / "ballast"
            ballast.write_bytes(bytes(disk_usage(disk).free - (6 << 20)))
            service.says("no crawl starts: ")
            service.says("must stay free (least_free): make room")
            service.wait_for(lambda: not statuses(house)["running"])
            room.hang("fr", 0)
            assert statuses(house)["disk full"] + statuses(house)["ok"] == sum(statuses(house).values())
            refused = house.arshif("crawl", code=4)
            assert "make room" in refused + house.log
            stopped = sum(statuses(house).values())
            time.sleep(4)  # longer than between two crawls
            assert sum(statuses(house).values()) == stopped

            ballast.unlink()
            service.says("there is room on the disk again")
            service.wait_for(lambda: statuses(house)["ok"] > stopped)
            assert service.end() == 0
            assert service.log.count("no crawl starts") == 1
    told = house.told("alerts")
    assert [(alert["site"], alert["verdict"]) for alert in told] == [("the disk", None), ("the disk", "nearly full")]
    with house.archive() as conn:
        assert site_state.state(conn, "fr").failures == 0, "it is not the site's fault"


def test_raw_copies_on_a_mount_need_room_there(disk: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "arshif.yaml").write_text(f"least_free: {16 << 20}\n", "utf-8")
    settings = load(config, {"ARSHIF_DATA": str(tmp_path), "ARSHIF_RAW__URL": (disk / "raw").as_uri()}).settings
    left = disk_usage(disk).free
    assert disk_space.shortage(settings) is None
    assert disk_space.free(settings) == left
    assert disk_space.shortage(settings, more=left - (17 << 20)) is None
    for lack in (
        disk_space.shortage(settings, more=left - (15 << 20)),
        disk_space.shortage(settings.model_copy(update={"least_free": left + 1})),
    ):
        assert lack is not None
        assert lack.params["folder"] == str(disk / "raw")
    in_bucket = settings.model_copy(update={"raw": settings.raw.model_copy(update={"url": "s3://bucket/raw"})})
    lack = disk_space.shortage(in_bucket, more=disk_usage(tmp_path).free)
    assert lack is not None, "a draft is written in the data folder"
    assert lack.params["folder"] == str(tmp_path)


def statuses(house: Harness) -> Counter[str]:
    """How the runs went so far."""
    with house.archive() as conn:
        return Counter(run.status for run in records.recent(conn, 1_000))


def test_a_disk_that_cannot_be_written(
    disk: Path, build: Callable[..., Installation], undisturbed: dict[str, Any]
) -> None:
    house = build(disk / "data", ARSHIF_LEAST_FREE="0")
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
    build: Callable[..., Installation], calm_room: Newsroom, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    house = build(tmp_path / "data")
    house.arshif("crawl", "english")
    before = len(calm_room.log)
    held = []

    def hold() -> None:
        wait_for(lambda: len(calm_room.log) > before)  # the crawl is under way
        with closing(sqlite3.connect(tmp_path / "data" / "archive.sqlite3", timeout=PATIENCE)) as connection:
            for _ in range(TIMES):
                connection.execute("BEGIN IMMEDIATE")
                time.sleep(HELD)
                connection.execute("ROLLBACK")
                held.append(process.poll())

    process = house.start(*ARSHIF, "crawl")
    thread = threading.Thread(target=hold)
    thread.start()
    told, _ = process.communicate(timeout=PATIENCE)
    thread.join()
    assert process.returncode == 0, told
    assert held[0] is None, "it waited for who held it"
    check_settled(house)
    assert articles_of(house) == undisturbed
