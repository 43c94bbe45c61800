"""Suggestions for a search that found nothing: words that the index lacks, replaced by similar ones that it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from index.archive import Archive, documents
from index.engines.base import Engine
from index.model.query import Fuzzy, Query, Words
from index.search.query_language import parse
from index.search.query_language.filters import FILTERS
from index.search.query_language.lexer import Token, tokenize
from index.search.query_language.limits import LONG_FUZZY, MAX_EDITS, MAX_FUZZY, MIN_FUZZY
from index.text.analysis import places, words, words_as_composed

MAX_WORDS = 6  # words of a search that are looked up: each costs one or two searches
SAMPLE = 30  # articles from which a similar word is taken: the most relevant that have one


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a search: its place in the text, and how it is compared."""

    start: int
    end: int
    folded: str


def suggestion(query: Query, text: str, engine: Engine, archive: Archive) -> str | None:
    """The text of a query with each word that no article has replaced by the most similar one that some have; None if
    there is none, or if that found nothing either. `query` is the text's, with its other filters.

    :raises IndexUnavailable: when the index does not answer.
    :raises IndexMismatch: when a person must repair the index.
    """
    replaced = text
    for word in reversed(_words(text)[:MAX_WORDS]):
        if engine.search(Query(Words(text[word.start : word.end]), copies=True, versions=True, limit=1)).total:
            continue
        similar = _similar(word.folded, engine, archive)
        if similar is None:
            continue
        replaced = replaced[: word.start] + similar + replaced[word.end :]
    if replaced == text:
        return None
    found = engine.search(replace(query, node=parse(replaced).node, limit=1, cursor=None))
    return replaced if found.total else None


def _words(text: str) -> list[_Word]:
    """The words of a search that can be replaced: single ones and those in quotes, without patterns, filters and
    exclusions."""
    found: list[_Word] = []
    before = None
    for token in tokenize(text):
        start = token.at + (token.kind == "phrase")
        as_written = text[start : start + len(token.text)] == token.text
        if token.kind in ("word", "phrase") and as_written and not _unwanted(token, before):
            found += _words_within(token.text, start)
        before = token
    return found


def _unwanted(token: Token, before: Token | None) -> bool:
    """Whether a token is a pattern, or what is excluded or filtered by, as the one before it tells."""
    filtered = before is not None and before.kind == "field" and before.text in FILTERS
    excluded = before is not None and before.kind == "-" and token.joined
    return filtered or excluded or token.text.endswith(("*", "~"))


def _words_within(text: str, start: int) -> Iterator[_Word]:
    for first, last in places(text).tolist():
        (folded, *more) = words(text[first:last]) or ("",)
        if not more and MIN_FUZZY <= len(folded) <= MAX_FUZZY and folded.isalpha():
            yield _Word(start + first, start + last, folded)


def _similar(word: str, engine: Engine, archive: Archive) -> str | None:
    """The word that is fewest letters away from this one, of those the one in most articles, as they write it."""
    for edits in range(1, (MAX_EDITS if len(word) >= LONG_FUZZY else 1) + 1):
        found = engine.search(Query(Fuzzy(word, edits=edits), limit=SAMPLE)).matches
        with archive.read() as conn:
            held = documents.documents(conn, [match.id for match in found])
        counts: Counter[str] = Counter()
        written: dict[str, Counter[str]] = {}
        for text in (text for one in held for text in (one.article.headline, one.article.body)):
            all_words = words_as_composed(text)
            likely = {
                other: at
                for at, other in enumerate(all_words)
                if abs(len(other) - len(word)) <= edits and OSA.distance(other, word, score_cutoff=edits) <= edits
            }
            where = places(text) if likely else None
            counts.update(likely.keys())
            for other, at in likely.items():
                if where is not None:
                    written.setdefault(other, Counter())[text[int(where[at, 0]) : int(where[at, 1])]] += 1
        if counts:
            best = max(counts, key=lambda other: (counts[other], other))
            return max(written[best], key=lambda form: (written[best][form], form))
    return None
