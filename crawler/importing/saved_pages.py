"""Pages saved as HTML files: their URL and time from what was noted beside them, or else from the page and its file.

news-please writes the URL and the time of the download (UTC) into PAGE.html.json beside PAGE.html
(JsonFileStorage and parse_crawler.py, https://github.com/fhamborg/news-please). Without that, a page's URL is the one
that its browser noted ("saved from url=", in Chromium's and Internet Explorer's files), or else the one that it names
as canonical, and its time that at which its file was last written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from index.text.charset import decode

ENDINGS = (".html", ".htm", ".xhtml", ".shtml")

_HEAD = 200_000  # bytes in which the URL is looked for
_MAX_NOTE = 10_000_000  # bytes of a note, which has the article's text too
# The number is the URL's length; a note such as about:internet only marks a file as one of the web
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d{4}\)(https?://\S+)\s*-->")
_NAMES = (
    ('link[rel~="canonical" i]', "href"), ('meta[property="og:url" i]', "content"), ("base[href]", "href"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SavedPage:
    """A saved page's URL, None if there is none, and when it was saved (UTC)."""

    url: str | None
    saved: datetime


def look(file: Path) -> SavedPage:
    """What is known of a saved page.

    :raises OSError: when the file cannot be read.
    """
    if noted := _noted_beside(file):
        return noted
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    text = decode(head, {}).text  # some are saved as UTF-16
    return SavedPage(_url(text.encode("utf-8", "replace")), datetime.fromtimestamp(file.stat().st_mtime, UTC))


def _noted_beside(file: Path) -> SavedPage | None:
    """What a crawler noted beside a page; None if it did not, or not all of this."""
    beside = file.with_name(f"{file.name}.json")
    try:
        if beside.stat().st_size > _MAX_NOTE:
            return None
        noted = json.loads(beside.read_bytes())
        url, moment = noted["url"], datetime.fromisoformat(noted["date_download"])
        saved = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OSError, ValueError, TypeError, LookupError, RecursionError, OverflowError):
        return None
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        return None
    return SavedPage(url, saved)


def _url(head: bytes) -> str | None:
    if noted := _SAVED_FROM.search(head):
        return noted[1].decode("utf-8", "replace")
    tree = LexborHTMLParser(head)
    for selector, attribute in _NAMES:
        node = tree.css_first(selector)
        named = (node.attributes.get(attribute) or "").strip() if node else ""
        if named.startswith(("http://", "https://")):
            return named
    return None
