"""Pages saved by a browser: their URL from what it noted or the page names, their time from the file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.importing.saved_pages import look


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
def test_the_url_is_the_one_that_was_noted(tmp_path: Path, html: str, url: str | None) -> None:
    file = tmp_path / "page.html"
    file.write_text(html)
    os.utime(file, (1_600_000_000, 1_600_000_000))
    found = look(file)
    assert found.url == url
    assert found.saved == datetime.fromtimestamp(1_600_000_000, UTC)
