"""The response of a source: decompressed, decoded, and its format detected from the content, not from the header."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from html.entities import html5
from typing import Literal

from crawler.errors import SourceProblem
from crawler.text import unescaped
from index.model.codes import SourceReason
from index.text.charset import decode

MAX_BYTES = 50 << 20  # per document, decompressed: the limit of sitemaps.org
LAYERS = 3  # of gzip: a compressed file, compressed again by the server
_MEMBERS = 1_000  # per gzip file; a file of millions of empty members is an attack
GZIP_MAGIC = b"\x1f\x8b"
_SNIFFED_CHARACTERS = 200_000  # searched for the document's first element, which may follow comments and PHP notices

DocumentKind = Literal["feed", "sitemap", "html", "json", "xml", "text", "empty"]
_ROOTS: dict[str, DocumentKind] = {
    "rss": "feed",
    "feed": "feed",
    "rdf": "feed",
    "urlset": "sitemap",
    "sitemapindex": "sitemap",
    "html": "html",
    "!doctype html": "html",
    "head": "html",
    "body": "html",
}
_ROOT = re.compile(
    r"<(?:[a-z_][\w.-]{0,60}:)?(rss|feed|rdf|urlset|sitemapindex|html|!doctype html|head|body)(?=[\s>/])",
    re.IGNORECASE | re.ASCII,  # of Unicode's cases, `İ` is an `i`, and in lower case two characters
)
_ENTRY = re.compile(r"<(?:url|sitemap)>\s*<loc>", re.IGNORECASE)
_SHOWN = {  # roots of what a page may show as its source, each with an entry of it
    "urlset": _ENTRY, "sitemapindex": _ENTRY, "rss": re.compile(r"<item[\s>]"), "feed": re.compile(r"<entry[\s>]"),
}  # fmt: skip
_TAG = re.compile("<[^<>]*>")
_LINK = re.compile(r"<a\s", re.IGNORECASE)
_STRAY = re.compile(rb"&(?:(#?\w{1,40});)?")
_NUMBER = re.compile(rb"&#(\w+);")
_NO_TAG = re.compile(rb"<(?=[\s\d=])")  # no tag begins so: `5 < 6`
_XML_NAMES = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))
_MAX_REFERENCES = 2_000_000  # ampersands per document: 40 for each of 50,000 entries
_CONTROLS = bytes(range(9)) + b"\x0b\x0c" + bytes(range(14, 32))  # not representable in XML 1.0
_LOST = "\ufffd".encode()


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A source's response as text; `cut` if it is longer than `MAX_BYTES` or truncated."""

    what: DocumentKind
    text: str
    cut: bool = False

    def xml(self) -> bytes:
        """The XML from its root element on, in UTF-8 and without DOCTYPE, so that no entity is declared or expanded.

        Stray ampersands (`?a=1&b=2`), HTML entities and `<` that begin no tag are escaped; all other references, such
        as `&xxe;` or `&#0;`, become U+FFFD, which makes a URL invalid. Within CDATA only numbers of no character do:
        where libxml2 takes it for a part of something else, it would read them, and could not give what it has read.

        :raises SourceProblem: when there are more ampersands than in any genuine feed or sitemap.
        """
        head = self.text[:_SNIFFED_CHARACTERS]
        root = _first_element(head)
        text = self.text[root.start() if root else 0 :]
        if root is None and (entry := _ENTRY.search(head)):
            text = f"<urlset>{self.text[entry.start() :]}</urlset>"
        raw = text.encode("utf-8", "replace").translate(None, _CONTROLS)
        if raw.count(b"&") > _MAX_REFERENCES:
            raise SourceProblem(SourceReason.TOO_MANY_REFERENCES, most=_MAX_REFERENCES)
        first, *rest = raw.split(b"<![CDATA[")
        mended = [_escaped(first)]
        for part in rest:
            inside, end, after = part.partition(b"]]>")
            mended.append(_NUMBER.sub(_character, inside) + end + _escaped(after))
        return b"<![CDATA[".join(mended)


def read(body: bytes, headers: Mapping[str, str]) -> SourceDocument:
    """The document in a response; `headers` have lower-case names.

    :raises SourceProblem: when gzip data cannot be decompressed.
    """
    body, cut = unpack(body)
    text = decode(body, headers, ("ar",)).text
    kind = sniff(text)
    if kind == "html" and (shown := _shown(text)):
        kind, text = sniff(shown), shown
    return SourceDocument(kind, text, cut)


def _shown(text: str) -> str | None:
    """The sitemap or feed that a page of HTML holds: as it is, or written out as a browser shows the source of one;
    None if it holds none, or leads anywhere itself: then it only tells of one."""
    if _LINK.search(text):
        return None
    for name, entry in _SHOWN.items():
        if f"&lt;{name}" in text and f"<{name}" not in text:
            text = unescaped(_TAG.sub("", text))
        start, end = text.find(f"<{name}"), text.rfind(f"</{name}>")
        if 0 <= start < end and entry.search(text, start, end):
            return f"{text[start:end]}</{name}>"
    return None


def sniff(text: str) -> DocumentKind:
    """The format of a text, by its first significant element or character."""
    head = text[:_SNIFFED_CHARACTERS].lstrip("\ufeff \t\r\n\x00")
    if not head:
        return "empty"
    if head[0] in "{[":
        return "json"
    if root := _first_element(head):
        return _ROOTS[root[1].lower()]
    if _ENTRY.search(head):
        return "sitemap"  # that has lost its root
    if head.startswith("<?xml"):
        return "xml"
    return "html" if head[0] == "<" else "text"


def _first_element(head: str) -> re.Match[str] | None:
    """The first element that tells a format, outside of comments; None if there is none."""
    root, at = _ROOT.search(head), 0
    while root is not None:
        comment = head.find("<!--", at, root.start())
        end = head.find("-->", comment) if comment >= 0 else -1
        if end < 0:
            break
        at = end
        root = _ROOT.search(head, at) if end > root.start() else root
    return root


def unpack(body: bytes) -> tuple[bytes, bool]:
    """The bytes without gzip, which is detected by its magic bytes and not by a file name, and whether data is missing.

    :raises SourceProblem: when gzip data cannot be decompressed.
    """
    cut = False
    for _ in range(LAYERS):
        if not body.startswith(GZIP_MAGIC):
            break
        body, short = _gunzip(body)
        cut = cut or short
    return body[:MAX_BYTES], cut or len(body) > MAX_BYTES


def _gunzip(body: bytes) -> tuple[bytes, bool]:
    found = bytearray()
    for _ in range(_MEMBERS):
        member = zlib.decompressobj(wbits=31)
        try:
            found += member.decompress(body, MAX_BYTES + 1 - len(found))
        except zlib.error as error:
            if found:
                return bytes(found), True
            raise SourceProblem(SourceReason.BROKEN_GZIP, error=str(error)) from None
        if not member.eof or len(found) > MAX_BYTES:
            return bytes(found), True
        body = member.unused_data
        if not body.startswith(GZIP_MAGIC):
            return bytes(found), False
    return bytes(found), True


def _escaped(markup: bytes) -> bytes:
    return _STRAY.sub(_reference, _NO_TAG.sub(b"&lt;", markup))


def _reference(match: re.Match[bytes]) -> bytes:
    name = match[1]
    if name is None:
        return b"&amp;"
    if name in _XML_NAMES:
        return match[0]
    if name.startswith(b"#"):
        return match[0] if _is_character(name[1:]) else _LOST
    return b"&amp;" + name + b";" if name.decode("utf-8", "replace") + ";" in html5 else _LOST


def _character(match: re.Match[bytes]) -> bytes:
    return match[0] if _is_character(match[1]) else _LOST


def _is_character(number: bytes) -> bool:
    """Whether a numeric reference names a character that XML 1.0 allows (production 2)."""
    try:
        code = int(number[1:], 16) if number[:1] in b"xX" else int(number)
    except ValueError:
        return False
    return code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000


# --- block pages -----------------------------------------------------------------------------------------------------

_WALL_SIZE = 100_000  # characters; a page with news is longer than a block page, or contains none of these phrases
_WALLS = (  # phrases found only on block pages, in lower case
    "<title>just a moment",  # Cloudflare
    "<title>attention required! | cloudflare",
    "cf_chl_opt",
    "<title>ddos-guard",
    "<title>checking your browser",
    "<title>one moment, please",
    "<title>access denied",  # Akamai
    "<title>pardon our interruption",  # Imperva
    "_incapsula_resource",
    "sucuri_cloudproxy_js",
    "captcha-delivery.com",  # DataDome
    "px-captcha",  # HUMAN
    "awswafcookiedomainlist",  # AWS WAF
    "/_sec/cp_challenge",  # Akamai
    "tonumbers(",  # testcookie of free hosting, common among small Arabic sites: a cookie computed by a script
    "verify you are human",
)


def wall(text: str) -> str | None:
    """The phrase that identifies an HTML page as a block page, or None."""
    if len(text) > _WALL_SIZE:
        return None
    low = text.lower()
    return next((phrase for phrase in _WALLS if phrase in low), None)
