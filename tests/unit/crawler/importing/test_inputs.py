"""What an import is given: containers are unpacked, lists are followed, and what cannot be read is told."""

from __future__ import annotations

import gzip
import os
import resource
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from crawler.errors import ArshifError
from crawler.importing import address_lists, inputs
from crawler.importing.warc_records import content, heads
from tests.support.object_store import ObjectStore
from tests.support.warcs import Archived, article, wacz, warc, zstandard

PAGES = [Archived(f"https://n.example/{n}", f"2020-01-0{n + 1}T00:00:00Z", article(n)) for n in range(3)]


def urls(tmp_path: Path, *given: str) -> dict[str, list[str]]:
    """The URLs of the records in each file that is read, by the name under which it is known."""
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    files = [one for group in inputs.groups(list(given)) for one in inputs.unpack(group, work)]
    found = {}
    for one in files:
        records = [] if one.saved_page else list(heads(one.file))
        assert all(content(one.file, head.offset, head.url) for head in records)
        found[Path(one.name).name] = [head.url for head in records]
    return found


def test_a_folder_is_read_with_all_that_is_below_it(tmp_path: Path) -> None:
    folder = tmp_path / "given" / "deep"
    folder.mkdir(parents=True)
    (folder / "b.warc.gz").write_bytes(warc(PAGES[:1]))
    (folder.parent / "a.warc").write_bytes(warc(PAGES[1:], gzip=False))
    (folder.parent / "c.warc.zst").write_bytes(zstandard(warc(PAGES[2:], gzip=False)))
    (folder.parent / "page.html").write_bytes(PAGES[0].body)
    (folder.parent / "notes.txt").write_text("nothing")
    found = urls(tmp_path, str(folder.parent))
    assert found == {
        "a.warc": [PAGES[1].url, PAGES[2].url],
        "c.warc.zst": [PAGES[2].url],
        "b.warc.gz": [PAGES[0].url],
        "page.html": [],
    }


def test_a_file_that_was_compressed_as_a_whole_is_read(tmp_path: Path) -> None:
    (tmp_path / "all.warc.gz").write_bytes(gzip.compress(warc(PAGES, gzip=False)))
    (tmp_path / "TWO.WARC.GZ").write_bytes(warc(PAGES[:1]) + warc(PAGES[1:]))
    found = urls(tmp_path, str(tmp_path / "all.warc.gz"), str(tmp_path / "TWO.WARC.GZ"))
    assert found == {name: [page.url for page in PAGES] for name in ("all.warc.gz", "TWO.WARC.GZ")}


def test_what_is_before_the_torn_end_of_zstandard_frames_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frames = [zstandard(warc([page], gzip=False)) for page in PAGES]
    (tmp_path / "torn.warc.zst").write_bytes(b"".join(frames)[:-20])
    (tmp_path / "whole.warc.zst").write_bytes(b"".join(frames))
    found = urls(tmp_path, str(tmp_path / "torn.warc.zst"), str(tmp_path / "whole.warc.zst"))
    assert found == {"torn.warc.zst": [page.url for page in PAGES[:2]], "whole.warc.zst": [page.url for page in PAGES]}
    assert "torn.warc.zst: damaged" in caplog.text


def test_a_wacz_has_its_files_in_whatever_case_or_it_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    wacz(tmp_path / "A.WACZ", {"archive/DATA.WARC.GZ": warc(PAGES)})
    wacz(tmp_path / "none.wacz", {"datapackage.json": b"{}"})
    found = urls(tmp_path, str(tmp_path / "A.WACZ"), str(tmp_path / "none.wacz"))
    assert found == {"DATA.WARC.GZ": [page.url for page in PAGES]}
    assert "none.wacz has no WARC file" in caplog.text


def test_the_files_in_a_wacz_are_read_wherever_their_names_lead(tmp_path: Path) -> None:
    members = {
        "archive/data.warc.gz": warc(PAGES[:2]),
        "archive/../../outside.warc": warc(PAGES[2:], gzip=False),
        "archive/more.warc.zst": zstandard(warc(PAGES[2:], gzip=False)),
        "pages/pages.jsonl": b"{}",
    }
    wacz(tmp_path / "some.wacz", members)
    found = urls(tmp_path, str(tmp_path / "some.wacz"))
    assert sorted(map(len, found.values())) == [1, 1, 2]
    assert not (tmp_path / "outside.warc").exists()
    assert not (tmp_path.parent / "outside.warc").exists()


def test_files_of_one_name_do_not_meet(tmp_path: Path) -> None:
    for number, name in enumerate(("a", "b")):
        folder = tmp_path / "given" / name
        folder.mkdir(parents=True)
        wacz(folder / "data.wacz", {"archive/data.warc.gz": warc(PAGES[number : number + 1])})
        (folder / "more.warc.zst").write_bytes(zstandard(warc(PAGES[number + 1 : number + 2], gzip=False)))
    work = tmp_path / "work"
    work.mkdir()
    files = inputs.unpack([str(tmp_path / "given")], work)
    assert [head.url for one in files for head in heads(one.file)] == [PAGES[n].url for n in (0, 1, 1, 2)]


def test_a_member_that_is_damaged_is_told(tmp_path: Path) -> None:
    file = tmp_path / "some.wacz"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("archive/data.warc", warc(PAGES, gzip=False))
    data = bytearray(file.read_bytes())
    data[60:90] = bytes(30)
    file.write_bytes(data)
    with pytest.raises(ArshifError, match="cannot be read as a WACZ file"):
        urls(tmp_path, str(file))


FILES = {
    "/news/0.warc.gz": warc(PAGES[:1]),
    "/news/warc.paths.gz": gzip.compress(b"news/0.warc.gz\n/news/0.warc.gz\n", mtime=0),
    "/news/local.paths": b"file:///etc/some.warc.gz\n",
    "/addresses.csv": b"url,title\nhttps://press.example.com/a,A\n",
}


class Short(BaseHTTPRequestHandler):
    """Answers with a file, or below /short/ with less of it than it announces."""

    def do_GET(self) -> None:
        short = self.path.startswith("/short/")
        data = FILES.get(self.path.removeprefix("/short").partition("?")[0])
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data) * (2 if short else 1)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Short) as listening:
        thread = Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def test_a_download_is_whole_or_told(tmp_path: Path, server: str) -> None:
    assert list(urls(tmp_path, f"{server}/news/0.warc.gz?token=1").values()) == [[PAGES[0].url]]
    with pytest.raises(ArshifError, match="the download broke off"):
        urls(tmp_path, f"{server}/short/news/0.warc.gz")
    with pytest.raises(ArshifError, match="cannot be downloaded: HTTP Error 404"):
        urls(tmp_path, f"{server}/news/1.warc.gz")


def test_a_list_at_an_address_is_relative_to_its_server(tmp_path: Path, server: str) -> None:
    groups = list(inputs.groups([f"{server}/news/warc.paths.gz?token=1"]))
    assert groups == [[f"{server}/news/0.warc.gz"]], "it is there twice, once relative to the server"
    assert list(urls(tmp_path, f"{server}/news/warc.paths.gz").values()) == [[PAGES[0].url]]
    with pytest.raises(ArshifError, match="file is not read directly"):
        list(inputs.groups([f"{server}/news/local.paths"]))


def test_a_list_of_addresses_is_downloaded(server: str) -> None:
    assert address_lists.is_one(f"{server}/addresses.csv?token=1")
    (found,) = address_lists.read(f"{server}/addresses.csv?token=1")
    assert (found.url, found.title) == ("https://press.example.com/a", "A")
    for path in ("/short/addresses.csv", "/none.csv"):
        with pytest.raises(ArshifError, match="download"):
            address_lists.read(server + path)


def test_a_bucket_is_read_as_a_server_is(tmp_path: Path, bucket: str, object_store: ObjectStore) -> None:
    """Its lists too, which are relative to it."""
    at, _, query = bucket.partition("?")
    folder = object_store.folder(bucket) / "2020"
    folder.mkdir(parents=True)
    (folder / "0.warc.gz").write_bytes(warc(PAGES[:1]))
    (folder / "warc.paths").write_text("raw/2020/0.warc.gz\n")
    for name in ("0.warc.gz", "warc.paths"):
        assert list(urls(tmp_path, f"{at}/2020/{name}?{query}").values()) == [[PAGES[0].url]]
    with pytest.raises(ArshifError, match="there is no such object"):
        urls(tmp_path, f"{at}/2020/1.warc.gz?{query}")
    with pytest.raises(ArshifError, match="there is no such bucket"):
        urls(tmp_path, f"{at.replace('bucket', 'none')}/2020/0.warc.gz?{query}")


@pytest.mark.parametrize("packed", [True, False])
def test_a_list_of_files_names_those_beside_it(tmp_path: Path, packed: bool) -> None:
    (tmp_path / "2020").mkdir()
    for n in range(2):
        (tmp_path / "2020" / f"{n}.warc.gz").write_bytes(warc(PAGES[n : n + 1]))
    text = b"2020/0.warc.gz\n\n2020/1.warc.gz\n"
    name = tmp_path / ("warc.paths.gz" if packed else "warc.paths")
    name.write_bytes(gzip.compress(text) if packed else text)
    groups = list(inputs.groups([str(name)]))
    assert len(groups) == 2, "a month of such files is too much for one disk"
    assert urls(tmp_path, str(name)) == {"0.warc.gz": [PAGES[0].url], "1.warc.gz": [PAGES[1].url]}


@pytest.mark.parametrize("damage", ["torn", "changed", "mislabelled"])
def test_a_list_that_is_not_whole_is_told(tmp_path: Path, damage: str) -> None:
    whole = gzip.compress(b"".join(os.urandom(20).hex().encode() + b"\n" for _ in range(100)), mtime=0)
    content = {"torn": whole[:-40], "changed": whole[:20] + b"\xff" * 40 + whole[60:], "mislabelled": b"a.warc.gz\n"}
    (tmp_path / "warc.paths.gz").write_bytes(content[damage])
    with pytest.raises(ArshifError, match="is no whole gzip file"):
        list(inputs.groups([str(tmp_path / "warc.paths.gz")]))


def test_a_list_whose_download_breaks_off_is_told(server: str) -> None:
    with pytest.raises(ArshifError, match="the download broke off"):
        list(inputs.groups([f"{server}/short/news/warc.paths.gz"]))


def test_a_full_disk_is_not_taken_for_a_damaged_container(tmp_path: Path) -> None:
    wacz(tmp_path / "some.wacz", {"archive/data.warc": bytes(200_000)})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # as if the disk were full: writing fails
    try:
        with pytest.raises(OSError, match="too large") as caught:
            urls(tmp_path, str(tmp_path / "some.wacz"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not isinstance(caught.value, ArshifError)


def test_other_entries_of_a_list_are_common_crawls(tmp_path: Path) -> None:
    (tmp_path / "warc.paths").write_text("crawl-data/CC-NEWS/2020/01/CC-NEWS-20200101.warc.gz\n")
    address = "https://data.commoncrawl.org/crawl-data/CC-NEWS/2020/01/CC-NEWS-20200101.warc.gz"
    assert list(inputs.groups([str(tmp_path / "warc.paths")])) == [[address]]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.warc.gz", "no such file or folder"),
        ("notes.txt", "its name ends in none of"),
        ("ftp://press.example/some.warc.gz", "ftp is not read directly"),
        ("s3://bucket", "s3://bucket names no object"),
        ("none.paths.gz", "cannot be read: No such file"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    given = name if "://" in name else str(tmp_path / name)
    with pytest.raises(ArshifError, match=told):
        urls(tmp_path, given)


def test_a_container_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "some.wacz").write_bytes(b"no archive")
    with pytest.raises(ArshifError, match="cannot be read as a WACZ file"):
        urls(tmp_path, str(tmp_path / "some.wacz"))


def test_what_is_whole_of_a_torn_frame_is_read(tmp_path: Path) -> None:
    pages = [replace(PAGES[0], body=b"\x1f\x8b" * (n % 2) + os.urandom(2_000)) for n in range(300)]
    whole = zstandard(warc(pages, gzip=False))
    (tmp_path / "torn.warc.zst").write_bytes(whole[: len(whole) // 2])
    work = tmp_path / "work"
    work.mkdir()
    one = inputs.unpack([str(tmp_path / "torn.warc.zst")], work)[0]
    found = [head for head in heads(one.file) if content(one.file, head.offset, head.url)]
    assert 50 < len(found) < 300
