"""Places of raw copies: what holds in a folder holds in a bucket of a real S3 server, too."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index.errors import ArchiveError
from index.locale import translate
from index.warc import bucket as buckets
from index.warc import segments
from index.warc.bucket import Bucket
from index.warc.folder import Folder
from index.warc.messages import RawMessage
from index.warc.place import Place
from index.warc.place_url import url_problem
from index.warc.record import Response, WarcDamaged, WarcMissing, WarcRef
from index.warc.store import WarcStore
from tests.faults.clock import Clock, can_jump
from tests.support.object_store import KEYS, ObjectStore
from tests.support.requirements import missing

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://step.example/"


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return Folder(tmp_path / "raw")
    return Bucket(request.getfixturevalue("bucket"), tmp_path)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is away is not waited for."""
    monkeypatch.setattr(buckets, "RETRY", buckets.RETRY / 100)
    monkeypatch.setattr(segments, "PATIENCE", 0.0)


def response(number: int) -> Response:
    body = random.Random(number).randbytes(2_000)
    return Response(f"{URL}{number}", NOW, "HTTP/1.1 200 OK", [("A", "b")], body)


def said(raw: WarcStore, refs: list[WarcRef]) -> list[bytes]:
    return [raw.read(ref)[1] for ref in refs]


# --- in any place ----------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_and_listed(place: Place) -> None:
    with WarcStore(place, "run-000001") as raw:
        refs = [raw.append(response(number)) for number in range(3)]
        assert said(raw, refs) == [response(number).body for number in range(3)]
    with WarcStore(place, "run-000002") as raw:
        other = raw.append(response(3))
    listed = place.listed()
    assert listed.keys() == {ref.file for ref in (*refs, other)}
    assert listed[refs[-1].file].bytes == refs[-1].offset + refs[-1].length
    assert place.listed("run-000001-").keys() == {ref.file for ref in refs}
    assert place.listed("run-000003-") == {}
    assert abs(listed[other.file].modified - datetime.now(UTC).timestamp()) < 600


def test_what_is_not_there_is_missing(place: Place) -> None:
    with WarcStore(place, "run-000001") as raw:
        ref = raw.append(response(1))
        for lost in (
            WarcRef(ref.file, ref.offset, ref.length + 1),
            WarcRef(ref.file, ref.offset + ref.length, 1),
            WarcRef("2026/11/none-00001.warc.gz", 0, 10),
            WarcRef("../raw/secret.warc.gz", 0, 10),
        ):
            with pytest.raises(WarcMissing):
                raw.read(lost)
        with pytest.raises(WarcDamaged):
            raw.read(WarcRef(ref.file, ref.offset + 1, ref.length - 1))
        with pytest.raises(WarcDamaged):
            raw.read(ref, "https://other.example/")


def test_a_writer_leaves_the_files_of_another_alone(place: Place) -> None:
    with WarcStore(place, "run-000001") as first, WarcStore(place, "run-000001") as second:
        refs = [first.append(response(1)), second.append(response(2)), first.append(response(3))]
    assert said(WarcStore(place), refs) == [response(number).body for number in (1, 2, 3)]


def test_many_threads_write_at_once(place: Place) -> None:
    refs: dict[int, WarcRef] = {}
    with WarcStore(place, "run-000001") as raw:
        threads = [
            threading.Thread(target=lambda n=number: refs.update({n: raw.append(response(n))})) for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert said(raw, [refs[number] for number in range(8)]) == [response(number).body for number in range(8)]


def test_blanked_records_are_gone_and_the_others_stay(place: Place) -> None:
    with WarcStore(place, "run-000001") as raw:
        refs = raw.ahead([response(number) for number in range(3)]).result()
        refs = refs or [raw.append(response(number)) for number in range(3)]
        assert place.blank([refs[1], WarcRef("2026/11/none-00001.warc.gz", 0, 400)]) == 1
        assert said(raw, [refs[0], refs[2]]) == [response(0).body, response(2).body]
        with pytest.raises(WarcDamaged):
            raw.read(refs[1])
        assert place.listed()[refs[2].file].bytes == refs[2].offset + refs[2].length
        packed = place.read(refs[1])
        assert len(packed) == refs[1].length
        assert place.blank([refs[1]]) == 1, "again"


def test_a_created_file_is_there_once_it_is_whole(place: Place) -> None:
    name, content = "2026/11/compacted-1.warc.gz", os.urandom(20_000_000)
    with pytest.raises(TypeError), place.create(name) as out:
        out.writelines([content, None])  # type: ignore[list-item]
    assert place.listed() == {}
    with place.create(name) as out:
        out.write(b"-" * 10)
        out.seek(0)
        out.truncate()
        out.write(content)
        assert place.listed() == {}
    assert place.listed()[name].bytes == len(content)
    assert place.read(WarcRef(name, 9_000_000, 5_000)) == content[9_000_000:9_005_000]
    with place.held(name) as held, place.held("2026/11/compacted-2.warc.gz") as none:
        assert held
        assert not none
    assert place.remove(name)
    assert place.remove(name), "again"
    assert place.remove("../../secret"), "which is nothing of ours"
    assert place.listed() == {}


def test_a_place_belongs_to_one_archive(place: Place) -> None:
    assert place.claim("one") == "one"
    assert place.claim("two") == "one"
    assert place.claim("one") == "one"
    assert place.listed() == {}, "the mark is no WARC file"
    assert place.free() is None or place.free() > 0


# --- in a bucket -----------------------------------------------------------------------------------------------------


def test_records_that_come_together_are_one_object(bucket: str, tmp_path: Path) -> None:
    place = Bucket(bucket, tmp_path)
    with WarcStore(place, "run-000001") as raw:
        waiting = [raw.ahead([response(number), response(number + 10)]) for number in range(3)]
        refs = [ref for one in waiting for ref in one.result()]
        assert len({ref.file for ref in refs}) == 1
        assert len(place.listed()) == 1
        assert said(raw, refs) == [response(number).body for number in (0, 10, 1, 11, 2, 12)]
        last = raw.ahead([response(5)])
    assert said(raw, last.result()) == [response(5).body], "the end of the writer ends the wait"


def test_a_segment_does_not_grow_without_end(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 5_000)
    monkeypatch.setattr(segments, "SEGMENT_SECONDS", 3_600.0)
    with WarcStore(Bucket(bucket, tmp_path), "run-000001") as raw:
        waiting = [raw.ahead([response(number)]) for number in range(3)]
        assert said(raw, [one.result()[0] for one in waiting]) == [response(number).body for number in range(3)]


def test_a_put_whose_answer_was_lost_is_repeated_under_its_name(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, put, names = Bucket(bucket, tmp_path), Bucket._put, list[str]()

    def lost(self: Bucket, name: str, content: bytes) -> bool:
        done = put(self, name, content)
        names.append(name)
        if len(names) == 1:
            raise self._told(OSError("Server returned non-2xx status code: 503 Service Unavailable"))
        return done

    monkeypatch.setattr(Bucket, "_put", lost)
    with WarcStore(place, "run-000001") as raw:
        refs = raw.ahead([response(1)]).result()
        assert said(raw, refs) == [response(1).body]
    assert names == [refs[0].file] * 2
    assert place.listed().keys() == {refs[0].file}


def test_a_large_object_is_recognised_where_it_is_put_again(bucket: str, tmp_path: Path) -> None:
    place, content = Bucket(bucket, tmp_path), os.urandom(buckets.PART_BYTES + 10)
    assert place._put("large", content)
    assert place._put("large", content), "the answer may have been lost"
    assert not place._put("large", content[:-1])
    assert not place._put("large", content + b"1")


@pytest.mark.usefixtures("away")
def test_a_server_that_is_away_is_none_that_has_lost_something(
    object_store: ObjectStore, bucket: str, tmp_path: Path
) -> None:
    place = Bucket(bucket, tmp_path)
    with WarcStore(place, "run-000001") as raw:
        ref = raw.append(response(1))
        object_store.stop()
        try:
            ahead = raw.ahead([response(2)])
            for ask in (
                lambda: raw.read(ref),
                lambda: raw.append(response(2)),
                ahead.result,
                place.listed,
                lambda: place.blank([ref]),
                lambda: place.remove(ref.file),
                lambda: place.claim("one"),
            ):
                with pytest.raises(ArchiveError) as told:
                    ask()
                assert told.value.code == RawMessage.AWAY
                assert bucket in str(told.value)
        finally:
            object_store.start()
        assert said(raw, [ref, raw.append(response(3))]) == [response(1).body, response(3).body]


def test_a_server_that_comes_back_in_time_is_waited_for(object_store: ObjectStore, bucket: str, tmp_path: Path) -> None:
    with WarcStore(Bucket(bucket, tmp_path), "run-000001") as raw:
        raw.append(response(0))
        object_store.stop()
        later = threading.Timer(2.0, object_store.start)
        later.start()
        refs = [*raw.ahead([response(1)]).result(), raw.append(response(2))]
        later.join()
        assert said(raw, refs) == [response(1).body, response(2).body]


def test_no_error_says_a_key(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-than-the-servers")
    buckets._store.cache_clear()
    place = Bucket(bucket, tmp_path)
    for ask in (place.listed, lambda: place.claim("one"), lambda: WarcStore(place, "run-000001").append(response(1))):
        with pytest.raises(ArchiveError) as told:
            ask()
        assert told.value.code == RawMessage.DENIED
        assert told.value.__cause__ is None
        assert told.value.__suppress_context__ or told.value.__context__ is None
        for secret in (*KEYS.values(), "another-than-the-servers"):
            assert secret not in f"{told.value!r} {told.value}"
    buckets._store.cache_clear()


def test_a_clock_that_is_wrong_is_named_and_not_the_keys(bucket: str, tmp_path: Path) -> None:
    if not can_jump():
        missing("no C compiler here, which gives a process a clock of its own: apt install gcc")
    clock = Clock(tmp_path)
    clock.jump(-3_600)
    imports = "import sys; from pathlib import Path; from index.warc.bucket import Bucket"
    asked = [sys.executable, "-c", f"{imports}; Bucket(sys.argv[1], Path(sys.argv[2])).listed()", bucket, str(tmp_path)]
    said = subprocess.run(asked, env=os.environ | clock.env, capture_output=True, text=True, check=False).stderr
    assert "ArchiveError" in said
    assert "this machine's clock" in said


def test_a_bucket_that_is_not_there_has_lost_nothing_either(bucket: str, tmp_path: Path) -> None:
    place = Bucket(bucket.replace("s3://", "s3://no-"), tmp_path)
    with pytest.raises(ArchiveError) as told:
        place.read(WarcRef("2026/11/run-000001-00001.warc.gz", 0, 100))
    assert told.value.code == RawMessage.NO_BUCKET


def test_keys_come_from_a_file_too(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    buckets._store.cache_clear()
    with pytest.raises(ArchiveError) as told:
        Bucket(bucket, tmp_path).listed()
    assert told.value.code == RawMessage.NO_CREDENTIALS
    lines = [f"{name.lower()} = {value}" for name, value in KEYS.items()]
    (tmp_path / "keys").write_text("\n".join(["[archive]", *lines, ""]), "utf-8")
    monkeypatch.setenv("AWS_PROFILE", "archive")
    assert Bucket(bucket, tmp_path).listed() == {}
    buckets._store.cache_clear()


def test_keys_that_were_replaced_in_their_file_are_taken(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, place = tmp_path / "keys", Bucket(bucket, tmp_path)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    for name in KEYS:
        monkeypatch.delenv(name)
    lines = [f"{name.lower()} = {value}" for name, value in KEYS.items()]
    file.write_text("\n".join(["[default]", lines[0], f"{lines[1]}-before", ""]), "utf-8")
    with pytest.raises(ArchiveError) as told:
        place.listed()
    assert told.value.code == RawMessage.DENIED
    file.write_text("\n".join(["[default]", *lines, ""]), "utf-8")
    os.utime(file, ns=(1, 1))  # another time, however coarse the clock
    assert place.listed() == {}
    buckets._store.cache_clear()


@pytest.mark.parametrize(
    "content",
    [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ids=["no file", "an empty one", "no PEM", "no certificate"],
)
def test_certificate_authorities_that_cannot_be_read_are_named(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_text(content, "utf-8")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(file))
    buckets._store.cache_clear()
    for ask in (Bucket(bucket, tmp_path).listed, lambda: Bucket(bucket, tmp_path).claim("one")):
        with pytest.raises(ArchiveError) as told:
            ask()
        assert told.value.code == RawMessage.NO_AUTHORITIES
        assert str(file) in str(told.value)
    buckets._store.cache_clear()


# --- URLs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket-1",
        "s3://bucket/raw/of/ours?endpoint=https://s3.example.org:9000&region=eu-1",
        "file:///mnt/raw",
    ],
)
def test_urls_of_places(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("s3://key:secret@bucket/raw", "has more than"),
        ("s3://bucket?access_key_id=key&secret_access_key=secret", "has more than"),
        ("s3://bucket?endpoint=https://key:secret@s3.example.org", "has more than"),
        ("s3://", "does not name a bucket"),
        ("s3://bucket/a//b", "does not name a bucket"),
        ("s3://bucket?endpoint=s3.example.org", "has an `endpoint` that is not"),
        ("file://secret", "does not name a folder"),
        ("/mnt/secret", "is not a place for raw copies"),
    ],
    ids=["keys", "keys in the query", "keys of the server", "nothing", "an empty part", "a name", "a host", "a path"],
)
def test_what_is_no_url_of_a_place_is_not_repeated(url: str, problem: str) -> None:
    told = url_problem(url)
    assert told is not None
    assert translate(told, "en").startswith(problem)
    assert told.params == {}
