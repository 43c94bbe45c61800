"""Fixtures of the archive's tests, which run on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from index.archive import Archive, article_counts
from index.archive.database import Database
from index.archive.tables import articles


@pytest.fixture
def archive(place: Database) -> Iterator[Archive]:
    """An empty archive, of which the numbers of articles are right afterwards."""
    with Archive(place) as it:
        yield it
        with it.read() as conn:
            counted = select(articles.c.site, func.count()).group_by(articles.c.site)
            assert article_counts.of_sites(conn) == {row[0]: row[1] for row in conn.execute(counted)}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive in a file, for what is SQLite's own."""
    with Archive(tmp_path / "archive.sqlite3") as it:
        yield it
