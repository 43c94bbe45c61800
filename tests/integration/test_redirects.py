"""The responses on the way to an article are kept with it, as they came, and go with it."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from warcio.archiveiterator import ArchiveIterator

from crawler.config import load
from crawler.storage import open_archive
from index.archive import Archive, documents
from index.archive import tables as t
from index.warc.record import WarcDamaged, WarcRef
from index.warc.store import WarcStore
from tests.security.fetch_cli import arshif
from tests.support.moved_news import DAM, GIVEN, LONG, PACKED, SITE, Outlet, answers, page, serving
from tests.support.raw_files import raw_folder


@dataclass
class House:
    outlet: Outlet
    config: Path

    def arshif(self, *arguments: str) -> Any:
        said = arshif(self.config, *arguments, "--json", codes=[0])
        return json.loads(said[said.index("{") : said.rindex("}") + 1])

    def archive(self) -> Archive:
        return open_archive(load(self.config))

    @property
    def raw(self) -> Path:
        return raw_folder(load(self.config))

    def records(self) -> list[Any]:
        """The responses in the WARC files, as warcio reads them: status, URL, headers, body."""
        found = []
        for path in sorted(self.raw.rglob("*.warc.gz")):
            with path.open("rb") as file:
                for record in ArchiveIterator(file, check_digests="raise"):
                    if record.rec_type == "response":
                        url = record.rec_headers.get_header("WARC-Target-URI").removeprefix(self.outlet.url)
                        body = record.content_stream().read()
                        found.append((record.http_headers.get_statuscode(), url, record, body))
        return found


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An archive after a crawl, which nobody changes."""
    with serving() as outlet:
        found = House(outlet, outlet.config(tmp_path_factory.mktemp("settled")))
        found.arshif("crawl", "--since", "1d")
        yield found


@pytest.fixture
def house(settled: House, tmp_path: Path) -> Iterator[House]:
    """A copy of it, for a test that goes on."""
    shutil.copytree(settled.config.parent, tmp_path / "copy")
    yield House(settled.outlet, tmp_path / "copy" / "config")
    settled.outlet.answers.update(answers())


def article_of(house: House, conn: Connection, path: str) -> str:
    found = documents.by_url(conn, house.outlet.url + path)
    assert found is not None, path
    return found


def led(conn: Connection, article: str) -> list[str]:
    query = select(t.raws.c.url).join(t.redirects, t.redirects.c.raw == t.raws.c.id)
    return list(conn.execute(query.where(t.redirects.c.article == article).order_by(t.raws.c.id)).scalars())


def test_each_response_on_the_way_is_a_record(settled: House) -> None:
    records = {url: (status, record, body) for status, url, record, body in settled.records()}
    assert {url: status for url, (status, *_) in records.items()} == {
        **dict.fromkeys([path for path in GIVEN.values() if path != GIVEN["/go/5"]], "200"),
        f"{GIVEN['/go/5']}?utm_source=feed": "200",
        "/go/1": "302", "/go/1/again": "301", "/go/2": "200", "/go/3": "200", "/go/5": "302", "/go/6": "308",
    }  # fmt: skip
    assert records["/go/1"][1].http_headers.get_header("Location") == "/go/1/again"
    assert records["/go/1"][2] == b"<p>Moved</p>"
    assert records["/go/2"][2] == settled.outlet.answers["/go/2"].body
    with settled.archive() as archive, archive.read() as conn:
        for given, path in GIVEN.items():
            own = [] if given == path else [given]
            urls = [settled.outlet.url + url for url in (["/go/1", "/go/1/again"] if given == "/go/1" else own)]
            article = article_of(settled, conn, given)
            assert article == article_of(settled, conn, path)
            assert led(conn, article) == urls


def test_a_long_body_of_a_redirect_is_left_out(settled: House) -> None:
    assert len(settled.outlet.answers["/go/6"].body) > LONG - 100
    (found,) = [(record, body) for _, url, record, body in settled.records() if url == "/go/6"]
    assert found[0].rec_headers.get_header("WARC-Truncated") == "length"
    assert found[0].http_headers.get_header("Location") == GIVEN["/go/6"]
    assert found[1] == b""


def test_a_deflated_body_is_kept_unpacked(settled: House) -> None:
    (found,) = [(record, body) for _, url, record, body in settled.records() if url == PACKED]
    assert "<h1>" in found[1].decode()
    assert found[0].http_headers.get_header("Content-Encoding") is None
    assert found[0].http_headers.get_header("Content-Length") is None


def test_they_are_no_articles_and_whole(house: House) -> None:
    checked = house.arshif("verify", "--within", "0")
    with house.archive() as archive, archive.read() as conn:
        assert len(list(documents.ids(conn))) == len(GIVEN)
        raws = len(conn.execute(select(t.raws.c.id)).all())
    assert checked["damaged"] + checked["missing"] == 0
    assert checked["records"] == raws == len(GIVEN) + 6
    read = house.arshif("reextract")
    assert (read["read"], read["unreadable"], read["refused"], read["changed"]) == (len(GIVEN), 0, 0, 0)


def test_a_visit_without_news_writes_none_again_and_one_with_news_does(house: House) -> None:
    before = len(house.records())
    house.outlet.answers[DAM].body = page(
        DAM, "<p>وفي المساء أغلقت البوابة الثالثة وعاد الهدوء إلى القرى المجاورة.</p>"
    )
    house.arshif("crawl", "--revisit", SITE)
    with house.archive() as archive, archive.read() as conn:
        article = article_of(house, conn, DAM)
        urls = [url.removeprefix(house.outlet.url) for url in led(conn, article)]
    assert urls == ["/go/1", "/go/1/again"] * 2
    assert len(house.records()) == before + 3


def test_a_known_article_gets_those_that_it_lacks(house: House) -> None:
    """Such as one that was stored before there were any."""
    with house.archive() as archive:
        archive.write(lambda conn: conn.execute(t.redirects.delete())).result()
    house.arshif("crawl", "--revisit", SITE)
    with house.archive() as archive, archive.read() as conn:
        assert len(conn.execute(select(t.redirects)).all()) == 6
    house.arshif("crawl", "--revisit", SITE)
    with house.archive() as archive, archive.read() as conn:
        assert len(conn.execute(select(t.redirects)).all()) == 6


def test_forgetting_an_article_forgets_them(house: House) -> None:
    ways = [house.outlet.url + url for url in ("/go/1", "/go/1/again")]
    with house.archive() as archive, archive.read() as conn:
        query = select(t.raws).where(t.raws.c.url.in_(ways))
        refs = [WarcRef(row.file, row.offset, row.length) for row in conn.execute(query)]
    assert len(refs) == 2
    house.arshif("forget", house.outlet.url + "/go/1", "--yes")
    with house.archive() as archive, archive.read() as conn, WarcStore(house.raw) as raw:
        assert conn.execute(query).all() == []
        assert len(conn.execute(select(t.redirects)).all()) == 4
        for ref in refs:
            with pytest.raises(WarcDamaged):
                raw.read(ref)
    assert not [url for _, url, *_ in house.records() if url in (DAM, "/go/1", "/go/1/again")]


def test_an_import_of_them_takes_no_article_from_them(settled: House, tmp_path: Path) -> None:
    settled.arshif("export", "warc", str(tmp_path / "all.warc.gz"))
    other = settled.outlet.config(tmp_path / "other")
    said = arshif(other, "import", str(tmp_path / "all.warc.gz"), "--json", codes=[0])
    report = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert report["new"] == len(GIVEN)
    assert report["passed"]["status"] == 4, "those with a status of redirects"
    assert sum(report["refused"].values()) == 2, "pages that only lead on"


def test_a_collection_is_of_an_article_a_site_or_a_search(settled: House, tmp_path: Path) -> None:
    chosen = {
        "article": ([settled.outlet.url + "/go/1"], (1, 1, 3)),
        "site": ([SITE], (6, 6, 12)),
        "search": (["منسوب", "الفرات"], (1, 1, 3)),
        "all": ([], (6, 6, 12)),
    }
    for name, (what, counts) in chosen.items():
        file = tmp_path / f"{name}.wacz"
        told = settled.arshif("export", "wacz", *what, "--out", str(file))
        assert (told["articles"], told["pages"], told["records"], told["damaged"]) == (*counts, 0), name
        assert zipfile.is_zipfile(file)
    arshif(settled.config, "export", "wacz", SITE, "--out", str(tmp_path / "site.wacz"), codes=[2])  # it is there
    unknown = [settled.outlet.url + "/never", "--out", str(tmp_path / "unknown.wacz")]
    arshif(settled.config, "export", "wacz", *unknown, codes=[1])
    assert not (tmp_path / "unknown.wacz").exists()


def test_a_collection_comes_back_whole(settled: House, tmp_path: Path) -> None:
    settled.arshif("export", "wacz", "--out", str(tmp_path / "all.wacz"))
    other = House(settled.outlet, settled.outlet.config(tmp_path / "other"))
    assert other.arshif("import", str(tmp_path / "all.wacz"))["new"] == len(GIVEN)
    checked = other.arshif("verify", "--within", "0")
    assert (checked["records"], checked["damaged"], checked["missing"]) == (len(GIVEN), 0, 0), (
        "one with utm_source, too"
    )
    assert other.arshif("export", "wacz", SITE, "--out", str(tmp_path / "again.wacz"))["damaged"] == 0
