"""Fixtures that the tests of the index share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.archive import Archive
from tests.support.filled_archive import SearchFixture, fill, newsroom, page
from tests.support.postgresql import place


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive."""
    with Archive(place(tmp_path)) as it:
        yield it


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    """An archive and an embedded index with articles in several languages."""
    filled = fill(tmp_path_factory.mktemp("shelf"), map(page, newsroom()))
    yield filled
    filled.close()
