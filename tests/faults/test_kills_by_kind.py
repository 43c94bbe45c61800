"""Killed within storing, shipping, mending, upkeep, restoring, migrating or exporting, at moments that nobody chose:
nothing is lost, nothing half is taken for whole, and the same again does it."""

from __future__ import annotations

import gzip
import lzma
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import Connection, delete, func, select
from warcio.archiveiterator import ArchiveIterator

from crawler import config
from crawler.cli import export
from crawler.maintenance import manifests
from crawler.maintenance.compaction import compact
from crawler.maintenance.minhash_backfill import MinHashBackfill
from crawler.storage import open_archive, open_index, open_raw
from index.archive import Archive, backup, hosts, warc_files
from index.archive import tables as t
from index.archive.expiry import expire
from index.errors import ArchiveError
from index.search import indexer
from index.warc.files import names
from index.warc.folder import Folder
from index.warc.torn import repair
from tests.faults.consistency import Installation, check_sound, indexed
from tests.faults.kill_after import calls_of, kill, load, undisturbed
from tests.support.archive_samples import NOW
from tests.support.long_form import LONG, LONG_MARKS
from tests.support.raw_files import RUN, crawl, raw_folder, store, whole
from tests.unit.index.archive.test_migrate import SAMPLES, contents

SETTLED = (t.signatures, t.hosts, t.discarded_files)
KILLS = int(os.environ.get("ARSHIF_TEST_KILLS", "500")) if LONG else 5  # of each kind
PAGES = 3
BATCH = 2  # documents that are shipped at once

pytestmark = [*LONG_MARKS, pytest.mark.timeout(0)]  # hundreds take long


@dataclass(frozen=True)
class Kind:
    """What is killed: `before` each kill there is something to do, `work` does it, and `holds` must do so after each;
    the numbers are those of the kills."""

    before: Callable[[int], object]
    work: Callable[[int], object]
    holds: Callable[[int], object]


def kill_and_kill(kind: Kind, seed: str) -> None:
    dice, killed = random.Random(seed), 0
    kind.before(0)
    load(partial(kind.work, 0))
    kind.holds(0)
    kind.before(1)
    most = calls_of(partial(kind.work, 1))
    kind.holds(1)
    for number in count(2):
        kind.before(number)
        if kill(partial(kind.work, number), most, dice):
            killed += 1
        else:
            most = max(1, most * 9 // 10)  # it had less to do than the first one
        kind.holds(number)
        if killed == KILLS:
            return
        assert number < 3 * KILLS, f"only {killed} of {number} were killed before they came to their end"


@pytest.fixture
def house(tmp_path: Path) -> Installation:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "arshif.yaml").write_text("least_free: 1\n", "utf-8")
    return Installation(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path / "data")})


def opened(house: Installation) -> Archive:
    return open_archive(config.load(house.config, house.settings))


def stored(house: Installation) -> int:
    """How many raw responses there are, after each was read; each version has its own."""
    with (
        opened(house) as archive,
        open_raw(config.load(house.config, house.settings), archive) as raw,
        archive.read() as conn,
    ):
        versions = conn.execute(select(func.count()).select_from(t.versions)).scalar_one()
        assert whole(archive, raw) == versions
        assert conn.execute(select(func.count()).select_from(t.articles)).scalar_one() == versions
        return int(versions)


def test_storing(house: Installation) -> None:
    folder = raw_folder(house.loaded())
    there = [0]

    def work(number: int) -> None:
        with opened(house) as archive:
            crawl(archive, folder, 2 * number + 1, PAGES)

    def holds(number: int) -> None:
        found = stored(house)
        assert there[0] <= found <= there[0] + PAGES
        undisturbed(lambda: again(number))
        there[0] = stored(house)
        assert there[0] == (number + 1) * PAGES, "the same crawl again stores the rest, and nothing twice"

    def again(number: int) -> None:
        """What the next run does: it mends what is torn, and stores what is not there."""
        with opened(house) as archive:
            ends = archive.ask(lambda conn: warc_files.ends(conn, names(folder)))
            repair(folder, ends)
            with open_raw(house.loaded(), archive, 2 * number + 2) as raw:
                for page in range(PAGES):
                    store(archive, raw, f"{RUN}{2 * number + 1}/{page}", NOW)

    kill_and_kill(Kind(lambda _: opened(house).close(), work, holds), "storing")
    check_sound(house)


def test_shipping(house: Installation) -> None:
    def more(number: int) -> None:
        with opened(house) as archive:
            crawl(archive, raw_folder(house.loaded()), number + 1, PAGES)

    def ship(_: int = 0) -> None:
        with opened(house) as archive, open_index(house.loaded()) as engine:
            indexer.index_pending(archive, engine, BATCH)

    def all_found() -> None:
        ship()
        with opened(house) as archive, archive.read() as conn:
            assert indexed(house).keys() == set(conn.execute(select(t.articles.c.id)).scalars())
            assert conn.execute(select(t.outbox)).all() == []
            assert conn.execute(select(t.quarantine)).all() == []

    def holds(number: int) -> None:
        if number % 5 == 0:
            undisturbed(all_found)

    kill_and_kill(Kind(more, ship, holds), "shipping")
    undisturbed(all_found)
    check_sound(house)


def test_mending(house: Installation) -> None:
    """Of WARC files that a crash left torn: nothing that the archive refers to is cut, and what is cut stays."""
    folder = raw_folder(house.loaded())
    torn = gzip.compress(random.Random(1).randbytes(9_000), mtime=0)[:7_000]
    there: dict[str, int] = {}

    def tear(_: int) -> None:
        shutil.rmtree(house.settings["ARSHIF_DATA"], ignore_errors=True)
        with opened(house) as archive:
            for run in range(1, 4):
                crawl(archive, folder, run, PAGES)
            there.clear()
            there.update(archive.ask(lambda conn: warc_files.ends(conn, names(folder))))
        for name in there:
            with (folder / name).open("ab") as file:
                file.write(torn)

    def mend(_: int = 0) -> None:
        repair(folder, there)

    def holds(_: int) -> None:
        assert stored(house) == 3 * PAGES
        undisturbed(mend)
        assert stored(house) == 3 * PAGES
        for name, end in there.items():
            assert (folder / name).stat().st_size == end
            assert torn in {path.read_bytes() for path in (folder / name).parent.glob(f"{Path(name).name}.torn-*")}

    kill_and_kill(Kind(tear, mend, holds), "mending")


def test_upkeep(house: Installation) -> None:
    """What the daemon does beside crawls: signatures, entries and manifests, merging WARC files, forgetting."""
    folder, when = raw_folder(house.loaded()), NOW - timedelta(days=60)

    def fill(_: int) -> None:
        shutil.rmtree(house.settings["ARSHIF_DATA"], ignore_errors=True)

        def age(conn: Connection) -> None:
            for table in (t.bands, t.signatures):  # as of a release that had none
                conn.execute(delete(table))
            for number in range(PAGES):
                hosts.put(conn, f"https://{number}.example", robots=b"", answered=when)

        with opened(house) as archive:
            for run in range(1, 4):
                crawl(archive, folder, run, PAGES, when)
            archive.write(age).result()

    def upkeep(_: int = 0) -> None:
        now = datetime.now(UTC)
        with opened(house) as archive:
            archive.write(lambda conn: expire(conn, now, ["step"])).result()
            MinHashBackfill(archive).some(now)
            manifests.write(archive, house.loaded(), now, today=True)
            compact(archive, house.loaded(), now, at_once=True)

    def holds(_: int) -> None:
        assert stored(house) == 3 * PAGES
        undisturbed(upkeep)
        assert stored(house) == 3 * PAGES
        assert len(names(folder)) == 1, "one file, and nothing of the attempt"
        with opened(house) as archive, archive.read() as conn:
            left = {table.name: conn.execute(select(func.count()).select_from(table)).scalar_one() for table in SETTLED}
            ids = list(conn.execute(select(t.manifest_entries.c.id).order_by(t.manifest_entries.c.id)).scalars())
        assert left == {"signatures": 3 * PAGES, "hosts": 0, "discarded_files": 0}
        assert ids == list(range(1, 2 * 3 * PAGES + 1)), "each reading and each raw response has one entry"

    kill_and_kill(Kind(fill, upkeep, holds), "upkeep")
    house.arshif("verify")
    check_sound(house)


def test_restoring(house: Installation, tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    with opened(house) as archive:
        crawl(archive, raw_folder(house.loaded()), 1, PAGES)
        backup.back_up(archive, Folder(raw_folder(house.loaded())), copy)

    def restore(_: int = 0) -> None:
        backup.restore(copy, data, force=True)

    def holds(_: int) -> None:
        if (data / "archive.sqlite3").exists():
            assert stored(house) == PAGES
        else:
            with pytest.raises(ArchiveError, match="a restore was broken off"):
                opened(house)  # no empty archive is begun
        undisturbed(restore)
        assert stored(house) == PAGES
        assert list(data.glob("restoring-*")) == []
        for aside in data.glob("before-*"):
            shutil.rmtree(aside)

    kill_and_kill(Kind(lambda _: None, restore, holds), "restoring")
    check_sound(house)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name.partition(".")[0])
def test_migrating(sample: Path, tmp_path: Path) -> None:
    old = lzma.decompress(sample.read_bytes())
    path, calm = tmp_path / "data" / "archive.sqlite3", tmp_path / "calm" / "archive.sqlite3"
    for folder in (path.parent, calm.parent):
        folder.mkdir()
    calm.write_bytes(old)
    Archive(calm).close()
    wanted = contents(calm)

    def unpack(_: int) -> None:
        for left in path.parent.iterdir():
            left.unlink() if left.is_file() else shutil.rmtree(left)
        path.write_bytes(old)

    def migrate(_: int = 0) -> None:
        Archive(path).close()

    def holds(_: int) -> None:
        undisturbed(migrate)
        assert contents(path) == wanted
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []

    kill_and_kill(Kind(unpack, migrate, holds), f"migrating {sample.name}")


def warcs(file: Path) -> int:
    with file.open("rb") as stream:
        return sum(record.rec_type == "response" for record in ArchiveIterator(stream))


def waczs(file: Path) -> int:
    with ZipFile(file) as packed:
        assert packed.testzip() is None
        (name,) = (name for name in packed.namelist() if name.startswith("archive/"))
        return sum(record.rec_type == "response" for record in ArchiveIterator(BytesIO(packed.read(name))))


def lines(file: Path) -> int:
    return len(file.read_text("utf-8").splitlines())


# What the command does once it is understood: half of its calls come before, and kills there show nothing
EXPORTS: dict[str, tuple[Callable[[Path], object], Callable[[Path], int]]] = {
    "pages.warc.gz": (lambda file: export.export_warc(file, json=True), warcs),
    "pages.wacz": (lambda file: export.export_wacz(out=file, json=True), waczs),
    "articles.jsonl": (lambda file: export.export_search(out=file, json=True), lines),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_exporting(house: Installation, tmp_path: Path, name: str) -> None:
    """A file that has its name is whole."""
    exported, holds_so_many = EXPORTS[name]
    file = tmp_path / name
    with opened(house) as archive:
        crawl(archive, raw_folder(house.loaded()), 1, 4 * PAGES)
    undisturbed(lambda: _ship(house))

    def work(_: int = 0) -> None:
        os.environ.update(house.environment)
        exported(file)

    def holds(_: int) -> None:
        if file.exists():
            assert holds_so_many(file) == 4 * PAGES
        else:
            undisturbed(work)
            assert holds_so_many(file) == 4 * PAGES
        file.unlink()

    kill_and_kill(Kind(lambda _: None, work, holds), f"exporting {name}")
    check_sound(house)


def _ship(house: Installation) -> Any:
    with opened(house) as archive, open_index(house.loaded()) as engine:
        return indexer.index_pending(archive, engine)
