"""Records to which nothing refers are found among those to which the archive does, torn and damaged ones too."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.warc import unreferred as module
from index.warc.folder import Folder
from index.warc.record import Response, WarcRef
from index.warc.store import WarcStore
from index.warc.unreferred import unreferred
from tests.support.archive_samples import NOW

AS_IS = ("Content-Encoding", "gzip")  # its record is not compressed again


def url(number: int) -> str:
    return f"https://step.example/{number}"


class Watched(Folder):
    """A folder that says how much was read at once."""

    longest = 0

    def read(self, ref: WarcRef) -> bytes:
        Watched.longest = max(Watched.longest, ref.length)
        return super().read(ref)


@pytest.fixture(autouse=True, params=[700, module._PIECE_BYTES], ids=["small pieces", "pieces"])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much is read at once."""
    monkeypatch.setattr(module, "_PIECE_BYTES", request.param)
    return int(request.param)


@pytest.fixture
def file(tmp_path: Path) -> tuple[Path, list[WarcRef]]:
    """A WARC file with five records, of which two hold what looks like the beginning of another."""
    with WarcStore(tmp_path, "run") as copies:
        bodies = [b"", b"\x1f\x8b\x08" * 500, b"a" * 3_000_000, b"\x1f\x8b\x08", b"b" * 2_000]
        refs = [
            copies.append(Response(url(n), NOW, "HTTP/1.1 200 OK", [AS_IS] if n % 2 else [], body))
            for n, body in enumerate(bodies)
        ]
    return tmp_path / refs[0].file, refs


@pytest.mark.parametrize("referred", [(), (0,), (1, 2), (4,), (0, 2, 4), (0, 1, 2, 3, 4)], ids=str)
def test_each_record_is_either_referred_to_or_found(
    tmp_path: Path, file: tuple[Path, list[WarcRef]], referred: tuple[int, ...]
) -> None:
    path, refs = file
    size = path.stat().st_size
    information, *found = unreferred(Folder(tmp_path), refs[0].file, size, [refs[n] for n in referred])
    assert information == (WarcRef(refs[0].file, 0, refs[0].offset), "")
    assert found == [(ref, url(n)) for n, ref in enumerate(refs) if n not in referred]


@pytest.mark.parametrize("record", range(5))
def test_one_that_is_damaged_reaches_to_the_next(tmp_path: Path, file: tuple[Path, list[WarcRef]], record: int) -> None:
    path, refs = file
    data = bytearray(path.read_bytes())
    end = refs[record].offset + refs[record].length
    data[end - 9 : end - 4] = bytes(5)
    path.write_bytes(data)
    assert [*unreferred(Folder(tmp_path), refs[0].file, len(data), ())][1:] == [
        (ref, url(n)) for n, ref in enumerate(refs)
    ]


def test_one_that_is_torn_reaches_to_the_end(tmp_path: Path, file: tuple[Path, list[WarcRef]]) -> None:
    path, refs = file
    path.write_bytes(path.read_bytes()[:-20])
    *_, (last, of) = unreferred(Folder(tmp_path), refs[0].file, path.stat().st_size, refs[:4])
    assert (last.offset, last.length, of) == (refs[4].offset, refs[4].length - 20, url(4))


def test_no_file_and_an_empty_one_have_none(tmp_path: Path) -> None:
    (tmp_path / "empty.warc.gz").touch()
    for name, size in (("empty.warc.gz", 0), ("none.warc.gz", 10)):
        assert [*unreferred(Folder(tmp_path), name, size, ())] == []


def test_what_was_forgotten_is_read_in_pieces(tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with WarcStore(tmp_path, "run") as copies:
        refs = [copies.append(Response(url(n), NOW, "HTTP/1.1 200 OK", [AS_IS], b"a" * 4_000)) for n in range(20)]
    copies.place.blank(refs[1:-1])
    monkeypatch.setattr(Watched, "longest", 0)
    size = refs[-1].offset + refs[-1].length
    information, last = unreferred(Watched(tmp_path), refs[0].file, size, refs[:1])
    assert information == (WarcRef(refs[0].file, 0, refs[0].offset), "")
    assert last == (refs[-1], url(19)), "what was blanked is nobody's page"
    assert 0 < Watched.longest <= piece
