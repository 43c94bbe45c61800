"""A newsroom that stays as it is, and what an undisturbed crawl makes of it."""

from __future__ import annotations

import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.consistency import Installation, articles_of, check_settled, clear
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE

SITES = ("jannah", "english")  # four kinds of sources, two languages, copies under two addresses; 33 pages


@pytest.fixture(scope="session")
def calm_room() -> Iterator[Newsroom]:
    """Nothing happens here."""
    with Newsroom(only=SITES) as room:
        yield room


@pytest.fixture(scope="session")
def build(calm_room: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Installation]:
    """Gives a house of its own that crawls the calm newsroom."""
    config = calm_room.config(tmp_path_factory.mktemp("config") / "config")

    def give(data: Path, **settings: str) -> Installation:
        return Installation(config, {"ARSHIF_DATA": str(data), **settings})

    return give


@pytest.fixture(params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def engine(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings that lead to an index of a test's own."""
    settings = {"ARSHIF_INDEX__ENGINE": request.param, "ARSHIF_INDEX__PREFIX": f"t{uuid.uuid4().hex[:10]}"}
    if request.param == "elasticsearch":
        settings["ARSHIF_INDEX__URL"] = request.getfixturevalue("elasticsearch_url")
    return settings


@pytest.fixture(scope="session")
def crawled(build: Callable[..., Installation], tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A house whose articles were stored, and not brought to any index."""
    house = build(tmp_path_factory.mktemp("crawled") / "data")
    process = house.start(sys.executable, "-m", "scrapy", "crawl", "site")
    told, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told
    return house


@pytest.fixture
def unshipped(
    engine: dict[str, str], crawled: Installation, build: Callable[..., Installation], tmp_path: Path
) -> Iterator[Installation]:
    """The same to break things in, with either engine."""
    shutil.copytree(crawled.settings["ARSHIF_DATA"], tmp_path / "data")
    house = build(tmp_path / "data", **engine)
    yield house
    clear(house)


@pytest.fixture(scope="session")
def undisturbed(build: Callable[..., Installation], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The articles of a crawl that nobody disturbed."""
    house = build(tmp_path_factory.mktemp("undisturbed") / "data")
    house.arshif("crawl")
    check_settled(house)
    found = articles_of(house)
    assert all(len(article["texts"]) == 1 for article in found.values())
    return found
