"""Hebrew words: the particles that are joined to them ("and", "that", "in", "to", "from", "as", "the"), in the forms
under which a query looks for a word. A particle may as well be the first letter of the word (בחירות is no חירות), so
frequent words of that kind are known, and such a guess counts less than what is written."""

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
_BEGINNING = re.compile(r"ו?(?:כש|ש)?(?:מה|[הבלכמ])?")
_LEAST = 3  # letters of a word before which, and of what is left if, any particle is guessed
_BEFORE_SHORT = ("ה", "ו", "וה", "שה")  # before two letters others make too many other words: שר, בשר


def with_particles(word: str) -> tuple[str, ...]:
    """The forms that a folded Hebrew word has with particles and without those that it begins with; none if it is no
    Hebrew word."""
    if not _WORD.fullmatch(word):
        return ()
    bases = dict.fromkeys((word, *_without(word)))
    found = (
        start + base
        for base in bases
        for start in (_JOINED if len(base) >= _LEAST else ("", *_BEFORE_SHORT))
        if not any((start + base)[at:] in _words_of_their_own() for at in range(len(start)))
    )
    return tuple(form for form in dict.fromkeys(found) if form != word)


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
