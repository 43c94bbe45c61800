"""One chain of analysis per language, as data: fold, tokens, stems, stop words.

A text is folded character by character (a table), cut into words (one regular expression), and each word is stemmed by
the chain of the article's language. Both engines work by this page: the embedded index is fed with these tokens, and
Elasticsearch's analyzers are written from the same tables (`index/engines/elastic.py`); `tests/engines/test_parity.py`
holds the two together through `_analyze`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

TOKEN_CHARACTERS = 128  # a longer run (base64, a line of dots in letters) is cut; Lucene refuses terms of 32 KiB

# --- letters -------------------------------------------------------------------------------------------------------

# Written differently by different hands, and by different keyboards. Hamza on a seat is one letter, whatever carries
# it: مسؤول and مسئول, أعضاؤها and أعضائها. Alef loses its hamza: الأحمد and الاحمد.
LETTERS: Mapping[str, str] = {
    **dict.fromkeys("أإآٱٲٳٵ", "ا"),
    **dict.fromkeys("ؤئٶٸ", "ء"),
    **dict.fromkeys("ىیېےۍ", "ي"),
    **dict.fromkeys("ةۀہۂۃھە", "ه"),
    **dict.fromkeys("کڪ", "ك"),
    "ڤ": "ف",  # as in ڤيديو
    "ـ": "",  # tatweel
    "ё": "е",
    "ς": "σ",
}

# Marks that a writer may leave out. Vowel signs of Indic and Thai scripts are none of these: they are letters there.
MARKS = (
    (0x0300, 0x036F),  # combining accents
    (0x0591, 0x05C7),  # Hebrew points
    (0x0610, 0x061A),  # Quranic signs
    (0x064B, 0x065F),  # tashkeel
    (0x0670, 0x0670),  # dagger alef
    (0x06D6, 0x06ED),  # Quranic pauses
    (0xFE00, 0xFE0F),  # variation selectors
)

# Invisible, yet they part words: zero-width space, zero-width non-joiner (Persian می‌رود). Others are left out.
PARTING = frozenset("\u200b\u200c")

# Letters of the Latin script that do not decompose; as Lucene's ASCIIFoldingFilter has them.
LATIN: Mapping[str, str] = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ł": "l",
    "ı": "i",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "n",
    "ə": "a",
}


def _lower(char: str) -> str:
    """One character in lower case and in its plain form, with the accents that belong to its language."""
    if char in LETTERS:
        return LETTERS[char]
    category, point = unicodedata.category(char), ord(char)
    if category == "Cf":
        return char if char in PARTING else ""
    if any(first <= point <= last for first, last in MARKS) and category == "Mn":
        return ""
    if category[0] not in "LMN" or 0xAC00 <= point <= 0xD7A3:  # punctuation; Hangul syllables stay whole
        return char
    if category == "Nd":
        return str(unicodedata.decimal(char))
    plain = unicodedata.normalize("NFKC", char).lower()
    if 0xFE70 <= point <= 0xFE7F:  # isolated forms of tashkeel stand on a space
        plain = plain.strip()
    return plain if plain == char else "".join(map(_lower, plain))


def _fold(char: str) -> str:
    """One character without case and accents; the accents of Cyrillic make letters of their own (й) and stay."""
    lower = _lower(char)
    if not (lower and unicodedata.name(lower[0], "").startswith(("LATIN", "GREEK"))):
        return lower
    bare = "".join(c for c in unicodedata.normalize("NFKD", lower) if unicodedata.category(c) != "Mn")
    return "".join(LATIN.get(c, LETTERS.get(c, c)) for c in bare)


@cache
def lower_table() -> dict[int, str]:
    """Characters of the Basic Multilingual Plane and what `lower` makes of them, where that differs."""
    return {point: low for point in range(0x10000) if (low := _lower(chr(point))) != chr(point)}


@cache
def fold_table() -> dict[int, str]:
    """Characters of the Basic Multilingual Plane and what `fold` makes of them, where that differs."""
    return {point: low for point in range(0x10000) if (low := _fold(chr(point))) != chr(point)}


def fold(text: str) -> str:
    """The text without case, accents, tashkeel, tatweel and variants of letters and digits: what compares as equal.

    Punctuation and blanks stay as they are. Idempotent."""
    return unicodedata.normalize("NFC", text).translate(fold_table())


def lower(text: str) -> str:
    """As `fold`, but with the accents of the Latin and Greek scripts, on which stemmers depend."""
    return unicodedata.normalize("NFC", text).translate(lower_table())


# --- words ---------------------------------------------------------------------------------------------------------

# Scripts that write no blanks between words, and Korean, which joins its particles to them: each character is a word,
# and a word of a query is a row of them. That finds what bigrams find, and single characters too.
SINGLE = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U000323af"


@cache
def _words() -> re.Pattern[str]:
    """Letters, marks and digits: `\\w` of `re` leaves out the marks, such as the vowel signs of Hindi."""
    marks = "".join(re.escape(chr(p)) for p in range(0x20000) if unicodedata.category(chr(p))[0] == "M")
    return re.compile(f"[{SINGLE}]|(?:[^\\W_{SINGLE}]|[{marks}]){{1,{TOKEN_CHARACTERS}}}")


@dataclass(frozen=True, slots=True)
class Token:
    """A folded word and where it stands in the original text, in characters, end exclusive."""

    text: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """The folded words of a text in order, as the `exact` fields of both engines hold them."""
    return _words().findall(fold(text))


def tokens(text: str) -> list[Token]:
    """The folded words of a text with their places in the text as given, tashkeel included."""
    return list(_tokens(text, fold_table()))


def _tokens(text: str, table: Mapping[int, str]) -> Iterator[Token]:
    pieces, origins = [], []
    for place, char in enumerate(text):
        piece = table.get(ord(char), char)
        pieces.append(piece)
        origins.extend([place] * len(piece))
    origins.append(len(text))
    for match in _words().finditer("".join(pieces)):
        end = origins[match.end() - 1] + 1
        while end < len(text) and table.get(ord(text[end]), " ") == "":  # the tashkeel on a word's last letter
            end += 1
        yield Token(match.group(), origins[match.start()], end)
