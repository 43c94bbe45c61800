"""Whether two articles have the same text: they have enough in common, and the same facts.

A copy of a wire report and the next report from the same template can differ in equally many words, but not in the same
ones: an editor changes words here and there, a template the subject matter: numbers, names, the headline's words. Of
two short texts that differ in a slot or two, the city or the price, no more can be known than that no editor was at
work, who also adds and leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from rapidfuzz import fuzz

from index.dedup.alignment import LONGEST_WORD, Opcode, opcodes
from index.text.analysis import fold

SHINGLE = 3  # words
MIN_SIMILARITY = 0.4  # Jaccard similarity of the shingles; with a tenth of the words changed one by one, .54 or more
MAX_SLOT_WORDS = 6  # longest piece that a template fills in, such as a name with its title
MAX_CHANCE = 0.005  # if so many changed facts among the changed words are less probable, no editor made them
MIN_CHANGED_SHARE = 0.01  # lowest assumed share of changed words: a copy may correct a single figure
SHORT_WORDS = 200  # of a report that a template may be all of; in a longer text, one word is a correction
MAX_COMPARED_WORDS = 1_500  # words of each text that are compared one by one
# Of each text that are read at all: texts are compared within transactions, which hold up every other writer. So many
# take 50 ms.
MAX_CHARACTERS = 100_000

# Two words are one, spelt differently, if they differ in vowels alone and have so much in common (percent of letters)
# and so many letters: not Iran and Iraq, Omsk and Tomsk, جبلة and جبيل
SPELLING, SPELT = 85, 5

_SPACELESS = re.compile("[\u0e00-\u0e7f\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_END = re.compile(r"[.!?:؟。…»\"”]$")  # after it, a capital letter does not indicate a name
_VOWELS = str.maketrans("", "", "aeiouyаеиоуыэюяйьъاويىءؤئאוי")
_TWICE = re.compile(r"(.)\1")
_LONG = 3  # letters that make a headline's word a fact; in Chinese and Japanese, every character is one


@dataclass(frozen=True, slots=True)
class ComparableText:
    """A text prepared for comparison: its folded words, and which of them are facts: numbers, capitalized names, words
    of the headline."""

    words: tuple[str, ...]
    facts: tuple[bool, ...]
    about: frozenset[str] = frozenset()  # the headline's words


def comparable(headline: str, body: str) -> ComparableText:
    """A text prepared for comparison: its first MAX_CHARACTERS."""
    body = body[:MAX_CHARACTERS]
    said = [word for word, _ in _words(headline)]
    about = {word for word in said if len(word) >= _LONG or _SPACELESS.search(word)}
    found = [(word, fact or word in about) for word, fact in _words(body)]
    return ComparableText(tuple(word for word, _ in found), tuple(fact for _, fact in found), frozenset(said))


def is_same_text(one: ComparableText, other: ComparableText, *, claimed: bool = False) -> bool:
    """Whether two texts are the same, perhaps edited; `claimed` if something else says that they are, such as a
    canonical link, so that a slot or two may be an edit."""
    if one.words == other.words:
        return True
    if overlap(one.words, other.words) < MIN_SIMILARITY:
        return False
    changes = _opcodes(one, other)
    if not claimed and (_has_other_subject(one, other, changes) or _differs_in_slots_only(one, other, changes)):
        return False
    return not _of_a_template(one, other, changes)


def overlap(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """The Jaccard similarity of the three-word shingles of two texts."""
    first, second = _shingles(one), _shingles(other)
    return len(first & second) / len(first | second) if first and second else 0.0


def contained(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """The share of the first text's shingles that are also in the other."""
    first = _shingles(one)
    return len(first & _shingles(other)) / len(first) if first else 0.0


def _shingles(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    return set(zip(*(words[n:] for n in range(SHINGLE)), strict=False))


def _words(text: str) -> list[tuple[str, bool]]:
    """The folded words, each with whether it is a number or, by its capital letter within a sentence, a name."""
    found: list[tuple[str, bool]] = []
    begins = True
    for piece in text.split():
        folded = [w for part in re.findall(r"\w+", fold(piece)) for w in _signs(part)]
        named = not begins and piece.lstrip("\"'«“‘([")[:1].isupper()
        found += [(w, _is_number(w) or (named and not _SPACELESS.search(w))) for w in folded]
        begins = bool(_END.search(piece))
    return found


def _signs(word: str) -> list[str]:
    return _SPACELESS.sub(r" \g<0> ", word).split() if _SPACELESS.search(word) else [word]


def _opcodes(one: ComparableText, other: ComparableText) -> Sequence[Opcode]:
    return opcodes(one.words[:MAX_COMPARED_WORDS], other.words[:MAX_COMPARED_WORDS])


def _has_other_subject(one: ComparableText, other: ComparableText, changes: Sequence[Opcode]) -> bool:
    """Whether a word of the headline gives way, there and in the text, to a word that the other text alone has."""
    mine, theirs = one.about - other.about - set(other.words), other.about - one.about - set(one.words)
    return any(
        _of_one_script(word, another)
        for kind, begin, end, there, until in changes
        if kind == "replace"
        for word in mine.intersection(one.words[begin:end])
        for another in theirs.intersection(other.words[there:until])
    )


def _of_one_script(word: str, other: str) -> bool:
    """Whether neither is the other's name in another script: Apple and 蘋果."""
    return bool(_SPACELESS.search(word)) == bool(_SPACELESS.search(other)) or _is_number(word)


def _differs_in_slots_only(one: ComparableText, other: ComparableText, changes: Sequence[Opcode]) -> bool:
    """Whether two short texts are equal but for pieces of a few words that are filled in, and not merely spelt,
    differently."""
    if max(len(one.words), len(other.words)) >= SHORT_WORDS:
        return False
    slots = 0
    for kind, begin, end, there, until in changes:
        if kind == "equal":
            continue
        lengths = (end - begin, until - there)
        if not min(lengths) or max(lengths) > MAX_SLOT_WORDS:  # something was added, left out or rewritten
            return False
        mine, theirs = "".join(one.words[begin:end]), "".join(other.words[there:until])
        slots += not _one_spelling(mine, theirs)
    return slots > 0


def _one_spelling(one: str, other: str) -> bool:
    """Whether two words, or runs of words, are one in two spellings; numbers are not."""
    lengths = len(one), len(other)
    if any(map(str.isdigit, one + other)) or min(lengths) < SPELT or max(lengths) > LONGEST_WORD:
        return False
    consonants = [_TWICE.sub(r"\1", word).translate(_VOWELS) for word in (one, other)]
    return consonants[0] == consonants[1] and fuzz.ratio(one, other) >= SPELLING


def _of_a_template(one: ComparableText, other: ComparableText, changes: Sequence[Opcode]) -> bool:
    """Whether two texts come from one template, filled in differently: more facts, or more numbers alone, were replaced
    than can be expected from the share of other words replaced. A fact counts once, however often it occurs in a text:
    one site may write Apple where another has 蘋果."""
    words = other_words = 0
    kept: set[tuple[str, ...]] = set()
    changed: set[tuple[str, ...]] = set()
    for kind, begin, end, there, until in changes:
        mine, theirs = one.facts[begin:end], other.facts[there:until]
        if kind == "equal":
            words += mine.count(False)
            kept.update((word,) for word, fact in zip(one.words[begin:end], mine, strict=True) if fact)
        elif kind == "replace" and end - begin <= MAX_SLOT_WORDS and until - there <= MAX_SLOT_WORDS:
            other_words += mine.count(False)
            if any(mine) and any(theirs):
                changed.add((*one.words[begin:end], "", *other.words[there:until]))
    rate = max(MIN_CHANGED_SHARE, other_words / max(1, words + other_words))
    return any(
        _chance(len(gone), len(gone) + len(left), rate) < MAX_CHANCE
        for gone, left in ((changed, kept), (_numbers(changed), _numbers(kept)))
    )


def _numbers(facts: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    return {fact for fact in facts if any(map(_is_number, fact))}


def _is_number(word: str) -> bool:
    return any(c.isdigit() for c in word)


def _chance(changed: int, of: int, rate: float) -> float:
    """The binomial probability that at least so many are changed if each is changed with probability `rate`."""
    return sum(comb(of, n) * rate**n * (1 - rate) ** (of - n) for n in range(changed, of + 1))
