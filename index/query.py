"""The query language: text -> Query.

    معارك البوكمال             both words, anywhere; each in its exact form or another form of it
    "معارك البوكمال"           next to each other; “…” and «…» do the same
    حرب OR سلام                either; binds weaker than words side by side
    -غزة   -(a b)              articles without it
    (a OR b) c                 groups
    title:word  body:"a b"     in the headline, in the text
    site:step country:SY lang:ar author:"…" section:"…" after:2024-05 before:2024-06-01
                               filters: hold for the whole query; the same one twice means either

Everything else, such as punctuation, is no syntax and cannot go wrong. Nothing of this reaches an engine's own parser.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from index.analysis import fold, words
from index.article import And, Node, Not, Or, Query, Words
from index.errors import QueryError

MAX_CHARACTERS = 512  # a headline with room to spare; a query of 32 terms makes some 1,100 clauses for an engine
MAX_TERMS = 32
MAX_DEPTH = 8
MAX_LIMIT = 100

QUOTES = {'"': '"', "“": "”", "”": "”", "„": "“", "«": "»", "＂": "＂"}  # how phrases open and close
FIELDS: dict[str, Literal["headline", "body"]] = {"title": "headline", "body": "body"}
FILTERS = {"site": "sites", "country": "countries", "lang": "languages", "author": "authors", "section": "sections"}
DATES = ("after", "before")

_FIELD = re.compile(rf"({'|'.join([*FIELDS, *FILTERS, *DATES])}):", re.IGNORECASE)
_VALUES = {  # what a filter's value looks like, and what to say where it does not
    "site": (re.compile(r"[a-z0-9][a-z0-9-]{0,62}"), "the name of a site's file, such as site:step"),
    "country": (re.compile(r"[A-Z]{2}"), "a country's code of two letters, such as country:SY"),
    "lang": (re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*"), "a language's code, such as lang:ar"),
}
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


def parse(text: str, **filters: Any) -> Query:
    """The query that a text asks for; an empty one asks for every article.

    `filters` are fields of Query (`sites`, `after`, `sort`, `limit`, `cursor`, …), added to what the text says. Dates
    in the text are days in UTC. Raises QueryError, with the place in the text, for an unclosed quote or parenthesis, a
    dangling OR, a filter inside of a group or with a value that cannot be, and for what is over the bounds."""
    limit = filters.get("limit", Query.__dataclass_fields__["limit"].default)
    if not 1 <= limit <= MAX_LIMIT:
        raise QueryError(f"limit is {limit}: give 1 to {MAX_LIMIT}.", 0)
    if len(text) > MAX_CHARACTERS:
        raise QueryError(f"The query has {len(text)} characters: shorten it to {MAX_CHARACTERS}.", MAX_CHARACTERS)
    node, found = _Parser(text).query()
    for name, value in found.items():
        given = filters.get(name)
        filters[name] = (*given, *value) if given and isinstance(value, tuple) else value
    return Query(node=node, **filters)


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: Literal["word", "phrase", "field", "(", ")", "-", "or", "and"]
    text: str
    at: int


def _pieces(text: str) -> Iterator[_Piece]:
    """What the text consists of. Where a piece may not start a word (covid-19, a:b:c), its signs are part of it."""
    at = 0
    while at < len(text):
        char = text[at]
        if char.isspace() or unicodedata.category(char) == "Cc":
            at += 1
        elif char in "()":
            yield _Piece(cast(Literal["(", ")"], char), char, at)
            at += 1
        elif char in QUOTES:
            end = text.find(QUOTES[char], at + 1)
            if end < 0:
                raise QueryError(f"The quote {char} is not closed: add {QUOTES[char]} after the phrase.", at)
            yield _Piece("phrase", text[at + 1 : end], at)
            at = end + 1
        elif char == "-":
            yield _Piece("-", char, at)
            at += 1
        elif match := _FIELD.match(text, at):
            yield _Piece("field", match.group(1).lower(), at)
            at = match.end()
        else:
            end = next((i for i in range(at, len(text)) if _ends_word(text[i])), len(text))
            word = text[at:end]
            kind = {"OR": "or", "AND": "and"}.get(word, "word")
            yield _Piece(cast(Literal["or", "and", "word"], kind), word, at)
            at = end


def _ends_word(char: str) -> bool:
    return char.isspace() or char in "()" or char in QUOTES or unicodedata.category(char) == "Cc"


class _Parser:
    """Recursive descent over the pieces: either := all (OR all)*; all := one+; one := -one | ( either ) | words."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces = list(_pieces(text))
        self.place = 0
        self.terms = 0
        self.filters: dict[str, Any] = {}

    def query(self) -> tuple[Node | None, dict[str, Any]]:
        self._take_filters()
        node = self._either(0)
        if (piece := self._next()) is not None:
            raise QueryError("There is no ( for this ): take it away, or open one before.", piece.at)
        if node is None and not self.filters and self.text.strip():
            raise QueryError("There is nothing to search for: write a word, with letters or digits.", 0)
        return node, self.filters

    # filters hold for the whole query, wherever they stand outside of groups

    def _take_filters(self) -> None:
        rest: list[_Piece] = []
        depth = 0
        pieces = iter(enumerate(self.pieces))
        for i, piece in pieces:
            depth += {"(": 1, ")": -1}.get(piece.kind, 0)
            if piece.kind != "field" or piece.text in FIELDS:
                rest.append(piece)
                continue
            if depth > 0 or (rest and rest[-1].kind == "-" and rest[-1].at + 1 == piece.at):
                raise QueryError(f"{piece.text}: holds for the whole query: take it out of ( ) and -.", piece.at)
            value = self.pieces[i + 1] if i + 1 < len(self.pieces) else None
            if value is None or value.kind not in ("word", "phrase") or not value.text.strip():
                raise QueryError(f"{piece.text}: needs a value right after it.", piece.at)
            next(pieces)
            self._filter(piece, value)
        self.pieces = rest

    def _filter(self, name: _Piece, value: _Piece) -> None:
        text = value.text.strip()
        if name.text in DATES:
            self.filters[name.text] = _date(name.text, text, value.at)
            return
        if name.text in _VALUES:
            text = text.upper() if name.text == "country" else text.lower()
            pattern, example = _VALUES[name.text]
            if not pattern.fullmatch(text):
                raise QueryError(f"{name.text}:{text}: give {example}.", value.at)
        elif not words(text):
            raise QueryError(f"{name.text}: needs a word, with letters or digits.", value.at)
        field = FILTERS[name.text]
        self.filters[field] = (*self.filters.get(field, ()), text)
        if len(self.filters[field]) > MAX_TERMS:
            raise QueryError(f"More than {MAX_TERMS} times {name.text}: take some away.", value.at)

    # words

    def _next(self) -> _Piece | None:
        return self.pieces[self.place] if self.place < len(self.pieces) else None

    def _either(self, depth: int) -> Node | None:
        nodes: list[Node] = []
        while True:
            node = self._all(depth)
            piece = self._next()
            separator = piece is not None and piece.kind == "or"
            if node is not None:
                nodes.append(node)
            elif separator or nodes:
                at = piece.at if piece is not None else len(self.text)
                raise QueryError("OR needs a word on both sides.", at)
            if not separator:
                return Or(tuple(nodes)) if len(nodes) > 1 else next(iter(nodes), None)
            self.place += 1

    def _all(self, depth: int) -> Node | None:
        nodes: list[Node] = []
        while (piece := self._next()) is not None and piece.kind not in ("or", ")"):
            if piece.kind == "and":  # words side by side mean that already
                self.place += 1
            elif (node := self._one(depth)) is not None:
                nodes.append(node)
        return And(tuple(nodes)) if len(nodes) > 1 else next(iter(nodes), None)

    def _one(self, depth: int) -> Node | None:
        piece = self.pieces[self.place]
        if depth >= MAX_DEPTH:
            raise QueryError(f"More than {MAX_DEPTH} groups within each other: take some ( ) or - away.", piece.at)
        self.place += 1
        match piece.kind:
            case "-":
                follower = self._next()
                if (
                    follower is None
                    or follower.kind not in ("word", "phrase", "field", "(")
                    or follower.at != piece.at + 1
                ):
                    return None  # a dash in a headline
                node = self._one(depth + 1)
                return None if node is None else Not(node)
            case "(":
                node = self._either(depth + 1)
                if self._next() is None:
                    raise QueryError("This ( is not closed: add ).", piece.at)
                self.place += 1
                return node
            case "field":
                value = self._next()
                if value is None or value.kind not in ("word", "phrase"):
                    raise QueryError(f'{piece.text}: needs a word or a "phrase" right after it.', piece.at)
                self.place += 1
                return self._words(value, FIELDS[piece.text])
        return self._words(piece, None)

    def _words(self, piece: _Piece, field: Literal["headline", "body"] | None) -> Words | None:
        if not words(piece.text):
            return None
        self.terms += 1 if piece.kind == "word" else max(1, len(piece.text.split()))
        if self.terms > MAX_TERMS:
            raise QueryError(f"More than {MAX_TERMS} words: take some away.", piece.at)
        return Words(piece.text.strip(), field, phrase=piece.kind == "phrase")


def _date(name: str, text: str, at: int) -> datetime:
    match = _DATE.fullmatch(fold(text))
    try:
        if match is None:
            raise ValueError
        year, month, day = match.groups()
        return datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
    except ValueError:
        raise QueryError(f"{name}:{text}: give a date as 2024, 2024-05 or 2024-05-31.", at) from None
