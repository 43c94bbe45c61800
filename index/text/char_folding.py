"""Character folding for comparison, as data: the tables that `index.text.analysis` uses."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

from index.text import word_lists

# Letters that writers and keyboards vary. Hamza on a seat is one letter, whatever its seat: مسؤول and مسئول, أعضاؤها
# and أعضائها. Alef loses its hamza: الأحمد and الاحمد.
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
    **dict(zip("ऩऱऴँ", "नरळं", strict=True)),  # nukta in one character with its letter; the two signs of nasal vowels
}

# Marks that a writer may omit. Vowel signs of Indic and Thai scripts are not among them: they are letters there; so are
# Bengali letters with a nukta.
MARKS = (
    (0x0300, 0x036F),  # combining accents
    (0x0591, 0x05C7),  # Hebrew points
    (0x0610, 0x061A),  # Quranic signs
    (0x064B, 0x065F),  # tashkeel
    (0x0670, 0x0670),  # dagger alef
    (0x06D6, 0x06ED),  # Quranic pauses
    (0x093C, 0x093C),  # nukta of Devanagari
    (0xFE00, 0xFE0F),  # variation selectors
)

# Invisible, but separating words: zero-width space, zero-width non-joiner (Persian می‌رود). Others are removed.
PARTING = frozenset("\u200b\u200c")

# Letters of the Latin script that do not decompose, as in Lucene's ASCIIFoldingFilter.
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


@cache
def _simplified() -> Mapping[str, str]:
    """Traditional Chinese characters and variants -> the simplified one."""
    return {char: group[0] for row in word_lists.rows("hanzi.txt") for group in row for char in group[1:]}


def _lower(char: str) -> str:
    """One character in lower case and in its plain form, keeping the accents of its language."""
    if (letter := LETTERS.get(char, _simplified().get(char))) is not None:
        return letter
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
    """One character without case and accents; accents in Cyrillic form separate letters (й) and stay."""
    lower = _lower(char)
    if not (lower and unicodedata.name(lower[0], "").startswith(("LATIN", "GREEK"))):
        return lower
    bare = "".join(c for c in unicodedata.normalize("NFKD", lower) if unicodedata.category(c) != "Mn")
    return "".join(LATIN.get(c, LETTERS.get(c, c)) for c in bare)


@cache
def lower_table() -> dict[int, str]:
    """The characters of the Basic Multilingual Plane that `lower` changes, with the result."""
    return {point: low for point in range(0x10000) if (low := _lower(chr(point))) != chr(point)}


@cache
def fold_table() -> dict[int, str]:
    """The characters of the Basic Multilingual Plane that `fold` changes, with the result."""
    return {point: low for point in range(0x10000) if (low := _fold(chr(point))) != chr(point)}
