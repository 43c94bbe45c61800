"""Killed at each stage of the path and started again, a crawl leaves what an undisturbed one does, each once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from crawler.processes import crawl_process
from crawler.storage import open_archive, open_index
from index.search import indexer
from tests.faults.consistency import Installation, articles_of, check_settled, check_sound, clear
from tests.faults.kill_at import COPYING, IN_BUCKET, KEEPING, LARGE_JOBS, POINTS, SHIPPING
from tests.support.news_sites import Newsroom
from tests.support.patience import cpu_within
from tests.support.postgresql import Server

RECOVERY = 2.0  # s of CPU until a killed crawl's archive is open again, its run buried and its raw copies mended
SHIPS = [stage for stage in POINTS if stage.startswith(SHIPPING)]
CRAWLS = {  # each is killed at its stages one after the other, every time a little further on
    part: [stage for stage in POINTS if stage.startswith(part)]
    for part in (("run", "discover"), ("fetch", "extract"), ("raw",), ("store", "end"))
}


def kill(house: Installation, stage: str, *call: str) -> None:
    ended, told = house.ended("tests.faults.kill_at", stage, *call)
    assert ended == -signal.SIGKILL, f"{stage!r} was not reached\n{told}"
    with cpu_within(RECOVERY), open_archive(house.loaded()) as archive:
        crawl_process.reap_dead_runs(house.loaded(), archive)
    check_sound(house)


def test_every_stage_is_here() -> None:
    keeps = [stage for stage in POINTS if stage.startswith(KEEPING)]  # tests/faults/test_maintenance.py
    elsewhere = [stage for stage in POINTS if stage.startswith((*IN_BUCKET, *LARGE_JOBS, *COPYING))]
    assert sorted([*SHIPS, *chain(*CRAWLS.values()), *keeps, *elsewhere]) == sorted(POINTS)
    assert len(POINTS) >= 25


@pytest.fixture
def empty(engine: dict[str, str], build: Callable[..., Installation], tmp_path: Path) -> Iterator[Installation]:
    """A house where nothing was crawled yet."""
    house = build(tmp_path / "data", **engine)
    yield house
    clear(house)


@pytest.fixture
def in_postgresql(postgresql_server: Server, build: Callable[..., Installation], tmp_path: Path) -> Installation:
    """The same with its archive in PostgreSQL."""
    return build(tmp_path / "data", ARSHIF_ARCHIVE=postgresql_server.empty())


LONG_TOO = [part if "store" in part else pytest.param(part, marks=pytest.mark.long) for part in CRAWLS]


@pytest.mark.parametrize("part", LONG_TOO, ids=" and ".join)
def test_a_killed_crawl_into_postgresql(
    part: tuple[str, ...], in_postgresql: Installation, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    test_a_killed_crawl(part, in_postgresql, undisturbed, tmp_path)


@pytest.mark.parametrize("part", CRAWLS, ids=" and ".join)
def test_a_killed_crawl(
    part: tuple[str, ...], empty: Installation, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    house = empty
    for stage in CRAWLS[part]:
        before = articles_of(house) if (tmp_path / "data").exists() else {}
        left = before != undisturbed or stage.startswith("end")  # where a run may have come to its end all the same
        assert left, f"nothing was left to do when it came to {stage!r}"
        kill(house, stage)
        assert articles_of(house).keys() <= undisturbed.keys()

    house.arshif("crawl")
    check_settled(house)
    assert articles_of(house) == undisturbed


def test_killed_between_the_index_of_sitemaps_and_those(calm_room: Newsroom, tmp_path: Path) -> None:
    config = calm_room.config(tmp_path / "config", kinds=["sitemap"])
    house, calm = (Installation(config, {"ARSHIF_DATA": str(tmp_path / name)}) for name in ("data", "calm"))
    for call in ("1", "2"):
        kill(house, "discover: after its transaction", call)
    house.arshif("crawl")
    calm.arshif("crawl")
    assert articles_of(house) == articles_of(calm)
    asked = len(calm_room.log)
    calm.arshif("crawl")
    answers = [request.status for request in calm_room.log[asked:] if "robots" not in request.path]
    assert set(answers) == {304}, "an index that was read with all its parts is asked with its validators"


@pytest.mark.parametrize("stage", SHIPS)
def test_a_killed_shipper(stage: str, unshipped: Installation, undisturbed: dict[str, Any]) -> None:
    kill(unshipped, stage)

    with open_archive(unshipped.loaded()) as archive, open_index(unshipped.loaded()) as engine:
        indexer.index_pending(archive, engine)
    check_settled(unshipped)
    assert articles_of(unshipped) == undisturbed
