"""Pages saved as HTML files: their URL from the page itself, their time from the file.

A page's URL is the one that its browser noted ("saved from url=", in Chromium's and Internet Explorer's files), or else
the one that it names as canonical.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

ENDINGS = (".html", ".htm", ".xhtml", ".shtml")

_HEAD = 200_000  # bytes in which the URL is looked for
# The number is the URL's length; a note such as about:internet only marks a file as one of the web
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d{4}\)(https?://\S+)\s*-->")
_NAMES = (
    ('link[rel~="canonical" i]', "href"), ('meta[property="og:url" i]', "content"), ("base[href]", "href"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SavedPage:
    """A saved page's URL, None if it names none, and when its file was last written (UTC)."""

    url: str | None
    saved: datetime


def look(file: Path) -> SavedPage:
    """What a saved page says of itself.

    :raises OSError: when the file cannot be read.
    """
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    return SavedPage(_url(head), datetime.fromtimestamp(file.stat().st_mtime, UTC))


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
