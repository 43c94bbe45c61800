"""Raw copies in a bucket: a crawl that is killed between a segment and the transaction that refers to it, and a server
that is away in the middle of a crawl."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.processes import crawl_process
from crawler.storage import open_archive, open_index, own_raw_place
from index.archive import raw_files, warc_files
from index.archive.backup import KEEPING
from index.errors import ArchiveError
from index.search import indexer
from tests.faults.consistency import ARSHIF, Installation, articles_of, check_settled, check_sound
from tests.faults.kill_at import IN_BUCKET, POINTS
from tests.faults.test_stages import kill
from tests.support.object_store import KEYS, ObjectStore
from tests.support.patience import PATIENCE, wait_for


@pytest.fixture
def house(
    build: Callable[..., Installation], bucket: str, object_store: ObjectStore, tmp_path: Path
) -> Iterator[Installation]:
    yield build(tmp_path / "data", ARSHIF_RAW__URL=bucket, **KEYS)
    object_store.start()


def sweep(house: Installation) -> None:
    config = house.loaded()
    with open_archive(config) as archive:
        crawl_process.reap_dead_runs(config, archive)
        with archive.database.lock(KEEPING) as still_held:
            raw_files.sweep(archive, own_raw_place(config), still_held)


def test_a_killed_crawl(house: Installation, undisturbed: dict[str, Any]) -> None:
    for stage in (stage for stage in POINTS if stage.startswith(IN_BUCKET)):
        kill(house, stage)
        assert articles_of(house).keys() < undisturbed.keys()
    house.arshif("crawl")
    check_settled(house)
    assert articles_of(house) == undisturbed
    sweep(house)
    with open_archive(house.loaded()) as archive, archive.read() as conn:
        left = own_raw_place(house.loaded()).listed().keys() - warc_files.referred(conn)
    assert all("/run-000003-" in name for name in left), "of killed runs, nothing; of others, what was no news, for now"
    house.arshif("verify")


def disturbed(house: Installation, object_store: ObjectStore, harm: Callable[[], None]) -> tuple[int, str]:
    """How a crawl ends that was harmed once it had sent some segments, and what it said."""
    disk = object_store.folder(house.settings["ARSHIF_RAW__URL"])
    process = house.start(*ARSHIF, "crawl")
    said: list[str] = []
    reading = threading.Thread(target=lambda: said.append(process.communicate()[0]))  # or the pipe would fill up
    reading.start()
    wait_for(lambda: process.poll() is not None or len(list(disk.rglob("*.warc.gz"))) >= 4)
    harm()
    reading.join(PATIENCE)
    assert process.returncode is not None
    return process.returncode, said[0]


def test_a_server_that_is_restarted_is_waited_for(
    house: Installation, undisturbed: dict[str, Any], object_store: ObjectStore
) -> None:
    def restart() -> None:
        object_store.stop()
        object_store.start()

    code, said = disturbed(house, object_store, restart)
    assert code == 0, said
    check_settled(house)
    assert articles_of(house) == undisturbed


def test_a_server_that_stays_away_ends_the_crawl_and_costs_nothing(
    house: Installation, undisturbed: dict[str, Any], object_store: ObjectStore
) -> None:
    code, said = disturbed(house, object_store, object_store.stop)
    assert code == ArchiveError.exit_code, said
    assert "cannot be reached: no page is stored without its raw copy" in said
    assert "Traceback" not in said
    assert not any(secret in said for secret in KEYS.values())
    refused = house.start(*ARSHIF, "crawl")
    told, _ = refused.communicate(timeout=PATIENCE)
    assert refused.returncode == ArchiveError.exit_code, "nothing is fetched that cannot be kept"
    assert "cannot be reached" in told
    object_store.start()
    check_sound(house)
    before = articles_of(house)
    assert before.keys() < undisturbed.keys()
    house.arshif("crawl")
    with open_archive(house.loaded()) as archive, open_index(house.loaded()) as engine:
        indexer.index_pending(archive, engine)
    check_settled(house)
    assert articles_of(house) == undisturbed
