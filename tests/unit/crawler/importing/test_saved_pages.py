"""Saved pages: their URL and time from a note beside them, or from what a browser noted, the page and its file say."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.importing.saved_pages import look


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("html", "url"),
    [
        ("<!-- saved from url=(0031)https://n.example/a-story?id=5 -->\n<html>", "https://n.example/a-story?id=5"),
        ('<html><head><link rel="canonical" href="https://n.example/b">', "https://n.example/b"),
        ('<head><meta property="og:url" content="https://n.example/c">', "https://n.example/c"),
        (
            "<!-- saved from url=(0019)https://n.example/d --><link rel=canonical href=https://n.example/e>",
            "https://n.example/d",
        ),
        (
            "<!-- saved from url=(0014)about:internet --><link rel=canonical href=https://n.example/f>",
            "https://n.example/f",
        ),
        ("<!-- saved from url=(0014)about:internet -->", None),
        ('<link rel="canonical" href="/relative">', None),
        ("<p>nothing</p>", None),
    ],
)
def test_the_url_is_the_one_that_was_noted(tmp_path: Path, html: str, url: str | None, encoding: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(html, encoding)
    os.utime(file, (1_600_000_000, 1_600_000_000))
    found = look(file)
    assert found.url == url
    assert found.saved == datetime.fromtimestamp(1_600_000_000, UTC)


WRITTEN = datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
NOTE = {"date_download": "2020-08-01 10:20:30", "title": "خبر", "url": "https://n.example/asked?id=7"}


def saved(folder: Path, note: str) -> Path:
    """A page that names an address, with a note beside it."""
    file = folder / "n.example_1600000000.html"
    file.write_text('<link rel="canonical" href="https://n.example/named">')
    os.utime(file, (WRITTEN.timestamp(), WRITTEN.timestamp()))
    file.with_name(f"{file.name}.json").write_text(note, "utf-8")
    return file


@pytest.mark.parametrize(
    "moment", ["2020-08-01 10:20:30", "2020-08-01T10:20:30Z", "2020-08-01 13:20:30+03:00"], ids=["bare", "Z", "zone"]
)
def test_what_news_please_noted_beside_a_page_says_where_it_was_and_when(tmp_path: Path, moment: str) -> None:
    found = look(saved(tmp_path, json.dumps(NOTE | {"date_download": moment})))
    assert found.url == "https://n.example/asked?id=7"
    assert found.saved == datetime(2020, 8, 1, 10, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        "7",
        "[" * 100_000,
        '{"url": ',
        json.dumps({"url": NOTE["url"]}),
        json.dumps(NOTE | {"date_download": None}),
        json.dumps(NOTE | {"date_download": "0001-01-01 00:00:00+14:00"}),
        json.dumps(NOTE | {"url": 7}),
        json.dumps(NOTE | {"url": "file:///tmp/a"}),
    ],
    ids=["empty", "list", "number", "deep", "torn", "no time", "null", "before all time", "no text", "no web"],
)
def test_another_file_beside_a_page_says_nothing(tmp_path: Path, note: str) -> None:
    found = look(saved(tmp_path, note))
    assert (found.url, found.saved) == ("https://n.example/named", WRITTEN)
