"""Fixtures of the archive's tests, which run on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.archive import Archive
from index.archive.database import Database


@pytest.fixture
def archive(place: Database) -> Iterator[Archive]:
    """An empty archive."""
    with Archive(place) as it:
        yield it


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive in a file, for what is SQLite's own."""
    with Archive(tmp_path / "archive.sqlite3") as it:
        yield it
