"""Raw copies in a bucket of a real S3 server: merged, checked, erased, expired, backed up and moved, as those in a
folder are. The server keeps objects as files, so what a bucket still has is read from its disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.config import Config, load
from crawler.errors import ArchiveError, ArshifError
from crawler.maintenance import manifests, raw_copying
from crawler.maintenance.compaction import Compacted, compact
from crawler.maintenance.erasure import Erasure
from crawler.maintenance.verification import Verified, verify
from crawler.storage import expire_raw, open_archive, open_raw, own_raw_place, raw_place
from index.archive import Archive, raw_files, raw_owner, runs, warc_records
from index.archive.backup import back_up, check, restore
from index.archive.database import Database
from index.export.warc import Joined, join
from index.model.codes import RunCause, RunStatus
from index.model.message import Message
from index.warc import bucket as buckets
from index.warc.messages import RawMessage
from index.warc.record import Response, WarcRef
from index.warc.store import WarcStore
from tests.support.archive_samples import NOW, stored_when_fetched
from tests.support.object_store import ObjectStore
from tests.support.postgresql import env_of
from tests.support.raw_files import RUN, crawl, names, raw_folder, says, whole

DAY = timedelta(days=1)
LAST_MONTH = NOW - 30 * DAY
RESPONSE = Response(RUN, NOW, "HTTP/1.1 200 OK", [], b"<p>said in time")


def configured(folder: Path, url: str, database: Database | None = None) -> Config:
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config" / "arshif.yaml").write_text("least_free: 1\n", "utf-8")
    return load(folder / "config", env_of(database, folder) | {"ARSHIF_RAW__URL": url})


@pytest.fixture
def config(tmp_path: Path, bucket: str) -> Config:
    return configured(tmp_path, bucket)


@pytest.fixture
def archive(place: Database) -> Iterator[Archive]:
    with Archive(place) as it:
        yield it


@pytest.fixture
def disk(object_store: ObjectStore, config: Config) -> Path:
    """Where the server keeps the objects."""
    return object_store.folder(config.settings.raw.url)


def check_all(archive: Archive, config: Config) -> Verified:
    with open_raw(config, archive) as raw:
        return verify(archive, raw, NOW + DAY, NOW)


def test_segments_become_one_file_of_their_month(archive: Archive, config: Config, disk: Path) -> None:
    for run in range(3):
        crawl(archive, own_raw_place(config), run, 4, LAST_MONTH)
    assert len(raw_place(config).listed()) == 12
    with open_raw(config, archive) as raw:
        before = {ref.id: raw.packed(ref) for ref in _refs(archive)}
        assert compact(archive, config, NOW) == Compacted(merged=12, into=1, records=12)
        assert {ref.id: raw.packed(ref) for ref in _refs(archive)} == before
        assert whole(archive, raw) == 12
    (merged,) = raw_place(config).listed()
    assert [name for name in names(disk) if name.endswith(".warc.gz")] == [merged]
    assert check_all(archive, config).damaged == 0


def test_what_is_forgotten_is_in_no_object(archive: Archive, config: Config, disk: Path) -> None:
    crawl(archive, own_raw_place(config), 1, 3, LAST_MONTH)
    compact(archive, config, NOW)
    crawl(archive, own_raw_place(config), 2, 2)
    for url in (f"{RUN}1/1", f"{RUN}2/1"):
        with WarcStore(own_raw_place(config), "run-000009") as killed:  # before it had stored its page
            killed.append(replace(RESPONSE, url=url, body=f"<p>said at {url}</p>".encode()))
        assert len(says(disk, f"said at {url}<")) == 2
        work = Erasure(archive, own_raw_place(config))
        assert work.forget(work.resolve(url, config), NOW).raws == 2
        assert says(disk, f"said at {url}<") == []
    with open_raw(config, archive) as raw:
        assert whole(archive, raw) == 3


def test_what_is_lost_or_damaged_is_told(archive: Archive, config: Config, disk: Path) -> None:
    crawl(archive, own_raw_place(config), 1, 3)
    lost, damaged, _ = sorted(disk.rglob("*.warc.gz"))
    lost.unlink()
    content = bytearray(damaged.read_bytes())
    content[-200] ^= 1
    damaged.write_bytes(content)
    found = check_all(archive, config)
    assert (found.records, found.damaged, found.missing) == (3, 1, 1)
    with archive.read() as conn:
        assert [one.problem for one in warc_records.damaged(conn)] == ["record.missing", "record.damaged"]


def test_a_server_that_is_away_has_lost_nothing(
    archive: Archive, config: Config, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "RETRY", buckets.RETRY / 100)
    crawl(archive, own_raw_place(config), 1, 3)
    buckets._store.cache_clear()
    object_store.stop()
    try:
        for ask in (
            lambda: check_all(archive, config),
            lambda: own_raw_place(config),
            lambda: compact(archive, config, NOW, at_once=True),
        ):
            with pytest.raises(ArchiveError) as told:
                ask()
            assert told.value.code == RawMessage.AWAY
    finally:
        object_store.start()
    with archive.read() as conn:
        assert warc_records.damaged(conn) == []
    assert check_all(archive, config) == replace(Verified(), records=3, bytes=_bytes(archive))


def test_what_dead_runs_left_is_swept_in_time(archive: Archive, config: Config) -> None:
    place = own_raw_place(config)
    begun = NOW - 10 * DAY
    ended, going = (
        archive.write(lambda c: runs.start(c, [], begun, owner="test", why=Message(RunCause.SCHEDULED))).result()
        for _ in range(2)
    )
    archive.write(lambda c: runs.finish(c, ended, RunStatus.KILLED, begun + DAY)).result()
    crawl(archive, place, ended, 1)
    kept = {*place.listed()}
    with WarcStore(place, f"run-{ended:06d}") as orphan, WarcStore(place, f"run-{going:06d}") as living:
        left = orphan.append(RESPONSE).file
        mine = {living.append(RESPONSE).file}
    with WarcStore(place, f"run-{going + 1:06d}") as other:
        foreign = {other.append(RESPONSE).file}  # of an archive that was restored to an earlier time
    now = datetime.fromtimestamp(place.listed()[left].modified, UTC)
    sweep = raw_files.sweep_orphans
    assert sweep(archive, place, now + raw_files.ORPHAN_AGE - DAY, lambda: None) == 0, "it may be new"
    assert sweep(archive, place, now + raw_files.ORPHAN_AGE + DAY, lambda: None) == 1
    assert place.listed().keys() == kept | mine | foreign
    with open_raw(config, archive) as raw:
        assert whole(archive, raw) == 1


def test_they_expire(archive: Archive, config: Config) -> None:
    crawl(archive, own_raw_place(config), 1, 2, NOW - 40 * DAY)
    crawl(archive, own_raw_place(config), 2, 2, NOW - 2 * DAY)
    archive.write(stored_when_fetched).result()
    settings = config.settings.model_copy(update={"raw": config.settings.raw.model_copy(update={"keep_days": 30})})
    assert expire_raw(replace(config, settings=settings), archive, NOW) == 2
    with open_raw(config, archive) as raw:
        assert whole(archive, raw) == 2
    assert len(raw_place(config).listed()) == 2


def test_exports_manifests_and_proofs_have_them(archive: Archive, config: Config, tmp_path: Path) -> None:
    crawl(archive, own_raw_place(config), 1, 3)
    with open_raw(config, archive) as raw:
        assert join(raw, _refs(archive), tmp_path / "all.warc.gz", {}) == Joined(3, 0)
    assert manifests.write(archive, config, NOW + DAY, today=True).entries == 6


def test_a_backup_has_them_and_puts_them_back(tmp_path: Path, config: Config, disk: Path) -> None:
    with open_archive(config) as archive:
        crawl(archive, own_raw_place(config), 1, 3)
        made = back_up(archive, raw_place(config), tmp_path / "copy")
        assert (made.short, made.damaged) == ((), ())
        assert len(made.parts) == 4
    assert check(tmp_path / "copy") == made
    lost, changed, _ = sorted(disk.rglob("*.warc.gz"))
    lost.unlink()
    restore(tmp_path / "copy", tmp_path, elsewhere=own_raw_place(config), force=True)
    changed.write_bytes(b"-" + changed.read_bytes()[1:])
    with pytest.raises(ArchiveError, match="is not as it was when the copy was made: --force replaces it"):
        restore(tmp_path / "copy", tmp_path / "elsewhere", elsewhere=own_raw_place(config))
    restore(tmp_path / "copy", tmp_path, elsewhere=own_raw_place(config), force=True)
    with open_archive(config) as archive, open_raw(config, archive) as raw:
        assert whole(archive, raw) == 3


def test_a_bucket_belongs_to_one_archive(tmp_path: Path, config: Config, bucket: str) -> None:
    with open_archive(config) as archive:
        crawl(archive, own_raw_place(config), 1, 1)
    (tmp_path / "other").mkdir()
    other = configured(tmp_path / "other", bucket)
    with pytest.raises(ArchiveError) as told:
        own_raw_place(other)
    assert told.value.code == RawMessage.OTHER_ARCHIVE
    mark = str(told.value.message.params["mark"])
    (tmp_path / "other" / raw_owner.FILE).write_text(f"{mark}\n", "utf-8")
    assert own_raw_place(other).name == bucket, "it takes the other's place"


def test_moving_there_and_back(archive: Archive, place: Database, tmp_path: Path, bucket: str) -> None:
    local, there = configured(tmp_path, "", place), configured(tmp_path, bucket, place)
    for run in range(3):
        crawl(archive, raw_place(local), run, 2)
    before = {ref: WarcStore(raw_place(local)).packed(ref) for ref in _refs(archive)}
    with pytest.raises(ArshifError) as told:
        raw_place(there)
    assert told.value.code == RawMessage.NOT_THERE
    assert "arshif copy --raw s3://" in str(told.value)

    def broken(done: int, total: int) -> None:
        if 0 < total - done < total / 2:
            raise ArshifError("the machine went down")

    with pytest.raises(ArshifError, match="went down"):
        raw_copying.copy(archive, local, bucket, broken)
    assert raw_place(local).name == str(raw_folder(local)), "the archive's are where they were"
    told_bytes = list[tuple[int, int]]()
    made = raw_copying.copy(archive, local, bucket, lambda *one: told_bytes.append(one))
    assert (made.files, made.missing) == (3, ())
    assert told_bytes[-1] == (made.bytes, made.bytes)
    with pytest.raises(ArshifError, match=r"`raw\.url` to that"):
        raw_place(local)
    assert {ref: WarcStore(raw_place(there)).packed(ref) for ref in _refs(archive)} == before
    for path in raw_folder(local).rglob("*.warc.gz"):
        path.unlink()
    crawl(archive, own_raw_place(there), 7, 1)
    assert raw_copying.copy(archive, there, "").files == 4
    with open_raw(local, archive) as raw:
        assert whole(archive, raw) == 7


def _refs(archive: Archive) -> list[WarcRef]:
    with archive.read() as conn:
        return list(warc_records.refs(conn))


def _bytes(archive: Archive) -> int:
    return sum(ref.length for ref in _refs(archive))
