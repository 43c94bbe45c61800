"""Arabic words: their stems in the index, and the forms under which a query looks for them.

The stem is light10 (Larkey, Ballesteros, Connell 2007; Lucene's ArabicStemmer), which takes off what is hardly ever
part of a word, with two additions: the article after several particles (وبالحكومة, وللبلديات, فبالطرق), and pronouns,
with the ت that ة becomes before them (حكومتها, حكومتهم). A single ب, ل, ك or ف may as well be the first letter of the
word (بلد, كتاب), so the index keeps it, and `variants` asks for both: such a guess counts less than what is written."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

LIGHT10_PREFIXES = ("ال", "وال", "بال", "كال", "فال", "لل", "و")
SUFFIXES = ("ان", "ات", "ون", "ين", "يه", "ه", "ي")  # light10's in its order, without ها
_JOINED = re.compile(r"[وف]{1,2}(?:[بك]ال|لل)(?!ات)(?=.{3})")  # particles before the article, which light10 leaves
_PRONOUNS = ("هما", "كما", "هم", "هن", "كم", "كن", "نا")  # besides ها and ه; after four letters: متهم, مهم are words
_PARTICLES = ("ب", "ل", "ك", "ف", "فب", "فل", "فك")  # before a word without the article; the stem has lost a و
_FIRST = frozenset("بلكف")
_ENDINGS = ("ه", "ها", "هم", "هن", "كم", "نا", "ا")  # that `stem` leaves on some short words
_VERB_ENDINGS = ("ت", "وا", "نا", "هم", "ها", "كم")  # that the stem of a verb or a short word may keep: فتحت, كلهم
MIN_STEM = 3  # letters of a stem before which a single letter is taken for a particle


def stem(word: str) -> str:
    """The stem of a folded Arabic word in the index: معارك for المعارك, حكوم for وبالحكومة and حكومتها."""
    return _without_suffixes(without_prefix(word))


def without_prefix(word: str) -> str:
    """A folded word without article and particles; at least two letters remain, three after a و alone."""
    if joined := _JOINED.match(word):
        return word[joined.end() :]
    for prefix in LIGHT10_PREFIXES:
        if word.startswith(prefix) and len(word) >= len(prefix) + (3 if len(prefix) == 1 else 2):
            return word[len(prefix) :]
    return word


def _without_suffixes(word: str) -> str:
    bare = _without_pronoun(word)
    if bare != word:
        if bare.endswith("ات") and len(bare) > 3:
            return bare[:-2]
        if bare.endswith("ت") and len(bare) > 3:  # ة before a pronoun; بيت and صوت are too short for it
            return bare[:-1]
    elif word.endswith("ا") and len(word) > 4 and word[-2] not in "يوها":  # accusative: دولارا
        return word[:-1]
    for suffix in SUFFIXES:
        if bare.endswith(suffix) and len(bare) >= len(suffix) + 2:
            bare = bare[: -len(suffix)]
    return bare


def _without_pronoun(word: str) -> str:
    if word.endswith("ها"):
        return word[:-2] if len(word) > 3 else word
    for pronoun in _PRONOUNS:
        if word.endswith(pronoun) and len(word) > len(pronoun) + 3 and word[-3:] not in ("ونا", "انا", "ينا"):
            return word[: -len(pronoun)]
    return word[:-1] if len(word) > 5 and word.endswith("ته") else word  # حكومته; لافتة is a word


def query_stems(word: str) -> list[str]:
    """The stems that a folded word of a query certainly has in the index. The و of وزير is taken for "and", but not
    that of الوزير, so that there are زير and وزير: both are asked for."""
    bare = without_prefix(word)
    others = [_without_suffixes(word)] if word.startswith("و") else []
    others += [stem(bare)] if bare.startswith("و") else []
    others += [stem(word[1:])] if word.startswith("لل") else []  # للجنة is of ل and اللجنة
    return list(dict.fromkeys([stem(word), *others]))


def variants(word: str) -> tuple[str, ...]:
    """All stems under which a folded word may stand in the index: also with single-letter particles before it, without
    the one that it begins with, and with endings that its stem does not lose. All contain the shortest one."""
    sure, bare = query_stems(word), without_prefix(word)
    bases = {own for own in sure if len(own) >= MIN_STEM}
    if _may_begin_with_particle(word):
        bases |= {own for own in query_stems(word[1:]) if len(own) >= MIN_STEM}
    found = bases | {form for particle in _PARTICLES for base in bases if not _is_of_its_own(form := particle + base)}
    open_form = f"{bare[:-1]}ت" if bare.endswith("ه") else bare
    found |= {_without_suffixes(open_form + ending) for ending in _ENDINGS}
    core = min([*bases, *sure], key=len)
    return tuple(sorted(form for form in found.union(sure) if core in form))


def exact_forms(word: str) -> tuple[str, ...]:
    """The words that a folded word makes with particles where the stem does not tell: of ل and اللجنة comes للجنة,
    which looks like the article before جنة, and of قوات too little is left to guess from."""
    bare = without_prefix(word)
    if len(bare) < MIN_STEM:
        return ()
    own = [f"ل{bare}"] if bare.startswith("ل") else []
    if _may_begin_with_particle(word) and len(stem(word[1:])) < MIN_STEM < len(word) - 1:
        own += [f"{article}{word[1:]}" for article in ("", "ال", "بال", "لل")]
    own += [letter + bare for letter in sorted(_FIRST)] if len(stem(bare)) < MIN_STEM else []
    return tuple(f"{joint}{form}" for form in own if not _is_of_its_own(stem(form)) for joint in ("", "و", "ف"))


def _may_begin_with_particle(word: str) -> bool:
    """Whether the first letter of a folded word may be a particle, which leaves a word of three letters or more."""
    own = stem(word)
    return (
        without_prefix(word) == word and word[0] in _FIRST and len(own) > MIN_STEM and own not in _words_of_their_own()
    )


def _is_of_its_own(form: str) -> bool:
    """Whether a stem is a word of its own, or one with the ending of a verb or a pronoun."""
    known = _words_of_their_own()
    return form in known or any(form.endswith(end) and form.removesuffix(end) in known for end in _VERB_ENDINGS)


@cache
def _words_of_their_own() -> frozenset[str]:
    """Stems of frequent words whose first letter is no particle, though it may look like one: كتاب, بلاد, لسان."""
    text = files("index.text").joinpath("arabic_words.txt").read_text("utf-8")
    return frozenset(stem(word) for line in text.splitlines() if not line.startswith("#") for word in line.split())
