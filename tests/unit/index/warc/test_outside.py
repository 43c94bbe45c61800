"""Records that lie where others wrote them: found, read by range, and told where they are gone or changed."""

from __future__ import annotations

import gzip
import os
import zlib
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc.stream_io import BrotliWriter, ZstdWriter

from crawler.fetch.raw_capture import decoded
from crawler.importing import warc_records
from index.warc.outside import Outside, record_at
from index.warc.record import WarcDamaged, WarcMissing, WarcRef, unpack
from index.warc.store import WarcStore
from tests.support.file_server import Ranges, Whole, serving
from tests.support.object_store import ObjectStore
from tests.support.warcs import HTML, Archived, article, warc

PAGES = [Archived(f"https://n.example/{n}", f"2020-01-0{n + 1}T00:00:00Z", article(n)) for n in range(3)]


def refs(file: Path, address: str) -> list[WarcRef]:
    """Where the responses of a file lie."""
    found = []
    with file.open("rb") as stream:
        for head in warc_records.heads(file):
            data = record_at(stream, head.offset)
            assert data is not None
            found.append(WarcRef(address, head.offset, len(data), digest=sha256(data).hexdigest()))
    return found


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
def test_a_record_is_read_where_it_lies(tmp_path: Path, packed: bool) -> None:
    file = tmp_path / "of others" / "a.warc"
    file.parent.mkdir()
    file.write_bytes(warc(PAGES, gzip=packed))
    outside = Outside([str(file.parent)])
    address = outside.address(str(file))
    assert address == file.as_uri()
    with WarcStore(tmp_path / "raw", outside=outside) as raw:
        for page, ref in zip(PAGES, refs(file, address), strict=True):
            headers, body = raw.read(ref, page.url)
            assert (headers, body) == ([HTML], page.body)
            assert raw.unpacked(ref, page.url).endswith(page.body + b"\r\n\r\n")
            assert raw.record(ref).date == page.date
    assert not (tmp_path / "raw").exists()


def test_what_lies_behind_is_no_part_of_a_record(tmp_path: Path) -> None:
    for packed in (True, False):
        data = warc(PAGES, gzip=packed)
        file = tmp_path / "a.warc"
        file.write_bytes(data)
        found = refs(file, file.as_uri())
        assert [ref.offset + ref.length for ref in found] == [*(ref.offset for ref in found[1:]), len(data)]


PLAIN = warc(PAGES[:1], gzip=False)


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(warc(PAGES, gzip=False)),
        gzip.compress(PLAIN)[:-9],
        gzip.compress(PLAIN[:-4]),
        gzip.compress(b"no record"),
        b"\x1f\x8b\x08" + bytes(100),
        PLAIN[:-1],
        PLAIN[:-4] + b"....",
        PLAIN.replace(b"Content-Length", b"Content-Length-"),
        PLAIN.replace(b"WARC/1.0", b"WARC/2.0"),
        b"",
    ],
    ids=["several", "cut", "no_end", "no_record", "no_gzip", "short", "other_end", "no_length", "version", "nothing"],
)
def test_what_is_no_record_of_its_own_cannot_be_referred_to(data: bytes) -> None:
    assert record_at(BytesIO(data), 0) is None


def _encoded(writer: type, body: bytes) -> bytes:
    out = BytesIO()
    packer = writer(out)
    packer.write(body)
    packer.close()
    return out.getvalue()


BODY = article(1)
IN_CHUNKS = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:100], BODY[100:])) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("name", "value", "body"),
    [
        ("Content-Encoding", "gzip", gzip.compress(BODY)),
        ("Content-Encoding", "x-gzip", gzip.compress(BODY)),
        ("Content-Encoding", "deflate", zlib.compress(BODY)),
        ("Content-Encoding", "br", _encoded(BrotliWriter, BODY)),
        ("Content-Encoding", "zstd", _encoded(ZstdWriter, BODY)),
        ("Transfer-Encoding", "chunked", IN_CHUNKS),
        ("Transfer-Encoding", "chunked", BODY),
        ("Content-Type", "text/html", BODY),
    ],
    ids=["gzip", "x-gzip", "deflate", "br", "zstd", "chunks", "chunks_removed", "plain"],
)
def test_a_page_is_the_same_as_if_it_were_copied(tmp_path: Path, name: str, value: str, body: bytes) -> None:
    file = tmp_path / "a.warc.gz"
    file.write_bytes(warc([replace(PAGES[0], body=body, headers=((name, value),))]))
    copied = warc_records.content(file, 0, PAGES[0].url)
    assert copied is not None
    with WarcStore(tmp_path / "raw", outside=Outside([str(tmp_path)])) as raw:
        headers, found = raw.read(refs(file, file.as_uri())[0], PAGES[0].url)
    assert decoded(headers, found) == decoded(copied.headers, copied.body) == BODY


def test_a_file_that_was_changed_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.warc"
    data = warc(PAGES, gzip=False)
    file.write_bytes(data)
    outside = Outside([str(tmp_path)])
    first, second, last = refs(file, file.as_uri())
    file.write_bytes(data.replace(b"quay number 1", b"quay number 7"))
    assert unpack(outside.read(first), first)
    with pytest.raises(WarcDamaged, match="was changed"):
        outside.read(second)
    file.write_bytes(data[: last.offset])
    with pytest.raises(WarcMissing, match="ends before"):
        outside.read(last)
    file.unlink()
    with pytest.raises(WarcMissing, match="No such file"):
        outside.read(first)
    os.mkfifo(file)
    with pytest.raises(WarcMissing, match="no file"):
        outside.read(first)


PLACES = ["/srv/news", "https://data.example.org/crawl/", "s3://crawls/news?endpoint=http://localhost:9000"]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("/srv/news/2020/a.warc.gz", "file:///srv/news/2020/a.warc.gz"),
        ("/srv/news/سنة/a b.warc", "file:///srv/news/%D8%B3%D9%86%D8%A9/a%20b.warc"),
        ("/srv/newspapers/a.warc.gz", None),
        ("/srv/news/../other/a.warc.gz", None),
        ("file:///srv/news/%2e%2e/other/a.warc.gz", None),
        ("https://data.example.org/crawl/a.warc.gz#part", "https://data.example.org/crawl/a.warc.gz"),
        ("https://DATA.example.org/crawl/a.warc.gz", "https://DATA.example.org/crawl/a.warc.gz"),
        ("http://data.example.org/crawl/a.warc.gz", None),
        ("https://data.example.org/crawl/../a.warc.gz", None),
        ("https://data.example.org/crawler/a.warc.gz", None),
        ("https://data.example.org.evil.example/crawl/a.warc.gz", None),
        ("https://data.example.org@evil.example/crawl/a.warc.gz", None),
        ("https://[broken/crawl/a.warc.gz", None),
        (f"s3://crawls/news/a.warc.gz?endpoint={'http://localhost:9000'}", PLACES[2].replace("?", "/a.warc.gz?")),
        ("s3://crawls/news/a.warc.gz?endpoint=http://evil.example", None),
        ("s3://crawls/news/a.warc.gz", None),
    ],
)
def test_only_what_is_in_the_places_is_referred_to_and_read(given: str, address: str | None) -> None:
    outside = Outside(PLACES)
    assert outside.address(given) == address
    if address is None:
        with pytest.raises(WarcMissing, match=r"raw\.outside"):
            outside.read(WarcRef(given, 0, 10, digest="00"))


def test_a_link_out_of_a_place_leads_out_of_it(tmp_path: Path) -> None:
    for name in ("news", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "other" / "a.warc").write_bytes(warc(PAGES, gzip=False))
    (tmp_path / "news" / "a.warc").symlink_to(tmp_path / "other" / "a.warc")
    outside = Outside([str(tmp_path / "news")])
    assert outside.address(str(tmp_path / "news" / "a.warc")) is None
    with pytest.raises(WarcMissing, match=r"raw\.outside"):
        outside.read(refs(tmp_path / "other" / "a.warc", (tmp_path / "news" / "a.warc").as_uri())[0])


def test_a_web_server_is_asked_for_the_record_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.warc.gz"
    file.write_bytes(warc(PAGES))
    with serving(tmp_path, Ranges) as server:
        outside = Outside([server])
        outside.check(f"{server}a.warc.gz", file)
        with WarcStore(tmp_path / "raw", outside=outside) as raw:
            for page, ref in zip(PAGES, refs(file, f"{server}a.warc.gz"), strict=True):
                assert raw.read(ref, page.url)[1] == page.body
        last = refs(file, f"{server}a.warc.gz")[-1]
        for changed, why in (
            (replace(last, file=f"{server}b.warc.gz"), "404"),
            (replace(last, offset=10**9), "ends before"),
            (replace(last, length=10**6), "ends before"),
        ):
            with pytest.raises(WarcMissing, match=why):
                outside.read(changed)
    with pytest.raises(WarcMissing, match="cannot be read"):
        outside.read(last)


def test_a_server_that_gives_files_as_a_whole_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.warc.gz"
    file.write_bytes(warc(PAGES))
    with serving(tmp_path, Whole) as server:
        outside = Outside([server])
        with pytest.raises(WarcMissing, match="parts of files"):
            outside.check(f"{server}a.warc.gz", file)


def test_a_bucket_is_asked_for_the_record_alone(tmp_path: Path, object_store: ObjectStore, bucket: str) -> None:
    file = tmp_path / "a.warc.gz"
    file.write_bytes(warc(PAGES))
    folder = object_store.folder(bucket) / "2020"
    folder.mkdir(parents=True)
    (folder / "a.warc.gz").write_bytes(file.read_bytes())
    address = bucket.replace("?", "/2020/a.warc.gz?")
    outside = Outside([bucket])
    assert outside.address(address) == address
    outside.check(address, file)
    with WarcStore(tmp_path / "raw", outside=outside) as raw:
        for page, ref in zip(PAGES, refs(file, address), strict=True):
            assert raw.read(ref, page.url)[1] == page.body
    with pytest.raises(WarcMissing, match="no such object"):
        outside.read(replace(refs(file, address)[0], file=address.replace("a.warc", "b.warc")))
