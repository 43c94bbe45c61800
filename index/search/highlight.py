"""Highlighting: the parts of a text shown for a search, and the matches marked in them.

Highlights and snippets are pieces of the original text, tashkeel included, found by the same analysis that indexed it,
so that they are the same for both engines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from index.engines.query_plan import FormsClause, FuzzyClause, MatchClause, NearClause, PhraseClause, PrefixClause
from index.model.article import Article
from index.model.results import Span
from index.text.analysis import Stems, language_of, places, stop_words, words_as_composed

SNIPPETS = 3  # most snippets per body
SNIPPET_CHARACTERS = 200  # about two lines of a result
WEIGHED = 20  # matches per word considered for snippets: comparing all with all would take seconds in a long text
LEAD_CHARACTERS = 60  # of a snippet, before the match that it shows


def headline(article: Article, asked: Sequence[MatchClause]) -> tuple[Span, ...]:
    """The headline of an article, with the matches marked."""
    text = _AnalyzedText(article.headline, article.language)
    marks = text.marks([one for one in asked if one.field.startswith("headline")])
    return _spans(article.headline, 0, len(article.headline), marks)


def snippets(article: Article, asked: Sequence[MatchClause]) -> tuple[tuple[Span, ...], ...]:
    """Up to SNIPPETS pieces of an article's body, with the matches marked."""
    text = _AnalyzedText(article.body, article.language)
    return _snippets(text, text.marks([one for one in asked if one.field.startswith("body")]))


def whole(article: Article, asked: Sequence[MatchClause]) -> tuple[tuple[Span, ...], ...]:
    """All paragraphs of an article's body, with the matches marked."""
    within = [one for one in asked if one.field.startswith("body")]
    marks = _AnalyzedText(article.body, article.language).marks(within) if within else []
    return tuple(_spans(article.body, start, end, marks) for start, end in _paragraphs(article.body))


def _paragraphs(body: str) -> Iterator[tuple[int, int]]:
    """Where the paragraphs of a body begin and end, without the blank lines between them."""
    for match in re.finditer(r"\S(?:(?!\n\s*\n).)*", body, re.DOTALL):
        yield match.start(), match.start() + len(match[0].rstrip())


def clauses_for_language(language: str | None, asked: Sequence[MatchClause]) -> list[MatchClause]:
    """The clauses that can match in a text of this language, without other languages' stems, which are the majority."""
    spoken = language_of(language)
    return [one for one in asked if not one.field.endswith("_stem") or _is_of(one, spoken)]


def _is_of(stem: MatchClause, language: str) -> bool:
    first = stem.words[0] if isinstance(stem, PhraseClause | FormsClause | NearClause) else stem.word
    return first.startswith(f"{language}:")


# --- marks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Match:
    """A match in a text, in characters, end exclusive; `what` is its first word as in the query."""

    start: int
    end: int
    what: str


class _AnalyzedText:
    """A text with its words and their stems in parallel."""

    def __init__(self, text: str, language: str | None) -> None:
        self.text = text
        self.language = language_of(language)
        self.words = words_as_composed(text)

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """The positions of the words, as rows of start and end."""
        return places(self.text)

    @cached_property
    def stems(self) -> Stems:
        """The stems of the words; none if the text is not normalized as in the archive and has other words in NFC."""
        return Stems(self.text, self.words, self.language)

    def marks(self, asked: Sequence[MatchClause]) -> list[_Match]:
        """The matches of the clauses, in order and without overlaps; of stop words only if nothing else matched."""
        found = [mark for one in asked for mark in self._marks(one)]
        stops = stop_words().get(self.language, frozenset())
        telling = [mark for mark in found if mark.what not in stops]
        merged: list[_Match] = []
        for mark in sorted(telling or found, key=lambda m: (m.start, -m.end)):
            if merged and mark.start < merged[-1].end:
                last = merged.pop()
                mark = _Match(last.start, max(last.end, mark.end), last.what)  # noqa: PLW2901
            merged.append(mark)
        return merged

    def _marks(self, asked: MatchClause) -> Iterator[_Match]:
        held: Sequence[str] = self.words
        places_of: Callable[[str], Iterator[int]] = partial(_all_of, self.words)
        if asked.field.endswith("_stem"):
            if not _is_of(asked, self.language):
                return
            held, places_of = self.stems, self.stems.places_of
        match asked:
            case PhraseClause(_, row, _):
                length = len(row)
                for i in places_of(row[0]):
                    if length == 1 or tuple(held[i : i + length]) == row:
                        yield self._mark(i, i + length - 1, self.words[i] if length == 1 else row[0])
            case FormsClause(_, forms, _) if held is self.stems:
                yield from (self._mark(i, i, self.words[i]) for i in self.stems.places_of_any(forms))
            case FormsClause(_, forms, _):
                wanted = frozenset(forms)
                yield from (self._mark(i, i, word) for i, word in enumerate(held) if word in wanted)
            case PrefixClause(_, start, _):
                yield from (self._mark(i, i, start) for i, word in enumerate(held) if word.startswith(start))
            case FuzzyClause(_, like, edits, _):
                yield from (self._mark(i, i, like) for i, word in enumerate(held) if is_like(word, like, edits))
            case NearClause(_, (one, other), gap, _):
                places = {word: list(places_of(word)) for word in (one, other)}
                for i in places[one]:
                    near = [k for k in places[other] if abs(i - k) <= gap + 1]
                    yield from (self._mark(k, k, held[k]) for k in (i, *near) if near)

    def _mark(self, first: int, last: int, what: str) -> _Match:
        return _Match(int(self.places[first, 0]), int(self.places[last, 1]), what)


def _all_of(words: Sequence[str], wanted: str) -> Iterator[int]:
    """The indices of a word; `list.index` finds them faster than a loop."""
    at = -1
    with suppress(ValueError):
        while True:
            at = words.index(wanted, at + 1)
            yield at


def is_like(word: str, other: str, edits: int) -> bool:
    """Whether two words are at most so many edits apart: letters inserted, deleted, replaced, or swapped with the next.
    This is the optimal string alignment distance, as in the engines."""
    return OSA.distance(word, other, score_cutoff=edits) <= edits


def _spans(text: str, start: int, end: int, marks: Sequence[_Match]) -> tuple[Span, ...]:
    """A piece of a text, split where marks begin and end."""
    spans: list[Span] = []
    at = start
    for mark in marks:
        if mark.end <= start or mark.start >= end:
            continue
        if mark.start > at:
            spans.append(Span(text[at : mark.start]))
        spans.append(Span(text[max(at, mark.start) : min(mark.end, end)], marked=True))
        at = min(mark.end, end)
    if at < end:
        spans.append(Span(text[at:end]))
    return tuple(spans)


# --- snippets ------------------------------------------------------------------------------------------------------


def _snippets(body: _AnalyzedText, marks: Sequence[_Match]) -> tuple[tuple[Span, ...], ...]:
    """The pieces with the most different matches, in the order of the text; its beginning if nothing is marked."""
    if not body.words:
        return ()
    if not marks:
        start, end = _window(body, int(body.places[0, 0]))
        return (_spans(body.text, start, end, ()),)
    weighed = _apart(marks)
    windows = [_window(body, mark.start) for mark in weighed]
    chosen: list[tuple[int, int]] = []
    told: set[str] = set()
    while windows and len(chosen) < SNIPPETS:
        best = max(windows, key=lambda window: _worth(window, weighed, told))
        chosen.append(best)
        told |= {mark.what for mark in marks if best[0] <= mark.start < best[1]}
        windows = [w for w in windows if w[1] <= best[0] or w[0] >= best[1]]
    return tuple(_spans(body.text, start, end, marks) for start, end in sorted(chosen))


def _apart(marks: Sequence[_Match]) -> list[_Match]:
    """The first matches of each word, leaving out those close to the one before."""
    kept: dict[str, list[_Match]] = {}
    for mark in marks:
        of_word = kept.setdefault(mark.what, [])
        if len(of_word) < WEIGHED and (not of_word or mark.start - of_word[-1].start >= SNIPPET_CHARACTERS // 2):
            of_word.append(mark)
    return sorted((mark for of_word in kept.values() for mark in of_word), key=lambda mark: mark.start)


def _worth(window: tuple[int, int], marks: Sequence[_Match], told: set[str]) -> tuple[int, int, int]:
    inside = [mark.what for mark in marks if window[0] <= mark.start and mark.end <= window[1]]
    return len(set(inside) - told), len(inside), -window[0]


def _window(body: _AnalyzedText, anchor: int) -> tuple[int, int]:
    """A piece of the paragraph around a word, from the start of a word to the end of one."""
    text, starts, ends = body.text, body.places[:, 0], body.places[:, 1]
    first = text.rfind("\n\n", 0, anchor) + 2 if "\n\n" in text[:anchor] else 0
    last = text.find("\n\n", anchor)
    last = len(text) if last < 0 else last
    start = first
    if anchor - first > LEAD_CHARACTERS and last - first > SNIPPET_CHARACTERS:
        wanted = min(anchor - LEAD_CHARACTERS, max(first, last - SNIPPET_CHARACTERS))
        start = int(starts[starts.searchsorted(wanted)])
    if last - start <= SNIPPET_CHARACTERS:
        return start, last
    most = start + SNIPPET_CHARACTERS
    fitting = int(ends[ends.searchsorted(most, "right") - 1])  # if none fits, the text's last one, which is too far
    end = fitting if anchor < fitting <= most else most
    while end < last and not text[end].isspace() and not text[end].isalnum():  # the full stop, the closing quote
        end += 1
    return start, end
