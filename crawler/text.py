"""Text normalisation. All stored text has passed through `line` or `block`."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from unicodedata import category

# C0 and C1 controls except tab and newlines; soft hyphen; zero-width space, word joiner, BOM; lone surrogates;
# noncharacters; bidi marks, embeddings and isolates (the search page isolates each field itself, so that a stray
# override in one text cannot affect the next). ZWNJ and ZWJ stay: Persian می‌خواهم and Indic conjuncts are spelt with
# them. Tatweel stays too: the site wrote it, and the index folds it.
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_SEPARATORS = re.compile("[\x1c-\x1f]")  # controls that Python treats as whitespace
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_REFERENCE = re.compile(r"&(?!(?:lt|gt|#60|#62|#x3[ce]);)(?:#\d{2,6}|#x[\da-f]{2,5}|[a-z]{2,8}\d?);", re.IGNORECASE)
_ENDLESS = re.compile(r"&(?:amp;)?#\d{100,};?")  # a reference to no character
_PARAGRAPHS = re.compile(r"\n\n")
# Harakat, superscript alef, Quranic marks, tatweel, joiners, and everything that `tidy` drops.
_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200c\u200d]|" + _DROPPED.pattern)
_FOLDED = str.maketrans("أإآٱىیےکةۀہھ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "ااااييي" + "ك" + "هههه" + "0123456789" * 2)
_FOLDS = re.compile(f"[{''.join(map(chr, _FOLDED))}]")
_WORD = re.compile(r"\w+")
# Vowels and joined letters of Indic and south-east Asian scripts are marks, of which `\w` has none. Visarga is written
# for a colon too, and left out.
_INDIC = re.compile("[\u0900-\u187f]")
_SPELT = re.compile(
    rf"[\w{''.join(c for c in map(chr, range(0x900, 0x1880)) if category(c)[0] == 'M' and c not in 'ःঃઃ')}]+"
)
# `fold` of each ASCII character: a table halves the time, and half of all news is in ASCII
_ASCII = {
    point: None if _DROPPED.match(chr(point)) else chr(point).lower() if _WORD.match(chr(point)) else " "
    for point in range(128)
}
# What ends a statement, and what ends any sentence, in the scripts that news are written in; in a class of a pattern
FULL_STOPS = ".。۔።।։။។"
STOPS = FULL_STOPS + "!?…！？؟"
_CACHED = 500  # maximum characters of a text whose folded form is cached
_SPACELESS = re.compile("[\u0e00-\u0e7f\u2e80-\u9fff\uf900-\ufaff]")


def tidy(text: str) -> str:
    """The text in NFC without control characters and bidi marks; spaces are collapsed, lines trimmed, newlines kept."""
    if not text.isprintable():  # most texts are, and need nothing dropped
        text = _DROPPED.sub("", _BREAKS.sub("\n", text))
    text = unicodedata.normalize("NFC", text)
    return "\n".join(" ".join(part.split()) for part in text.split("\n")).strip("\n")


def line(text: str | None) -> str:
    """The tidied text on one line; "" for None."""
    if not text:
        return ""
    spaced = " ".join(text.split())
    if not spaced.isprintable() or _SEPARATORS.search(text):
        spaced = " ".join(_DROPPED.sub("", text).split())
    return unicodedata.normalize("NFC", spaced)


def unescaped(text: str) -> str:
    """The text with its character references resolved, as HTML reads them."""
    return html.unescape(without_endless(text))


def without_endless(text: str) -> str:
    """The text with U+FFFD for references to characters by numbers of hundreds of digits: of more than 4,300, Python
    reads none, and html.unescape fails."""
    return _ENDLESS.sub("\ufffd", text) if "#" in text else text


def unescaped_line(text: str | None) -> str:
    """As `line`, without the character references that are left in a text that was escaped twice or three times:
    `R&amp;D`. Those of `<` and `>` stay: they tell of markup that is shown."""
    found = text or ""
    for _ in range(2 if "&" in found else 0):
        found = _REFERENCE.sub(lambda reference: html.unescape(reference[0]), found)
    return line(found)


def block(paragraphs: Iterable[str]) -> str:
    """A body: the tidied non-empty paragraphs, separated by blank lines."""
    return "\n\n".join(p for p in (_lines(text) for text in paragraphs) if p)


def length(texts: Iterable[str]) -> int:
    """The characters of several texts."""
    return sum(map(len, texts))


def paragraphs(body: str) -> list[str]:
    """The paragraphs of a body, in order."""
    return [p for p in _PARAGRAPHS.split(body) if p]


def _lines(text: str) -> str:
    """A paragraph without empty lines, which would end it."""
    return "\n".join(part for part in tidy(text).split("\n") if part)


def as_utc(date: str) -> datetime | None:
    """The moment of an ISO 8601 date, in UTC unless it has a zone of its own; None if it is empty.

    :raises ValueError: when it is no such date.
    """
    moment = datetime.fromisoformat(date) if date else None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def fold(text: str, *, spelt: bool = False) -> str:
    """The text for comparison: lower case, without diacritics and punctuation, one form of each Arabic letter.
    `spelt`: with the vowels of Indic and south-east Asian scripts, without which other words look the same.

    Deliberately separate from the index's folding: hashes of it are stored and must not change when search does."""
    spelt = spelt and not text.isascii() and _INDIC.search(text) is not None  # one entry of the cache for all others
    return _folded(text, spelt) if len(text) <= _CACHED else _folded.__wrapped__(text, spelt)


@lru_cache(maxsize=4_000)  # a page's blocks are folded twice on average, for those who look for different things
def _folded(text: str, spelt: bool) -> str:
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
    text = _MARKS.sub("", unicodedata.normalize("NFKC", text)).casefold()
    if _FOLDS.search(text):  # translate looks up each letter: for other scripts it would take a third of the time
        text = text.translate(_FOLDED)
    return " ".join((_SPELT if spelt else _WORD).findall(text))


def words(text: str, *, folded: bool = False) -> list[str]:
    """The folded words of a text; Chinese, Japanese and Thai letter by letter. `folded`: the text is folded already."""
    text = text if folded else fold(text)
    return (_SPACELESS.sub(r" \g<0> ", text) if _SPACELESS.search(text) else text).split()
