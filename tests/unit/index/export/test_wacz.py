"""A web archive collection has what its description says, an index in order, and each record where the index says."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from warcio.archiveiterator import ArchiveIterator

from index.archive import Archive, articles, facsimiles
from index.archive.facsimiles import NewPart
from index.archive.warc_records import Redirect
from index.export.surt import surt
from index.export.wacz import BLOCKS, DIGEST, INDEX, PACKAGE, PAGES, Collection
from index.model.codes import PartKind
from index.warc.record import Response
from index.warc.store import WarcStore
from tests.support.archive_samples import BODY, HOUR, NOW, article, page
from tests.support.warcs import raw_file

SITE = "https://step.example/"
ARABIC = f"{SITE}2026/%D8%AE%D8%A8%D8%B1/"
HTML = [("Content-Type", "text/html; charset=utf-8")]


@dataclass
class House:
    archive: Archive
    raw: WarcStore

    def store(self, url: str, hours: int = 0, *, by: str = "", headline: str = "خبر") -> str:
        """A version of an article, perhaps by a redirect; gives the article's id."""
        at = NOW + hours * HOUR
        one = article(url, headline=f"{headline} {url[-3:]}", body=f"{url} {headline}\n\n{BODY}")
        kept = Response(url, at, "HTTP/1.1 200 OK", HTML, f"<p>{headline}</p>".encode())
        led = Response(by, at, "HTTP/1.1 301 Moved Permanently", [("Location", url)], b"")
        redirects = (Redirect(by, at, lambda: self.raw.append(led)),) if by else ()
        fetched = page(one, at, raw=lambda: self.raw.append(kept), redirects=redirects, url=by or url)
        return self.archive.write(lambda conn: articles.store(conn, fetched)).result().id


@pytest.fixture
def house(archive: Archive, tmp_path: Path) -> Iterator[House]:
    with WarcStore(tmp_path / "raw", "run-1") as raw:
        yield House(archive, raw)


def test_what_a_page_looked_like_is_replayed_at_its_own_addresses(house: House) -> None:
    one = house.store(SITE + "1")
    parts = [
        NewPart(PartKind.IMAGE, 1, SITE + "1.gif", NOW, "image/gif", b"GIF89a;", "1"),
        NewPart(PartKind.PICTURE, 1, ARABIC, NOW, "image/webp", b"RIFF", "2"),
    ]

    def keep(conn: Connection) -> None:
        for part in parts:
            facsimiles.keep(conn, "step", one, 1, part, house.raw.append)

    house.archive.write(keep).result()
    found, file = exported(house, [one])
    assert (found.report.records, found.report.pages, found.report.damaged) == (3, 1, 0)
    lines = {key: said for key, _, said in index_of(file)}
    assert lines["example,step)/1.gif"].items() >= {"mime": "image/gif", "status": "200", "url": SITE + "1.gif"}.items()
    assert lines[surt(f"urn:fullPage:{ARABIC}")]["mime"] == "image/webp"


def exported(house: House, ids: list[str], **options: Any) -> tuple[Collection, zipfile.ZipFile]:
    found = Collection(house.archive, house.raw, NOW, {"title": "أرشيف", "software": "Arshif"}, **options)
    return found, zipfile.ZipFile(BytesIO(b"".join(found.pieces(ids))))


def index_of(file: zipfile.ZipFile) -> list[tuple[str, str, dict[str, str]]]:
    lines = [line.split(" ", 2) for line in gzip.decompress(file.read(INDEX)).decode().splitlines()]
    return [(key, moment, json.loads(said)) for key, moment, said in lines]


def test_each_record_is_where_the_index_says(house: House) -> None:
    one = house.store(ARABIC, by=f"{SITE}go/1")
    house.store(ARABIC, 5, headline="خبر آخر تماما")
    found, file = exported(house, [one])
    assert (found.report.records, found.report.pages, found.report.damaged) == (3, 2, 0)
    seen = []
    for key, moment, said in index_of(file):
        packed = file.read(f"archive/{said['filename']}")[int(said["offset"]) :][: int(said["length"])]
        (record,) = ArchiveIterator(BytesIO(packed), check_digests="raise")
        assert record.rec_headers.get_header("WARC-Target-URI") == said["url"]
        assert record.rec_headers.get_header("WARC-Payload-Digest") == said["digest"]
        assert record.http_headers.get_statuscode() == said["status"]
        assert key == surt(said["url"])
        seen.append((said["url"], moment, said["status"], said["mime"]))
    assert seen == [
        (ARABIC, "20261123120000", "200", "text/html"),
        (ARABIC, "20261123170000", "200", "text/html"),
        (f"{SITE}go/1", "20261123120000", "301", "unk"),
    ]


def test_its_description_has_the_digest_of_each_file(house: House) -> None:
    one = house.store(ARABIC)
    _, file = exported(house, [one])
    package = json.loads(file.read(PACKAGE))
    assert (package["profile"], package["wacz_version"], package["title"]) == ("data-package", "1.1.1", "أرشيف")
    assert (package["mainPageUrl"], package["mainPageDate"]) == (ARABIC, "2026-11-23T12:00:00Z")
    told = {part["path"]: (part["hash"], part["bytes"]) for part in package["resources"]}
    names = set(file.namelist()) - {PACKAGE, DIGEST}
    assert told == {n: (f"sha256:{sha256(file.read(n)).hexdigest()}", len(file.read(n))) for n in names}
    digest = {"path": PACKAGE, "hash": f"sha256:{sha256(file.read(PACKAGE)).hexdigest()}"}
    assert json.loads(file.read(DIGEST)) == digest
    assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}


def test_its_pages_are_the_versions(house: House) -> None:
    ids = [house.store(f"{SITE}{n:03}", n) for n in range(3)]
    _, file = exported(house, ids)
    head, *pages = map(json.loads, file.read(PAGES).decode().splitlines())
    assert head["format"] == "json-pages-1.0"
    assert sorted((one["url"], one["ts"], one["title"]) for one in pages) == [
        (f"{SITE}{n:03}", f"2026-11-23T{12 + n}:00:00Z", f"خبر {n:03}") for n in range(3)
    ]
    assert "mainPageUrl" not in json.loads(file.read(PACKAGE))


def test_a_long_index_is_in_members_with_an_index_of_their_own(house: House) -> None:
    ids = [house.store(f"{SITE}{n:03}") for n in range(7)]
    _, file = exported(house, ids, lines=3)
    meta, *blocks = file.read(BLOCKS).decode().splitlines()
    assert json.loads(meta.removeprefix("!meta 0 ")) == {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
    whole, lines = file.read(INDEX), []
    for block in blocks:
        key, moment, said = block.split(" ", 2)
        where = json.loads(said)
        part = whole[where["offset"] :][: where["length"]]
        assert where["digest"] == f"sha256:{sha256(part).hexdigest()}"
        lines.append(gzip.decompress(part).decode().splitlines())
        assert lines[-1][0].startswith(f"{key} {moment} ")
    assert [len(some) for some in lines] == [3, 3, 1]
    assert [*chain(*lines)] == sorted(chain(*lines))


def test_many_records_are_in_several_files_whose_headers_need_no_extra_field(house: House) -> None:
    ids = [house.store(f"{SITE}{n:03}") for n in range(5)]
    found, file = exported(house, ids, file_bytes=1_000)
    names = {said["filename"] for _, _, said in index_of(file)}
    assert len(names) > 1
    assert {f"archive/{name}" for name in names} <= set(file.namelist())
    assert found.report.records == 5
    assert {info.extra for info in file.infolist()} == {b""}
    assert file.fp is not None
    for info in file.infolist():
        file.fp.seek(info.header_offset + 28)
        assert file.fp.read(2) == b"\0\0", f"{info.filename}: length of the extra field in its own header"


def test_a_damaged_record_is_left_out_and_told(house: House, tmp_path: Path) -> None:
    ids = [house.store(f"{SITE}{n:03}") for n in range(3)]
    path = raw_file(tmp_path / "raw")
    data = bytearray(path.read_bytes())
    data[-40] ^= 0xFF
    path.write_bytes(data)
    found, file = exported(house, ids)
    assert (found.report.records, found.report.damaged) == (2, 1)
    assert len(index_of(file)) == 2


def test_nothing_is_a_collection_too(house: House) -> None:
    found, file = exported(house, [])
    assert (found.report.records, index_of(file)) == (0, [])


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.Example.com/", "com,example)/"),
        ("http://www2.example.com:80/a/", "com,example)/a"),
        ("https://example.com:8443/A//B/./c/../?b=2&a=1&a-b=0", "com,example:8443)/a/b?a=1&a-b=0&b=2"),
        (ARABIC, "example,step)/2026/%d8%ae%d8%a8%d8%b1"),
        (f"{SITE}2026/خبر", "example,step)/2026/%d8%ae%d8%a8%d8%b1"),
        (f"{SITE}a%2Fb%20c?q=a%2Bb#x", "example,step)/a/b%20c?q=a+b"),
        (f"{SITE}a?PHPSESSID=0123456789abcdef0123456789abcdef&x=1", "example,step)/a?x=1"),
        (f"urn:fullPage:{SITE}A/خبر/?b=2&a=1#x", "urn:fullpage:https://step.example/a/%d8%ae%d8%a8%d8%b1?a=1&b=2"),
        (f"urn:thumbnail:{SITE}", "urn:thumbnail:https://step.example"),
    ],
)
def test_keys_are_those_of_surt(url: str, key: str) -> None:
    assert surt(url) == key
