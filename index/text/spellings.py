"""Words that some write together and some apart: Persian ones, with a half-space or without, and Hebrew abbreviations.

The index has the words as they stand between spaces and half-spaces (میرود; می, رود; צה, ל), and the query asks for all
the ways of writing them."""

from __future__ import annotations

import re

from index.text.analysis import fold, words

# Between letters, these belong to the word: the half-space of Persian (ZWNJ), the signs of Hebrew abbreviations.
HALF_SPACE = "\u200c"
HEBREW = "\u05d0-\u05ea"
_GERSHAYIM = re.compile(f"(?<=[{HEBREW}])[\"\u05f4\u201d\u201c\u201e'\u05f3\u2019](?=[{HEBREW}])")
_ARABIC_SCRIPT = re.compile("[\u0620-\u064a\u0671-\u06d3]+")
_AFFIXES = re.compile(  # of Persian, folded: before and after the word that they are written with or apart from
    "(?P<before>ن?مي)(?P<verb>.{2,})|(?P<noun>.{2,})(?P<after>هايي|هايم|هايش|هايت|هاي|ها|ترين|تر|اند|ايم|ايد)"
)
_MAX_PARTS = 4  # of a word with half-spaces
_LEAST = 3  # letters of either part of a word that is cut where no affix tells
_ENDINGS = ("ها", "هاي", "هايي", "ترين")  # of Persian, folded, that are written together with a word
_BEGINNINGS = ("مي", "نمي")
_PARTICLES = "הבלמושכ"  # of Hebrew, before an abbreviation: בצה"ל


def others(text: str) -> list[tuple[str, ...]]:
    """The other ways in which a text that is one word may be written, each as a row of folded words."""
    bare = text.strip()
    found: list[tuple[str, ...]] = []
    if HALF_SPACE in bare.strip(HALF_SPACE) and len(words(bare)) <= _MAX_PARTS:
        found.append(tuple(words(bare.replace(HALF_SPACE, ""))))
    elif _GERSHAYIM.search(bare):
        found.append(tuple(words(_GERSHAYIM.sub("", bare))))
    elif re.fullmatch(f"[{HEBREW}]{{2,5}}", bare):
        found.append((bare[:-1], bare[-1]))  # the sign stands before the last letter
    elif _ARABIC_SCRIPT.fullmatch(bare):
        found += _apart(bare)
    return found


def is_within_word(text: str, at: int) -> bool:
    """Whether a quotation mark at this place is a sign of an abbreviation: it stands between two Hebrew letters."""
    return _GERSHAYIM.match(text, at) is not None


def joined(one: str, other: str) -> str | None:
    """Two words of Arabic script side by side as the one word that they may be; None if they cannot be one."""
    if not (_ARABIC_SCRIPT.fullmatch(one) and _ARABIC_SCRIPT.fullmatch(other)):
        return None
    return fold(one + other)


def _apart(word: str) -> list[tuple[str, ...]]:
    """A Persian word written together as the words that it consists of."""
    inner = word.find("آ", 1)  # which begins a word: دانشآموز
    found = [tuple(words(f"{word[:inner]} {word[inner:]}"))] if inner > 0 else []
    folded = fold(word)
    if match := _AFFIXES.fullmatch(folded):
        found.append(tuple(filter(None, match.groups())))
    found += [(folded[:at], folded[at:]) for at in range(_LEAST, len(folded) - _LEAST + 1)]
    return list(dict.fromkeys(found))


def with_affixes(word: str) -> tuple[str, ...]:
    """A folded word of Arabic script with the Persian affixes that may be written together with it."""
    if len(word) < _LEAST or not _ARABIC_SCRIPT.fullmatch(word):
        return ()
    beginnings = _BEGINNINGS if len(word) > _LEAST else ()  # before three letters it may be Arabic: ميدان is not of دان
    return (*(word + ending for ending in _ENDINGS), *(beginning + word for beginning in beginnings))


def with_particles(text: str) -> list[tuple[str, ...]]:
    """A Hebrew abbreviation with each of the particles that are joined to it, as rows of folded words."""
    bare = text.strip()
    return [tuple(words(particle + bare)) for particle in _PARTICLES] if _GERSHAYIM.search(bare) else []
