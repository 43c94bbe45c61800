"""Manifests: everything that was stored is in exactly one, whatever interrupts the writing; what changes afterwards is
found; and what is forgotten leaves nothing but a hash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crawler.daemon import Daemon
from crawler.maintenance import manifests as writer
from crawler.maintenance.erasure import Erasure
from crawler.maintenance.verification import verify
from crawler.monitoring.doctor import run_checks
from index.archive import Archive, manifest_checks, manifests
from index.archive import tables as t
from index.archive.backup import back_up, restore
from index.archive.database import Database
from index.errors import ArshifError
from index.evidence import minisign
from index.evidence.forms import Manifest, parse_manifest, reading_bytes
from index.evidence.proofs import check, pack
from index.model.message import Message
from index.warc.folder import Folder
from tests.support.patience import PATIENCE
from tests.support.proven import KEPT, Proven, day, text
from tests.support.time_authority import authority


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Proven]:
    """An archive in a file, where commands look for it."""
    with Proven(tmp_path) as it:
        yield it


@pytest.fixture
def anywhere(tmp_path: Path, place: Database) -> Iterator[Proven]:
    """An archive in each kind of database."""
    with Proven(tmp_path, place) as it:
        yield it


def closed(archive: Proven) -> list[Manifest]:
    with archive.archive.read() as conn:
        return [manifests.parsed(one) for one in manifests.stored(conn)]


def problems(archive: Proven) -> list[Message]:
    """What is wrong with the manifests and the readings."""
    return [*manifest_checks.chain_problems(archive.archive), *manifest_checks.reading_problems(archive.archive)]


def uncovered(archive: Proven) -> int:
    with archive.archive.read() as conn:
        return sum(len(conn.execute(select(table).where(table.c.entry.is_(None))).all()) for table in KEPT)


# --- what a manifest covers ------------------------------------------------------------------------------------------


def test_a_day_that_has_ended_gets_a_manifest_of_all_readings_and_records(anywhere: Proven) -> None:
    anywhere.store(text(1), day(10))
    anywhere.store(text(2), day(10, 23.9))
    anywhere.correct(replace(text(2), body="read better", content_hash="better"), day(10, 23.95))
    assert anywhere.write(day(10, 23.98)).closed == []
    anywhere.store(text(3), day(11, 0))
    (first,) = anywhere.write(day(11, 0.5)).closed
    assert (first.number, first.day, first.entries, first.previous) == (1, "2026-11-10", 5, None)
    assert anywhere.write(day(11, 1)).closed == []
    (second,) = anywhere.write(day(13)).closed
    assert (second.number, second.day, second.entries, second.previous) == (2, "2026-11-11", 2, first.digest)
    assert anywhere.write(day(14)).closed == []
    assert closed(anywhere) == [first, second]
    assert problems(anywhere) == []


def test_what_is_stored_counts_and_not_what_a_record_is_dated(archive: Proven) -> None:
    archive.store(text(1), day(10))
    archive.write(day(11))
    old = archive.store(text(2), day(11), fetched=day(1) - timedelta(days=3_000))  # an import
    archive.write(day(12))
    assert [(one.day, one.entries) for one in closed(archive)] == [("2026-11-10", 2), ("2026-11-11", 2)]
    proven = check(pack(archive.proof(old)))
    assert (proven.manifest.day, proven.record_date) == ("2026-11-11", "2018-08-15T12:00:00.000000Z")


def test_what_comes_late_for_a_day_goes_into_the_next_manifest(anywhere: Proven) -> None:
    anywhere.store(text(1), day(10))
    anywhere.write(day(11))
    late = anywhere.store(text(2), day(10, 23.99))  # its transaction ended only now, or the clock went back
    anywhere.write(day(12))
    assert [(one.number, one.day, one.entries) for one in closed(anywhere)] == [
        (1, "2026-11-10", 2),
        (2, "2026-11-10", 2),
    ]
    assert check(pack(anywhere.proof(late))).manifest.number == 2
    assert problems(anywhere) == []


def test_today_can_be_closed_and_what_follows_gets_a_further_manifest(archive: Proven) -> None:
    archive.store(text(1), day(10, 8))
    assert [one.day for one in archive.write(day(10, 9), today=True).closed] == ["2026-11-10"]
    assert archive.write(day(10, 10), today=True).closed == []
    archive.store(text(2), day(10, 11))
    archive.write(day(11))
    assert [(one.number, one.day) for one in closed(archive)] == [(1, "2026-11-10"), (2, "2026-11-10")]


def test_what_a_clock_from_the_future_stored_waits_for_no_future(archive: Proven) -> None:
    archive.store(text(1), day(10))
    ahead = archive.store(text(2), day(10) + timedelta(days=3_000))
    archive.write(day(11))
    assert [(one.day, one.entries) for one in closed(archive)] == [("2026-11-10", 4)]
    assert check(pack(archive.proof(ahead))).reading["stored"] == "2035-01-27T12:00:00Z"


def test_a_manifest_that_was_opened_while_the_clock_was_ahead_waits_for_no_future(archive: Proven) -> None:
    ahead = day(10) + timedelta(days=3_000)
    archive.store(text(1), ahead)
    archive.write(ahead)
    one = archive.store(text(2), day(10, 8))
    assert archive.write(day(10, 9)).closed == []
    two = archive.store(text(3), day(10, 20))
    assert [one.day for one in archive.write(day(11)).closed] == ["2026-11-10"]
    assert {check(pack(archive.proof(which))).manifest.day for which in (one, two)} == {"2026-11-10"}
    assert problems(archive) == []


def test_a_reading_waits_for_the_record_that_a_clock_a_little_ahead_stored(archive: Proven) -> None:
    one = archive.store(text(1), day(11, 3))
    archive.sql("UPDATE versions SET stored = stored - 43200000000")  # the clock went back between the two
    assert archive.write(day(10, 20)).closed == []
    archive.write(day(12))
    assert check(pack(archive.proof(one))).record_url == "https://step.example/1"
    assert problems(archive) == []


def test_an_archive_from_before_has_all_of_it_in_the_first_manifest(archive: Proven) -> None:
    for n in range(3):
        archive.store(text(n), day(10))
    for table in KEPT:
        archive.sql(f"UPDATE {table.name} SET stored = NULL")
    assert archive.write(day(15)).closed == []
    (first,) = archive.write(day(16)).closed
    assert (first.day, first.entries) == ("2026-11-15", 6)
    assert uncovered(archive) == 0


def test_a_damaged_record_gets_its_entry_once_it_is_whole_again(archive: Proven) -> None:
    one = archive.store(text(1), day(10))
    (file,) = (archive.folder / "data" / "raw").rglob("*.warc.gz")
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    archive.write(day(11))
    assert [manifest.entries for manifest in closed(archive)] == [1]
    assert archive.proof(one).record is None
    file.write_bytes(whole)
    verify(archive.archive, archive.raw, day(12), day(12))
    archive.write(day(13))
    assert [manifest.entries for manifest in closed(archive)] == [1, 1]
    assert uncovered(archive) == 0
    assert problems(archive) == []


def test_versions_that_change_their_numbers_and_times_keep_their_entries(archive: Proven) -> None:
    one = archive.store(text(1), day(10), fetched=day(9))
    archive.write(day(11))
    before = archive.proof(one)
    archive.sql("UPDATE versions SET number = 2, seen = seen - 5000000, confirmed = 'x', corrected = 1")
    archive.sql("UPDATE articles SET number = 2")
    assert archive.proof(one, version=2) == before
    assert problems(archive) == []


# --- interruptions ---------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process died."""


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 7), min_size=1, max_size=5),
    deaths=st.lists(st.integers(0, 12), max_size=6),
    batch=st.integers(1, 4),
    committed=st.booleans(),
)
def test_whatever_is_interrupted_each_reading_and_record_is_in_one_manifest(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], deaths: list[int], batch: int, committed: bool
) -> None:
    """Kills before and after any transaction, and crawls that store between two of them."""
    with Proven(tmp_path_factory.mktemp("killed")) as archive, pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "BATCH", batch)
        write, left = archive.archive.write, iter(deaths)
        steps = [next(left, None)]

        def dying(fn, lease=None):  # type: ignore[no-untyped-def]
            if steps[0] is None:
                return write(fn, lease)
            if steps[0] == 0:
                if committed:
                    write(fn, lease).result()
                steps[0] = next(left, None)
                raise Killed
            steps[0] -= 1
            return write(fn, lease)

        number = 0
        for n, size in enumerate(sizes):
            for _ in range(size):
                archive.store(text(number), day(10 + n), raw=number % 3 != 0)
                number += 1
            patch.setattr(archive.archive, "write", dying)
            with suppress(Killed):
                archive.write(day(11 + n), steps=3)
            patch.setattr(archive.archive, "write", write)
        archive.write(day(20))
        found = closed(archive)
        assert uncovered(archive) == 0
        assert problems(archive) == []
        assert sum(one.entries for one in found) == number + sum(n % 3 != 0 for n in range(number))
        assert [one.number for one in found] == list(range(1, len(found) + 1))
        assert len(found) == len([size for size in sizes if size])
        again = archive.write(day(21))
        assert (again.entries, again.closed) == (0, [])


def test_two_writers_at_once_write_one_chain(anywhere: Proven, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Thread

    monkeypatch.setattr(writer, "BATCH", 2)
    for n in range(40):
        anywhere.store(text(n), day(10 + n // 10))
    threads = [Thread(target=partial(anywhere.write, day(20))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    anywhere.write(day(20))
    assert [one.entries for one in closed(anywhere)] == [20] * 4
    assert problems(anywhere) == []


def test_a_call_of_the_daemon_takes_a_bounded_number_of_steps(archive: Proven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "BATCH", 2)
    monkeypatch.setattr(writer, "STEPS", 3)
    for n in range(20):
        archive.store(text(n), day(10))
    added = [writer.write_some(archive.archive, archive.config, day(11)).entries for _ in range(8)]
    assert sum(added) == 40
    assert max(added) <= 3 * 2 * 2
    assert [one.entries for one in closed(archive)] == [40]


# --- signatures and time stamps --------------------------------------------------------------------------------------


def test_a_manifest_is_signed_and_stamped_as_far_as_that_can_be_done(archive: Proven) -> None:
    key = minisign.new_key()
    file = archive.folder / "arshif.key"
    with authority(archive.folder / "stamps") as stamps:
        archive.store(text(1), day(10))
        archive.set(signing_key=str(file), authority=stamps.url)
        with pytest.raises(ArshifError) as error:
            archive.write(day(11))
        assert error.value.message == Message("manifest.secret_key", {"file": str(file)})
        assert closed(archive) == []
        file.write_text(key.file)
        stamps.status = 503
        with pytest.raises(ArshifError) as error:
            archive.write(day(11))
        assert error.value.message.code == "manifest.authority"
        assert len(closed(archive)) == 1
        stamps.status = 200
        assert archive.write(day(11)).closed == []
        assert archive.write(day(11)).closed == []
        assert len(stamps.stamps) == 1, "a manifest is stamped once"
    with archive.archive.read() as conn:
        (one,) = manifests.stored(conn)
    assert one.signature is not None
    assert minisign.check(one.text.encode(), one.signature, key.public) == "arshif manifest 1 2026-11-10"
    assert problems(archive) == []


def test_the_newest_manifest_is_signed_once_there_is_a_key(archive: Proven) -> None:
    for n in (10, 11):
        archive.store(text(n), day(n))
        archive.write(day(n + 1))
    (archive.folder / "arshif.key").write_text(minisign.new_key().file)
    archive.set(signing_key=str(archive.folder / "arshif.key"))
    archive.write(day(13))
    with archive.archive.read() as conn:
        assert [one.signature is not None for one in manifests.stored(conn)] == [False, True]
    assert problems(archive) == []


# --- what changes afterwards -----------------------------------------------------------------------------------------

CHANGES = {  # statement, code of what is found
    "text": (
        "UPDATE manifests SET text = replace(text, 'entries\":2', 'entries\":3') WHERE number = 2",
        "manifest.root",
    ),
    "form": ("UPDATE manifests SET text = text || ' ' WHERE number = 2", "manifest.malformed"),
    "day": ("UPDATE manifests SET day = '2026-11-01' WHERE number = 2", "manifest.malformed"),
    "chain": (
        'UPDATE manifests SET text = replace(text, \'"made":"2026\', \'"made":"2025\') WHERE number = 1',
        "manifest.chain",
    ),
    "removed": ("DELETE FROM manifests WHERE number = 2", "manifest.chain"),
    "first removed": ("DELETE FROM manifests WHERE number = 1", "manifest.chain"),
    "entry": ("UPDATE manifest_entries SET hash = zeroblob(32) WHERE id = 3", "manifest.root"),
    "entry removed": ("DELETE FROM manifest_entries WHERE id = 3", "manifest.root"),
    "place": ("UPDATE manifests SET first = 4 WHERE number = 2", "manifest.entries"),
    "signature": ("UPDATE manifests SET signature = 'none', key = 'none' WHERE number = 2", "manifest.signature"),
    "stamp": ("UPDATE manifests SET stamp = x'00' WHERE number = 2", "manifest.stamp"),
    "headline": ("UPDATE versions SET headline = 'It was never so'", "manifest.reading"),
    "body": ("UPDATE versions SET body = body || ' '", "manifest.reading"),
    "content hash": ("UPDATE versions SET content_hash = 'another'", "manifest.reading"),
    "page": ("UPDATE versions SET url = 'https://step.example/other'", "manifest.reading"),
    "record": ("UPDATE manifest_entries SET record = NULL WHERE id = 6", "manifest.reading"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_behind_the_archives_back_is_found(archive: Proven, name: str) -> None:
    statement, code = CHANGES[name]
    for n in range(10, 13):
        archive.store(text(n), day(n))
        archive.write(day(n + 1))
    assert problems(archive) == []
    archive.sql(statement)
    assert code in {problem.code for problem in problems(archive)}


def test_a_record_that_was_replaced_with_valid_digests_is_damaged(archive: Proven) -> None:
    archive.store(text(1), day(10))
    archive.write(day(11))
    archive.sql("UPDATE manifest_entries SET hash = zeroblob(32) WHERE id = 1")  # so the record is another one than it
    assert verify(archive.archive, archive.raw, day(12), day(12)).damaged == 1


def test_doctor_tells_of_manifests(archive: Proven) -> None:
    def told() -> tuple[str, str]:
        (found,) = [(one.verdict, one.told.code) for one in run_checks(archive.config) if one.what == "manifests"]
        return found

    assert told() == ("ok", "doctor.no_manifest")
    archive.store(text(1), day(10))
    archive.write(day(11))
    assert told() == ("ok", "doctor.manifests")
    archive.set(authority="http://127.0.0.1:1/")
    assert told() == ("warning", "doctor.manifest_not_stamped")
    archive.set()
    archive.store(text(2), day(1) - timedelta(days=300))
    assert told() == ("warning", "doctor.manifest_late")
    archive.sql("UPDATE manifests SET text = 'none'")
    assert told() == ("fail", "manifest.malformed")
    archive.set(signing_key=str(archive.folder / "none.key"))
    assert told() == ("fail", "manifest.secret_key")


# --- forgetting, backups ---------------------------------------------------------------------------------------------


def test_what_is_forgotten_leaves_a_hash_and_the_proofs_of_all_else(anywhere: Proven) -> None:
    kept, gone = anywhere.store(text(1), day(10)), anywhere.store(text(2), day(10))
    anywhere.write(day(11))
    before, made = pack(anywhere.proof(kept)), pack(anywhere.proof(gone))
    work = Erasure(anywhere.archive, Folder(anywhere.folder / "data" / "raw"))
    work.forget(work.resolve(gone, anywhere.config), day(12))
    assert pack(anywhere.proof(kept)) == before
    assert check(made).reading["headline"] == "Story 2", "what was proven before is out of our hands"
    with anywhere.archive.read() as conn:
        assert manifests.reading(conn, gone, 1, 1) is None
        rows = [
            dict(row) for table in (t.manifests, t.manifest_entries) for row in conn.execute(select(table)).mappings()
        ]
    assert problems(anywhere) == []
    for trace in ("Story 2", gone, "step.example"):
        assert trace not in repr(rows)
    anywhere.write(day(13))
    assert len(closed(anywhere)) == 1


def test_what_is_forgotten_before_it_has_an_entry_is_in_no_manifest(archive: Proven) -> None:
    archive.store(text(1), day(10))
    gone = archive.store(text(2), day(10))
    work = Erasure(archive.archive, Folder(archive.folder / "data" / "raw"))
    work.forget(work.resolve(gone, archive.config), day(10))
    archive.write(day(11))
    assert [one.entries for one in closed(archive)] == [2]


def test_a_backup_has_the_manifests_and_a_restored_archive_goes_on(archive: Proven) -> None:
    one = archive.store(text(1), day(10))
    archive.write(day(11))
    archive.store(text(2), day(11))
    archive.write(day(11, 13))  # entries of a day that has not ended
    proof = pack(archive.proof(one))
    back_up(archive.archive, Folder(archive.folder / "data" / "raw"), archive.folder / "backup")
    restore(archive.folder / "backup", archive.folder / "new" / "data")
    with Proven(archive.folder / "new") as restored:
        assert pack(restored.proof(one)) == proof
        restored.store(text(3), day(11, 20))
        restored.write(day(12))
        assert [(found.number, found.entries) for found in closed(restored)] == [(1, 2), (2, 4)]
        assert problems(restored) == []


# --- the forms, which may never change -------------------------------------------------------------------------------


def test_the_form_of_a_manifest() -> None:
    one = Manifest(number=7, day="2026-11-28", made="2026-11-29T00:03:12Z", entries=3, root="ab", previous=None)
    form = (
        '{"day":"2026-11-28","entries":3,"format":"arshif-manifest/1","made":"2026-11-29T00:03:12Z","number":7,'
        '"previous":null,"root":"ab"}\n'
    )
    assert one.text == form
    assert parse_manifest(form) == one
    for wrong in (form[:-1], form + "\n", form.replace(":7", ': "7"'), form.replace("/1", "/2"), "", "[]", "{}"):
        with pytest.raises(ValueError):  # noqa: PT011
            parse_manifest(wrong)


def test_the_form_of_a_reading(archive: Proven) -> None:
    identifier = archive.store(text(1), day(10))
    archive.write(day(11))
    values = json.loads(archive.proof(identifier).reading)
    assert {name: values[name] for name in ("format", "article", "site", "url", "stored", "published")} == {
        "format": "arshif-reading/1",
        "article": identifier,
        "site": "step",
        "url": "https://step.example/1",
        "stored": "2026-11-10T12:00:00Z",
        "published": "2026-11-23T12:00:00+03:00",
    }
    known = {"headline": "عنوان", "body": 'a "text"', "keywords": ["a"], "paywalled": False, "published": day(10)}
    form = (
        '{"alternative_headline":null,"article":null,"authors":null,"body":"a \\"text\\"","body_hash":null,'
        '"canonical_url":null,"content_hash":null,"country":null,"description":null,"extractor":null,'
        '"format":"arshif-reading/1","headline":"عنوان","images":null,"keywords":["a"],"language":null,'
        '"modified":null,"paywalled":false,"published":"2026-11-10T12:00:00Z","record":"6b6e","section":null,'
        '"site":null,"state":null,"stored":null,"url":null}\n'
    )
    assert reading_bytes(dict.fromkeys(values) | known, None, b"kn") == form.encode()


def test_readings_are_looked_at_in_batches_whatever_their_number(
    archive: Proven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest_checks, "BATCH", 2)
    for n in range(5):
        archive.store(text(n), day(10))
        for m in range(n):
            archive.correct(replace(text(n), body=f"read {m}", content_hash=f"{n}-{m}"), day(10))
    archive.write(day(11))
    archive.sql("UPDATE readings SET body = 'changed'")
    assert len(problems(archive)) == 1 + 2 + 3 + 4
    with Archive(archive.archive.path) as again, again.read() as conn:
        assert len(manifests.covered(conn, 100)) == 15


# --- who writes them -------------------------------------------------------------------------------------------------


def test_the_daemon_writes_them_by_itself(archive: Proven, caplog: pytest.LogCaptureFixture) -> None:
    archive.store(text(1), day(10))
    Daemon(archive.config, archive.archive, web=False).supervise()
    assert [one.day for one in closed(archive)] == ["2026-11-10"]
    archive.set(signing_key=str(archive.folder / "none"))
    archive.store(text(2), day(11))
    with caplog.at_level("ERROR"):
        Daemon(archive.config, archive.archive, web=False).supervise()
    assert "manifest keygen" in caplog.text
    assert len(closed(archive)) == 1
