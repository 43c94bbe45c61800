"""Killed within a compaction, at each of its stages and at times that nobody chose: every raw response stays readable,
what is forgotten is gone, and the same command again does it."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from itertools import count
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from sqlalchemy import select

from crawler.config import load
from crawler.maintenance.compaction import compact
from crawler.storage import open_archive, open_raw
from index.archive import tables as t
from index.archive import warc_files
from tests.faults.consistency import Installation
from tests.faults.kill_at import POINTS
from tests.support.archive_samples import NOW
from tests.support.long_form import LONG, LONG_MARKS
from tests.support.patience import LOOK
from tests.support.raw_files import RUN, crawl, names, raw_folder, says, whole

KILLS = 500 if LONG else 15
FILES, PAGES = 4, 3  # before each kill

pytestmark = LONG_MARKS


@pytest.fixture
def house(tmp_path: Path) -> Installation:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "arshif.yaml").write_text("least_free: 1\n", "utf-8")
    return Installation(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path / "data")})


@pytest.mark.parametrize("stage", [stage for stage in POINTS if stage.startswith("compact")])
def test_a_killed_compaction(house: Installation, stage: str) -> None:
    config = house.loaded()
    folder = raw_folder(config)
    with open_archive(config) as archive:
        for run in range(1, FILES + 1):
            crawl(archive, folder, run, PAGES)

    ended, told = house.ended("tests.faults.kill_at", stage, "", "raw", "compact")
    assert ended == -signal.SIGKILL, f"{stage!r} was not reached\n{told}"

    with open_archive(config) as archive, open_raw(config, archive) as raw:
        assert whole(archive, raw) == FILES * PAGES
    house.arshif("forget", f"{RUN}2/1", "--yes")
    assert says(folder, f"said at {RUN}2/1<") == [], "not even in what the kill left behind"
    house.arshif("raw", "compact")
    with open_archive(config) as archive, open_raw(config, archive) as raw:
        assert whole(archive, raw) == FILES * PAGES - 1
    assert len(names(folder)) == 1, "nothing is left of the attempt"
    house.arshif("verify")


def crawl_and_compact(config: Path, data: Path, first: int, stored: Event) -> None:
    """Crawls, whose files are merged as soon as there are some, until it is killed; tells when the first has `stored`
    its pages."""
    settings = load(config, {"ARSHIF_DATA": str(data)})
    with open_archive(settings) as archive:
        for run in count(first):
            crawl(archive, raw_folder(settings), run, PAGES)
            stored.set()
            if run % FILES == 0:
                compact(archive, settings, NOW, at_once=True)


@pytest.mark.timeout(0 if LONG else 3_600)
def test_kills_at_random_times(house: Installation) -> None:
    dice, data = random.Random("compact"), Path(house.settings["ARSHIF_DATA"])
    forks = multiprocessing.get_context("fork")
    config, most, first = house.loaded(), 0, 1
    for _ in range(KILLS):
        stored = forks.Event()
        child = forks.Process(target=crawl_and_compact, args=(house.config, data, first, stored))
        child.start()
        while not stored.wait(LOOK):
            assert child.is_alive()
        time.sleep(dice.uniform(0, 1.5))
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        with open_archive(config) as archive, open_raw(config, archive) as raw:
            found = whole(archive, raw)
            assert found >= most + PAGES
            most, first = found, first + 1_000
    house.arshif("raw", "compact")
    with open_archive(config) as archive, open_raw(config, archive) as raw:
        assert whole(archive, raw) == most
    with open_archive(config) as archive, archive.read() as conn:
        assert len(warc_files.referred(conn)) == 1
        assert conn.execute(select(t.discarded_files)).all() == []
    assert len([name for name in names(raw_folder(config)) if "compacted" in name]) == 1, "no draft is left either"
    house.arshif("verify")
