"""Words that some write together and some apart: Persian ones, with a half-space or without, Hebrew abbreviations,
compounds with a hyphen (wi-fi) and abbreviations with full stops (U.N.); and spellings of one word that folding leaves
different.

The index has the words as they stand between spaces, half-spaces and signs (میرود; می, رود; צה, ל; wi, fi; u, n), and
the query asks for all the ways of writing them."""

from __future__ import annotations

import re
from functools import cache

from index.text import hebrew, word_lists
from index.text.analysis import fold, stop_words, words

# Between letters, these belong to the word: the half-space of Persian (ZWNJ), the signs of Hebrew abbreviations.
HALF_SPACE = "\u200c"
_GERSHAYIM = re.compile(f"(?<=[{hebrew.LETTERS}])[\"\u05f4\u201d\u201c\u201e'\u05f3\u2019](?=[{hebrew.LETTERS}])")
_ARABIC_SCRIPT = re.compile("[\u0620-\u064a\u0671-\u06d3]+")
_AFFIXES = re.compile(  # of Persian, folded: before and after the word that they are written with or apart from
    "(?P<before>ن?مي)(?P<verb>.{2,})|(?P<noun>.{2,})(?P<after>هايي|هايم|هايش|هايت|هاي|ها|ترين|تر|اند|ايم|ايد)"
)
_MAX_PARTS = 4  # of a word with half-spaces
_LEAST = 3  # letters of either part of a word that is cut where no affix tells
_ENDINGS = ("ها", "هاي", "هايي", "ترين")  # of Persian, folded, that are written together with a word
_BEGINNINGS = ("مي", "نمي")
_HYPHEN = re.compile(r"(?<=\w)[-\u2010\u2011](?=\w)")
_COMPOUND = re.compile(r"[a-z\u0430-\u044f]{4,20}|[^\W\d_]+\d+")
_FIRST_PART = 5  # letters of the first part of a compound, at most: cyber-attack
_LETTER_FIRST = {"e": ("mail", "mails", "commerce"), "x": ("ray", "rays"), "t": ("shirt", "shirts"), "u": ("turn",)}
_DOTTED = re.compile(r"(?:[^\W\d_]\.){1,6}[^\W\d_]\.?")
_CAPITALS = re.compile(r"[^\W\d_]{2,6}")
_AMERICA = ("us", "usa")  # the country of two abbreviations
_NASALS = (("ङ", "कखगघ"), ("ञ", "चछजझ"), ("ण", "टठडढ"), ("न", "तथदध"), ("म", "पफबभ"))  # before letters of their row


def others(text: str) -> list[tuple[str, ...]]:
    """The other ways in which a text that is one word may be written, each as a row of folded words."""
    bare = text.strip()
    found: list[tuple[str, ...]] = []
    if HALF_SPACE in bare.strip(HALF_SPACE) and len(words(bare)) <= _MAX_PARTS:
        found.append(tuple(words(bare.replace(HALF_SPACE, ""))))
    elif _GERSHAYIM.search(bare):
        found.append(tuple(words(_GERSHAYIM.sub("", bare))))
    elif re.fullmatch(f"[{hebrew.LETTERS}]{{2,5}}", bare):
        found.append((bare[:-1], bare[-1]))  # the sign stands before the last letter
    elif _ARABIC_SCRIPT.fullmatch(bare):
        found += _apart(bare)
    elif letters := _abbreviation(bare):
        found += [tuple(name) for name in _abbreviations(letters) if tuple(name) != tuple(words(bare))]
    return found


def variants(text: str) -> list[str]:
    """The same word or words as others spell them, to be asked for in the same ways: `wifi` for wi-fi, `un` for U.N.,
    हिंदी for हिन्दी, الأميركية for الأمريكية."""
    bare = text.strip()
    found: list[str] = []
    if _HYPHEN.search(bare):
        found.append(_HYPHEN.sub("", bare))
    elif letters := _abbreviation(bare):
        found += [name for name in _abbreviations(letters) if not _is_word(name)]
    found += [_with_signs(bare), _with_letters(bare), *_named_otherwise(fold(bare))]
    return [other for other in dict.fromkeys(found) if words(other) != words(bare)]


def parts(text: str) -> list[tuple[str, ...]]:
    """The words of which one may consist that is written together: (wi, fi) of wifi, (covid, 19) of covid19; neither is
    a stop word: another is not an other. Of U.S. and U.N. us and un, which mostly are words."""
    word = fold(text.strip())
    if _DOTTED.fullmatch(word) and (letters := _abbreviation(word)) and _is_word(letters):
        return [] if letters in stop_words()["en"] else [(letters,)]
    if not _COMPOUND.fullmatch(word):
        return []
    if digits := re.search(r"\d", word):
        return [(word[: digits.start()], word[digits.start() :])]
    cut = [(word[:at], word[at:]) for at in range(2, min(_FIRST_PART, len(word) - 2) + 1)]
    found: list[tuple[str, ...]] = [pair for pair in cut if not _are_two(pair)]
    return [(word[0], word[1:]), *found] if word[1:] in _LETTER_FIRST.get(word[0], ()) else found


def _are_two(pair: tuple[str, str]) -> bool:
    """Whether two words are hardly ever one: one is a stop word of English or Russian, or both are of any language."""
    return not (stop_words()["en"] | stop_words()["ru"]).isdisjoint(pair) or _all_stop_words().issuperset(pair)


def _abbreviation(text: str) -> str | None:
    """The folded letters of an abbreviation with full stops or in capitals, U.N. or UN; None for another text."""
    if _DOTTED.fullmatch(text) or (_CAPITALS.fullmatch(text) and text.isupper()):
        return fold(text.replace(".", ""))
    return None


def _is_word(letters: str) -> bool:
    """Whether the letters of an abbreviation are a frequent word as well."""
    return letters == "us" or letters in _all_stop_words()


def _abbreviations(letters: str) -> tuple[str, ...]:
    return _AMERICA if letters in _AMERICA else (letters,)


@cache
def _all_stop_words() -> frozenset[str]:
    return frozenset().union(*stop_words().values())


def _with_signs(text: str) -> str:
    """A text in Devanagari whose nasal letters before another consonant are written as the sign: हिंदी for हिन्दी."""
    for nasal, row in _NASALS:
        text = re.sub(f"{nasal}\u094d(?=[{row}])", "\u0902", text)
    return text


def _with_letters(text: str) -> str:
    """The same the other way round."""
    for nasal, row in _NASALS:
        text = re.sub(f"\u0902(?=[{row}])", f"{nasal}\u094d", text)
    return text


def _named_otherwise(text: str) -> list[str]:
    """A folded text with the other spellings of the foreign names in it."""
    found = []
    for name in _names():
        there = next((spelling for spelling in name if spelling in text), None)
        found += [text.replace(there, other) for other in name if other != there] if there else []
    return found


@cache
def _names() -> list[list[str]]:
    return word_lists.rows("names.txt")


def is_within_word(text: str, at: int) -> bool:
    """Whether a quotation mark at this place is a sign of an abbreviation: it stands between two Hebrew letters."""
    return _GERSHAYIM.match(text, at) is not None


def joined(one: str, other: str) -> str | None:
    """Two words side by side as the one word that they may be, of Arabic script or a compound; None if they cannot be
    one."""
    if _ARABIC_SCRIPT.fullmatch(one) and _ARABIC_SCRIPT.fullmatch(other):
        return fold(one + other)
    return fold(one + other) if (fold(one), fold(other)) in parts(one + other) else None


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
    return [tuple(words(particle + bare)) for particle in hebrew.PARTICLES] if _GERSHAYIM.search(bare) else []
