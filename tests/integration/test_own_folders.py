"""Machines with data folders of their own, on one PostgreSQL, one bucket and one Elasticsearch."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest

from index.archive import data_folder
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.postgresql import Server

SITE = "fa"


@pytest.fixture
def house(postgresql_server: Server, bucket: str, elasticsearch_url: str, tmp_path: Path, room: Newsroom) -> Harness:
    index = {"engine": "elasticsearch", "url": elasticsearch_url, "prefix": f"t{uuid.uuid4().hex[:10]}"}
    return Harness(room, tmp_path, postgresql_server, settings={"raw": {"url": bucket}, "index": index})


@pytest.fixture
def other(house: Harness, tmp_path: Path) -> Harness:
    """The same on another machine, whose disk is empty."""
    there = copy(house)
    there.env = house.env | {"ARSHIF_DATA": str(tmp_path / "other"), "ARSHIF_MACHINE__NAME": "other"}
    return there


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with Newsroom(via="proxy", only=(SITE,)) as room:
        yield room


def test_what_one_stores_the_other_finds_goes_on_with_and_checks(
    house: Harness, other: Harness, room: Newsroom, tmp_path: Path
) -> None:
    house.crawl()
    stored = house.documents()
    news = room.publish(SITE)
    other.make_due(SITE)
    assert other.crawl()[SITE]["counts"]["stored"] == 1, "the others are known"
    assert len(house.documents()) == len(stored) + 1
    assert (tmp_path / "other" / data_folder.FILE).exists()
    assert not (tmp_path / "other" / "raw").exists()
    for machine in (house, other):
        assert "1 found" in machine.arshif("search", f'"{news.headline}"')
        report = machine.told("verify", "--within", "0")
        assert report["records"] > len(stored), "each has a raw copy"
        assert report["damaged"] == report["missing"] == 0


def test_one_whose_index_would_be_its_own_is_refused(house: Harness, other: Harness, tmp_path: Path) -> None:
    house.crawl()
    house.arshif("status")
    said = other.arshif("status", code=4, ARSHIF_INDEX__ENGINE="embedded")
    assert "cannot join the archive postgresql" in said + other.log
    assert not (tmp_path / "other" / data_folder.FILE).exists()
