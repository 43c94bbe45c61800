"""Arabic words: their stems in the index, and the forms under which a query looks for them.

The stem is light10 (Larkey, Ballesteros, Connell 2007; Lucene's ArabicStemmer), which takes off what is hardly ever
part of a word, with two additions: the article after several particles (وبالحكومة, وللبلديات, فبالطرق), and pronouns,
with the ت that ة becomes before them (حكومتها, حكومتهم). A single ب, ل, ك or ف may as well be the first letter of the
word (بلد, كتاب), so the index keeps it, and `variants` and `exact_forms` ask for both, whether it stands in the query
or in the text: such a guess counts less than what is written."""

from __future__ import annotations

import re
from functools import cache

from index.text import word_lists

LIGHT10_PREFIXES = ("ال", "وال", "بال", "كال", "فال", "لل", "و")
SUFFIXES = ("ان", "ات", "ون", "ين", "يه", "ه", "ي")  # light10's in its order, without ها
_JOINED = re.compile(r"[وف]{1,2}(?:[بك]ال|لل)(?!ات)(?=.{3})")  # particles before the article, which light10 leaves
_PRONOUNS = ("هما", "كما", "هم", "هن", "كم", "كن", "نا")  # besides ها and ه; after four letters: متهم, مهم are words
_PARTICLES = ("ب", "ل", "ك", "ف", "فب", "فل", "فك")  # before a word without the article; the stem has lost a و
_FIRST = frozenset("بلكف")
_JOINTS, _PREPOSITIONS = ("و", "ف"), ("ب", "ل", "ك")  # a word has one of each at most, in this order
_OF_LAM = re.compile("[وف]?ل(?P<own>ل..+)")  # للجنة is of ل and اللجنة
_ENDINGS = ("ه", "ها", "هم", "هن", "كم", "نا", "ا")  # that `stem` leaves on some short words
_VERB_ENDINGS = ("ت", "وا", "نا", "هم", "ها", "كم")  # that the stem of a verb or a short word may keep: فتحت, كلهم
_PLURALS = ("ات", "ين")  # sound ones, before which ة goes: للغات
_LEAST_COUNTRY = 4  # letters of a name of a country, less one
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
    others += [stem(match["own"])] if (match := _OF_LAM.match(word)) else []
    return list(dict.fromkeys([stem(word), *others]))


def variants(word: str) -> tuple[str, ...]:
    """All stems under which a folded word may stand in the index: also with single-letter particles before it, without
    those that it begins with, and with endings that its stem does not lose. All contain the shortest one."""
    sure, wholes = query_stems(word), [word, *_without_particles(word)]
    bases = {own for whole in wholes for own in query_stems(whole) if len(own) >= MIN_STEM}
    found = bases | {form for particle in _PARTICLES for base in bases if not _is_of_its_own(form := particle + base)}
    found |= {
        _without_suffixes(_open(own) + ending)
        for whole in wholes
        for own in _without_article(whole)
        for ending in _ENDINGS
    }
    core = min([*sure, *sorted(bases)], key=len)
    return tuple(sorted(form for form in found.union(sure) if core in form))


def exact_forms(word: str) -> tuple[str, ...]:
    """The words that a folded word makes with particles and endings, or leaves without, where the stem does not tell:
    of ل and اللجنة comes للجنة, which looks like the article before جنة, of قوات too little is left to guess from, and
    the stem of لولاية is لولا, which is a word."""
    rests = _without_particles(word)
    own = [own for whole in (word, *rests) for own in _without_article(whole) if len(own) >= MIN_STEM]
    found = [particle + one for particle in sorted(_FIRST) for one in own if _is_hidden(particle, one)]
    found = [form for form in found if not _is_own_word(form)]
    short = [rest for rest in rests if len(stem(rest)) < MIN_STEM or stem(rest) not in stem(word)]
    found += [article + rest for rest in short for article in ("", "ال", "بال", "لل")]
    found += [f"{form.removesuffix('ه')}{ending}" for form in found for ending in _PLURALS]
    found += [_open(one) + ending for one in own if one.startswith("و") for ending in _ENDINGS]  # as if of "and"
    countries = list(filter(None, map(_as_country, own)))
    found += [particle + one for particle in ("", *_PREPOSITIONS) for one in countries]
    found += [joined for form in found for joint in _JOINTS if not _is_own_word(joined := joint + form)]
    return tuple(dict.fromkeys(found))


def _as_country(word: str) -> str | None:
    """A folded word with the other ending of names of countries: سوريا for سورية, ليبية for ليبيا."""
    if len(word) <= _LEAST_COUNTRY or not word.endswith(("يا", "يه")):
        return None
    return word[:-1] + ("ه" if word.endswith("ا") else "ا")


def _is_hidden(particle: str, word: str) -> bool:
    """Whether the stem of a word with this particle is not asked for by `variants`."""
    base, whole = _without_suffixes(word), _without_suffixes(particle + word)  # كندا, but بكند
    return particle == word[0] == "ل" or len(base) < MIN_STEM or whole != particle + base or _is_of_its_own(whole)


def _without_article(word: str) -> list[str]:
    """What a folded word may be without article and "and": of وزير also وزير, of للجنة also لجنة."""
    bare = without_prefix(word)
    others = [word] if word == f"و{bare}" else [match["own"]] if (match := _OF_LAM.match(word)) else []
    return [bare, *others]


def _open(word: str) -> str:
    """A word as it stands before a pronoun: حكومت of حكومة."""
    return f"{word[:-1]}ت" if word.endswith("ه") else word


def _without_particles(word: str) -> list[str]:
    """What is left of a folded word if its first letter is a particle, or its second after "and": حكومة of لحكومة and
    of وبحكومة. Empty if it is known that they are letters of its own."""
    joined = [word[1:]] if word[0] in _JOINTS and word[1:2] in _PREPOSITIONS and not _is_own_word(word) else []
    return [whole[1:] for whole in (word, *joined) if _may_begin_with_particle(whole)]


def _may_begin_with_particle(word: str) -> bool:
    """Whether the first letter of a folded word may be a particle: three letters are left before endings, or four with
    them, or three of which the first is و or the last ة (لوجه, لسنة)."""
    if word[0] not in _FIRST or len(word) <= MIN_STEM or without_prefix(word) != word or _is_own_word(word):
        return False
    return len(stem(word)) > MIN_STEM or len(word) > MIN_STEM + 1 or word[1] == "و" or word.endswith("ه")


def _is_of_its_own(form: str) -> bool:
    """Whether a stem is a word of its own, or one with the ending of a verb or a pronoun; بوق is not what بوقت is."""
    known = _words_of_their_own()
    return form in known or (
        form[1:2] != "و" and any(form.endswith(end) and form.removesuffix(end) in known for end in _VERB_ENDINGS)
    )


def _is_own_word(word: str) -> bool:
    """Whether a word is of its own with whatever ending; لمحكمة is not what لمحكم is."""
    return _is_of_its_own(word) or _root(word) in _words_of_their_own()


def _root(word: str) -> str:
    """A word without its endings; the ي of ولاية is none, and what leaves less than three letters is none: بدون."""
    root = word[:-1] if word.endswith("ايه") else _without_suffixes(word)
    return root if len(root) >= MIN_STEM else word


@cache
def _words_of_their_own() -> frozenset[str]:
    """Frequent words whose first letters are no particles, though they may look like them: كتاب, بلاد, لسان, وكالة."""
    return frozenset(_root(word) for row in word_lists.rows("arabic_words.txt") for word in row)
