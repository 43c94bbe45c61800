"""Text analysis, one chain per language, as data: folding, tokens, stems, stop words.

A text is folded character by character (`index/text/char_folding.py`), split into words (one regular expression), and
each word is stemmed by the chain of the article's language. Both engines rely on this module. In the fields of exact
words, the embedded index gets `words`, while Elasticsearch has an analyzer generated from the same table and expression
(`index/engines/elastic/mapping.py`); `tests/engines/test_parity.py` verifies that they agree. In the fields of stems,
both get `stems`, because Lucene's Snowball is of a different release than any for Python (it stems 49 of 19,700 English
words differently, 317 of 12,000 German ones) and would change with the server.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress, islice, product
from typing import Any, NamedTuple, overload

import numpy as np
import Stemmer
from numpy.typing import NDArray

from index.text import arabic
from index.text.char_folding import fold_table, lower_table
from index.text.stopwords import STOP_WORDS
from index.text.tokenizer import Tokenizer

TOKEN_CHARACTERS = 128  # a longer run (base64, a line of dots in letters) is cut; Lucene rejects terms of 32 KiB


def fold(text: str) -> str:
    """The text without case, accents, tashkeel, tatweel and variants of letters and digits, for comparison.

    Punctuation and spaces are unchanged. Idempotent.
    """
    return unicodedata.normalize("NFC", text).translate(fold_table())


def lower(text: str) -> str:
    """Like `fold`, but keeping accents of the Latin and Greek scripts, on which stemmers depend."""
    return unicodedata.normalize("NFC", text).translate(lower_table())


# --- words ---------------------------------------------------------------------------------------------------------

# Scripts without spaces between words, and Korean, which attaches particles to them: each character is a word, and a
# word of a query is a sequence of them. That finds what bigrams find, and single characters too.
SINGLE = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U000323af"


OTHER_PLANES = "\U00010000-\U0001efff"  # as a whole: rare scripts and signs; as single ranges they take 8 times as long


@cache
def _single() -> re.Pattern[str]:
    return re.compile(f"[{SINGLE}]")


@cache
def _letters() -> list[bool]:
    """For each character of the Basic Multilingual Plane, whether it is part of words: letters, marks and digits. `\\w`
    of `re` omits marks, such as the vowel signs of Hindi."""
    return [unicodedata.category(chr(p))[0] in "LMN" and not _single().match(chr(p)) for p in range(0x10000)]


@cache
def _words() -> re.Pattern[str]:
    inside = _letters()
    edges = [p for p in range(1, len(inside)) if inside[p] != inside[p - 1]]  # NUL, the first, is not a letter
    ranges = "".join(
        f"{re.escape(chr(a))}-{re.escape(chr(b - 1))}" for a, b in zip(edges[::2], edges[1::2], strict=True)
    )
    return re.compile(f"[{SINGLE}]|[{ranges}{OTHER_PLANES}]{{1,{TOKEN_CHARACTERS}}}")


@cache
def _cutter(table: Callable[[], Mapping[int, str]]) -> Tokenizer:
    points = range(0x10000)
    letters, singles = compress(points, _letters()), (p for p in points if _single().match(chr(p)))
    return Tokenizer(table(), letters, singles, TOKEN_CHARACTERS)


class Token(NamedTuple):
    """A folded word and its position in the original text, in characters, end exclusive."""

    text: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """The folded words of a text in order, as in the `exact` fields of both engines."""
    return words_as_composed(unicodedata.normalize("NFC", text))


def words_as_composed(text: str) -> list[str]:
    """The same for a text that is in NFC already; for any text, the words whose positions `places` returns."""
    found = _cutter(fold_table).words(text)
    return _words().findall(text.translate(fold_table())) if found is None else found


def places(text: str) -> NDArray[np.intp]:
    """The positions of the words in the text as it is, a row per word: its first character, and the one after its last,
    tashkeel included."""
    at = _cutter(fold_table).places(text)
    return np.array(_places(text), np.intp).reshape(-1, 2) if at is None else at


def _places(text: str) -> list[tuple[int, int]]:
    table = fold_table()
    pieces = [table.get(ord(char), char) for char in text]
    origins = [place for place, piece in enumerate(pieces) for _ in piece]
    found = []
    for match in _words().finditer("".join(pieces)):
        end = origins[match.end() - 1] + 1
        while end < len(text) and not pieces[end]:  # the tashkeel on a word's last letter
            end += 1
        found.append((origins[match.start()], end))
    return found


def tokens(text: str) -> list[Token]:
    """The folded words of a text (in NFC) with their positions."""
    return [Token(word, *place) for word, place in zip(words_as_composed(text), places(text).tolist(), strict=True)]


# --- stems ---------------------------------------------------------------------------------------------------------

ARABIC, LATIN_SCRIPT, CYRILLIC = "\u0600-\u06ff", "a-z\u00aa-\u024f\u1e00-\u1eff", "\u0400-\u04ff"
GREEK, ARMENIAN, DEVANAGARI = "\u0370-\u03ff", "\u0530-\u058f", "\u0900-\u097f"


@dataclass(frozen=True, slots=True)
class Chain:
    """How the words of one language are stemmed.

    `script` is the range of letters of its words: words of a query in other letters need not be stemmed. `snowball`
    names an algorithm; None means ours for Arabic. If the algorithm only removes `suffixes`, a stem begins with the
    same letter as its word.
    """

    script: str
    snowball: str | None
    capitals: tuple[tuple[str, str], ...] = ()  # those with a different lower case in this language
    suffixes: bool = True


# Languages without a chain are searched by folded words only, among them Persian, Urdu, Kurdish, Hebrew, Ukrainian and
# Polish.
CHAINS: Mapping[str, Chain] = {
    "ar": Chain(ARABIC, None),
    "ca": Chain(LATIN_SCRIPT, "catalan"),
    "cs": Chain(LATIN_SCRIPT, "czech"),
    "da": Chain(LATIN_SCRIPT, "danish"),
    "de": Chain(LATIN_SCRIPT, "german"),
    "el": Chain(GREEK, "greek", suffixes=False),
    "en": Chain(LATIN_SCRIPT, "english"),
    "es": Chain(LATIN_SCRIPT, "spanish"),
    "fi": Chain(LATIN_SCRIPT, "finnish"),
    "fr": Chain(LATIN_SCRIPT, "french"),
    "hi": Chain(DEVANAGARI, "hindi"),
    "hu": Chain(LATIN_SCRIPT, "hungarian"),
    "hy": Chain(ARMENIAN, "armenian"),
    "id": Chain(LATIN_SCRIPT, "indonesian", suffixes=False),
    "it": Chain(LATIN_SCRIPT, "italian"),
    "nl": Chain(LATIN_SCRIPT, "dutch", suffixes=False),
    "no": Chain(LATIN_SCRIPT, "norwegian"),
    "pt": Chain(LATIN_SCRIPT, "portuguese"),
    "ro": Chain(LATIN_SCRIPT, "romanian"),
    "ru": Chain(CYRILLIC, "russian"),
    "sv": Chain(LATIN_SCRIPT, "swedish"),
    "tr": Chain(LATIN_SCRIPT, "turkish", (("I", "ı"), ("İ", "i")), suffixes=False),
}
SAME_CHAIN = {"nb": "no", "nn": "no"}

MAX_ROWS = 8  # of stems for one phrase: three words of it may begin with و


def language_of(tag: str | None) -> str:
    """The key of a BCP 47 tag's chain, its primary subtag in lower case: `no` for `nb-NO`; "" for None."""
    primary = (tag or "").replace("_", "-").partition("-")[0].lower()
    return SAME_CHAIN.get(primary, primary)


CACHED = 200_000  # stems of a language, about 30 MB: its news has some 100,000 forms


class _Stems(dict[str, str]):
    """The stems of one language's words, computed on first use. A plain dict is read three times as fast as an
    lru_cache, which writes on every access; it is cleared when it reaches CACHED words."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language

    def __missing__(self, word: str) -> str:
        algorithm = CHAINS[self.language].snowball
        stem = arabic.stem(word) if algorithm is None else _snowball(algorithm).stemWord(word)
        if len(self) >= CACHED:
            self.clear()
        self[word] = made = f"{self.language}:{stem.translate(fold_table()) or word}"
        return made


@cache
def _stems(language: str) -> _Stems:
    return _Stems(language)


class _Stemmers(threading.local):
    """The stemmers of one thread: a stemmer stores its current word, which two threads would mix up."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}


_stemmers = _Stemmers()


def _snowball(algorithm: str) -> Any:
    if algorithm not in _stemmers.made:
        _stemmers.made[algorithm] = Stemmer.Stemmer(algorithm, 0)  # without its own cache: `_Stems` is ours
    return _stemmers.made[algorithm]


def _capitals(text: str, language: str) -> str:
    for capital, small in CHAINS[language].capitals:
        text = text.replace(capital, small)
    return text


def stems(text: str, language: str) -> list[str]:
    """The stems of a text's words by the chain of `language` (from `language_of`), one for each of `words(text)`; none
    if that language has no chain. Each has its language as a prefix: `en:elect` differs from `fr:elect`."""
    if language not in CHAINS:
        return []
    return list(map(_stems(language).__getitem__, _lower_words(text, language)))


def _lower_words(text: str, language: str) -> list[str]:
    cased = unicodedata.normalize("NFC", _capitals(text, language))
    found = _cutter(lower_table).words(cased)
    return _words().findall(lower(cased)) if found is None else found


@cache
def _accented() -> re.Pattern[str]:
    """A pattern for the characters that `lower` and `fold` treat differently."""
    differing = [point for point in fold_table() if fold_table()[point] != lower_table().get(point, chr(point))]
    return re.compile(f"[{''.join(re.escape(chr(point)) for point in differing)}]")


class Stems(Sequence[str]):
    """The stems of a text's `words_as_composed`, as returned by `stems`, each computed on access: of hundreds, few are
    needed. Empty if the text has other words in NFC, which no text of the archive has."""

    def __init__(self, text: str, found: Sequence[str], language: str) -> None:
        self._folded, self._lower, self._language = found, found, language
        if language not in CHAINS:
            self._lower = []
        elif CHAINS[language].capitals or _accented().search(text):
            lowered = _lower_words(text, language)
            self._lower = lowered if len(lowered) == len(found) else []

    def __len__(self) -> int:
        return len(self._lower)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        made = _stems(self._language)
        return list(map(made.__getitem__, self._lower[at])) if isinstance(at, slice) else made[self._lower[at]]

    def places_of_any(self, wanted: Sequence[str]) -> Iterator[int]:
        """The indices of any of these stems of Arabic words, which contain the shortest of them."""
        bare = {stem.partition(":")[2] for stem in wanted}
        core = min(bare, key=len)
        held = (i for i, word in enumerate(self._folded) if core in word) if self._lower else ()
        yield from (i for i in held if self[i] in wanted)

    def places_of(self, stem: str) -> Iterator[int]:
        """The indices of a stem. Only words that can have it under the language's chain are stemmed."""
        if not self._lower:
            return
        bare, chain = stem.partition(":")[2], CHAINS[self._language]
        held: Iterable[int] = range(len(self._lower))
        if chain.snowball is None:  # ours only removes letters
            held = [i for i, word in enumerate(self._folded) if bare in word]
        elif chain.suffixes:
            held = [i for i, word in enumerate(self._folded) if word[0] == bare[0]]
        yield from (i for i in held if self[i] == stem)


def scripts(text: str) -> list[str]:
    """The languages of CHAINS of whose letters the text contains at least one."""
    letters = lower(text)
    return [language for language, chain in CHAINS.items() if re.search(f"[{chain.script}]", letters)]


def stem_rows(text: str) -> list[tuple[str, ...]]:
    """The sequences of stems that words of a query may have, by each chain for their letters: a query has no
    language."""
    languages = scripts(text)
    found = [tuple(stems(text, language)) for language in languages]
    if "ar" in languages:
        choices = [arabic.query_stems(word) for word in words(text)]
        found += [tuple(f"ar:{stem}" for stem in row) for row in islice(product(*choices), MAX_ROWS)]
    return list(dict.fromkeys(found))


@cache
def stop_words() -> Mapping[str, frozenset[str]]:
    """The folded stop words of each language. They are indexed like all other words, so that phrases with them are
    found; the Arabic ones are also included with an attached و."""
    folded = {language: frozenset(fold(text).split()) for language, text in STOP_WORDS.items()}
    return {**folded, "ar": folded["ar"] | {"و" + word for word in folded["ar"]}}
