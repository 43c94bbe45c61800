"""Raw copies: WARC that any tool reads, byte for byte, torn tails cut, lengths never trusted."""

import gzip
import multiprocessing
import os
import random
import re
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from index.errors import ArchiveError
from index.warc import files, record
from index.warc.folder import Folder
from index.warc.record import Response, WarcDamaged, WarcRef
from index.warc.store import WarcStore
from index.warc.torn import repair
from tests.support.archive_samples import NOW
from tests.support.warcs import raw_file

URL = "https://step.example/الخبر?x=1"
HEADERS = [("Content-Type", "text/html; charset=windows-1256"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]


def response(body: bytes = b"\0\r\n\r\n\xff binary", url: str = URL, headers: record.Headers = HEADERS) -> Response:
    return Response(url, NOW, "HTTP/1.1 200 OK", headers, body)


def records(path: Path) -> list[tuple[str, str | None, bytes]]:
    with path.open("rb") as file:
        return [
            (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read())
            for record in ArchiveIterator(file)
        ]


def test_an_answer_comes_back_byte_for_byte(tmp_path: Path) -> None:
    with WarcStore(tmp_path) as copies:
        ref = copies.append(response())
        assert copies.read(ref, URL) == (HEADERS, response().body)


def test_another_tool_reads_the_file(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "run", {"operator": "me"}) as copies:
        for n in range(3):
            copies.append(response(b"<p>%d" % n, f"{URL}{n}"))
    path = raw_file(tmp_path)
    found = records(path)
    assert [(kind, url) for kind, url, _ in found[1:]] == [("response", f"{URL}{n}") for n in range(3)]
    assert [body for _, _, body in found[1:]] == [b"<p>0", b"<p>1", b"<p>2"]
    assert found[0][0] == "warcinfo"
    assert b"operator: me" in found[0][2]
    with path.open("rb") as file:
        heads = [record.rec_headers for record in ArchiveIterator(file)]
    assert [head.protocol for head in heads] == ["WARC/1.1"] * 4
    assert heads[1].get_header("WARC-Date") == "2026-11-23T12:00:00.000000Z"


def test_its_digests_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with WarcStore(tmp_path, "run") as copies:
        copies.append(response())
        copies.append(response(b""))
    checker = Checker(type("Options", (), {"inputs": [str(raw_file(tmp_path))], "verbose": True})())
    checker.process_all()
    assert checker.exit_value == 0
    assert "pass" in capsys.readouterr().out


@settings(max_examples=60)
@given(
    body=st.binary(max_size=3000),
    headers=st.lists(
        st.tuples(
            st.text(st.characters(codec="ascii", exclude_characters=":\r\n", categories=("L", "N")), min_size=1),
            st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=50),
        ),
        max_size=5,
    ),
)
def test_any_answer_comes_back(tmp_path: Path, body: bytes, headers: list[tuple[str, str]]) -> None:
    with WarcStore(tmp_path) as copies:
        assert copies.read(copies.append(response(body, headers=headers)), URL) == (headers, body)


def test_a_member_lies_where_its_reference_says(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "run") as copies:
        refs = [copies.append(response(os.urandom(n * 1000))) for n in range(5)]
    data = raw_file(tmp_path).read_bytes()
    for ref in refs:
        assert gzip.decompress(data[ref.offset : ref.offset + ref.length]).startswith(b"WARC/1.1\r\n")
    assert refs[-1].offset + refs[-1].length == len(data)


def test_files_are_rotated(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "run", file_bytes=5_000) as copies:
        refs = [copies.append(response(os.urandom(2_000))) for _ in range(7)]
        assert [copies.read(ref, URL)[0] for ref in refs] == [HEADERS] * 7
    assert sorted({ref.file.rpartition("/")[2] for ref in refs}) == [f"run-{n:05}.warc.gz" for n in (1, 2, 3, 4)]
    with WarcStore(tmp_path, "run", file_bytes=5_000) as copies:
        assert copies.append(response()).file.endswith("/run-00005.warc.gz")
    assert all(records(raw_file(tmp_path, f"run-{n:05}"))[0][0] == "warcinfo" for n in (1, 2, 3, 4, 5))


def test_writers_without_a_name_do_not_meet(tmp_path: Path) -> None:
    with WarcStore(tmp_path) as one, WarcStore(tmp_path) as other:
        assert one.append(response()).file != other.append(response()).file


def test_a_file_lies_in_the_folder_of_its_month(tmp_path: Path) -> None:
    with WarcStore(tmp_path / "raw", "run") as copies:
        ref = copies.append(response())
    assert re.fullmatch(r"\d{4}/\d\d/run-00001\.warc\.gz", ref.file)
    assert files.names(tmp_path / "raw") == files.names(tmp_path / "raw", "run-") == [ref.file]
    assert files.month(NOW) == "2026/11"


def test_a_file_of_an_older_archive_lies_beside_the_months(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "old") as copies:
        old = copies.append(response(b"old"))
        (tmp_path / old.file).rename(tmp_path / "old-00001.warc.gz")
        flat = replace(old, file="old-00001.warc.gz")
        assert copies.read(flat, URL)[1] == b"old"
    with WarcStore(tmp_path, "new") as copies:
        new = copies.append(response())
    assert files.names(tmp_path) == sorted([flat.file, new.file])
    assert files.names(tmp_path, "old-") == [flat.file]


def test_writers_of_one_name_write_to_files_of_their_own(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "run") as one, WarcStore(tmp_path, "run") as other:
        refs = [one.append(response(b"1")), other.append(response(b"2")), one.append(response(b"3"))]
        assert refs[0].file == refs[2].file != refs[1].file
        assert [one.read(ref, URL)[1] for ref in refs] == [b"1", b"2", b"3"]
    before = {name: (tmp_path / name).read_bytes() for name in files.names(tmp_path)}
    with WarcStore(tmp_path, "run") as later:
        later.append(response(b"4"))
    after = {name: (tmp_path / name).read_bytes() for name in files.names(tmp_path)}
    assert after.items() > before.items(), "what is there is not written to, whoever wrote it"


def test_threads_share_a_writer(tmp_path: Path) -> None:
    bodies = [os.urandom(random.randrange(5_000)) for _ in range(40)]
    with WarcStore(tmp_path, "run") as copies:
        with ThreadPoolExecutor(4) as pool:
            refs = list(pool.map(lambda body: copies.append(response(body)), bodies))
        assert [copies.read(ref, URL)[1] for ref in refs] == bodies


# --- torn and damaged ----------------------------------------------------------------------------------------------


def test_a_torn_tail_is_cut_wherever_it_was_torn(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "run") as copies:
        refs = [copies.append(response(os.urandom(3_000))) for _ in range(4)]
    path = raw_file(tmp_path)
    whole = path.read_bytes()
    ends = [0, *(ref.offset + ref.length for ref in refs)]
    ends[0] = refs[0].offset
    places = random.Random(1).sample(range(len(whole)), 60) + ends + [end - 1 for end in ends] + [0, 1, 5]
    for at in places:
        path.write_bytes(whole[:at])
        kept = max([end for end in (0, *ends) if end <= at])
        assert repair(tmp_path, {refs[0].file: 0}) == at - kept
        assert path.read_bytes() == whole[:kept]
        if kept:
            assert len(records(path)) == 1 + sum(end <= at for end in ends[1:])
        for aside in path.parent.glob("*.torn-*"):
            assert aside.read_bytes() == whole[kept:at]
            aside.unlink()


def test_what_a_dead_writer_left_torn_is_cut_and_a_living_one_is_left_alone(tmp_path: Path) -> None:
    for name in ("run-7", "run-8"):
        with WarcStore(tmp_path, name) as copies:
            copies.append(response())
            copies.append(response())
    dead, other = (raw_file(tmp_path, f"{name}-00001") for name in ("run-7", "run-8"))
    torn = dead.read_bytes()[:-10]
    dead.write_bytes(torn)
    with WarcStore(tmp_path, "run-8") as living:
        living.append(response())
        size = other.stat().st_size
        assert repair(tmp_path, dict.fromkeys(files.names(tmp_path, "run-8-"), 0)) == 0
        assert other.stat().st_size == size
    its = dict.fromkeys(files.names(tmp_path, "run-7-"), 0)
    assert repair(tmp_path, its) == len(torn) - dead.stat().st_size > 0
    assert len(records(dead)) == 2
    assert repair(tmp_path, its) == 0
    assert files.names(tmp_path / "none", "run-7-") == []
    assert repair(tmp_path, {"2026/11/run-7-00002.warc.gz": 0}) == 0, "merged with others meanwhile"


def test_a_tail_of_rubbish_is_cut(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "run") as copies:
        ref = copies.append(response())
    with (tmp_path / ref.file).open("ab") as file:
        file.write(b"\0" * 5_000)  # what a power cut leaves of a file that had grown
    assert repair(tmp_path, {ref.file: 0}) == 5_000
    assert (tmp_path / ref.file).stat().st_size == ref.offset + ref.length


def test_a_bomb_in_the_tail_takes_no_memory(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "run") as copies:
        ref = copies.append(response())
    with (tmp_path / ref.file).open("ab") as file:
        file.write(gzip.compress(b"\0" * 200_000_000, 1)[:-20])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert repair(tmp_path, {ref.file: 0}) > 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB
    assert len(records(tmp_path / ref.file)) == 2


def write_until_killed(folder: Path) -> None:
    with WarcStore(folder, "run") as copies:
        while True:
            copies.append(response(os.urandom(200_000)))


def test_a_killed_writer_leaves_whole_records(tmp_path: Path) -> None:
    child = multiprocessing.get_context("fork").Process(target=write_until_killed, args=(tmp_path,))
    child.start()
    while sum(facts.bytes for facts in Folder(tmp_path).listed().values()) < 1_000_000:
        assert child.is_alive()
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    repair(tmp_path, dict.fromkeys(files.names(tmp_path), 0))
    found = records(raw_file(tmp_path))
    assert {len(body) for _, _, body in found[1:]} == {200_000}


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with WarcStore(tmp_path, "run") as copies:
        first = copies.append(response())
        path = tmp_path / first.file
        before = path.read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 1_000, limits[1]))
        try:
            with pytest.raises(ArchiveError, match="cannot write raw copies"):
                copies.append(response(os.urandom(50_000)))
            assert path.read_bytes() == before
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        second = copies.append(response(b"after"))
        assert second.offset == len(before)
        assert copies.read(second, URL)[1] == b"after"


def test_a_reference_that_lies_is_refused(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "run") as copies:
        ref = copies.append(response())
        after = copies.append(response())
        (tmp_path / "secret.txt").write_text("x", "ascii")
        lies = {
            "ends at": [replace(ref, length=10**15), replace(ref, offset=10**15), replace(ref, offset=-5)],
            "not one whole record": [
                replace(ref, length=ref.length - 1),
                replace(ref, length=ref.length + after.length),
            ],
            "is damaged": [replace(ref, offset=ref.offset + 1, length=ref.length - 1)],
            "is no answer but warcinfo": [WarcRef(ref.file, 0, ref.offset)],
            "cannot be read": [replace(ref, file="other.warc.gz")],
            "no name of a file of ours": [replace(ref, file=f"../{ref.file}"), replace(ref, file="secret.txt")],
        }
        for reason, refs in lies.items():
            for lie in refs:
                with pytest.raises(WarcDamaged, match=reason):
                    copies.read(lie, URL)
        with pytest.raises(WarcDamaged, match=r"is the answer of .*, not of https://other\.example/"):
            copies.read(ref, "https://other.example/")


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    with WarcStore(tmp_path, "run") as copies:
        ref = copies.append(response(os.urandom(1_000)))
        data = bytearray((tmp_path / ref.file).read_bytes())
        data[ref.offset + ref.length // 2] ^= 1
        (tmp_path / ref.file).write_bytes(data)
        with pytest.raises(WarcDamaged):
            copies.read(ref, URL)


def test_a_record_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "RECORD_BYTES", 10_000)
    with WarcStore(tmp_path, "run") as copies:
        ref = copies.append(response(b"\0" * 100_000))
        with pytest.raises(WarcDamaged, match="not one whole record"):
            copies.read(ref, URL)


def test_a_record_is_known_by_its_address_without_what_only_tracks(tmp_path: Path) -> None:
    with WarcStore(tmp_path) as copies:
        ref = copies.append(response(url="https://step.example:443/%d8%ae/1?id=5&utm_source=feed&q=%d8%ae#top"))
        assert copies.read(ref, "https://step.example/%D8%AE/1?id=5&q=%D8%AE")[1] == response().body
        for other in ("/%D8%AE/1?id=6", "/%D8%AE/2?id=5", "/%D8%AE/1?id=5&page=2", ":8443/%D8%AE/1?id=5"):
            with pytest.raises(WarcDamaged, match="is the answer of"):
                copies.read(ref, f"https://step.example{other}")
