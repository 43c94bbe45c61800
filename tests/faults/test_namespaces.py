"""Two containers on one folder: neither sees the other's processes, yet no crawl is taken over, and no archive replaced
under it. A process of another container is a real one here, whose boot and namespace have another name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import update

from index.archive import Archive, leases, liveness, runs
from index.archive.backup import ARCHIVE, back_up, restore
from index.archive.tables import leases as table
from index.errors import ArchiveError, Busy
from index.locale import FALLBACK, translate
from index.warc.folder import Folder
from tests.integration.harness import ROOT, Harness
from tests.support.archive_samples import HOUR, NOW
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE, wait_for

ELSEWHERE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from index import process_identity
process_identity.boot_id = lambda: "another container"
from index.archive import Archive, leases, liveness, runs
leases.boot_id = runs.boot_id = liveness.boot_id = process_identity.boot_id
with Archive(Path(sys.argv[1])) as archive:
    run = archive.write(lambda c: runs.start(c, ["step"], datetime.now(UTC), owner="there")).result()
    held = archive.write(lambda c: leases.acquire(c, ["step"], f"run {run}", datetime.now(UTC))).result()
    print(run, len(held), flush=True)
    for line in sys.stdin:
        try:
            archive.write(lambda c: 1, held[0]).result()
            print("written", flush=True)
        except Exception as error:
            print(type(error).__name__, flush=True)
"""


@contextmanager
def crawling_elsewhere(archive: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of another container that crawls `step`; each line sent to it makes it write once."""
    command = [sys.executable, "-c", ELSEWHERE, str(archive)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().split() == ["1", "1"]
        yield process
        process.kill()


def writes(process: subprocess.Popen[str]) -> str:
    """What comes of a write of that process."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Archive(tmp_path / "data" / ARCHIVE).close()
    return tmp_path / "data" / ARCHIVE


def test_a_site_that_is_crawled_there_is_not_crawled_here(path: Path) -> None:
    with crawling_elsewhere(path) as process, Archive(path) as archive:
        assert archive.write(lambda c: leases.acquire(c, ["step", "other"], "run 2", NOW)).result()[0].site == "other"
        with archive.read() as conn:
            holder = leases.holder(conn, "step")
        assert holder is not None
        assert holder.pid == process.pid
        assert archive.write(lambda c: runs.reap_dead(c, NOW)).result() == [], "nor is its run buried"
        liveness.sweep(path.parent)
        assert writes(process) == "written"


def test_once_it_is_dead_the_site_is_free_at_once(path: Path) -> None:
    with crawling_elsewhere(path) as process, Archive(path) as archive:
        process.kill()
        process.wait()
        assert archive.write(lambda c: runs.reap_dead(c, NOW)).result() == [1]
        (lease,) = archive.write(lambda c: leases.acquire(c, ["step"], "run 2", NOW)).result()
        assert lease.fence == 2
    liveness.sweep(path.parent)
    assert [file for file in (path.parent / liveness.FOLDER).iterdir() if file.suffix != ".lock"] == []


def test_an_archive_that_is_crawled_there_is_not_replaced(path: Path, tmp_path: Path) -> None:
    with Archive(path) as archive:
        back_up(archive, Folder(path.parent / "raw"), tmp_path / "copy")
    with crawling_elsewhere(path) as process:
        with pytest.raises(Busy, match=f"process {process.pid} is crawling step"):
            restore(tmp_path / "copy", path.parent, force=True)
        assert writes(process) == "written"
    restore(tmp_path / "copy", path.parent, force=True)


def test_who_has_an_archive_open_that_was_replaced_writes_no_more(path: Path, tmp_path: Path) -> None:
    with Archive(path) as archive:
        back_up(archive, Folder(path.parent / "raw"), tmp_path / "copy")
        (lease,) = archive.write(lambda c: leases.acquire(c, ["step"], "run 1", NOW)).result()
        archive.write(lambda c: leases.release(c, [lease])).result()
        restore(tmp_path / "copy", path.parent, force=True)
        with pytest.raises(ArchiveError) as told:
            archive.write(lambda c: leases.acquire(c, ["step"], "run 2", NOW)).result()
        assert "was replaced by another archive" in translate(told.value.message, FALLBACK)
    with Archive(path) as archive:
        assert archive.write(lambda c: leases.acquire(c, ["step"], "run 3", NOW + HOUR)).result()


def test_a_crawl_that_was_taken_over_says_so_in_a_sentence(tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("fr",)) as room:
        house = Harness(room, tmp_path)
        room.hang("fr", 0.5)
        process = house.start("crawl", "fr")
        wait_for(lambda: len(room.requests("fr")) > 4)
        with Archive(house.data / ARCHIVE) as archive:
            theirs = update(table).where(table.c.site == "fr").values(fence=table.c.fence + 1, owner="run 99")
            archive.write(lambda conn: conn.execute(theirs)).result()
        assert process.wait(PATIENCE) == ArchiveError.exit_code
        log = (house.directory / "started.log").read_text("utf-8")
        assert log.count("may no longer write for fr: run 99 has it now") == 1, log
        assert "Traceback" not in log
