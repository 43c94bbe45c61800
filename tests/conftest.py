"""What tests of several folders need."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from crawler.fetch.rendering.settings import find_browser
from index.archive.database import Database, SqliteFile
from index.locale import catalogues
from tests.support import object_store as s3
from tests.support import postgresql
from tests.support.elasticsearch import server
from tests.support.requirements import missing

catalogues.strict = True  # a key without an entry fails the test that meets it

# Examples have all the time there is (hypothesis gives each 200 ms), and may share a fixture that a test made for all.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("patient")

# Files whose tests take more than a minute in all, the longest first: begun first, so that all of xdist's workers end
# at about the same time
LONGEST = (
    "integration/test_machines.py",
    "integration/test_daemon.py",
    "security/test_penalties.py",
    "faults/test_object_store.py",
    "engines/test_secured.py",
    "integration/test_requests.py",
    "faults/test_random_kills.py",
    "quality/test_pages.py",
    "integration/test_schedule_for_months.py",
    "security/test_sites.py",
    "security/test_lag.py",
    "security/test_retry_after.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the LONGEST first."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """A real Elasticsearch 9: that of ARSHIF_TEST_ELASTICSEARCH, or one of our own for this session."""
    if given := os.environ.get("ARSHIF_TEST_ELASTICSEARCH"):
        yield given
        return
    try:
        with server.lent(lambda line: print(line, file=sys.__stderr__, flush=True), server.BRIEF) as url:
            yield url
    except server.CannotRun as problem:
        missing(f"{problem} Or give the address of a running one in ARSHIF_TEST_ELASTICSEARCH.")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """A real PostgreSQL for this session."""
    with postgresql.serving() as server:
        yield server


@pytest.fixture(scope="session")
def object_store() -> Iterator[s3.ObjectStore]:
    """A real S3 server for this session."""
    with s3.serving() as server:
        yield server


@pytest.fixture
def bucket(object_store: s3.ObjectStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty bucket, for `raw.url`, whose keys are in the environment."""
    for name, value in s3.KEYS.items():
        monkeypatch.setenv(name, value)
    return object_store.bucket()


@pytest.fixture(scope="session", autouse=True)
def _everywhere(request: pytest.FixtureRequest) -> None:
    """ARSHIF_TEST_DATABASE=postgresql: each archive of an integration test is in PostgreSQL."""
    if postgresql.EVERYWHERE:
        postgresql.everywhere = request.getfixturevalue("postgresql_server")


@pytest.fixture
def database_server(request: pytest.FixtureRequest) -> postgresql.Server | None:
    """Where a test's harness has its archive: None for a file. It is PostgreSQL too for tests that are `on_both`."""
    on_postgresql = getattr(request, "param", "sqlite") == "postgresql"
    found: postgresql.Server | None = request.getfixturevalue("postgresql_server") if on_postgresql else None
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Where a test's archive is: a test that uses it runs on each kind of database."""
    if request.param == "sqlite":
        yield SqliteFile(tmp_path / "archive.sqlite3")
        return
    server: postgresql.Server = request.getfixturevalue("postgresql_server")
    with server.archive(tmp_path) as database:
        yield database


@pytest.fixture(scope="session")
def chromium() -> str:
    """A browser for the sites that need one."""
    if (found := find_browser("")) is None:
        missing("no Chromium here, which renders pages: apt install chromium-headless-shell")
    return found


@pytest.fixture
def own_log() -> Iterator[None]:
    """For tests that call what sets the log up for a process: that ends with the test."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
