"""What keeps an archive over the years, as commands: read again, exported, copied while it is crawled, put back."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from warcio.archiveiterator import ArchiveIterator

from index.archive import articles, documents
from index.archive import tables as t
from tests.integration.harness import Harness, crawled
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE
from tests.support.postgresql import Server, about_a_file, on_both


@pytest.fixture(scope="module")
def room() -> Newsroom:  # type: ignore[misc]
    with Newsroom(only=("english", "jannah")) as room:
        yield room


@pytest.fixture
def house(room: Newsroom, tmp_path: Path, database_server: Server | None) -> Harness:
    return crawled(Harness(room, tmp_path, database_server))


def spoil(house: Harness, word: str) -> list[str]:
    """Lets two articles have been read worse, by an older extractor; gives their ids."""
    with house.open() as archive:
        with archive.read() as conn:
            two = documents.documents(conn, [id_ for id_, _ in documents.ids(conn)][:2])
        for one in two:
            worse = replace(
                one.article, body=f"{one.article.body}\n\n{word}", section=None, extractor="0", content_hash="worse"
            )
            archive.write(lambda c, worse=worse: articles.correct(c, worse, datetime.now(UTC))).result()  # type: ignore[misc]
    return [one.article.id for one in two]


@on_both
def test_what_was_read_worse_is_corrected_from_the_raw_copies(house: Harness) -> None:
    before = house.documents()
    spoilt = spoil(house, "subscribetoournewsletter")
    would = house.told("reextract", "--dry-run")
    assert (would["dry"], would["changed"], would["fields"]["body"]) == (True, 2, 2)
    assert would["examples"]["body"][0]["before"].endswith("subscribetoournewsletter")
    assert {d.article.extractor for d in house.documents().values()} > {"0"}, "a dry run changes nothing"

    done = house.told("reextract")
    assert (done["read"], done["changed"]) == (len(before), 2)
    after = house.documents()
    assert {url: d.article for url, d in after.items()} == {url: d.article for url, d in before.items()}
    with house.archive() as conn:
        assert [len(documents.versions(conn, id_)) for id_ in spoilt] == [1, 1], "a correction is no version"
    assert house.found("subscribetoournewsletter") == []
    assert house.told("reextract")["changed"] == 0


def test_the_raw_copies_of_a_site_are_exported_as_one_warc_file(house: Harness, tmp_path: Path) -> None:
    with house.archive() as conn:
        stored = sorted(conn.execute(select(t.raws.c.url).where(t.raws.c.site == "english")).scalars())
    told = house.told("export", "warc", str(tmp_path / "out.warc.gz"), "--site", "english")
    assert told["records"] == len(stored) > 5
    with (tmp_path / "out.warc.gz").open("rb") as file:
        records = [(r.rec_type, r.rec_headers.get_header("WARC-Target-URI")) for r in ArchiveIterator(file)]
    assert records[0] == ("warcinfo", None)
    assert sorted(url for _, url in records[1:]) == stored
    house.arshif("export", "warc", str(tmp_path / "out.warc.gz"), code=2)
    later = house.told("export", "warc", str(tmp_path / "none.warc.gz"), "--since", "2999-01-01")
    assert later["records"] == 0


@about_a_file
def test_a_copy_made_during_a_crawl_is_put_back_and_searched(room: Newsroom, tmp_path: Path) -> None:
    house = Harness(room, tmp_path)
    house.crawl("english")
    url = next(iter(house.documents("english")))
    house.arshif("collections", "create", "ملف")
    house.arshif("collections", "add", "ملف", url)
    house.arshif("tags", "add", url, "مرفأ")
    house.arshif("notes", "set", url, "للتحقق")
    added = [house.told("collections", "show", "ملف"), house.told("tags", "list"), house.told("notes", "list")]
    process = house.start("crawl", "jannah")
    try:
        copied = house.told("backup", str(tmp_path / "copy"))
    finally:
        process.wait(PATIENCE)
    assert process.returncode == 0
    with house.archive() as conn:
        now = documents.count(conn)
        assert documents.count(conn, "english") <= copied["articles"] <= now
    house.arshif("restore", str(tmp_path / "copy"), code=2)
    back = house.told("restore", str(tmp_path / "copy"), "--force")
    assert (back["articles"], back["indexed"]) == (copied["articles"], True)
    assert len(house.found("")) == len(house.documents()) == copied["articles"]
    assert house.told("index", "verify")["differences"] == []
    assert [house.told("collections", "show", "ملف"), house.told("tags", "list"), house.told("notes", "list")] == added
    house.crawl("jannah")
    assert len(house.documents()) == now, "what came after the copy is crawled again"


def held(data: Path, *words: str) -> list[str]:
    """The files of the archive and of the raw copies that hold one of these words, packed ones read."""
    files = [path for path in (*data.glob("archive.sqlite3*"), *(data / "raw").rglob("*")) if path.is_file()]
    texts = {path: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files}
    return sorted(path.name for path, text in texts.items() if any(word.encode() in text for word in words))


@about_a_file
def test_a_forgotten_article_is_nowhere_and_does_not_come_back(room: Newsroom, house: Harness) -> None:
    (url, one), *_ = (item for item in house.documents("english").items() if len(item[1].article.body) > 300)
    words = (one.article.body[50:110], one.article.headline)
    assert house.found(f'"{one.article.headline}"') == [one.article.id]
    assert held(house.data, *words)
    stored = len(house.documents())

    told = house.told("forget", url, "--yes")
    assert (told["articles"], told["versions"], told["raws"], told["journal_emptied"]) == (1, 1, 1, True)
    assert held(house.data, *words) == []
    assert len(house.documents()) == stored - 1
    assert one.article.id not in house.found("")
    assert house.told("index", "verify")["differences"] == []

    room.edit("english", next(a.slug for a in room.articles("english") if a.headline != one.article.headline))
    house.crawl("english")
    assert one.article.id not in {d.article.id for d in house.documents().values()}
    assert held(house.data, *words) == [], "nor is its raw copy kept again"
    house.arshif("forget", url, "--yes")  # again is fine: it is only kept away
    assert "no site" in _complaint(house, "forget", "never-heard-of", "--yes")


def test_it_asks_before_it_forgets(house: Harness) -> None:
    url = next(iter(house.documents("english")))
    house.arshif("forget", url, code=1)  # nobody is there to say yes
    assert "needs --yes" in house.told("forget", url, code=1)["error"]
    assert "(english): 1 version(s)" in house.log  # what would go
    assert url in house.documents("english")


@on_both
def test_a_forgotten_site_is_gone_and_not_crawled(house: Harness) -> None:
    ours = {d.article.body[50:110] for d in house.documents("english").values() if len(d.article.body) > 300}
    told = house.told("forget", "english", "--yes")
    assert told["articles"] > 5
    assert set(house.documents("english")) == set()
    assert set(house.documents("jannah"))
    if "archive.sqlite3" in {file.name for file in house.data.iterdir()}:
        assert held(house.data, *ours) == []
    assert "no site is left to crawl" in _complaint(house, "crawl", "english")
    house.arshif("crawl")
    assert house.frontier("english") == {}


def _complaint(house: Harness, *arguments: str) -> str:
    house.arshif(*arguments, code=1)
    return house.log
