"""Hebrew words: the particles that are joined to them ("and", "that", "in", "to", "from", "as", "the"), and the endings
of nouns (plural, construct state, "his", "our"), in the forms under which a query looks for a word. A particle may as
well be the first letter of the word (בחירות is no חירות), and an ending its last (אחרי is not of אחר), so frequent
words of that kind are known, and such a guess counts less than what is written."""

from __future__ import annotations

import re
from functools import cache
from itertools import product

from index.text import word_lists

LETTERS = "\u05d0-\u05ea"
PARTICLES = "הבלמושכ"  # each by itself
_WORD = re.compile(f"[{LETTERS}]{{2,}}")
# In the order in which they are joined: "and", "that" or "when", a preposition or the article, which goes after ב, ל
# and כ.
_JOINED = tuple("".join(row) for row in product(("", "ו"), ("", "ש", "כש"), ("", "ה", "ב", "ל", "כ", "מ", "מה")))
_BEFORE_OWNED = tuple("".join(row) for row in product(("", "ו"), ("", "ש"), ("", "ב", "ל", "כ", "מ")))
_BEGINNING = re.compile(r"ו?(?:כש|ש)?(?:מה|[הבלכמ])?")
_LEAST = 3  # letters of a word before which, and of what is left if, any particle or ending is guessed
_FINAL = {"כ": "ך", "מ": "ם", "נ": "ן", "פ": "ף", "צ": "ץ"}  # letters, and as they are written at the end of a word
_INNER = str.maketrans({final: inner for inner, final in _FINAL.items()})
_Endings = tuple[str, ...]
# Endings (https://hebrew-academy.org.il: נטיית השם) of nouns in ה, in whose place they stand, and of others; without
# those that make other words too often: her, their, your (ספרה is a digit).
_OF_FEMININE: _Endings = ("ת", "ות")
_OWNED_FEMININE: _Endings = ("תו", "תה", "תם", "תנו", "ותיו", "ותיה", "ותיהם", "ותינו")
_OF_OTHERS: _Endings = ("ים", "י")
_OWNED: _Endings = ("ו", "נו", "יו", "יהם", "ינו")
_IN_OT, _OWNED_IN_OT = ("ונ", "ומ"), ("ותיו", "ותיה", "ותיהם", "ותינו")  # whose plural is in ות: רעיון, מקום
_ENDINGS = tuple(dict.fromkeys((*_OF_FEMININE, *_OWNED_FEMININE, *_OF_OTHERS, *_OWNED)))
_BEFORE_SHORT = ("ה", "ו", "וה", "שה")  # before two letters others make too many other words: שר, בשר


def forms(word: str) -> tuple[str, ...]:
    """The forms that a folded Hebrew word has with particles and endings, and without those that it has; none if it is
    no Hebrew word."""
    if not _WORD.fullmatch(word):
        return ()
    bases = dict.fromkeys(base for rest in (word, *_without(word)) for base in (rest, *_bases(rest)))
    found = (
        start + form
        for base in bases
        for starts, endings in _joined_to(base)
        for start in starts
        if not _is_of_its_own(start, base)
        for form in endings
        if not _is_of_its_own(start, form)
    )
    return tuple(form for form in dict.fromkeys(found) if form != word)


def _joined_to(base: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """What may stand before a noun, and before its forms with endings, which have the article in the plural only."""
    if len(base) < _LEAST:
        return ((("", *_BEFORE_SHORT), (base,)),)
    common, owned = _inflected(base)
    return (_JOINED, (base, *common)), (_BEFORE_OWNED, owned)


def _is_of_its_own(start: str, rest: str) -> bool:
    """Whether the particles before a word make another word of it: מ and כתב are מכתב, a letter."""
    return any((start + rest)[at:] in _words_of_their_own() for at in range(len(start)))


def _inflected(base: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The plurals and construct states of a noun, and what it is with "his", "our" and the like; none of a word that is
    known to have none."""
    if base in _words_without_ending():
        return (), ()
    stem, common, owned = base.translate(_INNER), _OF_OTHERS, _OWNED
    if base.endswith("ה"):
        stem, common, owned = base[:-1], _OF_FEMININE, _OWNED_FEMININE
        if base.endswith("יה") and not base.endswith("ייה"):
            common, owned = ("ות",), ()  # סורית is not of סוריה
    elif stem.endswith(_IN_OT):
        common, owned = (*common, "ות"), (*owned, *_OWNED_IN_OT)
    if len(stem) < _LEAST:
        return (), ()
    forms = (tuple(stem + end for end in ends) for ends in (common, owned))
    plain, possessive = (tuple(form for form in row if form not in _words_without_ending()) for row in forms)
    return plain, possessive


def _bases(word: str) -> list[str]:
    """What a word may be without an ending."""
    if word in _words_without_ending():
        return []
    found = []
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _LEAST:
            continue
        for base in (stem + "ה", stem[:-1] + _FINAL.get(stem[-1], stem[-1])):
            if any(word in row for row in _inflected(base)) and not base.endswith("וה"):  # of ות, which is longer
                found.append(base)
    return found


def _without(word: str) -> list[str]:
    """What a word may be without its particles, if it is not known to be of its own with one less of them: of
    ושבבחירות also בחירות, and not חירות."""
    found: list[str] = []
    longest = _BEGINNING.match(word)
    for end in range(longest.end() + 1 if longest else 0):
        rest = word[end:]
        if not _BEGINNING.fullmatch(word[:end]) or len(rest) < _LEAST:
            continue
        found += [rest] if end else []
        if rest in _words_of_their_own():
            break
    return found


@cache
def _words_of_their_own() -> frozenset[str]:
    """Frequent words whose first letter is no particle, though it may look like one: בחירות, משטרה, שלום."""
    return frozenset(word for row in word_lists.rows("hebrew_words.txt") for word in row)


@cache
def _words_without_ending() -> frozenset[str]:
    """Frequent words that end as if they had an ending: אחרי, and נתניהו, which is not of נתניה."""
    return frozenset(word for row in word_lists.rows("hebrew_endings.txt") for word in row)
