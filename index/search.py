"""Query -> Results, over whichever index: the engine gives ids, the archive the texts, and the marks are made here.

Marks and snippets are pieces of the text as it was written, tashkeel included, found by the same analysis that indexed
it: so both engines show the same.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from index.analysis import Token, language_of, stems, stop_words, tokens
from index.archive import Archive, documents
from index.article import Document, Hit, Query, Results, Span
from index.engines.base import Engine
from index.engines.plan import Row, plan, rows

SNIPPETS = 3  # at most, of a body
SNIPPET_CHARACTERS = 200  # about two lines of a result
WEIGHED = 20  # matches of one word that may get a snippet: all against all would take seconds in a long text
LEAD_CHARACTERS = 60  # of a snippet, before the match that it is made for

Load = Callable[[Sequence[str]], tuple[Sequence[Document], Mapping[str, int]]]


def search(query: Query, engine: Engine, archive: Archive) -> Results:
    """A page of hits, with their texts from the archive.

    An id that the archive does not have (an index that is ahead or behind) is left out of the page, not of the total.
    Raises QueryError for a cursor of another search, IndexUnavailable and IndexMismatch as the engine does."""
    return find(query, engine, lambda ids: _from(archive, ids))


def find(query: Query, engine: Engine, load: Load) -> Results:
    """As `search`, with the documents from `load`: ids -> documents, and per story the number of its other articles."""
    started = time.perf_counter()
    found = engine.search(query)
    loaded, others = load([match.id for match in found.matches])
    by_id = {document.article.id: document for document in loaded}
    asked = rows(plan(query).scored)
    hits = tuple(_hit(by_id[match.id], match.score, asked, others) for match in found.matches if match.id in by_id)
    return Results(found.total, hits, time.perf_counter() - started, found.cursor)


def _from(archive: Archive, ids: Sequence[str]) -> tuple[Sequence[Document], Mapping[str, int]]:
    with archive.read() as conn:
        loaded = documents.documents(conn, ids)
        return loaded, documents.others(conn, [d.story for d in loaded if d.story is not None])


def _hit(document: Document, score: float, asked: Sequence[Row], others: Mapping[str, int]) -> Hit:
    article = document.article
    headline = _Text(article.headline, article.language)
    body = _Text(article.body, article.language)
    marks = headline.marks([row for row in asked if row.field.startswith("headline")])
    return Hit(
        document=document,
        score=score,
        headline=_spans(article.headline, 0, len(article.headline), marks),
        snippets=_snippets(body, body.marks([row for row in asked if row.field.startswith("body")])),
        others=others.get(document.story or "", 0),
    )


# --- marks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mark:
    """A match in a text, in characters, end exclusive; `what` is the first word as it was asked for."""

    start: int
    end: int
    what: str


class _Text:
    """A text with its words and their stems, side by side."""

    def __init__(self, text: str, language: str | None) -> None:
        self.text = text
        self.language = language_of(language)
        self.tokens: list[Token] = tokens(text)
        self.words = [token.text for token in self.tokens]
        self.stems = stems(text, self.language)

    def marks(self, asked: Sequence[Row]) -> list[_Mark]:
        """Where the rows of words stand, in order and without overlaps. Stop words only where nothing else matched."""
        found = [mark for row in asked for mark in self._marks(row)]
        stops = stop_words().get(self.language, frozenset())
        telling = [mark for mark in found if mark.what not in stops]
        merged: list[_Mark] = []
        for mark in sorted(telling or found, key=lambda m: (m.start, -m.end)):
            if merged and mark.start < merged[-1].end:
                last = merged.pop()
                mark = _Mark(last.start, max(last.end, mark.end), last.what)  # noqa: PLW2901
            merged.append(mark)
        return merged

    def _marks(self, row: Row) -> list[_Mark]:
        held = self.stems if row.field.endswith("_stem") else self.words
        first, length = row.words[0], len(row.words)
        return [
            _Mark(self.tokens[i].start, self.tokens[i + length - 1].end, self.words[i] if length == 1 else first)
            for i, word in enumerate(held)
            if word == first and tuple(held[i : i + length]) == row.words
        ]


def _spans(text: str, start: int, end: int, marks: Sequence[_Mark]) -> tuple[Span, ...]:
    """A piece of a text, cut where marks begin and end."""
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


def _snippets(body: _Text, marks: Sequence[_Mark]) -> tuple[tuple[Span, ...], ...]:
    """The pieces that hold most of what was asked, in the order of the text; the beginning where nothing is marked."""
    if not body.tokens:
        return ()
    if not marks:
        start, end = _window(body, body.tokens[0].start)
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


def _apart(marks: Sequence[_Mark]) -> list[_Mark]:
    """Of each word the first matches that do not stand close together."""
    kept: dict[str, list[_Mark]] = {}
    for mark in marks:
        of_word = kept.setdefault(mark.what, [])
        if len(of_word) < WEIGHED and (not of_word or mark.start - of_word[-1].start >= SNIPPET_CHARACTERS // 2):
            of_word.append(mark)
    return sorted((mark for of_word in kept.values() for mark in of_word), key=lambda mark: mark.start)


def _worth(window: tuple[int, int], marks: Sequence[_Mark], told: set[str]) -> tuple[int, int, int]:
    inside = [mark.what for mark in marks if window[0] <= mark.start and mark.end <= window[1]]
    return len(set(inside) - told), len(inside), -window[0]


def _window(body: _Text, anchor: int) -> tuple[int, int]:
    """A piece of the paragraph around a word, from the beginning of a word to the end of one."""
    text = body.text
    first = text.rfind("\n\n", 0, anchor) + 2 if "\n\n" in text[:anchor] else 0
    last = text.find("\n\n", anchor)
    last = len(text) if last < 0 else last
    start = first
    if anchor - first > LEAD_CHARACTERS and last - first > SNIPPET_CHARACTERS:
        wanted = min(anchor - LEAD_CHARACTERS, max(first, last - SNIPPET_CHARACTERS))
        start = body.tokens[bisect_left(body.tokens, wanted, key=lambda token: token.start)].start
    if last - start <= SNIPPET_CHARACTERS:
        return start, last
    fitting = bisect_left(body.tokens, start + SNIPPET_CHARACTERS + 1, key=lambda token: token.end) - 1
    end = body.tokens[fitting].end if fitting >= 0 and body.tokens[fitting].end > anchor else start + SNIPPET_CHARACTERS
    while end < last and not text[end].isspace() and not text[end].isalnum():  # the full stop, the closing quote
        end += 1
    return start, end
