"""Files in whatever form and under whatever name are read to their end, or up to where they are damaged."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from crawler.errors import ArshifError
from crawler.importing import inputs, unpacking
from crawler.importing.warc_records import content, heads
from index.warc.outside import Outside
from tests.support.warcs import Archived, article, wacz, warc, zstandard

PAGES = [Archived(f"https://n.example/{n}", f"2020-01-0{n + 1}T00:00:00Z", article(n)) for n in range(4)]
PLAIN = [warc([page], gzip=False) for page in PAGES]
ALL = b"".join(PLAIN)


def packed(*parts: bytes) -> bytes:
    """Each part in a gzip member of its own."""
    return b"".join(gzip.compress(part, mtime=0) for part in parts)


def found(tmp_path: Path, *given: Path, outside: Outside | None = None) -> list[str]:
    """The URLs of the whole records with their page, damage as `damaged`."""
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    urls = []
    for group in inputs.groups([str(path) for path in given]):
        for one in inputs.unpack(group, work, outside or Outside()):
            for head in heads(one.file):
                read = None if head.damaged else content(one.file, head.offset, head.url)
                page = next((page for page in PAGES if page.url == head.url), None)
                assert read is None or (page is not None and read.body == page.body)
                urls.append(head.url if read else "damaged")
    return urls


URLS = [page.url for page in PAGES]


@pytest.mark.parametrize("name", ["some.warc", "some.warc.gz", "some.warc.zst", "some.arc.gz"])
@pytest.mark.parametrize(
    "data",
    [
        ALL,
        packed(*PLAIN),
        zstandard(ALL),
        packed(ALL),
        packed(ALL[:-40], ALL[-40:]),
        packed(b"".join(PLAIN[:2]), b"".join(PLAIN[2:])),
        packed(PLAIN[0], b"".join(PLAIN[1:])),
        packed(b"".join(PLAIN[:2]), *PLAIN[2:]),
        packed(*(ALL[place : place + 300] for place in range(0, len(ALL), 300))),
        packed(*(b"\r\n\r\n" + one.rstrip() for one in PLAIN)),
        packed(ALL) + bytes(100),
    ],
    ids=[
        *("plain", "by record", "zstandard", "whole", "two members", "two whole files", "one record and the rest"),
        *("the first two and the rest", "in blocks", "line ends before records", "filled up"),
    ],
)
def test_the_form_of_a_file_is_told_by_its_content(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert found(tmp_path, tmp_path / name) == URLS


@pytest.mark.parametrize("change", [lambda data: data[:-60], lambda data: data[:-60] + b"\xff" * 60])
def test_what_is_before_damage_to_a_file_that_was_compressed_as_a_whole_is_read(
    tmp_path: Path, change: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "torn.warc.gz").write_bytes(change(packed(ALL)))
    assert found(tmp_path, tmp_path / "torn.warc.gz")[:3] == URLS[:3]
    assert "torn.warc.gz: damaged" in caplog.text


@pytest.mark.parametrize("name", ["none.warc", "none.warc.gz", "none.warc.zst", "none.arc"])
@pytest.mark.parametrize("data", [b"", b"no archive\n\nat all", b"\x28\xb5\x2f\xfdno frame"])
def test_a_file_without_records_is_damaged(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert found(tmp_path, tmp_path / name) == ["damaged"]


def with_lf(data: bytes) -> bytes:
    """A record whose head has LF alone; its content is as it was."""
    head, end, rest = data.partition(b"\r\n\r\n")
    return (head + end).replace(b"\r\n", b"\n") + rest


def in_small_letters(data: bytes) -> bytes:
    """A record with the names of its fields in small letters."""
    head, end, rest = data.partition(b"\r\n\r\n")
    return re.sub(rb"(?m)^[\w-]+(?=:)", lambda name: name[0].lower(), head) + end + rest


def arc(version: int = 1) -> list[bytes]:
    """The records of an ARC file."""
    note = f"{version} 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n".encode()
    records = [f"filedesc://some.arc 0.0.0.0 20200101000000 text/plain {len(note)}\n".encode() + note + b"\n"]
    for page in PAGES:
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page.body
        date = re.sub(r"\D", "", page.date)
        records.append(f"{page.url} 192.0.2.1 {date} text/html {len(block)}\n".encode() + block + b"\n")
    return records


@pytest.mark.parametrize("pack", [b"".join, lambda parts: packed(*parts), lambda parts: packed(b"".join(parts))])
@pytest.mark.parametrize(
    "records", [[*map(with_lf, PLAIN)], [*map(in_small_letters, PLAIN)], arc()], ids=["lf", "small letters", "arc"]
)
def test_what_fastwarc_does_not_read_is_written_anew(
    tmp_path: Path, records: list[bytes], pack: Callable[[list[bytes]], bytes]
) -> None:
    (tmp_path / "old.warc.gz").write_bytes(pack(records))
    assert found(tmp_path, tmp_path / "old.warc.gz") == URLS


def test_the_time_of_a_page_in_an_arc_file_is_its_records(tmp_path: Path) -> None:
    (tmp_path / "old.arc").write_bytes(b"".join(arc()))
    (one,) = unpacking.warcs("old.arc", tmp_path / "old.arc", "file:///old.arc", tmp_path)
    assert one.address is None, "it is another file"
    assert [head.date.day for head in heads(one.file) if head.date] == [1, 2, 3, 4]


def test_another_version_of_arc_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "old.arc").write_bytes(b"".join(arc(2)))
    assert found(tmp_path, tmp_path / "old.arc") == ["damaged"]
    assert "ARC file of another version" in caplog.text


def test_nothing_is_read_after_a_record_of_another_length_than_it_says(tmp_path: Path) -> None:
    """It may be a page's own."""
    short = with_lf(PLAIN[0]).replace(b"</article>", b"</article>\n" + with_lf(PLAIN[1]))
    (tmp_path / "old.warc").write_bytes(short + with_lf(PLAIN[2]))
    assert found(tmp_path, tmp_path / "old.warc") == ["damaged"]


def test_a_wacz_is_read_wherever_its_files_are_and_checked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    records = packed(*PLAIN[:2])
    says = {"resources": [{"path": f"top/{n}.warc.gz", "hash": f"sha256:{sha256(records).hexdigest()}"} for n in "ab"]}
    inner = tmp_path / "inner"
    wacz(inner, {"archive/c.warc.gz": packed(*PLAIN[3:])})
    members = {
        "top/a.warc.gz": records,
        "top/b.warc.gz": packed(PLAIN[2]),
        "datapackage.json": json.dumps(says).encode(),
    }
    wacz(tmp_path / "some.wacz", members | {"inner.wacz": inner.read_bytes()})
    assert sorted(found(tmp_path, tmp_path / "some.wacz")) == URLS
    assert "b.warc.gz is not as its digest in datapackage.json says" in caplog.text
    assert "a.warc.gz is not" not in caplog.text


def test_a_record_in_a_wacz_in_a_wacz_is_referred_to_where_it_lies(tmp_path: Path) -> None:
    wacz(tmp_path / "inner", {"archive/c.warc.gz": packed(*PLAIN)})
    wacz(tmp_path / "some.wacz", {"one.wacz": (tmp_path / "inner").read_bytes()})
    outside, work = Outside([str(tmp_path)]), tmp_path / "work"
    work.mkdir()
    (one,) = inputs.unpack([str(tmp_path / "some.wacz")], work, outside)
    assert one.address is not None
    assert (tmp_path / "some.wacz").read_bytes()[one.start :].startswith(one.file.read_bytes())


@pytest.mark.parametrize("name", ["multi.json", "datapackage.json"])
def test_a_collection_in_several_wacz_files_is_a_list(tmp_path: Path, name: str) -> None:
    for number, page in enumerate(PLAIN):
        wacz(tmp_path / f"{number}.wacz", {"archive/data.warc.gz": packed(page)})
    files = [{"name": "part", "path": f"{number}.wacz"} for number in range(4)]
    (tmp_path / name).write_text(json.dumps({"profile": "multi-wacz-package", "resources": files}))
    assert inputs.is_collection(str(tmp_path / name))
    assert found(tmp_path, tmp_path / name) == URLS
    (tmp_path / "urls.json").write_text(json.dumps([{"url": URLS[0]}]))
    assert not inputs.is_collection(str(tmp_path / "urls.json"))


def test_one_file_is_read_once_whatever_leads_to_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "given").mkdir()
    one = tmp_path / "given" / "a.warc.gz"
    one.write_bytes(packed(*PLAIN))
    (tmp_path / "given" / "copy.warc.gz").write_bytes(packed(*PLAIN))
    (tmp_path / "given" / "link.warc.gz").symlink_to(one)
    assert found(tmp_path, one, tmp_path / "given", one) == URLS
    assert "link.warc.gz is the same as" in caplog.text


def test_saved_pages_that_are_the_same_were_saved_at_two_times(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        (tmp_path / name).write_bytes(PAGES[0].body)
    assert len(inputs.unpack([str(tmp_path)], tmp_path)) == 2


def test_a_folder_in_which_nothing_is_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(ArshifError, match="no file in it has a name"):
        inputs.unpack([str(tmp_path)], tmp_path)


@pytest.mark.parametrize("name", ["index.cdx", "index.cdxj.gz"])
def test_an_index_is_told_from_what_it_is_of(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(ArshifError, match="is an index, which is not needed"):
        list(inputs.groups([str(tmp_path / name)]))


def test_a_record_without_a_length_is_told_once_and_one_that_is_short_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "some.warc.gz").write_bytes(
        packed(PLAIN[0].replace(b"Content-Length", b"X-Other-Length", 1), *PLAIN[1:])
    )
    assert found(tmp_path, tmp_path / "some.warc.gz") == ["damaged", *URLS[1:]]
    undigested = re.sub(rb"WARC-\w+-Digest: \S+\r\n", b"", warc([replace(PAGES[0])], gzip=False))
    (tmp_path / "cut.warc").write_bytes(undigested[:-300])
    assert found(tmp_path, tmp_path / "cut.warc") == ["damaged"]
