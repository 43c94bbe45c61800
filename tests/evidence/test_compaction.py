"""Small WARC files are merged: every record stays what it was, under its own digests, and is found where it is now."""

from __future__ import annotations

import gzip
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from warcio.archiveiterator import ArchiveIterator

from crawler.config import Config, load
from crawler.daemon import Daemon
from crawler.maintenance import compaction, manifests, verification
from crawler.maintenance.compaction import Compacted, DailyCompaction, SmallFile, compact, plan
from crawler.maintenance.erasure import Erasure
from crawler.maintenance.proofs import prove
from crawler.storage import expire_raw, open_raw
from index.archive import Archive, runs, warc_files, warc_records
from index.archive import manifests as stored_manifests
from index.archive import tables as t
from index.archive.backup import KEEPING, back_up, check, restore
from index.archive.database import Database, StillHeld
from index.errors import ArchiveError, Busy
from index.evidence import proofs
from index.export.warc import Joined, join
from index.model.codes import RecordProblem, RunCause
from index.model.message import Message
from index.warc import files
from index.warc.folder import Folder
from index.warc.place import Place
from index.warc.record import WarcMissing, WarcRef
from index.warc.store import WarcStore
from tests.support.archive_samples import HOUR, NOW, stored_when_fetched
from tests.support.postgresql import Server
from tests.support.raw_files import RUN, crawl, names, raw_folder, says, small, store, whole

DAY = timedelta(days=1)
LAST_MONTH = NOW - 30 * DAY  # October


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "arshif.yaml").write_text("least_free: 1\n", "utf-8")
    return load(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path)})


@pytest.fixture
def archive(place: Database) -> Iterator[Archive]:
    with Archive(place) as it:
        yield it


@pytest.fixture
def folder(config: Config) -> Path:
    return raw_folder(config)


def refs(archive: Archive) -> list[WarcRef]:
    with archive.read() as conn:
        return list(warc_records.refs(conn))


def packed(archive: Archive, raw: WarcStore) -> dict[int | None, bytes]:
    return {ref.id: raw.packed(ref) for ref in refs(archive)}


def test_the_files_of_a_month_that_is_over_become_one(archive: Archive, config: Config, folder: Path) -> None:
    for run in range(5):
        crawl(archive, folder, run, 4, LAST_MONTH + run * DAY)
    crawl(archive, folder, 9, 4, NOW)
    with open_raw(config, archive) as raw:
        before = packed(archive, raw)
        assert compact(archive, config, NOW) == Compacted(merged=5, into=1, records=20)
        assert packed(archive, raw) == before, "every record is the same, byte for byte"
        assert whole(archive, raw) == 24
    (merged,) = set(names(folder)) - set(small(folder))
    assert merged.startswith(f"{files.month(LAST_MONTH)}/compacted-")
    assert len(small(folder)) == 1, "that of this month waits"
    with (folder / merged).open("rb") as file:
        kinds = [record.rec_type for record in ArchiveIterator(file, check_digests="raise")]
    assert kinds == ["warcinfo", *["response"] * 20]
    with archive.read() as conn:
        assert conn.execute(select(t.discarded_files)).all() == []
        assert warc_records.to_check(conn, NOW, 0, 100)[0].ref.file in small(folder), "the others have been checked"
        assert len(warc_records.to_check(conn, NOW, 0, 100)) == 4
    assert compact(archive, config, NOW) == Compacted()
    assert compact(archive, config, NOW, at_once=True) == Compacted(), "one file of a month is none to be merged"


def test_whoever_read_a_reference_before_finds_the_record_after(archive: Archive, config: Config, folder: Path) -> None:
    for run in range(3):
        crawl(archive, folder, run, 3)
    old = refs(archive)
    with archive.read() as conn, open_raw(config, archive) as raw:
        streamed = warc_records.refs(conn)
        first = next(streamed)
        compact(archive, config, NOW, at_once=True)
        assert join(raw, [first, *streamed], folder / "all.warc.gz", {}) == Joined(9, 0), "within one snapshot"
        assert [raw.read(ref)[1] for ref in old] == [raw.read(ref)[1] for ref in sorted(refs(archive), key=_id)]
        with pytest.raises(WarcMissing):
            raw.read(replace(old[0], id=None))


def _id(ref: WarcRef) -> int:
    return ref.id or 0


def test_files_beside_the_months_are_merged_into_theirs(archive: Archive, config: Config, folder: Path) -> None:
    for run in range(2):
        crawl(archive, folder, run, 2, LAST_MONTH)
    for name in files.names(folder):  # as an older Arshif wrote them
        flat = name.rpartition("/")[2]
        (folder / name).rename(folder / flat)
        archive.write(lambda conn, name=name, flat=flat: conn.execute(_renamed(name, flat))).result()  # type: ignore[misc]
    with open_raw(config, archive) as raw:
        assert whole(archive, raw) == 4
        assert compact(archive, config, NOW).merged == 2
        assert whole(archive, raw) == 4
    (merged,) = names(folder)
    assert merged.startswith(f"{files.month(LAST_MONTH)}/")


def _renamed(name: str, flat: str):  # type: ignore[no-untyped-def]
    return t.raws.update().where(t.raws.c.file == name).values(file=flat)


def test_a_file_with_a_damaged_record_stays_and_is_told(archive: Archive, config: Config, folder: Path) -> None:
    for run in range(4):
        crawl(archive, folder, run, 3, LAST_MONTH)
    first, second, *_ = small(folder)
    with archive.read() as conn:
        hurt = warc_records.of_file(conn, first)[1]
        short = warc_records.of_file(conn, second)[2]
    data = bytearray((folder / first).read_bytes())
    data[hurt.ref.offset + 200] ^= 1
    (folder / first).write_bytes(data)
    (folder / second).write_bytes((folder / second).read_bytes()[: short.ref.offset + 5])
    left = {name: (folder / name).read_bytes() for name in (first, second)}

    assert compact(archive, config, NOW) == Compacted(merged=2, into=1, records=6, damaged=2)
    assert {name: (folder / name).read_bytes() for name in small(folder)} == left
    with archive.read() as conn:
        told = {(one.url, one.problem) for one in warc_records.damaged(conn)}
    assert told == {(hurt.url, RecordProblem.DAMAGED), (short.url, RecordProblem.MISSING)}
    assert compact(archive, config, NOW, at_once=True) == Compacted(), "they are not read again and again"
    with open_raw(config, archive) as raw:
        found = verification.verify(archive, raw, NOW + DAY, NOW + 2 * DAY)
    assert (found.records, found.damaged, found.missing) == (12, 1, 1)


def test_what_others_write_is_left_alone(archive: Archive, config: Config, folder: Path) -> None:
    for run in (100, 101):
        crawl(archive, folder, run, 2, LAST_MONTH)
    goes_on = archive.write(lambda c: runs.start(c, ["step"], NOW, owner="x", why=Message(RunCause.SCHEDULED))).result()
    crawl(archive, folder, goes_on, 2, LAST_MONTH)
    with WarcStore(folder, "another") as living:  # no run of the archive's, and may write at any moment
        for number in range(2):
            store(archive, living, f"{RUN}another/{number}", LAST_MONTH)
        assert compact(archive, config, NOW) == Compacted(merged=2, into=1, records=4)
        with open_raw(config, archive) as raw:
            assert whole(archive, raw) == 8
        assert compact(archive, config, NOW) == Compacted(), "one file and one that is written to are none to be merged"
        store(archive, living, f"{RUN}another/2", LAST_MONTH)
        assert whole(archive, living) == 9
    assert compact(archive, config, NOW).merged == 2, "once it is closed"


def test_a_group_of_which_nothing_can_be_merged_keeps_no_other_waiting(
    archive: Archive, config: Config, folder: Path
) -> None:
    long_ago = LAST_MONTH - 40 * DAY
    crawl(archive, folder, 1, 2, long_ago)
    for run in (2, 3):
        crawl(archive, folder, run, 2, LAST_MONTH)
    with WarcStore(folder, "another") as living:
        store(archive, living, f"{RUN}another/1", long_ago)
        assert compact(archive, config, NOW, most=1) == Compacted(merged=2, into=1, records=4)
        assert compact(archive, config, NOW, most=1) == Compacted()


def test_what_is_torn_goes_with_its_file(archive: Archive, config: Config, folder: Path) -> None:
    for run in range(3):
        crawl(archive, folder, run, 2, LAST_MONTH)
    torn, cut, _ = small(folder)
    with (folder / torn).open("ab") as file:
        file.write(gzip.compress(b"said by a torn record")[:-5])
    (folder / f"{cut}.torn-1").write_bytes(b"said by a torn record")
    assert compact(archive, config, NOW) == Compacted(merged=3, into=1, records=6)
    assert len(names(folder)) == 1
    assert says(folder, "said by a torn record") == []
    with open_raw(config, archive) as raw:
        assert whole(archive, raw) == 6


def test_what_is_forgotten_is_in_nothing_that_was_cut_off(archive: Archive, config: Config, folder: Path) -> None:
    crawl(archive, folder, 1, 2)
    (name,) = names(folder)
    for place in (name, "older.warc.gz"):
        (folder / f"{place}.torn-1").write_bytes(gzip.compress(f"said at {RUN}1/1<".encode())[:-5])
    work = Erasure(archive, Folder(folder))
    assert work.forget(work.resolve(f"{RUN}1/1", config), NOW).raws == 1
    assert names(folder) == [name]


def test_a_compaction_that_is_stopped_leaves_all_as_it_was(archive: Archive, config: Config, folder: Path) -> None:
    for run in range(3):
        crawl(archive, folder, run, 2, LAST_MONTH)
    before = names(folder)
    asked: list[None] = []

    def stopped() -> bool:
        asked.append(None)
        return len(asked) > 3

    assert compact(archive, config, NOW, stopped=stopped) == Compacted()
    assert len(asked) == 4
    assert names(folder) == before
    daemon = Daemon(config, archive, web=False)
    daemon.end()
    daemon.supervise()
    assert names(folder) == before
    assert compact(archive, config, NOW) == Compacted(merged=3, into=1, records=6)
    with archive.read() as conn:
        assert conn.execute(select(t.discarded_files)).all() == []


def test_whoever_lost_the_lock_to_another_moves_and_deletes_nothing(
    config: Config, folder: Path, tmp_path: Path, postgresql_server: Server
) -> None:
    with postgresql_server.archive(tmp_path) as database, Archive(database) as archive, ExitStack() as others:
        for run in range(3):
            crawl(archive, folder, run, 2, LAST_MONTH)
        before = names(folder)
        lost: list[None] = []

        def lose() -> bool:
            if not lost:
                lost.append(None)
                postgresql_server.disconnect(database.url)
                others.enter_context(database.lock(KEEPING))
            return False

        with pytest.raises(Busy):
            compact(archive, config, NOW, stopped=lose)
        assert set(names(folder)) > set(before)
        others.close()
        assert compact(archive, config, NOW) == Compacted(merged=3, into=1, records=6)
        with open_raw(config, archive) as raw:
            assert whole(archive, raw) == 6


def test_a_merged_file_that_another_swept_is_not_referred_to(archive: Archive, folder: Path) -> None:
    crawl(archive, folder, 1, 2, LAST_MONTH)
    (name,) = names(folder)
    with archive.read() as conn:
        offsets = {name: {one.id: one.ref.offset for one in warc_records.of_file(conn, name)}}
    assert not archive.write(lambda conn: warc_files.move(conn, offsets, "2026/10/swept.warc.gz", NOW)).result()
    with archive.read() as conn:
        assert warc_files.referred(conn) == {name}


def test_crawls_and_readers_go_on_while_files_are_merged(archive: Archive, config: Config, folder: Path) -> None:
    over = threading.Event()

    def read() -> int:
        reads = 0
        with open_raw(config, archive) as raw:
            while not over.is_set():
                reads += whole(archive, raw)
        return reads

    with ThreadPoolExecutor(2) as both:
        reader = both.submit(read)
        crawls = both.submit(lambda: [crawl(archive, folder, run, 3, LAST_MONTH) for run in range(25)])
        try:
            merged = 0
            while not crawls.done():
                merged += compact(archive, config, NOW).merged
            merged += compact(archive, config, NOW).merged
        finally:
            over.set()
        assert reader.result() > 0
    assert merged >= 25
    with open_raw(config, archive) as raw:
        assert whole(archive, raw) == 75
    assert len(names(folder)) == 1


def test_no_backup_and_no_erasure_is_disturbed(archive: Archive, config: Config, folder: Path) -> None:
    crawl(archive, folder, 1, 1, LAST_MONTH)
    with archive.database.lock(KEEPING), pytest.raises(Busy):
        compact(archive, config, NOW)


def test_a_disk_without_room_is_told_before_anything_is_written(archive: Archive, folder: Path, tmp_path: Path) -> None:
    for run in range(2):
        crawl(archive, folder, run, 1, LAST_MONTH)
    full = load(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path), "ARSHIF_LEAST_FREE": str(10**15)})
    with pytest.raises(ArchiveError, match="disk"):
        compact(archive, full, NOW)
    assert names(folder) == small(folder)


def test_a_backup_of_merged_files_is_whole_and_comes_back(tmp_path: Path, config: Config, folder: Path) -> None:
    with Archive(tmp_path / "archive.sqlite3") as archive:
        for run in range(3):
            crawl(archive, folder, run, 3, LAST_MONTH)
        compact(archive, config, NOW)
        crawl(archive, folder, 5, 3, NOW)
        made = back_up(archive, Folder(folder), tmp_path / "copy")
        assert (made.short, made.damaged) == ((), ())
    assert check(tmp_path / "copy") == made
    restore(tmp_path / "copy", tmp_path / "there")
    with Archive(tmp_path / "there" / "archive.sqlite3") as back:
        assert whole(back, WarcStore(tmp_path / "there" / "raw")) == 12


def test_proofs_hold_and_manifests_go_on(archive: Archive, config: Config, folder: Path) -> None:
    ids = [crawl(archive, folder, run, 3, LAST_MONTH) for run in range(3)]
    now = datetime.now(UTC)
    manifests.write(archive, config, now, today=True)

    def proof() -> bytes:
        with archive.read() as conn, open_raw(config, archive) as raw:
            reading = stored_manifests.reading(conn, ids[1][1], 1, 1)
            assert reading is not None
            return proofs.pack(prove(conn, raw, reading))

    before = proof()
    assert compact(archive, config, now).merged == 3
    assert proof() == before, "a proof has the record itself, and not its place"
    assert proofs.check(before).record_url == f"{RUN}1/1"
    crawl(archive, folder, 5, 3, NOW)
    assert compact(archive, config, now, at_once=True).into <= 1
    assert manifests.write(archive, config, now, today=True).entries == 6


def test_what_is_forgotten_after_a_compaction_that_broke_off_is_in_no_file(
    archive: Archive, config: Config, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in range(3):
        crawl(archive, folder, run, 3, LAST_MONTH)
    text = f"said at {RUN}1/1<"
    swept = compaction.raw_files.sweep
    calls = []

    def broken(archive: Archive, place: Place, still_held: StillHeld) -> int:
        calls.append(1)
        if len(calls) == 2:
            raise ArchiveError("the machine went down")
        return swept(archive, place, still_held)

    monkeypatch.setattr(compaction.raw_files, "sweep", broken)
    with pytest.raises(ArchiveError, match="went down"):
        compact(archive, config, NOW)
    assert len(says(folder, text)) == 2, "in the old file and in the new one"
    work = Erasure(archive, Folder(folder))
    assert work.forget(work.resolve(f"{RUN}1/1", config), NOW).raws == 1
    assert says(folder, text) == []
    with open_raw(config, archive) as raw:
        assert whole(archive, raw) == 8


def test_pages_that_expire_are_merged_with_those_of_their_day_only(
    archive: Archive, folder: Path, tmp_path: Path
) -> None:
    for run in range(6):
        crawl(archive, folder, run, 2, NOW - (40 - 10 * (run // 2)) * DAY)
    archive.write(stored_when_fetched).result()
    short = load(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path), "ARSHIF_RAW__KEEP_DAYS": "35"})
    assert compact(archive, short, NOW) == Compacted(merged=6, into=3, records=12)
    assert expire_raw(short, archive, NOW) == 1
    with open_raw(short, archive) as raw:
        assert whole(archive, raw) == 8
    with archive.read() as conn:
        assert conn.execute(select(t.discarded_files)).all() == []
    assert len(names(folder)) == 2


# --- which files -----------------------------------------------------------------------------------------------------


def sized(number: int, size: int = 10, records: int = 1, newest: datetime = LAST_MONTH) -> SmallFile:
    return SmallFile(f"run-{number:06d}-00001.warc.gz", size, records, newest)


def test_files_are_filled_up_in_the_order_of_their_pages() -> None:
    found = [sized(n, 40, newest=LAST_MONTH + n * HOUR) for n in (3, 1, 2, 0, 4)]
    assert [[int(one.name[4:10]) for one in part] for part in plan(found, NOW, 100)] == [[0, 1], [2, 3]]
    assert plan(found, NOW, 1_000) == [sorted(found, key=lambda one: one.newest)]
    assert plan(found[:1], NOW, 1_000) == plan([], NOW, 1_000) == []


def test_a_file_has_no_more_records_than_are_moved_at_once() -> None:
    each = compaction.MOST_RECORDS // 3
    assert [len(part) for part in plan([sized(n, 1, each) for n in range(7)], NOW, 1_000)] == [3, 3]


def test_many_files_are_merged_in_steps() -> None:
    found = [sized(n) for n in range(2 * compaction.MOST_FILES + 5)]
    assert [len(part) for part in plan(found, NOW, 10**9)] == [compaction.MOST_FILES, compaction.MOST_FILES, 5]


def test_the_present_month_waits_until_its_files_are_many() -> None:
    few = [sized(n, newest=NOW) for n in range(compaction.MANY)]
    assert plan(few, NOW, 10**6) == []
    assert plan(few, NOW, 10**6, at_once=True) == [few]
    many = [*few, sized(999, newest=NOW)]
    assert plan(many, NOW, 10**6) == [many]
    today_and_yesterday = [*few[:2], *(sized(n, newest=NOW - DAY) for n in (7, 8))]
    assert plan(today_and_yesterday, NOW, 10**6, by_day=True) == [today_and_yesterday[2:]]
    assert plan([replace(one, newest=NOW + 400 * DAY) for one in few], NOW, 10**6) != [], "a clock was ahead"


@pytest.mark.parametrize("page_bytes", [1_000, 30_000, 1_000_000], ids=str)
def test_a_year_of_crawls_fills_no_folder(page_bytes: int) -> None:
    file_bytes, dice = 10**9, random.Random(page_bytes)
    there: dict[str, SmallFile] = {}
    full: list[SmallFile] = []
    rewritten = written = most = 0
    for day in range(365):
        now = NOW + day * DAY
        for number in range(55):  # 20,000 runs
            pages = dice.randint(1, 40)
            name = f"{files.month(now)}/run-{day:03}{number:03}"
            there[name] = SmallFile(name, pages * page_bytes, pages, now)
            written += pages * page_bytes
        for group in plan(there.values(), now, file_bytes):
            for one in group:
                del there[one.name]
            size, records = sum(one.bytes for one in group), sum(one.records for one in group)
            assert size <= file_bytes
            assert records <= compaction.MOST_RECORDS
            rewritten += size
            merged = SmallFile(
                f"{files.month(group[-1].newest)}/compacted-{day}-{size}", size, records, group[-1].newest
            )
            if size < file_bytes // 2 and records < compaction.MOST_RECORDS // 2:
                there[merged.name] = merged
            else:
                full.append(merged)
        folders = Counter(one.name.rpartition("/")[0] for one in [*there.values(), *full])
        most = max(most, *folders.values())
    assert most <= 2 * compaction.MANY + 33_000 * page_bytes // (file_bytes // 2)
    assert len(there) + len(full) <= 250 + written // (file_bytes // 2)
    assert rewritten <= 12 * written, "each page is copied a few times at most"


def test_the_daemon_compacts_once_a_day_and_best_while_nothing_is_crawled(
    archive: Archive, config: Config, folder: Path
) -> None:
    for run in range(2):
        crawl(archive, folder, run, 1, LAST_MONTH)
    daily, day = DailyCompaction(archive, config, 1_000.0), compaction.DAY
    assert daily.some(NOW, 1_600.0, crawling=True) == 0
    with archive.database.lock(KEEPING):
        assert daily.some(NOW, 1_700.0, crawling=False) == 0, "a backup is made"
    assert daily.some(NOW, 2_200.0, crawling=False) == 2
    assert daily.some(NOW, 2_800.0, crawling=False) == 0
    for run in (2, 3):
        crawl(archive, folder, run, 1, LAST_MONTH)
    assert daily.some(NOW, 3_400.0, crawling=False) == 0, "that was done today"
    assert daily.some(NOW, 2_800.0 + day, crawling=True) == 0
    assert daily.some(NOW, 2_800.0 + 2 * day, crawling=True) == 3


def test_the_daemon_does_it_by_itself(archive: Archive, config: Config, folder: Path) -> None:
    for run in range(3):
        crawl(archive, folder, run, 1, LAST_MONTH)
    Daemon(config, archive, web=False).supervise()
    assert small(folder) == []
    with open_raw(config, archive) as raw:
        assert whole(archive, raw) == 3


def test_a_note_of_a_file_that_is_used_deletes_nothing(archive: Archive, config: Config, folder: Path) -> None:
    crawl(archive, folder, 1, 2)
    (name,) = names(folder)
    archive.write(lambda conn: warc_files.discard(conn, [name, "2026/11/never-there.warc.gz"])).result()
    compact(archive, config, NOW)
    assert names(folder) == [name]
    with archive.read() as conn:
        assert list(conn.execute(select(t.discarded_files.c.file)).scalars()) == [name]
