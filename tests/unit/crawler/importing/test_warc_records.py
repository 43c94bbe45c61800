"""Records of WARC files as others write and damage them."""

from __future__ import annotations

import gzip
import zlib
from base64 import b32encode
from datetime import UTC, datetime
from hashlib import md5, sha1, sha256
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc.stream_io import ZstdWriter

from crawler.discover.source_document import MAX_BYTES
from crawler.importing.warc_records import content, heads
from tests.support.warcs import HTML, Archived, warc

PAGES = [Archived(f"https://n.example/{n}", f"2020-01-0{n + 1}T00:00:00Z", b"<p>page %d</p>" % n) for n in range(5)]


def written(tmp_path: Path, data: bytes, name: str = "some.warc.gz") -> Path:
    file = tmp_path / name
    file.write_bytes(data)
    return file


def whole(file: Path) -> list[str]:
    """The URLs of the records that can be read."""
    return [head.url for head in heads(file) if not head.damaged and content(file, head.offset, head.url) is not None]


@pytest.mark.parametrize("packed", [True, False])
def test_each_record_is_found_with_its_place_and_content(tmp_path: Path, packed: bool) -> None:
    file = written(tmp_path, warc(PAGES, gzip=packed))
    found = list(heads(file))
    assert [head.url for head in found] == [page.url for page in PAGES]
    assert found[2].date == datetime(2020, 1, 3, tzinfo=UTC)
    assert (found[2].status, found[2].media_type, found[2].kind) == (200, "text/html", "response")
    read = [content(file, head.offset, head.url) for head in reversed(found)]
    assert [one and one.body for one in read] == [page.body for page in reversed(PAGES)]
    assert read[0] is not None
    assert read[0].headers == [HTML]


def test_a_resource_has_the_type_that_its_record_declares(tmp_path: Path) -> None:
    file = written(tmp_path, warc([Archived("https://n.example/1", "2020-01-01T00:00:00Z", b"<p>1</p>", "resource")]))
    head = next(iter(heads(file)))
    assert (head.kind, head.status, head.media_type) == ("resource", None, "text/html")
    read = content(file, head.offset, head.url)
    assert read is not None
    assert (read.body, read.headers) == (b"<p>1</p>", [("Content-Type", "text/html")])


def record(block: bytes, digest: str, kind: str = "application/http; msgtype=response", end: str = "\r\n") -> bytes:
    """A record by hand, in a gzip member of its own."""
    fields = {
        "WARC-Type": "response",
        "WARC-Target-URI": PAGES[0].url,
        "WARC-Date": PAGES[0].date,
        "WARC-Record-ID": "<urn:uuid:d9f0b9a0-0000-4000-8000-000000000000>",
        "WARC-Block-Digest": digest,
        "Content-Type": kind,
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}{end}" for name, value in fields.items())
    return gzip.compress(f"WARC/1.0{end}{head}{end}".encode() + block + b"\r\n\r\n")


BLOCK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + PAGES[0].body
SHA1, SHA256 = sha1(BLOCK).digest(), sha256(BLOCK).hexdigest()


@pytest.mark.parametrize(
    "digest",
    [
        f"sha1:{b32encode(SHA1).decode()}",
        f"sha1:{SHA1.hex()}",
        f"SHA1:{SHA1.hex().upper()}",
        f"sha-1:{b32encode(SHA1).decode().lower()}",
        f"sha256:{SHA256}",
        f"sha-256:{SHA256.upper()}",
        f"sha256:{b32encode(bytes.fromhex(SHA256)).decode().rstrip('=')}",
        f"md5:{md5(BLOCK).hexdigest()}",
        "xxh3:0123456789abcdef",  # which tells nothing here
    ],
)
def test_a_digest_counts_however_it_is_written(tmp_path: Path, digest: str) -> None:
    assert whole(written(tmp_path, record(BLOCK, digest))) == [PAGES[0].url]
    changed = whole(written(tmp_path, record(BLOCK[:-1] + b"!", digest)))
    assert changed == ([PAGES[0].url] if digest.startswith("xxh3") else [])


def test_the_type_of_a_record_may_be_in_capitals_and_lines_of_its_response_end_with_lf(tmp_path: Path) -> None:
    block = BLOCK.replace(b"\r\n", b"\n")
    file = written(tmp_path, record(block, f"sha1:{sha1(block).hexdigest()}", "Application/HTTP;msgtype=response"))
    (head,) = heads(file)
    assert (head.status, head.media_type) == (200, "text/html")
    found = content(file, 0, head.url)
    assert found is not None
    assert (found.body, found.headers) == (PAGES[0].body, [HTML])


def test_what_has_no_record_is_told(tmp_path: Path) -> None:
    packed = record(BLOCK, f"sha1:{SHA1.hex()}", end="\n")  # which the specification does not allow
    assert [head.damaged for head in heads(written(tmp_path, gzip.decompress(packed), "some.warc"))] == [True]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("cut", [30, 90])
def test_what_a_killed_crawler_left_is_damaged_and_the_rest_is_read(tmp_path: Path, packed: bool, cut: int) -> None:
    file = written(tmp_path, warc(PAGES, gzip=packed)[: -cut - 4])
    assert whole(file) == [page.url for page in PAGES[:4]]


@pytest.mark.parametrize("packed", [True, False])
def test_what_follows_a_damaged_record_is_read(tmp_path: Path, packed: bool) -> None:
    data = bytearray(warc(PAGES, gzip=packed))
    offsets = [head.offset for head in heads(written(tmp_path, bytes(data)))]
    place = slice(offsets[3] - 14, offsets[3] - 8)  # of the body, or of the end of the gzip member
    data[place] = bytes(byte ^ 0x5A for byte in data[place])
    file = written(tmp_path, bytes(data), "damaged.warc.gz")
    assert whole(file) == [page.url for page in PAGES if page is not PAGES[2]]


def test_a_gap_of_zeros_costs_what_it_covers(tmp_path: Path) -> None:
    data = bytearray(warc(PAGES))
    offsets = [head.offset for head in heads(written(tmp_path, bytes(data)))]
    data[offsets[1] : offsets[2]] = bytes(offsets[2] - offsets[1])
    file = written(tmp_path, bytes(data), "damaged.warc.gz")
    assert whole(file) == [page.url for page in PAGES if page is not PAGES[1]]
    assert any(head.damaged for head in heads(file))


FORGED = Archived("https://bank.example/", "2020-01-01T00:00:00Z", b"<p>forged</p>")


def carrying(packed: bool, times: int = 1) -> Archived:
    """A page whose body is records of another site, as a server may send it: in gzip, or as text."""
    headers = (HTML, ("Content-Encoding", "gzip")) if packed else (HTML,)
    body = warc([FORGED] * times, gzip=packed)
    return Archived("https://evil.example/", "2020-01-06T00:00:00Z", body, headers=headers)


def members(pages: list[Archived], *, packed: bool) -> list[bytes]:
    """The records of a file; members are stored rather than compressed, as is usual for a body that is in gzip."""
    plain = [warc([page], gzip=False) for page in pages]
    return [gzip.compress(one, 0, mtime=0) for one in plain] if packed else plain


@pytest.mark.parametrize("packed", [True, False])
def test_a_page_cannot_forge_records(tmp_path: Path, packed: bool) -> None:
    evil = carrying(packed, times=3)
    file = written(tmp_path, b"".join(members([PAGES[0], evil], packed=packed)), f"some.warc{'.gz' * packed}")
    assert whole(file) == [PAGES[0].url, evil.url]
    assert not any(head.damaged for head in heads(file))


def test_a_page_that_shows_how_a_record_begins_is_no_damage(tmp_path: Path) -> None:
    page = Archived("https://n.example/how", "2020-01-06T00:00:00Z", b"<pre>\nWARC/1.0\r\nWARC-Type: response\n</pre>")
    file = written(tmp_path, warc([page], gzip=False), "some.warc")
    assert whole(file) == [page.url]
    assert not any(head.damaged for head in heads(file))


def test_a_page_cannot_forge_records_where_a_file_is_damaged(tmp_path: Path) -> None:
    evil = carrying(packed=True, times=3)
    records = members([PAGES[0], evil, *PAGES[1:]], packed=True)
    start = len(records[0])
    for place in (start, start + 15, start + 100, start + len(records[1]) - 6):  # the member's head, and its checksum
        data = bytearray(b"".join(records))
        data[place] ^= 0x5A
        file = written(tmp_path, bytes(data))
        assert [url for url in whole(file) if url != evil.url] == [page.url for page in PAGES], place
        assert sum(head.damaged for head in heads(file)) == 1
        again = bytearray(data)
        again[-6] ^= 0x5A  # a second damage leaves in doubt whether what lies between is in a page
        assert FORGED.url not in whole(written(tmp_path, bytes(again)))


def test_an_uncompressed_file_is_read_up_to_where_no_record_follows(tmp_path: Path) -> None:
    first, evil, last = members([PAGES[0], carrying(packed=False), PAGES[1]], packed=False)
    file = written(tmp_path, first + evil.replace(b"WARC/1", b"WXRC/1", 1) + last, "some.warc")
    assert whole(file) == [PAGES[0].url]
    assert [head.damaged for head in heads(file)] == [False, True]


def test_what_follows_a_member_that_is_no_record_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, warc(PAGES[:1]) + gzip.compress(b"a note", mtime=0) + warc(PAGES[1:]))
    assert whole(file) == [page.url for page in PAGES]


def test_bytes_that_are_no_warc_are_damage(tmp_path: Path) -> None:
    for data in (b"", b"<html>no archive</html>" * 100, gzip.compress(b"neither is this")):
        file = written(tmp_path, data)
        assert [head for head in heads(file) if not head.damaged] == []


def test_a_record_of_another_hash_is_not_whole(tmp_path: Path) -> None:
    data = warc(PAGES[:1], gzip=False)
    file = written(tmp_path, data.replace(b"page 0", b"page 9"), "some.warc")
    head = next(iter(heads(file)))
    assert content(file, head.offset, head.url) is None


@pytest.mark.parametrize("without", [("Block",), ("Payload",), ("Block", "Payload")])
def test_the_digests_that_there_are_decide(tmp_path: Path, without: tuple[str, ...]) -> None:
    data = warc(PAGES[:1], gzip=False)
    for name in without:
        data = data.replace(f"WARC-{name}-Digest".encode(), f"X-Other-{name}-Dig".encode())
    sound, changed = written(tmp_path, data, "a.warc"), written(tmp_path, data.replace(b"page 0", b"page 9"), "b.warc")
    head = next(iter(heads(sound)))
    read = content(sound, head.offset, head.url)
    assert read is not None
    assert read.body == PAGES[0].body
    told = content(changed, head.offset, head.url)
    assert (told is None) == (len(without) == 1), "without any, only the length can tell"


def test_a_body_that_unpacks_to_more_than_a_page_is_not_read(tmp_path: Path) -> None:
    packed = BytesIO()
    writer = ZstdWriter(packed)
    for _ in range(MAX_BYTES // 1024**2 + 1):
        writer.write(bytes(1024**2))
    writer.close()
    headers = (HTML, ("Content-Encoding", "zstd"))
    file = written(
        tmp_path, warc([Archived("https://n.example/1", "2020-01-01T00:00:00Z", packed.getvalue(), headers=headers)])
    )
    head = next(iter(heads(file)))
    assert head.length < 1024**2
    assert content(file, head.offset, head.url) is None


def test_a_date_at_the_end_of_the_calendar_is_none(tmp_path: Path) -> None:
    file = written(tmp_path, warc([Archived("https://n.example/1", "0001-01-01T00:00:00+05:00", b"<p>1</p>")]))
    assert [head.date for head in heads(file)] == [None]


def test_chunks_and_compressions_are_removed(tmp_path: Path) -> None:
    body = b"<p>" + b"a page " * 20 + b"</p>"
    packed = gzip.compress(body)
    chunked = b"%x\r\n" % len(packed) + packed + b"\r\n0\r\n\r\n"
    pages = [
        Archived("https://n.example/1", "2020-01-01T00:00:00Z", packed, headers=(HTML, ("Content-Encoding", "gzip"))),
        Archived(
            "https://n.example/2", "2020-01-01T00:00:00Z", chunked,
            headers=(HTML, ("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")),
        ),
        Archived("https://n.example/3", "2020-01-01T00:00:00Z", body, headers=(HTML, ("Transfer-Encoding", "chunked"))),
        Archived(
            "https://n.example/4", "2020-01-01T00:00:00Z", zlib.compress(body),
            headers=(HTML, ("Content-Encoding", "deflate")),
        ),
    ]  # fmt: skip
    file = written(tmp_path, warc(pages))
    read = [content(file, head.offset, head.url) for head in heads(file)]
    assert [one and one.body for one in read] == [packed, packed, body, body]
    assert all(one and "Transfer-Encoding" not in dict(one.headers) for one in read)
    assert read[3] is not None
    assert "Content-Encoding" not in dict(read[3].headers)
