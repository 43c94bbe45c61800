"""Articles in several pages: one article with all of their text and raw copies, read again, revised and imported."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from index.archive import Archive, documents, frontier, warc_records
from tests.faults.consistency import Installation
from tests.security.fetch_cli import ROOT, configured
from tests.security.server import Ask, Server, reply
from tests.security.sites import feed
from tests.support.patience import PATIENCE
from tests.support.warcs import Archived, warc

HOST = "a.example"
SITE = f"http://{HOST}"
LISTED = (
    "/2026/quay-repairs-of-the-harbour/", "/2026/quay-repairs-of-the-harbour/2/", "/2026/ferry-runs-to-the-islands",
    "/2026/comments-fill-many-pages", "/2026/bridge-has-no-end-at-all/", "/2026/market-is-half-there/",
    "/2026/museum-is-away-for-now/",
)  # fmt: skip


def prose(about: str, page: int, word: str = "explained") -> str:
    return "".join(
        f"<p>The council {word} on page {page} why the {about} takes {page * 10 + n} weeks more, and the people of the "
        f"{n}th quarter of the town by the sea say that they can wait for the {about} as long as it takes.</p>"
        for n in range(5)
    )


def page(about: str, number: int, links: str, word: str = "explained") -> str:
    title = f"The {about} takes longer than the council thought"
    return (
        f'<html lang=en><head><title>{title}</title><meta property="og:type" content="article"></head><body><article>'
        f"<h1>{title}</h1>{prose(about, number, word)}{links}</article></body></html>"
    )


class Paper:
    """A site whose articles have several pages, in several ways."""

    def __init__(self) -> None:
        self.word = "explained"  # on the last page of the repairs
        self.away = True  # the museum's second page

    def answer(self, ask: Ask) -> Iterable[bytes]:
        parts = urlsplit(ask.path)
        if parts.path == "/feed":
            return [reply(feed("a", [SITE + path for path in LISTED]), kind="application/rss+xml")]
        last = parts.path.rstrip("/").rpartition("/")[2]
        number = int(last) if last.isdigit() and len(last) < 4 else int(parts.query.rpartition("=")[2] or 0) + 1
        for key, form in (("quay", self.quay), ("ferry", self.ferry), ("comments", self.comments)):
            if key in parts.path and (html := form(number)):
                return [reply(html, ETag='"always the same"')]
        for key in ("bridge", "market", "museum"):
            if key in parts.path:
                return [self.rest(key, number)]
        return [reply("", 404)]

    def quay(self, number: int) -> str | None:
        row = " ".join(f'<a href="/2026/quay-repairs-of-the-harbour/{n}/">{n}</a>' for n in (2, 3) if n != number)
        first = '<a href="/2026/quay-repairs-of-the-harbour/">1</a>' if number > 1 else "1"
        links = f'<div class="page-links">Pages: {first} {row}</div>'
        return page("quay", number, links, self.word if number == 3 else "explained") if number <= 3 else None

    def ferry(self, number: int) -> str | None:
        links = '<a href="?page=1" rel="next">Weiter</a>' if number == 1 else '<a href="?" rel="prev">Zurück</a>'
        return page("ferry", number, links) if number <= 2 else None

    def comments(self, number: int) -> str | None:
        return page("comment", 1, f'<a rel="next" href="?page={number}">Next</a><p>Comment number {number}</p>')

    def rest(self, key: str, number: int) -> bytes:
        path = next(path for path in LISTED if key in path)
        if key == "market" and number == 2:
            return reply("", 404)
        if key == "museum" and number == 2 and self.away:
            return reply("", 503)
        links = f'<a href="{path}{number + 1}/">Next page</a>' if key == "bridge" or number == 1 else ""
        return reply(page(key, number, links))


class House:
    """A crawl of that site."""

    def __init__(self, directory: Path, server: Server, paper: Paper) -> None:
        self.server, self.paper = server, paper
        self.config = configured(directory, proxy=server.url)
        self.file = directory / "data" / "archive.sqlite3"
        (self.config / "sites").mkdir()
        described = {
            "name": "a", "homepage": f"{SITE}/", "country": "SY", "languages": ["en"], "rendering": "none",
            "enabled": True, "sources": [{"kind": "feed", "url": f"{SITE}/feed"}],
        }  # fmt: skip
        (self.config / "sites" / "a.yaml").write_text(yaml.safe_dump(described), "utf-8")

    def arshif(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "crawler.cli", *arguments], cwd=ROOT, check=True, timeout=2 * PATIENCE,
            env={**os.environ, "ARSHIF_CONFIG": str(self.config)}, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout

    def body(self, path: str) -> str:
        with Archive(self.file) as archive, archive.read() as conn:
            found = documents.by_url(conn, SITE + path)
            assert found is not None, path
            document = documents.document(conn, found)
            assert document is not None
            return document.article.body


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    paper = Paper()
    with Server(paper.answer) as server:
        house = House(tmp_path_factory.mktemp("pages"), server, paper)
        house.arshif("crawl", "--json")
        yield house


def test_one_article_has_the_text_of_all_its_pages(house: House) -> None:
    for path, pages in ((LISTED[0], 3), (LISTED[2], 2)):
        paragraphs = house.body(path).split("\n\n")
        assert [f"on page {n // 5 + 1} " in one for n, one in enumerate(paragraphs)] == [True] * 5 * pages, path


def test_a_further_page_that_is_listed_is_the_same_article(house: House) -> None:
    with Archive(house.file) as archive, archive.read() as conn:
        found = {documents.by_url(conn, f"{SITE}{LISTED[0]}{page}") for page in ("", "2/", "3/")}
        assert len(found) == 1
        assert None not in found


def test_pages_of_the_comments_are_not_joined(house: House) -> None:
    assert len(house.body(LISTED[3]).split("\n\n")) == 5
    assert len(house.server.asked(HOST, f"{LISTED[3]}?")) == 1


def test_pages_without_an_end_are_bounded(house: House) -> None:
    assert 2 <= len(house.server.asked(HOST, LISTED[4])) <= 20
    assert "on page 20 " in house.body(LISTED[4])


def test_a_page_that_is_gone_ends_the_article(house: House) -> None:
    assert len(house.body(LISTED[5]).split("\n\n")) == 5


def test_an_article_waits_for_a_page_that_does_not_answer(house: House) -> None:
    with Archive(house.file) as archive, archive.read() as conn:
        row = frontier.row(conn, "a", SITE + LISTED[6])
        assert row is not None
        assert (row.state, row.tries, row.article) == ("failed", 1, None)


def test_each_pages_raw_copy_is_kept_and_read_again(house: House) -> None:
    with Archive(house.file) as archive, archive.read() as conn:
        found = documents.by_url(conn, SITE + LISTED[0])
        assert found is not None
        record = warc_records.newest(conn, found)
    assert record is not None
    assert [one.final_url for one in record.further] == [f"{SITE}{LISTED[0]}{n}/" for n in (2, 3)]
    report = json.loads(house.arshif("reextract", "--json"))
    assert (report["changed"], report["refused"], report["unreadable"]) == (0, 0, 0)
    assert report["read"] == 5


def test_what_changes_on_the_last_page_is_a_version_whatever_the_first_one_says(house: House) -> None:
    house.paper.word = "told everybody"
    house.arshif("crawl", "--revisit", SITE + LISTED[0], "--json")
    assert "told everybody on page 3" in house.body(LISTED[0])
    with Archive(house.file) as archive, archive.read() as conn:
        found = documents.by_url(conn, SITE + LISTED[0])
        assert found is not None
        assert len(documents.versions(conn, found)) == 2
    house.arshif("crawl", "--revisit", SITE + LISTED[0], "--json")
    with Archive(house.file) as archive, archive.read() as conn:
        assert len(documents.versions(conn, found)) == 2
    assert json.loads(house.arshif("reextract", "--json"))["changed"] == 0


def test_forgetting_an_article_leaves_none_of_its_pages(house: House) -> None:
    house.arshif("forget", SITE + LISTED[2], "--yes")
    with Archive(house.file) as archive, archive.read() as conn:
        assert documents.by_url(conn, SITE + LISTED[2]) is None
    kept = b"".join(gzip.decompress(file.read_bytes()) for file in house.file.parent.glob("raw/**/*.warc.gz"))
    assert b"quay takes" in kept
    assert b"ferry takes" not in kept


def test_archived_pages_are_joined_by_an_import(tmp_path: Path) -> None:
    paper = Paper()
    url, moment = f"{SITE}{LISTED[0]}", "2026-05-0{}T12:00:00Z"
    records = [
        Archived(url if n == 1 else f"{url}{n}/", moment.format(4), str(paper.quay(n)).encode()) for n in (3, 1, 2)
    ]
    paper.word = "told everybody"
    records += [
        Archived(url if n == 1 else f"{url}{n}/", moment.format(7), str(paper.quay(n)).encode()) for n in (1, 2, 3)
    ]
    (tmp_path / "a.warc.gz").write_bytes(warc(records))
    config = tmp_path / "config"
    config.mkdir()
    (config / "arshif.yaml").write_text("{}\n")
    there = Installation(config, {"ARSHIF_DATA": str(tmp_path / "data")})
    said = there.arshif("import", str(tmp_path / "a.warc.gz"), "--json")
    report = json.loads(said[said.index("{") :])
    assert (report["new"], report["changed"], report["refused"]) == (1, 1, {"page.further_page": 4})
    with Archive(tmp_path / "data" / "archive.sqlite3") as archive, archive.read() as conn:
        found = documents.by_url(conn, url)
        assert found is not None
        bodies = [version.article.body for version in documents.versions(conn, found)]
    assert ["told everybody on page 3" in body for body in bodies] == [False, True]
    assert all("on page 2 " in body for body in bodies)
    again = there.arshif("reextract", "--json")
    assert json.loads(again[again.index("{") :])["changed"] == 0
