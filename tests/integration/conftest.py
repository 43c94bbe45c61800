"""A newsroom and Arshif beside it: the commands in processes of their own, the archive and both engines as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.harness import Harness, crawled
from tests.support.news_sites import Newsroom

SITES = ("jannah", "arabic2", "english", "old", "fa", "fr", "ru", "zh")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Harness]:
    """A newsroom of its own for a test, not crawled yet."""
    with Newsroom(via="proxy") as room:
        yield Harness(room, tmp_path)


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """The newsroom's sites that need no browser, crawled once; nobody changes them, so that tests can share them."""
    with Newsroom(via="proxy", only=SITES) as room:
        yield crawled(Harness(room, tmp_path_factory.mktemp("settled")))
